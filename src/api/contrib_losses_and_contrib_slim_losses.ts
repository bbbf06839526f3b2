/** Names of tf.contrib.slim.losses and tf.contrib.losses. Written by scripts/api.mjs. */
export {
  absoluteDifference,
  cosineDistance,
  hingeLoss,
  logLoss,
  meanPairwiseSquaredError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
} from "../build/contrib/losses/losses.ts";
export { computeWeightedLoss } from "../build/contrib/losses/weighted.ts";
