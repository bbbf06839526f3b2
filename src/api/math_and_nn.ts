/** Names of tf.math and tf.nn. Written by scripts/api.mjs. */
export { zeroFraction } from "../build/tensors/sort.ts";
export { approxMaxK, approxMinK } from "../ops/compute/array/lookup/approx_top_k.ts";
export { topK } from "../ops/compute/array/lookup/top_k.ts";
export { inTopK } from "../ops/compute/array/lookup/where.ts";
export { softplus, softsign } from "../ops/compute/math/elementwise/softplus.ts";
export { logSoftmax, softmax } from "../ops/compute/nn/activation/softmax.ts";
