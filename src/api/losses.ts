/** tf.losses. Written by scripts/api.mjs. */
export {
  addLoss,
  getLosses,
  getRegularizationLoss,
  getRegularizationLosses,
  getTotalLoss,
} from "../build/losses/collection.ts";
export {
  absoluteDifference,
  cosineDistance,
  hingeLoss,
  huberLoss,
  logLoss,
  meanPairwiseSquaredError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
} from "../build/losses/losses.ts";
export { computeWeightedLoss, Reduction } from "../build/losses/weighted.ts";
