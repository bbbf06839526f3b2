/** tf.nest. Written by scripts/api.mjs. */
export { assertSameStructure, flatten, isNested, mapStructure, packSequenceAs } from "../build/tensors/nest.ts";
