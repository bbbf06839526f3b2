/** tf.signal. Written by scripts/api.mjs. */
export { frame } from "../io/record/framing.ts";
