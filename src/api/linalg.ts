/** tf.linalg. Written by scripts/api.mjs. */
export { matrixTranspose, transpose } from "../ops/compute/array/order/transpose.ts";
export { globalNorm } from "../ops/compute/math/clip.ts";
export { cross } from "../ops/compute/math/counts.ts";
export { trace } from "../ops/compute/math/reduce/composed.ts";
export { tridiagonalSolve } from "../ops/compute/matrix/banded.ts";
export { cholesky, choleskySolve, lu } from "../ops/compute/matrix/decompose/cholesky.ts";
export { eigh, eigvalsh } from "../ops/compute/matrix/decompose/eigen.ts";
export { expm, logm, sqrtm } from "../ops/compute/matrix/decompose/functions.ts";
export { qr } from "../ops/compute/matrix/decompose/qr.ts";
export { svd } from "../ops/compute/matrix/decompose/svd.ts";
export { adjoint, diag, diagPart, eye, tensorDiag, tensorDiagPart } from "../ops/compute/matrix/diagonal/set_diag.ts";
export { lstsq } from "../ops/compute/matrix/least_squares.ts";
export { solve } from "../ops/compute/matrix/linalg/lu.ts";
export { logdet, norm } from "../ops/compute/matrix/norm.ts";
export { einsum, tensordot } from "../ops/compute/matrix/product/contract.ts";
export { matmul, matvec } from "../ops/compute/matrix/product/matmul.ts";
export { slogdet } from "../ops/compute/matrix/solve.ts";
export { l2Normalize } from "../ops/compute/nn/norm/moments.ts";
