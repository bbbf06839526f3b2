/** tf.strings. Written by scripts/api.mjs. */
export { split } from "../ops/compute/array/join/split.ts";
