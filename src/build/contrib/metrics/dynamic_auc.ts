/** The area under the curve of all values that were seen, kept whole. Source: contrib/metrics metric_ops.py. */
import { float64, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  abs,
  add,
  cast,
  constant,
  cumsum,
  equal,
  gather,
  greater,
  greaterEqual,
  group,
  less,
  logicalAnd,
  logicalOr,
  multiply,
  noOp,
  onesLike,
  pad,
  reduceMax,
  reduceMin,
  reduceSum,
  reshape,
  size as sizeOf,
  subtract,
  topK,
  truediv,
  uniqueWithCounts,
  where,
  zerosLike,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { assertGreaterEqual, assertLessEqual } from "../../checks/compare.ts";
import { addToCollections } from "../../collections.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { align, checkCompatible, type MetricOptions } from "../../metrics/metric.ts";
import { variableScope } from "../../variables/scope.ts";
import { streamingConcat } from "./concat.ts";
import { type AucData, placementAuc } from "./placement_auc.ts";

/** The metric, and the operation that takes a batch in. */
export type Dynamic<V> = readonly [value: V, update: Operation];

/** One check each that no label lies below 0 or above 1. */
const checkLabels = (labels: Tensor): Operation[] => [
  assertGreaterEqual(labels, zerosLike(labels, int64), { message: "labels must be 0 or 1, at least one is <0" }),
  assertLessEqual(labels, onesLike(labels, int64), { message: "labels must be 0 or 1, at least one is >1" }),
];

const flat = (values: TensorLike, dtype: typeof float64): Tensor => reshape(cast(values as Tensor, dtype), [-1]);
const withZero = (sums: Tensor): Tensor => pad(sums, [[1, 0]]);

/** The area by the trapezoidal rule, a point for each distinct prediction. float64. */
function areaOf(labels: Tensor, predictions: Tensor, curve: "ROC" | "PR", given: Tensor | null): Tensor {
  const size = sizeOf(predictions);
  const chosen = given ?? onesLike(labels, { dtype: float64 });
  const aligned = align(labels, predictions, chosen);
  const [label, prediction, weights] = [aligned.predictions, aligned.labels, aligned.weights!];
  const totalWeight = reduceSum(weights);
  const zeros = (like: Tensor): Tensor => zerosLike(like, { dtype: float64 });
  const totalPositive = reduceSum(where(greater(label, 0), weights, zeros(label)));
  const compute = (): Tensor => {
    const { values: orderedPredictions, indices } = topK(prediction, size);
    const orderedLabels = gather(label, indices);
    const orderedWeights = gather(weights, indices);
    const { count } = uniqueWithCounts(orderedPredictions);
    const splits = cast(withZero(cumsum(count)), int32);
    const sumOf = (holds: Tensor): Tensor =>
      gather(withZero(cumsum(where(holds, orderedWeights, zeros(orderedLabels)))), splits);
    const truePositives = sumOf(greater(orderedLabels, 0));
    let [x, y]: [Tensor | null, Tensor | null] = [null, null];
    if (curve === "ROC") {
      const falsePositives = sumOf(less(orderedLabels, 1));
      x = truediv(falsePositives, totalWeight.sub(totalPositive));
      y = truediv(truePositives, totalPositive);
    } else {
      x = truediv(truePositives, totalPositive);
      const positives = gather(withZero(cumsum(orderedWeights)), splits);
      const precision = (): Tensor => truediv(truePositives, positives);
      y = where(greater(splits, 0), precision(), onesLike(truePositives, { dtype: float64 }));
    }
    const heights = add(y.at("1:"), y.at(":-1")).truediv(2);
    const widths = abs(subtract(x.at("1:"), x.at(":-1")));
    return reduceSum(multiply(heights, widths));
  };
  const isTrivial = logicalOr(equal(totalPositive, 0), equal(totalPositive, totalWeight));
  return cond(isTrivial, () => constant(0, { dtype: float64 }), compute) as Tensor;
}

/** Lists value and update in their collections. */
function listed<V extends object>(value: V, update: Operation, options: MetricOptions): Dynamic<V> {
  const { metricsCollections, updatesCollections } = options;
  if (updatesCollections?.length) addToCollections(updatesCollections, update);
  if (metricsCollections?.length) addToCollections(metricsCollections, value);
  return [value, update];
}

export interface DynamicAucOptions extends MetricOptions {
  readonly curve?: "ROC" | "PR" | undefined;
}

const dynamicPlaces = ["curve", "metricsCollections", "updatesCollections", "name", "weights"] as const;

/** The area under the curve over all values seen so far, float64. Labels are 0 or 1. */
export function streamingDynamicAuc(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<DynamicAucOptions, typeof dynamicPlaces>
): Dynamic<Tensor> {
  const options: DynamicAucOptions = byName(rest, dynamicPlaces);
  const { curve = "ROC", weights } = options;
  if (curve !== "ROC" && curve !== "PR") {
    throw new ValueError(`curve must be either ROC or PR, ${String(curve)} unknown`);
  }
  return variableScope(options.name ?? null, { defaultName: "dynamic_auc" }, () => {
    const given = [convertToTensor(labels), convertToTensor(predictions)] as const;
    checkCompatible(...given);
    const prediction = flat(given[1], float64);
    const label = flat(given[0], int64);
    return getDefaultGraph().controlDependencies(checkLabels(label), () => {
      const [predictionsSeen, updatePredictions] = streamingConcat(prediction, { name: "concat_preds" });
      const [labelsSeen, updateLabels] = streamingConcat(label, { name: "concat_labels" });
      const updates = [updateLabels, updatePredictions];
      let weightsSeen: Tensor | null = null;
      if (weights !== null && weights !== undefined) {
        const [seen, update] = streamingConcat(flat(weights, float64), { name: "concat_weights" });
        weightsSeen = seen;
        updates.push(update);
      }
      const update = group(...updates);
      return listed(areaOf(labelsSeen, predictionsSeen, curve, weightsSeen), update, options);
    });
  });
}

export interface ConfidenceOptions extends MetricOptions {
  /** How sure the interval is: 0.95 by default. */
  readonly alpha?: number | undefined;
  /** False: the interval is computed without the logit. */
  readonly logitTransformation?: boolean | undefined;
}

const confidencePlaces = [
  "weights",
  "alpha",
  "logitTransformation",
  "metricsCollections",
  "updatesCollections",
  "name",
] as const;

/**
 * The area under the ROC curve with the ends of its confidence interval, float32; zeros where only one class was seen. Labels are 0 or 1. Throws
 * ValueError for an alpha that is not between 0 and 1.
 */
export function aucWithConfidenceIntervals(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<ConfidenceOptions, typeof confidencePlaces>
): Dynamic<AucData> {
  const options: ConfidenceOptions = byName(rest, confidencePlaces);
  const { alpha = 0.95, logitTransformation = true } = options;
  if (!(alpha > 0 && alpha < 1)) {
    throw new ValueError(`alpha must be between 0 and 1; currently ${alpha.toFixed(2)}`);
  }
  const weightsGiven = options.weights ?? onesLike(predictions);
  const graph = getDefaultGraph();
  return variableScope(options.name ?? null, { defaultName: "auc_with_confidence_intervals" }, () => {
    const aligned = align(predictions, labels, weightsGiven);
    const totalWeight = reduceSum(aligned.weights!);
    const weights = reshape(aligned.weights!, [-1]);
    const prediction = flat(aligned.predictions, float64);
    const label = flat(aligned.labels, int64);
    return graph.controlDependencies(checkLabels(label), () => {
      const [predictionsSeen, updatePredictions] = streamingConcat(prediction, { name: "concat_preds" });
      const [labelsSeen, updateLabels] = streamingConcat(label, { name: "concat_labels" });
      const [weightsSeen, updateWeights] = streamingConcat(weights, { name: "concat_weights" });
      const update = group(updateLabels, updatePredictions, updateWeights);
      const hasBoth = logicalAnd(equal(reduceMin(label), 0), equal(reduceMax(label), 1));
      const isHeavy = greaterEqual(totalWeight, 1);
      const isValid = logicalAnd(hasBoth, isHeavy);
      const updateIf = cond(
        isHeavy,
        () => update,
        () => noOp(),
      ) as unknown as Operation;
      const seen = { labels: labelsSeen, predictions: predictionsSeen, weights: weightsSeen };
      return listed(placementAuc(seen, { alpha, logitTransformation, isValid }), updateIf, options);
    });
  });
}
