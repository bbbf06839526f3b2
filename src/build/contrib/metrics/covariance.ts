/** Covariance and correlation of what was seen, by Welford's updates. Source: contrib/metrics metric_ops.py. */
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { cast, divNoNan, lessEqual, multiply, reduceSum, size, sqrt, truediv, where } from "../../../ops/index.ts";
import { broadcastWeights } from "../../losses/weights.ts";
import {
  align,
  gathered,
  inMetricScope,
  type Metric,
  type MetricOptions,
  metricOptions,
  metricVariable,
} from "../../metrics/metric.ts";
import { variableScope } from "../../variables/scope.ts";
import { assignAdd } from "../../variables/state.ts";
import type { Variable } from "../../variables/variable.ts";
import type { StreamingMetric } from "./swapped.ts";

/** The mean before and after a batch, and the batch's own. */
function meanAfter(mean: Variable, weighted: Tensor, batchCount: Tensor, updateCount: Tensor) {
  const batch = divNoNan(reduceSum(weighted), batchCount);
  const delta = divNoNan(batch.sub(mean).mul(batchCount), updateCount);
  const update = assignAdd(mean, delta) as Tensor;
  return { batch, before: update.sub(delta) };
}

/** The sample covariance of predictions and labels, float32; NaN of fewer than two. */
export const streamingCovariance: StreamingMetric = (predictions, labels, ...rest) => {
  const options = metricOptions(rest);
  const graph = getDefaultGraph();
  const build = (): Metric => {
    const aligned = align(predictions, labels, options.weights);
    const [prediction, label] = [aligned.predictions, aligned.labels];
    const count = metricVariable([], float32, "count");
    const meanPrediction = metricVariable([], float32, "mean_prediction");
    const meanLabel = metricVariable([], float32, "mean_label");
    const comoment = metricVariable([], float32, "comoment");
    const weights = aligned.weights && broadcastWeights(aligned.weights, label);
    const batchCount = weights ? reduceSum(weights) : cast(size(label), float32);
    const weighted = (values: Tensor): Tensor => (weights ? multiply(values, weights) : values);
    const [weightedPredictions, weightedLabels] = [weighted(prediction), weighted(label)];
    const updateCount = assignAdd(count, batchCount) as Tensor;
    const before = updateCount.sub(batchCount);
    const first = meanAfter(meanPrediction, weightedPredictions, batchCount, updateCount);
    const second = meanAfter(meanLabel, weightedLabels, batchCount, updateCount);
    const residuals = prediction.sub(first.batch).mul(label.sub(second.batch));
    const batchComoment = reduceSum(weights ? residuals.mul(weights) : residuals);
    const moved = first.before.sub(first.batch).mul(second.before.sub(second.batch));
    const delta = batchComoment.add(moved.mul(before.mul(batchCount).truediv(updateCount)));
    const updated = assignAdd(comoment, delta);
    const covariance = (name: string): Tensor =>
      where(lessEqual(count, 1), Number.NaN, truediv(comoment, count.sub(1)), { name });
    const value = covariance("covariance");
    return [value, graph.controlDependencies([updated], () => covariance("update_op"))];
  };
  return gathered(variableScope(options.name ?? null, { defaultName: "covariance" }, build), options);
};

/** Pearson's correlation of predictions and labels, float32. */
export const streamingPearsonCorrelation: StreamingMetric = (predictions, labels, ...rest) => {
  const options = metricOptions(rest);
  return inMetricScope("pearson_r", options, () => {
    const aligned = align(predictions, labels, options.weights);
    const weights = aligned.weights && broadcastWeights(aligned.weights, aligned.labels);
    const of = (a: TensorLike, b: TensorLike, name: string): Metric => {
      const own: MetricOptions = { weights, name };
      return streamingCovariance(a, b, own);
    };
    const both = of(aligned.predictions, aligned.labels, "covariance");
    const first = of(aligned.predictions, aligned.predictions, "variance_predictions");
    const second = of(aligned.labels, aligned.labels, "variance_labels");
    const correlation = (i: 0 | 1, name: string): Tensor =>
      truediv(both[i], multiply(sqrt(first[i]), sqrt(second[i])), { name });
    return { value: () => correlation(0, "pearson_r"), update: () => correlation(1, "update_op") };
  });
};
