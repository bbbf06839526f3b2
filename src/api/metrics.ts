/** tf.metrics. Written by scripts/api.mjs. */
export { meanIou, meanPerClassAccuracy } from "../build/metrics/classes.ts";
export {
  falseNegatives,
  falsePositives,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from "../build/metrics/counts.ts";
export {
  accuracy,
  mean,
  meanAbsoluteError,
  meanCosineDistance,
  meanRelativeError,
  meanSquaredError,
  meanTensor,
  percentageBelow,
  rootMeanSquaredError,
} from "../build/metrics/means.ts";
export {
  auc,
  falseNegativesAtThresholds,
  falsePositivesAtThresholds,
  precisionAtThresholds,
  recallAtThresholds,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
  trueNegativesAtThresholds,
  truePositivesAtThresholds,
} from "../build/metrics/thresholds.ts";
export {
  averagePrecisionAtK,
  precisionAtK,
  precisionAtTopK,
  recallAtK,
  recallAtTopK,
  sparseAveragePrecisionAtK,
  sparsePrecisionAtK,
} from "../build/metrics/top_k.ts";
