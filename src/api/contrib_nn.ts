/** tf.contrib.nn. Written by scripts/api.mjs. */
export { nthElement } from "../ops/compute/array/lookup/top_k.ts";
export { conv1dTranspose } from "../ops/compute/nn/conv/conv.ts";
