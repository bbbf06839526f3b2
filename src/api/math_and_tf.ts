/** Names of tf.math and tf. Written by scripts/api.mjs. */
export { invertPermutation } from "../ops/compute/array/order/transpose.ts";
export { accumulateN, addN, scalarMul } from "../ops/compute/math/add_n.ts";
export { add, multiply, pow, squaredDifference, subtract } from "../ops/compute/math/binary/arithmetic.ts";
export { divide, floordiv, floormod, mod, truediv } from "../ops/compute/math/binary/division.ts";
export { atan2, maximum, minimum } from "../ops/compute/math/binary/extremes.ts";
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../ops/compute/math/compare/compare.ts";
export { logicalAnd, logicalNot, logicalOr, logicalXor } from "../ops/compute/math/compare/logic.ts";
export { bincount } from "../ops/compute/math/counts.ts";
export { angle, conj, imag, real } from "../ops/compute/math/elementwise/complex.ts";
export { logSigmoid } from "../ops/compute/math/elementwise/softplus.ts";
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
  sin,
  sinh,
  tan,
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
  rint,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
} from "../ops/compute/math/elementwise/unary.ts";
export { countNonzero, reduceLogsumexp } from "../ops/compute/math/reduce/composed.ts";
export { argmax, argmin, reduceAll, reduceAny, reduceMax, reduceMin } from "../ops/compute/math/reduce/extremes.ts";
export { cumprod, cumsum } from "../ops/compute/math/reduce/scan.ts";
export { reduceMean, reduceProd, reduceSum } from "../ops/compute/math/reduce/sums.ts";
export { segmentMax, segmentMean, segmentMin, segmentProd, segmentSum } from "../ops/compute/math/segment/segment.ts";
export {
  unsortedSegmentMax,
  unsortedSegmentMean,
  unsortedSegmentMin,
  unsortedSegmentProd,
  unsortedSegmentSqrtN,
  unsortedSegmentSum,
} from "../ops/compute/math/segment/unsorted.ts";
export {
  betainc,
  digamma,
  igamma,
  igammac,
  lbeta,
  lgamma,
  polygamma,
  zeta,
} from "../ops/compute/math/special/functions.ts";
