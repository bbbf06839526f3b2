/** Metrics that are means. Source: tensorflow/python/ops/metrics_impl.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { formatShapePython, isFull } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  cast,
  divide,
  divNoNan,
  equal,
  less,
  maximum,
  multiply,
  onesLike,
  reduceSum,
  size,
  sqrt,
  squaredDifference,
  subtract,
  where,
  zerosLike,
} from "../../ops/index.ts";
import { byKeyword } from "../../ops/options.ts";
import { removeSqueezableDimensions } from "../losses/squeeze.ts";
import { broadcastWeights } from "../losses/weights.ts";
import { assignAdd } from "../variables/state.ts";
import type { Variable } from "../variables/variable.ts";
import {
  align,
  alignWeights,
  checkCompatible,
  gathered,
  inMetricScope,
  type Metric,
  type MetricOptions,
  type MetricRest,
  metricOptions,
  metricVariable,
} from "./metric.ts";

/** Sums and counts whose quotient is the metric. */
function quotient(total: Variable, count: Variable, values: Tensor, added: () => Tensor, counted: TensorLike) {
  const updateTotal = assignAdd(total, added());
  const updateCount = getDefaultGraph().controlDependencies([values], () => assignAdd(count, counted));
  return {
    value: () => divNoNan(total, maximum(count, 0), { name: "value" }),
    update: () => divNoNan(updateTotal as Tensor, maximum(updateCount as Tensor, 0), { name: "update_op" }),
  };
}

/** The mean of all values, weighted. */
export function mean(values: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  return inMetricScope("mean", options, () => {
    let each = cast(values as Tensor, float32);
    const total = metricVariable([], float32, "total");
    const count = metricVariable([], float32, "count");
    const weights = alignWeights(options.weights, each);
    let counted: Tensor;
    if (weights === null) counted = cast(size(each), float32);
    else {
      const broadcast = broadcastWeights(cast(weights, float32), each);
      each = multiply(each, broadcast);
      counted = reduceSum(broadcast);
    }
    return quotient(total, count, each, () => reduceSum(each), counted);
  });
}

/** The mean of each element on its own. Throws ValueError for values without a full static shape. */
export function meanTensor(values: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  return inMetricScope("mean", options, () => {
    let each = cast(values as Tensor, float32);
    const { shape } = each;
    if (!isFull(shape)) throw new ValueError(`The values have no full shape: ${formatShapePython(shape)}`);
    const total = metricVariable(shape, float32, "total_tensor");
    const count = metricVariable(shape, float32, "count_tensor");
    let counted = onesLike(each);
    const weights = alignWeights(options.weights, each);
    if (weights) {
      const broadcast = broadcastWeights(cast(weights, float32), each);
      each = multiply(each, broadcast);
      counted = multiply(counted, broadcast);
    }
    return quotient(total, count, each, () => each, counted);
  });
}

const named = (options: MetricOptions, name: string, weights: TensorLike | null): MetricOptions => ({
  ...options,
  weights,
  name: options.name || name,
});

/** How many predictions equal their labels, of all. */
export const accuracy = byKeyword(
  ["labels", "predictions"],
  function accuracy(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: given, weights } = align(predictions, labels, options.weights);
    const prediction = given.dtype === label.dtype ? given : cast(given, label.dtype.baseDtype);
    const isCorrect = cast(equal(prediction, label), float32);
    return mean(isCorrect, named(options, "accuracy", weights));
  },
);

/**
 * The mean of |labels - predictions|: [value, updateOp], both scalars of float32. The update adds a batch to local variables, which
 * localVariablesInitializer() starts.
 */
export const meanAbsoluteError = byKeyword(
  ["labels", "predictions"],
  function meanAbsoluteError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: prediction, weights } = align(predictions, labels, options.weights);
    return mean(abs(prediction.sub(label)), named(options, "mean_absolute_error", weights));
  },
);

/**
 * The mean of (labels - predictions)²: [value, updateOp], both scalars of float32. The update adds a batch to local variables, which
 * localVariablesInitializer() starts.
 */
export const meanSquaredError = byKeyword(
  ["labels", "predictions"],
  function meanSquaredError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: prediction, weights } = align(predictions, labels, options.weights);
    return mean(squaredDifference(label, prediction), named(options, "mean_squared_error", weights));
  },
);

/**
 * The root of the mean of (labels - predictions)²: [value, updateOp], both scalars of float32. The update adds a batch to local variables,
 * which localVariablesInitializer() starts.
 */
export const rootMeanSquaredError = byKeyword(
  ["labels", "predictions"],
  function rootMeanSquaredError(labels: TensorLike, predictions: TensorLike, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: prediction, weights } = align(predictions, labels, options.weights);
    const name = options.name || "root_mean_squared_error";
    const [value, update] = meanSquaredError(label, prediction, { weights, name });
    return gathered([sqrt(value), sqrt(update)], options);
  },
);

/** |labels - predictions| / normalizer, 0 where the normalizer is. */
export const meanRelativeError = byKeyword(
  ["labels", "predictions", "normalizer"],
  function meanRelativeError(
    labels: TensorLike,
    predictions: TensorLike,
    normalizer: TensorLike,
    ...rest: MetricRest
  ): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: aligned, weights } = align(predictions, labels, options.weights);
    const [prediction, norm] = removeSqueezableDimensions(aligned, normalizer);
    checkCompatible(prediction, norm);
    const relative = where(equal(norm, 0), zerosLike(label), divide(abs(label.sub(prediction)), norm) as Tensor);
    return mean(relative, named(options, "mean_relative_error", weights));
  },
);

/** 1 - labels · predictions along a dimension, for vectors of length 1. */
export const meanCosineDistance = byKeyword(
  ["labels", "predictions", "dim"],
  function meanCosineDistance(labels: TensorLike, predictions: TensorLike, dim: number, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const { labels: label, predictions: prediction, weights } = align(predictions, labels, options.weights);
    const products = reduceSum(multiply(prediction, label), { axis: [dim], keepdims: true });
    const [value, update] = mean(products, { weights, name: options.name || "mean_cosine_distance" });
    return gathered([subtract(1, value), subtract(1, update)], options);
  },
);

/** How many values lie below the threshold, of all. */
export const percentageBelow = byKeyword(
  ["values", "threshold"],
  function percentageBelow(values: TensorLike, threshold: TensorLike, ...rest: MetricRest): Metric {
    const options = metricOptions(rest);
    const isBelow = cast(less(convertToTensor(values), threshold), float32);
    return mean(isBelow, { ...options, name: options.name || "percentage_below_threshold" });
  },
);
