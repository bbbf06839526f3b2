/** tf.contrib.framework. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export { convolutionalDeltaOrthogonal } from "../build/initializers.ts";
export { convertToTensorOrSparseTensor } from "../build/tensors/convert.ts";
export { argsort, sort } from "../build/tensors/sort.ts";
export { TensorSpec } from "../build/tensors/specs.ts";
export { isTensor } from "../ops/convert.ts";
export { pyFunc } from "../ops/host/python.ts";
export * from "./contrib_framework_and_contrib_slim.ts";
export * from "./contrib_framework_and_contrib_slim_and_train.ts";
