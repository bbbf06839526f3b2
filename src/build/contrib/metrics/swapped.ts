/** `tf.contrib.metrics`: metrics of `tf.metrics` that take predictions before labels. Source: contrib/metrics metric_ops.py. */
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { cast, inTopK } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { meanIou } from "../../metrics/classes.ts";
import {
  falseNegatives,
  falsePositives,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from "../../metrics/counts.ts";
import {
  accuracy,
  mean,
  meanAbsoluteError,
  meanCosineDistance,
  meanRelativeError,
  meanSquaredError,
  meanTensor,
  percentageBelow,
  rootMeanSquaredError,
} from "../../metrics/means.ts";
import { type Metric, type MetricOptions, type MetricRest, metricOptions } from "../../metrics/metric.ts";
import {
  type AucOptions,
  auc,
  type CurvePointOptions,
  precisionAtThresholds,
  recallAtThresholds,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from "../../metrics/thresholds.ts";
import {
  type AtKOptions,
  atK,
  averagePrecisionAtK,
  averagePrecisionAtTopK,
  precisionAtK,
  precisionAtTopK,
  recallAtK,
  recallAtTopK,
} from "../../metrics/top_k.ts";

/** A metric of predictions and labels. */
export type StreamingMetric = (predictions: TensorLike, labels: TensorLike, ...rest: MetricRest) => Metric;

const swapped =
  (metric: (labels: TensorLike, predictions: TensorLike, options: MetricOptions) => Metric): StreamingMetric =>
  (predictions, labels, ...rest) =>
    metric(labels, predictions, metricOptions(rest));

/** How many predictions are true where the label is; and so on for the three others. */
export const streamingTruePositives: StreamingMetric = swapped(truePositives);
export const streamingTrueNegatives: StreamingMetric = swapped(trueNegatives);
export const streamingFalsePositives: StreamingMetric = swapped(falsePositives);
export const streamingFalseNegatives: StreamingMetric = swapped(falseNegatives);
/** True positives of all predicted positives. */
export const streamingPrecision: StreamingMetric = swapped(precision);
/** True positives of all that are positive. */
export const streamingRecall: StreamingMetric = swapped(recall);
/** How many predictions equal their labels, of all. */
export const streamingAccuracy: StreamingMetric = swapped(accuracy);
export const streamingMeanAbsoluteError: StreamingMetric = swapped(meanAbsoluteError);
export const streamingMeanSquaredError: StreamingMetric = swapped(meanSquaredError);
export const streamingRootMeanSquaredError: StreamingMetric = swapped(rootMeanSquaredError);

/** The mean of all values, weighted. */
export const streamingMean = mean;
/** The mean of each element on its own. */
export const streamingMeanTensor = meanTensor;
/** How many values lie below the threshold, of all. */
export const streamingPercentageLess = percentageBelow;

/** A metric of predictions, labels and a third argument. */
type StreamingMetricOf<A, R extends readonly unknown[]> = (
  predictions: TensorLike,
  labels: TensorLike,
  third: A,
  ...rest: R
) => Metric;

const swappedOf =
  <A>(
    metric: (labels: TensorLike, predictions: TensorLike, third: A, options: MetricOptions) => Metric,
  ): StreamingMetricOf<A, MetricRest> =>
  (predictions, labels, third, ...rest) =>
    metric(labels, predictions, third, metricOptions(rest));

/** |labels - predictions| / normalizer, 0 where the normalizer is. */
export const streamingMeanRelativeError = swappedOf<TensorLike>(meanRelativeError);
/** 1 - labels · predictions along a dimension, for vectors of length 1. */
export const streamingMeanCosineDistance = swappedOf<number>(meanCosineDistance);
/** The mean over classes of intersection over union; its update is the confusion matrix. */
export const streamingMeanIou = swappedOf<number>(meanIou);
/** Precision and recall with predictions above each threshold as yes. */
export const streamingPrecisionAtThresholds = swappedOf<readonly number[]>(precisionAtThresholds);
export const streamingRecallAtThresholds = swappedOf<readonly number[]>(recallAtThresholds);
/** The mean over labels int64 [..., n] of the precision where each is found among the k largest of predictions [..., classes]. */
export const streamingSparseAveragePrecisionAtK = swappedOf<number>(averagePrecisionAtK);
/** As streamingSparseAveragePrecisionAtK, of the indices of the largest [..., k]. */
export const streamingSparseAveragePrecisionAtTopK: StreamingMetric = swapped(averagePrecisionAtTopK);

const aucPlaces = ["weights", "numThresholds", "metricsCollections", "updatesCollections", "curve", "name"] as const;
type StreamingAucOptions = Omit<AucOptions, "summationMethod" | "thresholds">;

/** The area under the curve of true over false positives (ROC) or of precision over recall (PR). */
export const streamingAuc = (
  predictions: TensorLike,
  labels: TensorLike,
  ...rest: Rest<StreamingAucOptions, typeof aucPlaces>
): Metric => auc(labels, predictions, byName<StreamingAucOptions>(rest, aucPlaces));

const curvePlaces = ["weights", "numThresholds", "metricsCollections", "updatesCollections", "name"] as const;
type CurveRest = Rest<CurvePointOptions, typeof curvePlaces>;

/** The specificity where the sensitivity is nearest to the one given, and the other way round. */
export const streamingSpecificityAtSensitivity: StreamingMetricOf<number, CurveRest> = (p, labels, value, ...rest) =>
  specificityAtSensitivity(labels, p, value, byName<CurvePointOptions>(rest, curvePlaces));
export const streamingSensitivityAtSpecificity: StreamingMetricOf<number, CurveRest> = (p, labels, value, ...rest) =>
  sensitivityAtSpecificity(labels, p, value, byName<CurvePointOptions>(rest, curvePlaces));

const atKPlaces = ["classId", "weights", "metricsCollections", "updatesCollections", "name"] as const;
type AtKRest = Rest<AtKOptions, typeof atKPlaces>;

/** Of the labels int64 [..., n], how many are among the k largest of predictions [..., classes]. */
export const streamingSparseRecallAtK: StreamingMetricOf<number, AtKRest> = (p, labels, k, ...rest) =>
  recallAtK(labels, p, k, byName<AtKOptions>(rest, atKPlaces));
/** Of the k largest predictions, how many are labels. */
export const streamingSparsePrecisionAtK: StreamingMetricOf<number, AtKRest> = (p, labels, k, ...rest) =>
  precisionAtK(labels, p, k, byName<AtKOptions>(rest, atKPlaces));

const inNamedScope = (
  metric: typeof precisionAtTopK,
  name: string,
  labels: TensorLike,
  topKPredictions: TensorLike,
  options: AtKOptions,
): Metric =>
  getDefaultGraph().nameScope(options.name ?? atK(name, null, options.classId), (scope) =>
    metric(labels, topKPredictions, { ...options, name: scope }),
  );

/** As streamingSparsePrecisionAtK, of the indices of the largest [..., k]. */
export const streamingSparsePrecisionAtTopK = (
  topKPredictions: TensorLike,
  labels: TensorLike,
  ...rest: AtKRest
): Metric => inNamedScope(precisionAtTopK, "precision", labels, topKPredictions, byName<AtKOptions>(rest, atKPlaces));

/** As streamingSparseRecallAtK, of the indices of the largest [..., k]. */
export const sparseRecallAtTopK = (labels: TensorLike, topKPredictions: TensorLike, ...rest: AtKRest): Metric =>
  inNamedScope(recallAtTopK, "recall", labels, topKPredictions, byName<AtKOptions>(rest, atKPlaces));

/** How many labels [n] are among the k largest of their predictions [n, classes], of all. */
export function streamingRecallAtK(
  predictions: TensorLike,
  labels: TensorLike,
  k: number,
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  const isIn = cast(inTopK(predictions, labels, k), float32);
  return mean(isIn, { ...options, name: options.name || atK("recall", k) });
}
