/** Names of tf.linalg and tf. Written by scripts/api.mjs. */
export { matrixTranspose } from "../ops/compute/array/order/transpose.ts";
export { globalNorm } from "../ops/compute/math/clip.ts";
export { cross } from "../ops/compute/math/counts.ts";
export { trace } from "../ops/compute/math/reduce/composed.ts";
export { cholesky, choleskySolve } from "../ops/compute/matrix/decompose/cholesky.ts";
export { qr } from "../ops/compute/matrix/decompose/qr.ts";
export { svd } from "../ops/compute/matrix/decompose/svd.ts";
export { eye } from "../ops/compute/matrix/diagonal/set_diag.ts";
export { norm } from "../ops/compute/matrix/norm.ts";
export { einsum, tensordot } from "../ops/compute/matrix/product/contract.ts";
export { matmul } from "../ops/compute/matrix/product/matmul.ts";
