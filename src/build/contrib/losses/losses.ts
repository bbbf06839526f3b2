/** `tf.contrib.losses`: losses that take predictions first and weigh example by example. Source: contrib/losses loss_ops.py. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  abs,
  cast,
  divNoNan,
  log,
  multiply,
  onesLike,
  reduceSum,
  relu,
  reshape,
  shape as shapeOf,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
  sparseSoftmaxCrossEntropyWithLogits,
  square,
  squaredDifference,
  subtract,
  where,
  zerosLike,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { addLoss } from "../../losses/collection.ts";
import { asFloat } from "../../losses/weights.ts";
import { checkCompatible } from "../../metrics/metric.ts";
import { neg } from "../../operators.ts";
import { computeWeightedLoss, numPresent, scaledLosses } from "./weighted.ts";

export interface ContribLossOptions {
  /** A number, or one for each example; 1 by default. */
  readonly weights?: TensorLike | undefined;
  readonly scope?: string | null | undefined;
}

const places = ["weights", "scope"] as const;
type LossRest = Rest<ContribLossOptions, typeof places>;
type ContribLoss = (predictions: TensorLike, labels: TensorLike, ...rest: LossRest) => Tensor;

/** Runs fn on predictions and labels of compatible shapes, both float32, in the loss's scope. */
function ofFloats(
  name: string,
  predictions: TensorLike,
  labels: TensorLike,
  options: ContribLossOptions,
  fn: (prediction: Tensor, label: Tensor) => Tensor,
): Tensor {
  return getDefaultGraph().nameScope(options.scope ?? name, (scope) => {
    const [given, wanted] = [convertToTensor(predictions), convertToTensor(labels)];
    checkCompatible(given, wanted);
    const prediction = cast(given, float32);
    const losses = fn(prediction, cast(wanted, float32));
    return computeWeightedLoss(losses, options.weights ?? 1, scope);
  });
}

const loss =
  (name: string, fn: (prediction: Tensor, label: Tensor) => Tensor): ContribLoss =>
  (predictions, labels, ...rest) =>
    ofFloats(name, predictions, labels, byName<ContribLossOptions>(rest, places), fn);

/** The mean of |predictions - labels|. */
export const absoluteDifference: ContribLoss = loss("absolute_difference", (prediction, label) =>
  abs(subtract(prediction, label)),
);

/** The mean of (predictions - labels)². */
export const meanSquaredError: ContribLoss = loss("mean_squared_error", (prediction, label) =>
  squaredDifference(prediction, label),
);

export interface LogLossOptions extends ContribLossOptions {
  /** What is added to probabilities before their logarithm: 1e-7 by default. */
  readonly epsilon?: number | undefined;
}

/** The mean of -label · log(prediction) - (1 - label) · log(1 - prediction). */
export function logLoss(
  predictions: TensorLike,
  labels: TensorLike,
  ...rest: Rest<LogLossOptions, ["weights", "epsilon", "scope"]>
): Tensor {
  const options: LogLossOptions = byName(rest, ["weights", "epsilon", "scope"]);
  const { epsilon = 1e-7 } = options;
  return ofFloats("log_loss", predictions, labels, options, (prediction, label) => {
    const yes = neg(multiply(label, log(prediction.add(epsilon))));
    const others = label.rsub(1);
    return yes.sub(multiply(others, log(prediction.rsub(1).add(epsilon))));
  });
}

export interface CosineDistanceOptions extends ContribLossOptions {
  readonly axis?: number | undefined;
  /** An older name of `axis`. */
  readonly dim?: number | undefined;
}

/** The mean of 1 - predictions · labels along an axis, for vectors of length 1. Throws ValueError without an axis. */
export function cosineDistance(
  predictions: TensorLike,
  labels: TensorLike,
  ...rest: Rest<CosineDistanceOptions, ["axis", "weights", "scope", "dim"]>
): Tensor {
  const options: CosineDistanceOptions = byName(rest, ["axis", "weights", "scope", "dim"]);
  const axis = options.axis ?? options.dim;
  if (axis === undefined) throw new ValueError("You must specify 'axis'.");
  return ofFloats("cosine_distance_loss", predictions, labels, options, (prediction, label) =>
    reduceSum(multiply(prediction, label), { axis: [axis] }).rsub(1),
  );
}

/** max(0, 1 - label · logit) of each element, for labels 0 and 1. */
export function hingeLoss(
  logits: TensorLike,
  labels: TensorLike,
  ...rest: Rest<Omit<ContribLossOptions, "weights">, ["scope"]>
): Tensor {
  const { scope } = byName<Omit<ContribLossOptions, "weights">>(rest, ["scope"]);
  return getDefaultGraph().nameScope(scope ?? "hinge_loss", () => {
    const [logit, given] = [convertToTensor(logits), convertToTensor(labels)];
    checkCompatible(logit, given);
    const label = cast(given, float32);
    const ones = onesLike(label);
    const sign = subtract(label.rmul(2), ones);
    return relu(subtract(ones, multiply(sign, logit)));
  });
}

/** How far differences between pairs of an example's elements are from those of its labels. */
export function meanPairwiseSquaredError(predictions: TensorLike, labels: TensorLike, ...rest: LossRest): Tensor {
  const options = byName<ContribLossOptions>(rest, places);
  return getDefaultGraph().nameScope(options.scope ?? "mean_pairwise_squared_error", () => {
    const [given, wanted] = [convertToTensor(predictions), convertToTensor(labels)];
    checkCompatible(given, wanted);
    const prediction = cast(given, float32);
    const label = cast(wanted, float32);
    const weights = cast(convertToTensor(asFloat(options.weights ?? 1)), float32);
    const differences = subtract(prediction, label);
    if (!differences.shape) throw new ValueError("diffs.get_shape().ndims cannot be None");
    if (!weights.shape) throw new ValueError("weights.get_shape().ndims cannot be None");
    const axis = differences.shape.slice(1).map((_, i) => i + 1);
    const squares = reduceSum(square(differences), { axis });
    const count = numPresent(differences, weights, { perBatch: true });
    const first = divNoNan(squares, count, { name: "value" }).rmul(2);
    const sums = reduceSum(differences, { axis });
    const squaredSums = square(sums);
    const second = divNoNan(squaredSums, square(count), { name: "value" }).rmul(2);
    const scaled = scaledLosses(first.sub(second), weights);
    const mean = where(reduceSum(count).greater(0), scaled, zerosLike(scaled), { name: "value" });
    addLoss(mean);
    return mean;
  });
}

export interface SmoothedOptions extends ContribLossOptions {
  /** Moves the labels so far towards all classes being equal; 0 by default. */
  readonly labelSmoothing?: number | undefined;
}

const smoothedPlaces = ["weights", "labelSmoothing", "scope"] as const;

const entropy =
  (
    name: string,
    smoothed: (labels: Tensor, by: number) => Tensor,
    fn: (record: { labels: Tensor; logits: Tensor; name: string }) => Tensor,
  ) =>
  (logits: TensorLike, labels: TensorLike, ...rest: Rest<SmoothedOptions, typeof smoothedPlaces>): Tensor => {
    const options: SmoothedOptions = byName(rest, smoothedPlaces);
    const { labelSmoothing = 0, weights = 1 } = options;
    return getDefaultGraph().nameScope(options.scope ?? name, (scope) => {
      const [logit, given] = [convertToTensor(logits), convertToTensor(labels)];
      checkCompatible(logit, given);
      let label = cast(given, logit.dtype.baseDtype);
      if (labelSmoothing > 0) label = smoothed(label, labelSmoothing);
      return computeWeightedLoss(fn({ labels: label, logits: logit, name: "xentropy" }), weights, scope);
    });
  };

/** The cross entropy of classes that do not exclude each other: logits and labels [n, classes]. */
export const sigmoidCrossEntropy = entropy(
  "sigmoid_cross_entropy_loss",
  (labels, by) => labels.mul(1 - by).add(0.5 * by),
  sigmoidCrossEntropyWithLogits,
);

/** The cross entropy of one class of several: logits and labels [n, classes], the labels as probabilities. */
export const softmaxCrossEntropy = entropy(
  "softmax_cross_entropy_loss",
  (labels, by) => {
    const classes = cast(shapeOf(labels).at(1), labels.dtype.baseDtype);
    const others = classes.rtruediv(by);
    return labels.mul(1 - by).add(others);
  },
  softmaxCrossEntropyWithLogits,
);

/** The cross entropy of one class of several: logits [n, classes], labels int [n] or [n, 1] as numbers of classes. */
export function sparseSoftmaxCrossEntropy(logits: TensorLike, labels: TensorLike, ...rest: LossRest): Tensor {
  const options = byName<ContribLossOptions>(rest, places);
  return getDefaultGraph().nameScope(options.scope ?? "sparse_softmax_cross_entropy_loss", (scope) => {
    const given = convertToTensor(labels);
    const label = reshape(given, [shapeOf(given).at(0)]);
    const losses = sparseSoftmaxCrossEntropyWithLogits({ labels: label, logits, name: "xentropy" });
    return computeWeightedLoss(losses, options.weights ?? 1, scope);
  });
}
