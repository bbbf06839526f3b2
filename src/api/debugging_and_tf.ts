/** Names of tf.debugging and tf. Written by scripts/api.mjs. */
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
export {
  assertInteger,
  assertProperIterable,
  assertRank,
  assertRankAtLeast,
  assertRankIn,
  assertType,
} from "../build/checks/ranks.ts";
export { assertThat as Assert } from "../build/control_flow/assert.ts";
export { checkNumerics } from "../ops/host/print.ts";
