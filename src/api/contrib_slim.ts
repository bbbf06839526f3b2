/** tf.contrib.slim. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export {
  addArgScope,
  argScope,
  argScopedArguments,
  argScopeFuncKey,
  currentArgScope,
  hasArgScope,
} from "../build/contrib/framework/arg_scope.ts";
export {
  addModelVariable,
  assertOrGetGlobalStep,
  filterVariables,
  getLocalVariables,
  getModelVariables,
  getTrainableVariables,
  getUniqueVariable,
  getVariableFullName,
  getVariables,
  getVariablesByName,
  getVariablesBySuffix,
  getVariablesToRestore,
  globalVariable,
  localVariable,
  modelVariable,
  VariableDeviceChooser,
  variable,
} from "../build/contrib/framework/variables.ts";
export { maxout, softmax, spatialSoftmax, unitNorm } from "../build/contrib/layers/channels.ts";
export {
  conv1d,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  convolution,
  convolution1d,
  convolution2d,
  convolution2dTranspose,
  convolution3d,
  convolution3dTranspose,
} from "../build/contrib/layers/convolution.ts";
export {
  biasAdd,
  elu,
  fullyConnected,
  legacyFullyConnected,
  legacyLinear,
  legacyRelu,
  linear,
  relu,
  relu6,
} from "../build/contrib/layers/dense.ts";
export {
  conv2dInPlane,
  convolution2dInPlane,
  separableConv2d,
  separableConvolution2d,
} from "../build/contrib/layers/depthwise.ts";
export { bowEncoder, embeddingLookupUnique, embedSequence } from "../build/contrib/layers/embedding.ts";
export { GDN, gdn } from "../build/contrib/layers/gdn.ts";
export {
  varianceScalingInitializer,
  xavierInitializer,
  xavierInitializerConv2d,
} from "../build/contrib/layers/initializers.ts";
export { batchNorm } from "../build/contrib/layers/norm/batch_norm.ts";
export { groupNorm, instanceNorm, layerNorm } from "../build/contrib/layers/norm/normalization.ts";
export { avgPool2d, avgPool3d, maxPool2d, maxPool3d, pool } from "../build/contrib/layers/pooling.ts";
export {
  applyRegularization,
  l1L2Regularizer,
  l1Regularizer,
  l2Regularizer,
  sumRegularizer,
} from "../build/contrib/layers/regularizers.ts";
export {
  denseToSparse,
  dropout,
  flatten,
  imagesToSequence,
  oneHotEncoding,
  repeat,
  scaleGradient,
  sequenceToImages,
  stack,
} from "../build/contrib/layers/shaping.ts";
export {
  summarizeActivation,
  summarizeActivations,
  summarizeBiases,
  summarizeCollection,
  summarizeTensor,
  summarizeTensors,
  summarizeVariables,
  summarizeWeights,
} from "../build/contrib/layers/summaries.ts";
export { adaptiveClippingFn } from "../build/contrib/layers/train/adaptive_clipping.ts";
export { OPTIMIZER_CLS_NAMES, OPTIMIZER_SUMMARIES, optimizeLoss } from "../build/contrib/layers/train/optimize_loss.ts";
export { assertGlobalStep, createGlobalStep, getGlobalStep, getOrCreateGlobalStep } from "../build/global_step.ts";
export { convolutionalDeltaOrthogonal } from "../build/initializers.ts";
export { convertToTensorOrSparseTensor } from "../build/tensors/convert.ts";
export { argsort, sort } from "../build/tensors/sort.ts";
export { TensorSpec } from "../build/tensors/specs.ts";
export { safeEmbeddingLookupSparse } from "../ops/compute/sparse/embedding.ts";
export { isTensor } from "../ops/convert.ts";
export { pyFunc } from "../ops/host/python.ts";
export { RecordInput } from "../ops/host/reader/record_input.ts";
export { initFromCheckpoint, listVariables, loadCheckpoint, loadVariable } from "../train/files/checkpoint_reader.ts";
export * as learning from "./contrib_slim_learning.ts";
