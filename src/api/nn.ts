/** tf.nn. Written by scripts/api.mjs. */
export { collapseRepeated, ctcLossV2, ctcUniqueLabels } from "../build/ctc/loss.ts";
export { computeAverageLoss, scaleRegularizationLoss } from "../build/losses/average.ts";
export { bidirectionalDynamicRnn, dynamicRnn } from "../build/rnn/dynamic.ts";
export { rawRnn } from "../build/rnn/raw.ts";
export { staticBidirectionalRnn, staticRnn, staticStateSavingRnn } from "../build/rnn/static.ts";
export { embeddingLookup } from "../ops/compute/array/index/embedding.ts";
export { depthToSpace, spaceToBatch, spaceToDepth } from "../ops/compute/array/order/space.ts";
export { sigmoid, tanh } from "../ops/compute/math/elementwise/trigonometry.ts";
export { elu, leakyRelu, relu, relu6, selu } from "../ops/compute/nn/activation/relu.ts";
export { crelu, silu, swish } from "../ops/compute/nn/activation/swish.ts";
export { biasAdd, reluLayer, xwPlusB } from "../ops/compute/nn/bias.ts";
export {
  atrousConv2d,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  convolution,
} from "../ops/compute/nn/conv/conv.ts";
export { depthwiseConv2d, depthwiseConv2dNative, separableConv2d } from "../ops/compute/nn/conv/separable.ts";
export { withSpaceToBatch } from "../ops/compute/nn/conv/space_to_batch.ts";
export {
  atrousConv2dTranspose,
  conv3dBackpropFilter,
  conv3dBackpropFilterV2,
  convTranspose,
  depthwiseConv2dBackpropFilter,
  depthwiseConv2dBackpropInput,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
} from "../ops/compute/nn/conv/transpose.ts";
export { ctcBeamSearchDecoder, ctcBeamSearchDecoderV2, ctcGreedyDecoder } from "../ops/compute/nn/ctc/decoders.ts";
export { ctcLoss } from "../ops/compute/nn/ctc/loss.ts";
export { dilation2d, erosion2d } from "../ops/compute/nn/dilation2d.ts";
export { dropout } from "../ops/compute/nn/dropout.ts";
export {
  logPoissonLoss,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
  weightedCrossEntropyWithLogits,
} from "../ops/compute/nn/loss/cross_entropy.ts";
export { l2Loss } from "../ops/compute/nn/loss/l2_loss.ts";
export { nceLoss, sampledSoftmaxLoss } from "../ops/compute/nn/loss/sampled.ts";
export { fusedBatchNorm } from "../ops/compute/nn/norm/fused_batch_norm.ts";
export { localResponseNormalization, lrn } from "../ops/compute/nn/norm/lrn.ts";
export {
  batchNormalization,
  batchNormWithGlobalNormalization,
  l2Normalize,
  moments,
  normalizeMoments,
  sufficientStatistics,
  weightedMoments,
} from "../ops/compute/nn/norm/moments.ts";
export { pool } from "../ops/compute/nn/pool/dilated_pool.ts";
export { fractionalAvgPool, fractionalMaxPool } from "../ops/compute/nn/pool/fractional.ts";
export { maxPoolWithArgmax } from "../ops/compute/nn/pool/max_pool_with_argmax.ts";
export {
  avgPool,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  avgPoolV2,
  maxPool,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxPoolV2,
} from "../ops/compute/nn/pool/pool.ts";
export { quantizedAvgPool, quantizedConv2d, quantizedMaxPool, quantizedReluX } from "../ops/compute/quantize/calls.ts";
export {
  allCandidateSampler,
  computeAccidentalHits,
  learnedUnigramCandidateSampler,
  logUniformCandidateSampler,
  uniformCandidateSampler,
} from "../ops/compute/random/sampling/candidates.ts";
export { embeddingLookupSparse, safeEmbeddingLookupSparse } from "../ops/compute/sparse/embedding.ts";
export { fixedUnigramCandidateSampler } from "../ops/host/fixed_unigram.ts";
export * from "./math_and_nn.ts";
export * as experimental from "./nn_experimental.ts";
export * as rnnCell from "./nn_rnn_cell.ts";
