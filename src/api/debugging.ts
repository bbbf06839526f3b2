/** tf.debugging. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export { assertShapes } from "../build/checks/shapes.ts";
export { verifyTensorAllFinite as assertAllFinite } from "../ops/compute/array/basic/checks.ts";
export { isFinite, isInf, isNan } from "../ops/compute/math/compare/logic.ts";
export * from "./debugging_and_tf.ts";
