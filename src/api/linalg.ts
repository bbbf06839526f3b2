/** tf.linalg. Written by scripts/api.mjs. */
export { expm } from "../build/linalg/exponential.ts";
export { luMatrixInverse, luReconstruct, luSolve } from "../build/linalg/lu.ts";
export { LinearOperatorBlockDiag } from "../build/linalg/operator/block/block_diag.ts";
export { LinearOperatorBlockLowerTriangular } from "../build/linalg/operator/block/block_lower_triangular.ts";
export { LinearOperatorComposition } from "../build/linalg/operator/composition.ts";
export { LinearOperatorDiag } from "../build/linalg/operator/diag.ts";
export { LinearOperatorIdentity, LinearOperatorScaledIdentity } from "../build/linalg/operator/identity.ts";
export { LinearOperatorKronecker } from "../build/linalg/operator/kronecker.ts";
export { LinearOperatorFullMatrix, LinearOperatorLowerTriangular } from "../build/linalg/operator/matrix.ts";
export { LinearOperator } from "../build/linalg/operator/operator.ts";
export { LinearOperatorAdjoint, LinearOperatorInversion } from "../build/linalg/operator/related.ts";
export {
  LinearOperatorCirculant,
  LinearOperatorCirculant2D,
  LinearOperatorCirculant3D,
} from "../build/linalg/operator/structured/circulant.ts";
export { LinearOperatorLowRankUpdate } from "../build/linalg/operator/structured/low_rank.ts";
export {
  LinearOperatorHouseholder,
  LinearOperatorPermutation,
} from "../build/linalg/operator/structured/reflection.ts";
export { LinearOperatorToeplitz } from "../build/linalg/operator/structured/toeplitz.ts";
export { LinearOperatorTridiag } from "../build/linalg/operator/structured/tridiag.ts";
export { LinearOperatorZeros } from "../build/linalg/operator/structured/zeros.ts";
export { matrixRank, pinv } from "../build/linalg/pseudo_inverse.ts";
export { tridiagonalMatmul, tridiagonalSolve } from "../build/linalg/tridiagonal.ts";
export { matrixTranspose as transpose } from "../ops/compute/array/order/transpose.ts";
export { lu } from "../ops/compute/matrix/decompose/cholesky.ts";
export { eigh, eigvalsh } from "../ops/compute/matrix/decompose/eigen.ts";
export { logm, sqrtm } from "../ops/compute/matrix/decompose/functions.ts";
export {
  adjoint,
  matrixBandPart as bandPart,
  matrixDiag as diag,
  matrixDiagPart as diagPart,
  matrixSetDiag as setDiag,
  tensorDiag,
  tensorDiagPart,
} from "../ops/compute/matrix/diagonal/set_diag.ts";
export { lstsq } from "../ops/compute/matrix/least_squares.ts";
export { logdet, normalize } from "../ops/compute/matrix/norm.ts";
export { matvec } from "../ops/compute/matrix/product/matmul.ts";
export {
  matrixDeterminant as det,
  matrixInverse as inv,
  matrixSolve as solve,
  matrixTriangularSolve as triangularSolve,
  slogdet,
} from "../ops/compute/matrix/solve.ts";
export { l2Normalize } from "../ops/compute/nn/norm/moments.ts";
export * from "./linalg_and_tf.ts";
export * as experimental from "./linalg_experimental.ts";
