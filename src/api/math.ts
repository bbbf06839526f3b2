/** tf.math. Written by scripts/api.mjs. */
export { isNonDecreasing, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { confusionMatrix } from "../build/metrics/classes.ts";
export { zeroFraction } from "../build/tensors/sort.ts";
export { approxMaxK, approxMinK } from "../ops/compute/array/lookup/approx_top_k.ts";
export { topK } from "../ops/compute/array/lookup/top_k.ts";
export { inTopK } from "../ops/compute/array/lookup/where.ts";
export { invertPermutation } from "../ops/compute/array/order/transpose.ts";
export { accumulateN, addN, polyval, scalarMul } from "../ops/compute/math/add_n.ts";
export {
  add,
  multiply,
  multiplyNoNan,
  pow,
  squaredDifference,
  subtract,
} from "../ops/compute/math/binary/arithmetic.ts";
export {
  divide,
  divNoNan as divideNoNan,
  floordiv,
  floormod,
  mod,
  truediv,
} from "../ops/compute/math/binary/division.ts";
export { atan2, maximum, minimum, nextafter, xdivy, xlog1py, xlogy } from "../ops/compute/math/binary/extremes.ts";
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../ops/compute/math/compare/compare.ts";
export {
  isFinite,
  isInf,
  isNan,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
} from "../ops/compute/math/compare/logic.ts";
export { bincount } from "../ops/compute/math/counts.ts";
export { angle, conj, imag, real } from "../ops/compute/math/elementwise/complex.ts";
export { logSigmoid, softplus, softsign } from "../ops/compute/math/elementwise/softplus.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  erfc,
  sigmoid,
  sin,
  sinh,
  tan,
  tanh,
} from "../ops/compute/math/elementwise/trigonometry.ts";
export {
  abs,
  ceil,
  exp,
  expm1,
  floor,
  log,
  log1p,
  negative,
  reciprocal,
  reciprocalNoNan,
  rint,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
} from "../ops/compute/math/elementwise/unary.ts";
export { countNonzero, reduceLogsumexp, reduceStd, reduceVariance } from "../ops/compute/math/reduce/composed.ts";
export { argmax, argmin, reduceAll, reduceAny, reduceMax, reduceMin } from "../ops/compute/math/reduce/extremes.ts";
export { cumprod, cumsum, cumulativeLogsumexp } from "../ops/compute/math/reduce/scan.ts";
export { reduceEuclideanNorm, reduceMean, reduceProd, reduceSum } from "../ops/compute/math/reduce/sums.ts";
export { segmentMax, segmentMean, segmentMin, segmentProd, segmentSum } from "../ops/compute/math/segment/segment.ts";
export {
  unsortedSegmentMax,
  unsortedSegmentMean,
  unsortedSegmentMin,
  unsortedSegmentProd,
  unsortedSegmentSqrtN,
  unsortedSegmentSum,
} from "../ops/compute/math/segment/unsorted.ts";
export { erfinv, ndtri } from "../ops/compute/math/special/erf.ts";
export {
  besselI0,
  besselI0e,
  besselI1,
  besselI1e,
  betainc,
  digamma,
  erfcinv,
  igamma,
  igammac,
  lbeta,
  lgamma,
  polygamma,
  zeta,
} from "../ops/compute/math/special/functions.ts";
export { logSoftmax, softmax } from "../ops/compute/nn/activation/softmax.ts";
export { l2Normalize } from "../ops/compute/nn/norm/moments.ts";
export { sobolSample } from "../ops/compute/random/sobol/sample.ts";
export * as special from "./math_special.ts";
