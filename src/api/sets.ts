/** tf.sets. Written by scripts/api.mjs. */
export { size } from "../ops/compute/array/basic/shape.ts";
export { setDifference, setIntersection, setSize, setUnion } from "../ops/compute/sparse/sets.ts";
