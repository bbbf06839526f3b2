/** tf.sets. Written by scripts/api.mjs. */
export { size } from "../ops/compute/array/basic/shape.ts";
