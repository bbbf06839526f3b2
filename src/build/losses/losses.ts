/** `tf.losses`: the usual losses, weighted and gathered. Source: tensorflow/python/ops/losses/losses_impl.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatible, formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  add as addTensors,
  cast,
  divNoNan,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  onesLike,
  range,
  rank,
  reduceSum,
  relu,
  shape as shapeOf,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
  square,
  squaredDifference,
  stopGradient,
  subtract,
  where,
  zerosLike,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { GraphKeys } from "../collections.ts";
import { addLoss } from "./collection.ts";
import { withoutLastOne } from "./squeeze.ts";
import { computeWeightedLoss, type LossOptions, numPresent } from "./weighted.ts";
import { asFloat, assertBroadcastable } from "./weights.ts";

function needed(value: unknown, name: string): void {
  if (value === undefined || value === null) throw new ValueError(`Argument \`${name}\` must not be None.`);
}

function checkCompatible(a: Tensor, b: Tensor): void {
  if (!compatible(a.shape, b.shape)) {
    throw new ValueError(`Shapes ${formatShapePython(a.shape)} and ${formatShapePython(b.shape)} are incompatible`);
  }
}

/** The weighted loss of what `each` gives for predictions and labels as float32. */
function ofPredictions(
  name: string,
  labels: TensorLike,
  predictions: TensorLike,
  options: LossOptions,
  each: (predictions: Tensor, labels: Tensor) => Tensor,
  second = "predictions",
): Tensor {
  needed(labels, "labels");
  needed(predictions, second);
  return getDefaultGraph().nameScope(options.scope ?? name, (scope) => {
    const [prediction, label] = [cast(predictions as Tensor, float32), cast(labels as Tensor, float32)];
    checkCompatible(prediction, label);
    return computeWeightedLoss(each(prediction, label), { ...options, scope });
  });
}

/** |predictions - labels|. */
export const absoluteDifference = byKeyword(
  ["labels", "predictions"],
  function absoluteDifference(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<LossOptions, ["weights", "scope"]>
  ): Tensor {
    const options: LossOptions = byName(rest, ["weights", "scope"]);
    return ofPredictions("absolute_difference", labels, predictions, options, (prediction, label) =>
      abs(subtract(prediction, label)),
    );
  },
);

export interface CosineDistanceOptions extends LossOptions {
  /** The dimension along which the vectors (of length 1) lie. */
  readonly axis: number;
}

const cosineDistancePlaces = ["axis", "weights", "scope", "lossCollection", "reduction"] as const;

/** 1 - predictions · labels, for vectors of length 1. */
export const cosineDistance = byKeyword(
  ["labels", "predictions"],
  function cosineDistance(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<CosineDistanceOptions, typeof cosineDistancePlaces>
  ): Tensor {
    const options = byName<CosineDistanceOptions>(rest, cosineDistancePlaces);
    if (options?.axis === undefined) throw new ValueError("You must specify argument `axis`.");
    return ofPredictions("cosine_distance_loss", labels, predictions, options, (prediction, label) =>
      reduceSum(multiply(prediction, label), { axis: [options.axis], keepdims: true }).rsub(1),
    );
  },
);

/** max(0, 1 - (2 labels - 1) · logits), for labels 0 and 1. */
export const hingeLoss = byKeyword(
  ["labels", "logits"],
  function hingeLoss(labels: TensorLike, logits: TensorLike, ...rest: Rest<LossOptions, ["weights", "scope"]>): Tensor {
    const options: LossOptions = byName(rest, ["weights", "scope"]);
    return ofPredictions(
      "hinge_loss",
      labels,
      logits,
      options,
      (logit, label) => {
        const ones = onesLike(label);
        const sign = subtract(label.rmul(2), ones);
        return relu(subtract(ones, multiply(sign, logit)));
      },
      "logits",
    );
  },
);

export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes linear; 1 by default. */
  readonly delta?: number | undefined;
}

const huberLossPlaces = ["weights", "delta", "scope", "lossCollection", "reduction"] as const;

/** Half the square of the error up to delta, linear beyond. */
export const huberLoss = byKeyword(
  ["labels", "predictions"],
  function huberLoss(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<HuberLossOptions, typeof huberLossPlaces>
  ): Tensor {
    const options = byName<HuberLossOptions>(rest, huberLossPlaces);
    const { delta = 1 } = options;
    return ofPredictions("huber_loss", labels, predictions, options, (prediction, label) => {
      const distance = abs(subtract(prediction, label));
      const quadratic = minimum(distance, delta);
      const linear = subtract(distance, quadratic);
      const half = convertToTensor(0.5, { dtype: quadratic.dtype });
      return addTensors(multiply(half, multiply(quadratic, quadratic)), multiply(delta, linear));
    });
  },
);

export interface LogLossOptions extends LossOptions {
  /** Keeps the logarithm away from 0; 1e-7 by default. */
  readonly epsilon?: number | undefined;
}

const logLossPlaces = ["weights", "epsilon", "scope", "lossCollection", "reduction"] as const;

/** -labels · log(predictions) - (1 - labels) · log(1 - predictions). */
export const logLoss = byKeyword(
  ["labels", "predictions"],
  function logLoss(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<LogLossOptions, typeof logLossPlaces>
  ): Tensor {
    const options = byName<LogLossOptions>(rest, logLossPlaces);
    const { epsilon = 1e-7 } = options;
    return ofPredictions("log_loss", labels, predictions, options, (prediction, label) => {
      const positive = negative(multiply(label, log(prediction.add(epsilon))));
      const inverse = label.rsub(1);
      return positive.sub(multiply(inverse, log(prediction.rsub(1).add(epsilon))));
    });
  },
);

/** (predictions - labels)². */
export const meanSquaredError = byKeyword(
  ["labels", "predictions"],
  function meanSquaredError(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<LossOptions, ["weights", "scope"]>
  ): Tensor {
    const options: LossOptions = byName(rest, ["weights", "scope"]);
    return ofPredictions("mean_squared_error", labels, predictions, options, (prediction, label) =>
      squaredDifference(prediction, label),
    );
  },
);

type MeanPairwiseSquaredErrorOptions = Omit<LossOptions, "reduction">;
const meanPairwiseSquaredErrorPlaces = ["weights", "scope", "lossCollection"] as const;

/** How far the differences between pairs of elements are from those of the labels, example by example. */
export const meanPairwiseSquaredError = byKeyword(
  ["labels", "predictions"],
  function meanPairwiseSquaredError(
    labels: TensorLike,
    predictions: TensorLike,
    ...rest: Rest<MeanPairwiseSquaredErrorOptions, typeof meanPairwiseSquaredErrorPlaces>
  ): Tensor {
    const options = byName<MeanPairwiseSquaredErrorOptions>(rest, meanPairwiseSquaredErrorPlaces);
    needed(labels, "labels");
    needed(predictions, "predictions");
    const { weights = 1, lossCollection = GraphKeys.LOSSES } = options;
    const graph = getDefaultGraph();
    return graph.nameScope(options.scope ?? "mean_pairwise_squared_error", () => {
      const weight = cast(asFloat(weights) as Tensor, float32);
      const label = cast(labels as Tensor, float32);
      return graph.controlDependencies([assertBroadcastable(weight, label)], () => {
        const prediction = cast(predictions as Tensor, float32);
        checkCompatible(prediction, label);
        const loss = pairwise(subtract(prediction, label), weight);
        addLoss(loss, lossCollection);
        return loss;
      });
    });
  },
);

function pairwise(diffs: Tensor, weight: Tensor): Tensor {
  const axis = range(1, rank(diffs));
  const squares = reduceSum(square(diffs), { axis, keepdims: true });
  const count = numPresent(diffs, weight, { perBatch: true });
  const first = divNoNan(squares, maximum(count.sub(1), 0), { name: "value" }).rmul(2);
  const sums = reduceSum(diffs, { axis, keepdims: true });
  const squaredSums = square(sums);
  const pairs = maximum(multiply(count, count.sub(1)), 0);
  const second = divNoNan(squaredSums, pairs, { name: "value" }).rmul(2);
  const loss = reduceSum(multiply(first.sub(second), weight));
  return where(reduceSum(count).greater(0), loss, zerosLike(loss), { name: "value" });
}

export interface SmoothedLossOptions extends LossOptions {
  /** Moves the labels so far towards all classes being equal; 0 by default. */
  readonly labelSmoothing?: number | undefined;
}

/** The cross entropy of several classes that do not exclude each other. */
export const sigmoidCrossEntropy = byKeyword(
  ["multiClassLabels", "logits"],
  function sigmoidCrossEntropy(
    multiClassLabels: TensorLike,
    logits: TensorLike,
    ...rest: Rest<SmoothedLossOptions, ["weights", "scope"]>
  ): Tensor {
    const options: SmoothedLossOptions = byName(rest, ["weights", "scope"]);
    needed(multiClassLabels, "multi_class_labels");
    needed(logits, "logits");
    const { labelSmoothing = 0 } = options;
    return getDefaultGraph().nameScope(options.scope ?? "sigmoid_cross_entropy_loss", (scope) => {
      const logit = convertToTensor(logits);
      let labels = cast(multiClassLabels as Tensor, logit.dtype.baseDtype);
      checkCompatible(logit, labels);
      if (labelSmoothing > 0) labels = labels.mul(1 - labelSmoothing).add(0.5 * labelSmoothing);
      const losses = sigmoidCrossEntropyWithLogits({ labels, logits: logit, name: "xentropy" });
      return computeWeightedLoss(losses, { ...options, scope });
    });
  },
);

/** The cross entropy of one class of several, the labels as probabilities. */
export const softmaxCrossEntropy = byKeyword(
  ["onehotLabels", "logits"],
  function softmaxCrossEntropy(
    onehotLabels: TensorLike,
    logits: TensorLike,
    ...rest: Rest<SmoothedLossOptions, ["weights", "scope"]>
  ): Tensor {
    const options: SmoothedLossOptions = byName(rest, ["weights", "scope"]);
    needed(onehotLabels, "onehot_labels");
    needed(logits, "logits");
    const { labelSmoothing = 0 } = options;
    return getDefaultGraph().nameScope(options.scope ?? "softmax_cross_entropy_loss", (scope) => {
      const logit = convertToTensor(logits);
      let labels = cast(onehotLabels as Tensor, logit.dtype.baseDtype);
      checkCompatible(logit, labels);
      if (labelSmoothing > 0) {
        const classes = cast(shapeOf(labels).at(-1), logit.dtype.baseDtype);
        const others = classes.rtruediv(labelSmoothing);
        labels = labels.mul(1 - labelSmoothing).add(others);
      }
      labels = stopGradient(labels, { name: "labels_stop_gradient" });
      const losses = softmaxCrossEntropyWithLogitsV2({ labels, logits: logit, name: "xentropy" });
      return computeWeightedLoss(losses, { ...options, scope });
    });
  },
);

/** The cross entropy of one class of several, the labels as numbers of classes. */
export const sparseSoftmaxCrossEntropy = byKeyword(
  ["labels", "logits"],
  function sparseSoftmaxCrossEntropy(
    labels: TensorLike,
    logits: TensorLike,
    ...rest: Rest<LossOptions, ["weights", "scope"]>
  ): Tensor {
    const options: LossOptions = byName(rest, ["weights", "scope"]);
    needed(labels, "labels");
    needed(logits, "logits");
    return getDefaultGraph().nameScope(options.scope ?? "sparse_softmax_cross_entropy_loss", (scope) => {
      const [label, logit, weights] = withoutLastOne(labels, logits, options.weights ?? 1, 1);
      const losses = sparseSoftmaxCrossEntropyWithLogits({ labels: label, logits: logit, name: "xentropy" });
      return computeWeightedLoss(losses, { ...options, weights: weights!, scope });
    });
  },
);
