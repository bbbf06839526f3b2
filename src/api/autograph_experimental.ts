/** tf.autograph.experimental. Written by scripts/api.mjs. */
export { doNotConvert } from "../build/functions/called/autograph.ts";
