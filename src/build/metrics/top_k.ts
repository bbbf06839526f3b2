/** Metrics of the k most probable classes. Source: tensorflow/python/ops/metrics_impl.py. */

import { float64, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { reducedShape } from "../../ops/compute/math/reduce/reduced_shape.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as ops from "../../ops/index.ts";
import {
  add,
  cast,
  concat,
  cumsum,
  divide,
  divNoNan,
  equal,
  expandDims,
  fill,
  greaterEqual,
  minimum,
  multiply,
  onesLike,
  rank,
  reduceMax,
  reduceSum,
  reshape,
  SparseTensor,
  setDifference,
  setIntersection,
  setSize,
  shape as shapeOf,
  size,
  tile,
  topK,
  whereV2,
  zerosLike,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { asFloat, assertBroadcastable, broadcastWeights } from "../losses/weights.ts";
import { assignAdd } from "../variables/state.ts";
import { gathered, type Metric, type MetricOptions, type MetricRest, metricOptions, metricVariable } from "./metric.ts";

/** Names of metrics of the k largest. */
export const atK = (name: string, k: number | null, classId?: number | null): string =>
  `${name}_at_${k ?? "k"}${classId === null || classId === undefined ? "" : `_class${classId}`}`;

/** Labels with as many dimensions as the predictions. Throws ValueError when they have others than that or one less. */
function expandLabels(labels: TensorLike, predictions: Tensor): Tensor {
  return getDefaultGraph().nameScope("expand_labels", (scope) => {
    const label = convertToTensor(labels);
    const expanded = (): Tensor => expandDims(label, -1, { name: scope });
    if (label.shape && predictions.shape) {
      const missing = predictions.shape.length - label.shape.length;
      if (missing === 0) return label;
      if (missing === 1) return expanded();
      throw new ValueError(
        `Unexpected labels shape ${formatShapePython(label.shape)} for predictions shape ${formatShapePython(predictions.shape)}. Predictions rank should be the same rank as labels rank or labels rank plus one .`,
      );
    }
    return cond(equal(rank(predictions), rank(label).add(1)), expanded, () => label) as Tensor;
  });
}

type Ids = Tensor | SparseTensor;

/** Each set without all but one class. */
function onlyClass(ids: Tensor, classId: number): SparseTensor {
  const shape = shapeOf(ids, { outType: int64 });
  const last = reshape(size(shape).sub(1), [1]);
  const filled = fill(reducedShape({ ...ops, IndexedSlices }, shape, last), cast(classId as unknown as Tensor, int64));
  const { indices, values } = setIntersection(filled, ids);
  return new SparseTensor({ indices, values, denseShape: shape });
}

interface Sets {
  readonly labels: Tensor;
  readonly predictions: Tensor;
  readonly k: number | null;
  readonly classId: number | null;
  readonly weights: TensorLike | null;
}

type SetOperation = (predictions: Ids, labels: Ids) => SparseTensor;

/** The size of a set operation for each example, weighted. */
function countedSets(scope: string, { labels, predictions, classId, weights }: Sets, operation: SetOperation): Tensor {
  const graph = getDefaultGraph();
  return graph.nameScope(scope, () => {
    const isAll = classId === null;
    const chosenLabels = isAll ? labels : onlyClass(labels, classId);
    const chosen = isAll ? predictions : onlyClass(predictions, classId);
    const counted = cast(setSize(operation(chosen, chosenLabels)), float64);
    if (weights === null) return counted;
    return graph.controlDependencies([assertBroadcastable(asFloat(weights), counted)], () =>
      multiply(counted, cast(asFloat(weights) as Tensor, float64)),
    );
  });
}

interface Kind {
  readonly name: string;
  readonly scope: string;
  readonly operation: SetOperation;
}

const truePositive: Kind = {
  name: "true_positive",
  scope: "true_positives",
  operation: (predictions, labels) => setIntersection(predictions, labels) as SparseTensor,
};
const falseNegative: Kind = {
  name: "false_negative",
  scope: "false_negatives",
  operation: (predictions, labels) => setDifference(predictions, labels, { aminusb: false }) as SparseTensor,
};
const falsePositive: Kind = {
  name: "false_positive",
  scope: "false_positives",
  operation: (predictions, labels) => setDifference(predictions, labels, { aminusb: true }) as SparseTensor,
};

/** A sum over all batches. */
function summed(kind: Kind, sets: Sets): { readonly total: Tensor; readonly update: Tensor } {
  return getDefaultGraph().nameScope(atK(kind.name, sets.k, sets.classId), (scope) => {
    const counted = countedSets(kind.scope, sets, kind.operation);
    const batch = cast(reduceSum(counted), float64);
    const variable = metricVariable([], float64, scope);
    return { total: variable.value(), update: assignAdd(variable, batch, { name: "update" }) as Tensor };
  });
}

export interface AtKOptions extends MetricOptions {
  /** Only this class counts. */
  readonly classId?: number | null | undefined;
}

export interface AtTopKOptions extends AtKOptions {
  /** For the name only. */
  readonly k?: number | null | undefined;
}

const atTopKPlaces = ["k", "classId", "weights", "metricsCollections", "updatesCollections", "name"] as const;
const atKPlaces = ["classId", "weights", "metricsCollections", "updatesCollections", "name"] as const;

type AtTopK = (
  labels: TensorLike,
  predictionsIdx: TensorLike,
  ...rest: Rest<AtTopKOptions, typeof atTopKPlaces>
) => Metric;
type AtK = (
  labels: TensorLike,
  predictions: TensorLike,
  k: number,
  ...rest: Rest<AtKOptions, typeof atKPlaces>
) => Metric;

const shareAtTopK =
  (name: string, other: Kind): AtTopK =>
  (labels, predictionsIdx, ...rest) => {
    const options = byName<AtTopKOptions>(rest, atTopKPlaces);
    const { k = null, classId = null, weights = null } = options;
    return getDefaultGraph().nameScope(options.name ?? atK(name, k, classId), (scope) => {
      const given = convertToTensor(predictionsIdx);
      const label = expandLabels(labels, given);
      const sets: Sets = { labels: label, predictions: cast(given, int64), k, classId, weights };
      const hits = summed(truePositive, sets);
      const misses = summed(other, sets);
      const value = divide(hits.total, add(hits.total, misses.total), { name: scope }) as Tensor;
      const update = divide(hits.update, add(hits.update, misses.update), { name: "update" }) as Tensor;
      return gathered([value, update], options);
    });
  };

/** Of the labels, how many are among the predicted classes; and of the predicted classes, how many are labels. */
export const recallAtTopK: AtTopK = shareAtTopK("recall", falseNegative);
/**
 * How many of the k given predictions are labels: [value, updateOp], both scalars of float32. The update adds a batch to local variables,
 * which localVariablesInitializer() starts.
 */
export const precisionAtTopK: AtTopK = shareAtTopK("precision", falsePositive);

const shareAtK =
  (name: string, metric: AtTopK): AtK =>
  (labels, predictions, k, ...rest) => {
    const options = byName<AtKOptions>(rest, atKPlaces);
    return getDefaultGraph().nameScope(options.name ?? atK(name, k, options.classId), (scope) => {
      const { indices } = topK(predictions, k);
      return metric(labels, indices, { ...options, k, name: scope });
    });
  };

/** As recallAtTopK and precisionAtTopK, of the k largest logits. Labels are int64: [...] or [..., number of labels]. */
export const recallAtK: AtK = shareAtK("recall", recallAtTopK);
/**
 * How many of the k best predictions are labels: [value, updateOp], both scalars of float32. The update adds a batch to local variables,
 * which localVariablesInitializer() starts.
 */
export const precisionAtK: AtK = shareAtK("precision", precisionAtTopK);
/** TensorFlow's older name. */
export const sparsePrecisionAtK: AtK = precisionAtK;

/** The mean over the labels of the precision at the place where each is found among the k largest. */
export function averagePrecisionAtK(
  labels: TensorLike,
  predictions: TensorLike,
  k: number,
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  if (k < 1) throw new ValueError(`Invalid k=${k}. \`k\` should be >= 1.`);
  return getDefaultGraph().nameScope(options.name ?? atK("average_precision", k), (scope) => {
    const { indices } = topK(predictions, k);
    const classes = cast(shapeOf(predictions).at(-1), int64);
    const label = withoutTooLarge(convertToTensor(labels), classes);
    return averagePrecision(label, indices, scope, options);
  });
}

/** TensorFlow's older name. */
export const sparseAveragePrecisionAtK = averagePrecisionAtK;

/** As averagePrecisionAtK, of the indices of the largest, [..., k]. */
export function averagePrecisionAtTopK(labels: TensorLike, predictionsIdx: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  const name = options.name ?? "average_precision_at_top_k";
  return averagePrecision(convertToTensor(labels), convertToTensor(predictionsIdx), name, options);
}

const withoutTooLarge = (labels: Tensor, classes: Tensor): Tensor =>
  cond(
    greaterEqual(reduceMax(labels), classes),
    () => whereV2(greaterEqual(labels, classes), onesLike(labels).rmul(-1), labels),
    () => labels,
  ) as Tensor;

function averagePrecision(labels: Tensor, indices: Tensor, name: string, options: MetricOptions): Metric {
  const graph = getDefaultGraph();
  return graph.nameScope(name, (scope) => {
    let precision = precisionOfEach(labels, indices);
    let weights: Tensor | null = null;
    if (options.weights !== null && options.weights !== undefined) {
      weights = broadcastWeights(cast(asFloat(options.weights) as Tensor, float64), precision);
      precision = multiply(precision, weights);
    }
    const most = graph.nameScope("max", (maxScope) => {
      const variable = metricVariable([], float64, maxScope);
      const batch = weights
        ? reduceSum(weights, { name: "batch_max" })
        : cast(size(precision, { name: "batch_max" }), float64);
      return { total: variable, update: assignAdd(variable, batch, { name: "update" }) as Tensor };
    });
    const sum = graph.nameScope("total", (totalScope) => {
      const variable = metricVariable([], float64, totalScope);
      const batch = reduceSum(precision, { name: "batch_total" });
      return { total: variable, update: assignAdd(variable, batch, { name: "update" }) as Tensor };
    });
    const value = divNoNan(sum.total, most.total, { name: "mean" });
    return gathered([value, divNoNan(sum.update, most.update, { name: scope })], options);
  });
}

/** The average precision of each example: [...] of labels [..., n] and indices [..., k]. */
function precisionOfEach(labels: Tensor, indices: Tensor): Tensor {
  return getDefaultGraph().nameScope("average_precision", (scope) => {
    const predictions = cast(indices, int64, { name: "predictions_idx" });
    if (predictions.shape?.length === 0) throw new ValueError("The rank of `predictions_idx` must be at least 1.");
    const k = predictions.shape?.at(-1) ?? null;
    if (k === null) {
      throw new ValueError("The last dimension of predictions_idx must be set. Currently, it is None.");
    }
    const label = expandLabels(labels, predictions);
    const perK = expandDims(predictions, -1, { name: "predictions_idx_per_k" });
    const labelsPerK = tiledBehind(label, k);
    const sets: Sets = { labels: labelsPerK, predictions: perK, k: null, classId: null, weights: null };
    const relevant = countedSets("relevant_per_k", sets, truePositive.operation);
    const hits = cumsum(relevant, { axis: -1, name: "tp_per_k" });
    const retrieved = cumsum(onesLike(relevant), { axis: -1, name: "retrieved_per_k" });
    const precision = divide(hits, retrieved, { name: "precision_per_k" }) as Tensor;
    const counted = multiply(precision, relevant, { name: "relevant_precision_per_k" });
    const sum = reduceSum(counted, { axis: [-1], name: "precision_sum" });
    return divide(sum, cast(relevantCount(label, k), float64), { name: scope }) as Tensor;
  });
}

/** Each row of labels k times: [..., k, n]. */
const tiledBehind = (tensor: Tensor, k: number): Tensor =>
  getDefaultGraph().nameScope("labels_per_k", (scope) => {
    const expanded = expandDims(tensor, -2, { name: "expand" });
    if (k === 1) return expanded;
    const ones = onesLike(shapeOf(tensor));
    return tile(expanded, concat([ones.at(":-1"), [k], ones.at("-1:")], 0, { name: "multiples" }), { name: scope });
  });

const relevantCount = (labels: Tensor, k: number): Tensor =>
  getDefaultGraph().nameScope("num_relevant", (scope) => {
    const isLabel = whereV2(greaterEqual(labels, 0), onesLike(labels), zerosLike(labels));
    return minimum(reduceSum(isLabel, { axis: -1 }), k, { name: scope });
  });
