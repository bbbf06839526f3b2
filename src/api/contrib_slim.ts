/** tf.contrib.slim. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export { argScopeFuncKey } from "../build/contrib/framework/arg_scope.ts";
export { pool } from "../build/contrib/layers/pooling.ts";
export { summarizeBiases, summarizeVariables, summarizeWeights } from "../build/contrib/layers/summaries.ts";
export { adaptiveClippingFn } from "../build/contrib/layers/train/adaptive_clipping.ts";
export { convolutionalDeltaOrthogonal } from "../build/initializers.ts";
export { convertToTensorOrSparseTensor } from "../build/tensors/convert.ts";
export { argsort, sort } from "../build/tensors/sort.ts";
export { TensorSpec } from "../build/tensors/specs.ts";
export { safeEmbeddingLookupSparse } from "../ops/compute/sparse/embedding.ts";
export { isTensor } from "../ops/convert.ts";
export { pyFunc } from "../ops/host/python.ts";
export * from "./contrib_framework_and_contrib_slim.ts";
export * from "./contrib_framework_and_contrib_slim_and_train.ts";
export * from "./contrib_layers_and_contrib_slim.ts";
export * as learning from "./contrib_slim_learning.ts";
