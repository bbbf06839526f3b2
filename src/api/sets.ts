/** tf.sets. Written by scripts/api.mjs. */
export {
  setDifference as difference,
  setDifference,
  setIntersection as intersection,
  setIntersection,
  setSize,
  setSize as size,
  setUnion,
  setUnion as union,
} from "../ops/compute/sparse/sets.ts";
