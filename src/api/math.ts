/** tf.math. Written by scripts/api.mjs. */
export { isNonDecreasing, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { polyval } from "../ops/compute/math/add_n.ts";
export { multiplyNoNan } from "../ops/compute/math/binary/arithmetic.ts";
export { divNoNan as divideNoNan } from "../ops/compute/math/binary/division.ts";
export { nextafter, xdivy, xlog1py, xlogy } from "../ops/compute/math/binary/extremes.ts";
export { isFinite, isInf, isNan } from "../ops/compute/math/compare/logic.ts";
export { sigmoid, tanh } from "../ops/compute/math/elementwise/trigonometry.ts";
export { reciprocalNoNan } from "../ops/compute/math/elementwise/unary.ts";
export { reduceStd, reduceVariance } from "../ops/compute/math/reduce/composed.ts";
export { cumulativeLogsumexp } from "../ops/compute/math/reduce/scan.ts";
export { reduceEuclideanNorm } from "../ops/compute/math/reduce/sums.ts";
export { erfinv, ndtri } from "../ops/compute/math/special/erf.ts";
export { besselI0, besselI0e, besselI1, besselI1e, erfcinv } from "../ops/compute/math/special/functions.ts";
export { l2Normalize } from "../ops/compute/nn/norm/moments.ts";
export { sobolSample } from "../ops/compute/random/sobol/sample.ts";
export * from "./math_and_nn.ts";
export * from "./math_and_tf.ts";
export * as special from "./math_special.ts";
