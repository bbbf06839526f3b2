/** The programs of test/fixtures/build/contrib/metrics.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const m = tf.contrib.metrics;
// biome-ignore lint/suspicious/noExplicitAny: options and tensors of many metrics
type Any = any;
const ends = { metricsCollections: "m", updatesCollections: ["u", "v"] };

/** The update twice, then the value. */
const twice =
  (build: (places: Any) => Any): Program =>
  (places) => {
    const [value, update] = build(places);
    return [update, update, ...(Array.isArray(value) ? [...value] : [value])];
  };

/** Metrics of tf.metrics, whose graphs are compared elsewhere. */
const forwarded =
  "true_positives true_negatives false_positives false_negatives precision recall accuracy mean_absolute_error mean_squared_error root_mean_squared_error mean_iou auc specificity sensitivity precision_at_thresholds recall_at_thresholds".split(
    " ",
  );

/** The metric bare, with all options, and of tensors of unknown length. */
const both = (name: string, fn: (p: Any, l: Any, options: Any) => Any, options: Any = {}): Record<string, Program> => ({
  [name]: twice(({ p, l }) => fn(p, l, {})),
  [`${name}_options`]: twice(({ p, l, w }) => fn(p, l, { weights: w, name: "mine", ...ends, ...options })),
  ...(forwarded.includes(name)
    ? {}
    : { [`${name}_unknown`]: twice(({ p, l, w }) => fn(p, l, { weights: w, ...options })) }),
});

const levels = [0.2, 0.5, 0.9];
const withoutCollections = ({ metricsCollections: _, updatesCollections: __, ...options }: Any): Any => options;

export const programs: Readonly<Record<string, Program>> = {
  ...both("true_positives", m.streamingTruePositives),
  ...both("true_negatives", m.streamingTrueNegatives),
  ...both("false_positives", m.streamingFalsePositives),
  ...both("false_negatives", m.streamingFalseNegatives),
  ...both("false_positive_rate", m.streamingFalsePositiveRate),
  ...both("false_negative_rate", m.streamingFalseNegativeRate),
  ...both("precision", m.streamingPrecision),
  ...both("recall", m.streamingRecall),
  ...both("accuracy", m.streamingAccuracy),
  mean: twice(({ p, w }) => m.streamingMean(p, w, ends)),
  mean_tensor: twice(({ p }) => m.streamingMeanTensor(p, null, "m", "u", "mine")),
  ...both("mean_absolute_error", m.streamingMeanAbsoluteError),
  ...both("mean_squared_error", m.streamingMeanSquaredError),
  ...both("root_mean_squared_error", m.streamingRootMeanSquaredError),
  ...both("covariance", m.streamingCovariance),
  ...both("pearson_correlation", m.streamingPearsonCorrelation),
  mean_relative_error: twice(({ p, l, n }) => m.streamingMeanRelativeError(p, l, n)),
  mean_cosine_distance: twice(({ p, l }) => m.streamingMeanCosineDistance(p, l, 1, null, "m", "u")),
  percentage_less: twice(({ p }) => m.streamingPercentageLess(p, 0.2, { name: "less" })),
  ...both("mean_iou", (p, l, o) => m.streamingMeanIou(p, l, 4, o)),
  ...both("auc", m.streamingAuc, { numThresholds: 20 }),
  ...both("curve_points", (p, l, o) => m.streamingCurvePoints(l, p, { numThresholds: 9, ...o })),
  ...both("curve_points_pr", (p, l, o) => m.streamingCurvePoints(l, p, { numThresholds: 9, curve: "PR", ...o })),
  ...both("specificity", (p, l, o) => m.streamingSpecificityAtSensitivity(p, l, 0.7, o), { numThresholds: 11 }),
  ...both("sensitivity", (p, l, o) => m.streamingSensitivityAtSpecificity(p, l, 0.7, o), { numThresholds: 11 }),
  ...both("precision_at_thresholds", (p, l, o) => m.streamingPrecisionAtThresholds(p, l, levels, o)),
  ...both("recall_at_thresholds", (p, l, o) => m.streamingRecallAtThresholds(p, l, levels, o)),
  ...both("false_positive_rate_at_thresholds", (p, l, o) => m.streamingFalsePositiveRateAtThresholds(p, l, levels, o)),
  ...both("false_negative_rate_at_thresholds", (p, l, o) => m.streamingFalseNegativeRateAtThresholds(p, l, levels, o)),
  true_positives_at_thresholds: twice(({ p, l, w }) => m.streamingTruePositivesAtThresholds(p, l, levels, w)),
  false_negatives_at_thresholds: twice(({ p, l, w }) => m.streamingFalseNegativesAtThresholds(p, l, levels, w)),
  false_positives_at_thresholds: twice(({ p, l, w }) => m.streamingFalsePositivesAtThresholds(p, l, levels, w)),
  true_negatives_at_thresholds: twice(({ p, l, w }) => m.streamingTrueNegativesAtThresholds(p, l, levels, w)),
  ...both("recall_at_precision", (p, l, o) => m.recallAtPrecision(l, p, 0.6, { numThresholds: 11, ...o })),
  ...both("recall_at_precision_strict", (p, l, o) =>
    m.recallAtPrecision(l, p, 0.6, { numThresholds: 11, strictMode: true, ...o }),
  ),
  ...both("precision_at_recall", (p, l, o) => m.precisionAtRecall(l, p, 0.6, { numThresholds: 11, ...o })),
  ...both("f1_score", (p, l, o) => m.f1Score(l, p, { numThresholds: 11, ...o })),
  ...both("dynamic_auc", (p, l, o) => m.streamingDynamicAuc(l, p, o)),
  ...both("dynamic_auc_pr", (p, l, o) => m.streamingDynamicAuc(l, p, "PR", o)),
  ...both("auc_with_confidence_intervals", (p, l, { metricsCollections: _, ...o }) =>
    m.aucWithConfidenceIntervals(l, p, { alpha: 0.9, ...o }),
  ),
  auc_plain_intervals: twice(({ p, l }) => m.aucWithConfidenceIntervals(l, p, { logitTransformation: false })),
  ...both("precision_recall", (p, l, o) =>
    m.precisionRecallAtEqualThresholds(l, p, { numThresholds: 7, ...withoutCollections(o) }),
  ),
  precision_recall_locking: twice(({ p, l }) => m.precisionRecallAtEqualThresholds(l, p, null, 5, false, "mine")),
  recall_at_k: twice(({ p, l }) => m.streamingRecallAtK(p, l, 2)),
  recall_at_k_named: twice(({ p, l, w }) => m.streamingRecallAtK(p, l, 2, w, "m", "u", "mine")),
  sparse_recall_at_k: twice(({ p, l }) => m.streamingSparseRecallAtK(p, l, 2, { classId: 1 })),
  sparse_precision_at_k: twice(({ p, l }) => m.streamingSparsePrecisionAtK(p, l, 2)),
  sparse_precision_at_top_k: twice(({ p, l }) => m.streamingSparsePrecisionAtTopK(p, l)),
  sparse_precision_at_top_k_class: twice(({ p, l }) => m.streamingSparsePrecisionAtTopK(p, l, 2, { name: "mine" })),
  sparse_recall_at_top_k: twice(({ p, l }) => m.sparseRecallAtTopK(l, p)),
  sparse_average_precision_at_k: twice(({ p, l }) => m.streamingSparseAveragePrecisionAtK(p, l, 3)),
  sparse_average_precision_at_top_k: twice(({ p, l }) => m.streamingSparseAveragePrecisionAtTopK(p, l)),
  concat: twice(({ p }) => m.streamingConcat(p, ends)),
  concat_axis: twice(({ p }) => m.streamingConcat(p, -1, 7, { name: "mine" })),
  count: twice(({ p }) => m.count(p)),
  count_weights: twice(({ p, w }) => m.count(p, w, "m", "u", "mine")),
  ...both("cohen_kappa", (p, l, o) => m.cohenKappa(l, p, 4, o)),
  cohen_kappa_column: twice(({ p, l }) => m.cohenKappa(l, p, 4)),
  auc_using_histogram: twice(({ p, l }) => m.aucUsingHistogram(l, p, [0, 1], { nbins: 8 })),
  auc_using_histogram_named: twice(({ p, l }) =>
    m.aucUsingHistogram(l, p, [0, 1], 8, ["mine", tf.GraphKeys.GLOBAL_VARIABLES], false, "hist"),
  ),
  accuracy_now: ({ p, l, w }) => [m.accuracy(p, l), m.accuracy(p, l, w, "mine")],
  confusion: ({ p, l, w }) => [m.confusionMatrix(l, p), m.confusionMatrix(l, p, 4, tf.float32, "mine", w)],
};
