/** Names of tf.contrib.slim.metrics and tf.contrib.metrics. Written by scripts/api.mjs. */
export { streamingConcat } from "../build/contrib/metrics/concat.ts";
export { accuracy, aggregateMetricMap, aggregateMetrics, cohenKappa, count } from "../build/contrib/metrics/counts.ts";
export { streamingCovariance, streamingPearsonCorrelation } from "../build/contrib/metrics/covariance.ts";
export {
  f1Score,
  precisionAtRecall,
  recallAtPrecision,
  streamingCurvePoints,
} from "../build/contrib/metrics/curves.ts";
export { aucWithConfidenceIntervals, streamingDynamicAuc } from "../build/contrib/metrics/dynamic_auc.ts";
export { precisionRecallAtEqualThresholds } from "../build/contrib/metrics/equal_thresholds.ts";
export { aucUsingHistogram } from "../build/contrib/metrics/histogram.ts";
export {
  streamingFalseNegativeRate,
  streamingFalseNegativeRateAtThresholds,
  streamingFalseNegativesAtThresholds,
  streamingFalsePositiveRate,
  streamingFalsePositiveRateAtThresholds,
  streamingFalsePositivesAtThresholds,
  streamingTrueNegativesAtThresholds,
  streamingTruePositivesAtThresholds,
} from "../build/contrib/metrics/rates.ts";
export {
  sparseRecallAtTopK,
  streamingAccuracy,
  streamingAuc,
  streamingFalseNegatives,
  streamingFalsePositives,
  streamingMean,
  streamingMeanAbsoluteError,
  streamingMeanCosineDistance,
  streamingMeanIou,
  streamingMeanRelativeError,
  streamingMeanSquaredError,
  streamingMeanTensor,
  streamingPercentageLess,
  streamingPrecision,
  streamingPrecisionAtThresholds,
  streamingRecall,
  streamingRecallAtK,
  streamingRecallAtThresholds,
  streamingRootMeanSquaredError,
  streamingSensitivityAtSpecificity,
  streamingSparseAveragePrecisionAtK,
  streamingSparseAveragePrecisionAtTopK,
  streamingSparsePrecisionAtK,
  streamingSparsePrecisionAtTopK,
  streamingSparseRecallAtK,
  streamingSpecificityAtSensitivity,
  streamingTrueNegatives,
  streamingTruePositives,
} from "../build/contrib/metrics/swapped.ts";
