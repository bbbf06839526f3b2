/** Shares of false positives and false negatives, and counts at thresholds. Source: contrib/metrics metric_ops.py. */
import { bool } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { cast, div, greater, where } from "../../../ops/index.ts";
import { falseNegatives, falsePositives, trueNegatives, truePositives } from "../../metrics/counts.ts";
import { alignedCountsAt, type Counts, type CountsAt, type Kind, type Operand } from "../../metrics/counts_at.ts";
import { align, inMetricScope, type Metric, type MetricRest, metricOptions } from "../../metrics/metric.ts";
import type { StreamingMetric } from "./swapped.ts";

const share = (part: Tensor, rest: Tensor, name: string): Tensor =>
  where(greater(part.add(rest), 0), div(part, part.add(rest)), 0, { name });

const rate =
  (name: string, part: typeof falsePositives, other: typeof trueNegatives): StreamingMetric =>
  (predictions, labels, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(name, options, () => {
      const prediction = cast(predictions as Tensor, bool);
      const aligned = align(prediction, cast(labels as Tensor, bool), options.weights);
      const weights = { weights: aligned.weights };
      const [parts, updateParts] = part(aligned.labels, aligned.predictions, weights);
      const [others, updateOthers] = other(aligned.labels, aligned.predictions, weights);
      return {
        value: () => share(parts, others, "value"),
        update: () => share(updateParts, updateOthers, "update_op"),
      };
    });
  };

/** Of all that are negative, how many were predicted as positive; and of all that are positive, how many as negative. */
export const streamingFalsePositiveRate: StreamingMetric = rate("false_positive_rate", falsePositives, trueNegatives);
export const streamingFalseNegativeRate: StreamingMetric = rate("false_negative_rate", falseNegatives, truePositives);

/** One count for each threshold. */
export const streamingCountsAt = (
  predictions: TensorLike,
  labels: TensorLike,
  thresholds: readonly number[],
  weights: TensorLike | null | undefined,
  wanted?: readonly Kind[],
): CountsAt => alignedCountsAt(align(predictions, labels, weights), thresholds, wanted);

const counter =
  (kind: Kind) =>
  (
    predictions: TensorLike,
    labels: TensorLike,
    thresholds: readonly number[],
    weights: TensorLike | null = null,
  ): readonly [values: Operand, update: Tensor] => {
    const { values, updates } = streamingCountsAt(predictions, labels, thresholds, weights, [kind]);
    return [values[kind], updates[kind]];
  };

/** The variable that counts, one number for each threshold, and what adds a batch to it. */
export const streamingTruePositivesAtThresholds = counter("tp");
export const streamingFalseNegativesAtThresholds = counter("fn");
export const streamingFalsePositivesAtThresholds = counter("fp");
export const streamingTrueNegativesAtThresholds = counter("tn");

type RateAtThresholds = (
  predictions: TensorLike,
  labels: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
) => Metric;

const rateAt =
  (name: string, short: string, part: Kind, other: Kind): RateAtThresholds =>
  (predictions, labels, thresholds, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(`${name}_at_thresholds`, options, () => {
      const { values, updates } = streamingCountsAt(predictions, labels, thresholds, options.weights, [part, other]);
      const shares = (counts: Counts<Operand>, end: string): Tensor =>
        div(counts[part] as Tensor, counts[part].radd(1e-7).add(counts[other]), { name: `${short}_${end}` });
      return { value: () => shares(values, "value"), update: () => shares(updates, "update_op") };
    });
  };

/** As the rates, with predictions above each threshold as positive. */
export const streamingFalsePositiveRateAtThresholds = rateAt("false_positive_rate", "fpr", "fp", "tn");
export const streamingFalseNegativeRateAtThresholds = rateAt("false_negative_rate", "fnr", "fn", "tp");
