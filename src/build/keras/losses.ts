/** `tf.keras.losses`: a loss for each example, and classes that make one number of them. Source: tf_keras/src/losses.py, backend.py. */
import { int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  add,
  cast,
  clipByValue,
  divide,
  divNoNan,
  expandDims,
  l2Normalize,
  log,
  maximum,
  multiply,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  shape as shapeOf,
  sigmoidCrossEntropyWithLogits,
  sigmoidOp,
  size,
  softmaxCrossEntropyWithLogitsV2,
  softmaxOp,
  softplus,
  sparseSoftmaxCrossEntropyWithLogits,
  square,
  squaredDifference,
  squeeze,
  where,
} from "../../ops/index.ts";
import { byName } from "./named.ts";
import { epsilon } from "./state.ts";

/** yTrue and yPred [batch, …] to a loss for each example: [batch, …] without the last axis. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

export interface CrossEntropyOptions {
  /** True when yPred are logits rather than probabilities. */
  readonly fromLogits?: boolean | undefined;
  /** 0 keeps the labels; else they move this far towards uniform. */
  readonly labelSmoothing?: number | undefined;
}

const meanOfLast = (x: Tensor): Tensor => reduceMean(x, { axis: -1 });
const both = (yTrue: TensorLike, yPred: TensorLike): readonly [Tensor, Tensor] => {
  const p = convertToTensor(yPred);
  return [cast(convertToTensor(yTrue), p.dtype.baseDtype) as Tensor, p];
};
/** Python's name of a function: what `history` and messages call it. */
const called = (name: string, fn: (y: Tensor, p: Tensor) => Tensor): LossFunction =>
  Object.defineProperty((y: Tensor, p: Tensor) => fn(...both(y, p)), "name", { value: name });

export const meanSquaredError = called("mean_squared_error", (y, p) => meanOfLast(squaredDifference(p, y)));
export const meanAbsoluteError = called("mean_absolute_error", (y, p) => meanOfLast(abs(p.sub(y)) as Tensor));
export const meanAbsolutePercentageError = called("mean_absolute_percentage_error", (y, p) => {
  const ratio = abs(divide(y.sub(p), maximum(abs(y) as Tensor, epsilon)) as Tensor) as Tensor;
  return multiply(100, meanOfLast(ratio));
});
export const meanSquaredLogarithmicError = called("mean_squared_logarithmic_error", (y, p) => {
  const logOf = (x: Tensor): Tensor => log(add(maximum(x, epsilon), 1)) as Tensor;
  return meanOfLast(squaredDifference(logOf(p), logOf(y)));
});

/** Labels 0 and 1 as -1 and 1; others as they are. */
function signed(y: Tensor): Tensor {
  const isBinary = y.equal(0).logicalOr(y.equal(1));
  const allBinary = reduceMax(cast(isBinary.logicalNot(), y.dtype.baseDtype) as Tensor).equal(0);
  return where(isBinary.logicalAnd(allBinary), y.mul(2).sub(1), y) as Tensor;
}
export const squaredHinge = called("squared_hinge", (y, p) =>
  meanOfLast(square(maximum(multiply(signed(y), p).rsub(1), 0))),
);
export const hinge = called("hinge", (y, p) => meanOfLast(maximum(multiply(signed(y), p).rsub(1), 0)));
export const categoricalHinge = called("categorical_hinge", (y, p) => {
  const positive = reduceSum(multiply(y, p), { axis: -1 });
  const negative = reduceMax(multiply(y.rsub(1), p), { axis: -1 });
  return maximum(negative.sub(positive).add(1), 0);
});
export const logCosh = called("log_cosh", (y, p) => {
  const x = p.sub(y);
  return meanOfLast(x.add(softplus(x.mul(-2))).sub(Math.log(2)));
});
export const klDivergence = called("kl_divergence", (y, p) => {
  const [a, b] = [clipByValue(y, epsilon, 1), clipByValue(p, epsilon, 1)];
  return reduceSum(multiply(a, log(divide(a, b) as Tensor) as Tensor), { axis: -1 });
});
export const poisson = called("poisson", (y, p) => meanOfLast(p.sub(multiply(y, log(add(p, epsilon)) as Tensor))));
/** Minus the cosine of the angle between labels and predictions. */
export const cosineSimilarity = called("cosine_similarity", (y, p) =>
  reduceSum(multiply(l2Normalize(y, { axis: -1 }), l2Normalize(p, { axis: -1 })), { axis: -1 }).mul(-1),
);
/** Squared up to delta, linear beyond. */
export const huber = (yTrue: TensorLike, yPred: TensorLike, delta = 1): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const error = abs(p.sub(y)) as Tensor;
  const near = square(error).mul(0.5);
  return meanOfLast(where(error.lessEqual(delta), near, error.mul(delta).sub(0.5 * delta * delta)) as Tensor);
};

/** The input of the op that made the probabilities, if it is the one that logits go through. */
const logitsOf = (p: Tensor, definition: object): Tensor | null => {
  const { op } = p;
  return op.definition === definition && op.inputs.length === 1 ? op.inputs[0]! : null;
};
const clipped = (p: Tensor): Tensor => clipByValue(p, epsilon, 1 - epsilon);

/** yTrue: one-hot labels [batch, classes]. Probabilities that a softmax made are taken from its logits. */
export const categoricalCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const classes = p.shape?.at(-1) ?? shapeOf(p).at(-1);
  const labels = labelSmoothing
    ? y.mul(1 - labelSmoothing).add(divide(labelSmoothing, cast(classes as never, p.dtype) as Tensor) as Tensor)
    : y;
  const logits = fromLogits ? p : logitsOf(p, softmaxOp.definition);
  if (logits) return softmaxCrossEntropyWithLogitsV2({ labels, logits });
  const normal = divide(p, reduceSum(p, { axis: -1, keepdims: true })) as Tensor;
  return reduceSum(multiply(labels, log(clipped(normal)) as Tensor), { axis: -1 }).mul(-1);
};

/** yTrue: whole numbers [batch] or [batch, 1]; yPred: [batch, classes]. */
export const sparseCategoricalCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false }: CrossEntropyOptions = {},
): Tensor => {
  const p = convertToTensor(yPred);
  const y = convertToTensor(yTrue);
  const logits = fromLogits ? p : (logitsOf(p, softmaxOp.definition) ?? (log(clipped(p)) as Tensor));
  const whole = cast(y, int64) as Tensor;
  const rank = p.shape!.length;
  if (rank > 2) {
    const labels = reshape(whole, [-1]);
    const classes = p.shape!.at(-1)!;
    const losses = sparseSoftmaxCrossEntropyWithLogits({ labels, logits: reshape(logits, [-1, classes]) });
    return reshape(losses, shapeOf(p).at({ stop: -1 }));
  }
  const labels = whole.shape?.length === 2 || whole.shape === null ? reshape(whole, [-1]) : whole;
  return sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
};

/** yTrue: 0 or 1 for each of yPred. */
export const binaryCrossentropy = (
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const labels = labelSmoothing ? y.mul(1 - labelSmoothing).add(0.5 * labelSmoothing) : y;
  const logits = fromLogits ? p : logitsOf(p, sigmoidOp.definition);
  if (logits) return meanOfLast(sigmoidCrossEntropyWithLogits({ labels, logits }));
  const q = clipped(p);
  const yes = multiply(labels, log(add(q, epsilon)) as Tensor);
  const no = multiply(labels.rsub(1), log(q.rsub(1).add(epsilon)) as Tensor);
  return meanOfLast(yes.add(no).mul(-1));
};

const pythonNames: readonly [(...rest: never[]) => Tensor, string][] = [
  [categoricalCrossentropy, "categorical_crossentropy"],
  [sparseCategoricalCrossentropy, "sparse_categorical_crossentropy"],
  [binaryCrossentropy, "binary_crossentropy"],
  [huber, "huber"],
];
for (const [fn, name] of pythonNames) Object.defineProperty(fn, "name", { value: name });

export const lossTable: Readonly<Record<string, LossFunction>> = {
  mean_squared_error: meanSquaredError,
  mse: meanSquaredError,
  mean_absolute_error: meanAbsoluteError,
  mae: meanAbsoluteError,
  mean_absolute_percentage_error: meanAbsolutePercentageError,
  mape: meanAbsolutePercentageError,
  mean_squared_logarithmic_error: meanSquaredLogarithmicError,
  msle: meanSquaredLogarithmicError,
  squared_hinge: squaredHinge,
  hinge,
  categorical_hinge: categoricalHinge,
  log_cosh: logCosh,
  logcosh: logCosh,
  kl_divergence: klDivergence,
  kullback_leibler_divergence: klDivergence,
  kld: klDivergence,
  poisson,
  cosine_similarity: cosineSimilarity,
  cosine_proximity: cosineSimilarity,
  categorical_crossentropy: categoricalCrossentropy,
  sparse_categorical_crossentropy: sparseCategoricalCrossentropy,
  binary_crossentropy: binaryCrossentropy,
  huber,
};

export type ReductionName = "none" | "sum" | "sum_over_batch_size" | "auto";

export interface LossClassOptions {
  readonly reduction?: ReductionName | undefined;
  readonly name?: string | null | undefined;
}

/** weights [batch] or [batch, 1] beside losses of another rank: by an axis more or less, as Keras does. */
function fitted(weights: Tensor, losses: Tensor): Tensor {
  const [w, l] = [weights.shape?.length ?? 0, losses.shape?.length ?? 0];
  if (w === 0 || w === l) return weights;
  if (w === l + 1 && weights.shape!.at(-1) === 1) return squeeze(weights, { axis: -1 });
  let wide = weights;
  for (let i = w; i < l; i++) wide = expandDims(wide, -1);
  return wide;
}

/** One number from a loss for each example: the sum by weights, over the number of losses (or not). */
export function weightedLoss(
  losses: Tensor,
  sampleWeight: TensorLike | null,
  reduction: ReductionName = "auto",
): Tensor {
  return getDefaultGraph().nameScope("weighted_loss", () => {
    const weights =
      sampleWeight === null ? convertToTensor(1, { dtype: losses.dtype.baseDtype }) : convertToTensor(sampleWeight);
    const weighted = multiply(losses, fitted(cast(weights, losses.dtype.baseDtype) as Tensor, losses));
    if (reduction === "none") return weighted;
    const sum = reduceSum(weighted);
    if (reduction === "sum") return sum;
    return divNoNan(sum, cast(size(weighted), sum.dtype.baseDtype) as Tensor, { name: "value" });
  });
}

/** A loss of one's own overrides `call`, which gives a loss for each example. */
export abstract class Loss {
  readonly name: string | null;
  readonly reduction: ReductionName;

  /** Throws ValueError for a reduction that Keras has not. */
  constructor({ reduction = "auto", name = null }: LossClassOptions = {}) {
    if (!["none", "sum", "sum_over_batch_size", "auto"].includes(reduction)) {
      throw new ValueError(
        `Invalid Reduction Key: ${reduction}. Expected keys are "('auto', 'none', 'sum', 'sum_over_batch_size')"`,
      );
    }
    this.reduction = reduction;
    this.name = name;
  }

  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** The loss as one number (or one for each example, where the reduction is "none"). */
  apply(yTrue: TensorLike, yPred: TensorLike, options: { readonly sampleWeight?: TensorLike | null } = {}): Tensor {
    return getDefaultGraph().nameScope(this.name ?? "loss", () =>
      weightedLoss(
        this.call(convertToTensor(yTrue), convertToTensor(yPred)),
        options.sampleWeight ?? null,
        this.reduction,
      ),
    );
  }
}

/** A class around a function. */
const lossClass = <O extends object>(
  name: string,
  fn: (y: Tensor, p: Tensor, options: O) => Tensor,
): (new (
  options?: LossClassOptions & Partial<O>,
) => Loss) =>
  class extends Loss {
    readonly options: O;

    constructor(options: LossClassOptions & Partial<O> = {}) {
      super({ name, ...options });
      this.options = options as unknown as O;
    }

    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return fn(yTrue, yPred, this.options);
    }
  };

export const MeanSquaredError = lossClass("mean_squared_error", meanSquaredError);
export const MeanAbsoluteError = lossClass("mean_absolute_error", meanAbsoluteError);
export const MeanAbsolutePercentageError = lossClass("mean_absolute_percentage_error", meanAbsolutePercentageError);
export const MeanSquaredLogarithmicError = lossClass("mean_squared_logarithmic_error", meanSquaredLogarithmicError);
export const BinaryCrossentropy = lossClass("binary_crossentropy", (y, p, options: CrossEntropyOptions) =>
  binaryCrossentropy(y, p, options),
);
export const CategoricalCrossentropy = lossClass("categorical_crossentropy", (y, p, options: CrossEntropyOptions) =>
  categoricalCrossentropy(y, p, options),
);
export const SparseCategoricalCrossentropy = lossClass(
  "sparse_categorical_crossentropy",
  (y, p, options: CrossEntropyOptions) => sparseCategoricalCrossentropy(y, p, options),
);
export const Hinge = lossClass("hinge", hinge);
export const SquaredHinge = lossClass("squared_hinge", squaredHinge);
export const CategoricalHinge = lossClass("categorical_hinge", categoricalHinge);
export const Poisson = lossClass("poisson", poisson);
export const LogCosh = lossClass("log_cosh", logCosh);
export const KLDivergence = lossClass("kl_divergence", klDivergence);
export const CosineSimilarity = lossClass("cosine_similarity", cosineSimilarity);
export const Huber = lossClass("huber_loss", (y, p, { delta = 1 }: { readonly delta?: number }) => huber(y, p, delta));

export type LossLike = string | LossFunction | Loss;

/** The loss of a name, a function or a class. Throws ValueError for names that Keras has not. */
export function getLoss(identifier: LossLike): Loss {
  if (identifier instanceof Loss) return identifier;
  const fn = byName("loss function", lossTable, identifier);
  return new (class extends Loss {
    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return fn(yTrue, yPred);
    }
  })({ name: fn.name });
}
