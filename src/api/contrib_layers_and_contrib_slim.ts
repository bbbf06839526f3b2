/** Names of tf.contrib.layers and tf.contrib.slim. Written by scripts/api.mjs. */
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
export { avgPool2d, avgPool3d, maxPool2d, maxPool3d } from "../build/contrib/layers/pooling.ts";
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
  summarizeCollection,
  summarizeTensor,
  summarizeTensors,
} from "../build/contrib/layers/summaries.ts";
export { OPTIMIZER_CLS_NAMES, OPTIMIZER_SUMMARIES, optimizeLoss } from "../build/contrib/layers/train/optimize_loss.ts";
