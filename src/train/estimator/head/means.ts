/** Metrics of heads: means of labels and predictions, areas under curves, shares at thresholds. Source: canned/head.py. */

import { asFloat, broadcastWeights } from "../../../build/losses/weights.ts";
import { accuracy, mean } from "../../../build/metrics/means.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { auc, precisionAtThresholds, recallAtThresholds } from "../../../build/metrics/thresholds.ts";
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { cast, greaterEqual, maximum, squeeze, subtract, toFloat } from "../../../ops/index.ts";

type Weights = Tensor | number;

/** The mean of true labels, `label/mean`. */
export const labelsMean = (labels: Tensor, weights: Weights): Metric =>
  getDefaultGraph().nameScope("label/mean", (scope) => {
    const values = cast(labels, float32, { name: "labels" });
    return mean(values, { weights: broadcastWeights(asFloat(weights), values), name: scope });
  });

/** The mean of predictions, `prediction/mean`. */
export const predictionsMean = (predictions: Tensor, weights: Weights): Metric =>
  getDefaultGraph().nameScope("prediction/mean", (scope) => {
    const values = cast(predictions, float32, { name: "predictions" });
    return mean(values, { weights: broadcastWeights(asFloat(weights), values), name: scope });
  });

/** The accuracy of always saying what is true more often. */
export const accuracyBaseline = ([value, update]: Metric): Metric =>
  getDefaultGraph().nameScope("accuracy_baseline", () => [
    maximum(value, subtract(1, value, { name: "sub" }), { name: "value" }),
    maximum(update, subtract(1, update, { name: "sub" }), { name: "update_op" }),
  ]);

/** The area under a curve, called `name`. */
export const areaUnder = (
  labels: Tensor,
  predictions: Tensor,
  weights: Weights,
  { name, curve }: { readonly name: string; readonly curve: "ROC" | "PR" },
): Metric =>
  getDefaultGraph().nameScope(name, (scope) => {
    const values = cast(predictions, float32, { name: "predictions" });
    const each = broadcastWeights(asFloat(weights), values);
    return auc(labels, values, { weights: each, curve, name: scope });
  });

/** Python's `%g` of a threshold. */
const shown = (threshold: number): string => String(Number(threshold.toPrecision(6)));

/** Accuracy, precision and recall where predictions count as true from a threshold on. */
export function atThreshold(
  labels: Tensor,
  predictions: Tensor,
  weights: Weights,
  threshold: number,
): readonly (readonly [string, Metric])[] {
  const key = (what: string): string => `${what}/positive_threshold_${shown(threshold)}`;
  const inScope = (name: string, fn: (scope: string) => Metric): readonly [string, Metric] => [
    name,
    getDefaultGraph().nameScope(name, fn),
  ];
  const single = ([value, update]: Metric): Metric => [squeeze(value), squeeze(update)];
  return [
    inScope(key("accuracy"), (scope) => {
      const isAbove = toFloat(greaterEqual(predictions, threshold)) as Tensor;
      return accuracy(labels, isAbove, { weights, name: scope });
    }),
    inScope(key("precision"), (scope) =>
      single(precisionAtThresholds(labels, predictions, [threshold], { weights, name: scope })),
    ),
    inScope(key("recall"), (scope) =>
      single(recallAtThresholds(labels, predictions, [threshold], { weights, name: scope })),
    ),
  ];
}
