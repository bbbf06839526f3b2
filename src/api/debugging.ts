/** tf.debugging. Written by scripts/api.mjs. */
export {
  assertEqual,
  assertGreater,
  assertGreaterEqual,
  assertLess,
  assertLessEqual,
  assertNear,
  assertNegative,
  assertNoneEqual,
  assertNonNegative,
  assertNonPositive,
  assertPositive,
} from "../build/checks/compare.ts";
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export {
  assertInteger,
  assertProperIterable,
  assertRank,
  assertRankAtLeast,
  assertRankIn,
  assertSameFloatDtype,
  assertScalar,
  assertType,
} from "../build/checks/ranks.ts";
export { assertShapes } from "../build/checks/shapes.ts";
export { assertThat as Assert } from "../build/control_flow/assert.ts";
export { verifyTensorAllFinite as assertAllFinite } from "../ops/compute/array/basic/checks.ts";
export { isFinite, isInf, isNan } from "../ops/compute/math/compare/logic.ts";
export { checkNumerics } from "../ops/host/print.ts";
