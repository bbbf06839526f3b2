/** tf.linalg. Written by scripts/api.mjs. */
export { matrixTranspose, transpose } from "../ops/compute/array/order/transpose.ts";
export { globalNorm } from "../ops/compute/math/clip.ts";
export { trace } from "../ops/compute/math/reduce/composed.ts";
export { matmul, matvec } from "../ops/compute/matrix/product/matmul.ts";
export { l2Normalize } from "../ops/compute/nn/norm/moments.ts";
