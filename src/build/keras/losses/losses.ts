/** `tf.keras.losses`: a loss for each example, and classes that make one number of them. Source: tf_keras/src/losses.py, backend.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
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
  reduceSum,
  size,
  softplus,
  square,
  squaredDifference,
  squeeze,
  where,
} from "../../../ops/index.ts";
import { byName as argumentsByName } from "../../../ops/options.ts";
import {
  byName,
  type Config,
  camel,
  deserializeObject,
  isSerialized,
  type Serialized,
  serializeObject,
  snake,
} from "../config/registry.ts";
import { epsilon } from "../state.ts";
import {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  both,
  type CrossEntropyOptions,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  type FocalOptions,
  meanOfLast,
  sparseCategoricalCrossentropy,
} from "./cross_entropy.ts";

/** yTrue and yPred [batch, …] to a loss for each example: [batch, …] without the last axis. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** Python's name of a function: what `history` and messages call it. */
const called = (name: string, fn: (y: Tensor, p: Tensor) => Tensor): LossFunction =>
  Object.defineProperty((y: Tensor, p: Tensor) => fn(...both(y, p)), "name", { value: name });

export const meanSquaredError = called("mean_squared_error", (y, p) => meanOfLast(squaredDifference(p, y)));
export const meanAbsoluteError = called("mean_absolute_error", (y, p) => meanOfLast(abs(p.sub(y)) as Tensor));
export const meanAbsolutePercentageError = called("mean_absolute_percentage_error", (y, p) => {
  const ratio = abs(divide(y.sub(p), maximum(abs(y) as Tensor, epsilon())) as Tensor) as Tensor;
  return multiply(100, meanOfLast(ratio));
});
export const meanSquaredLogarithmicError = called("mean_squared_logarithmic_error", (y, p) => {
  const logOf = (x: Tensor): Tensor => log(add(maximum(x, epsilon()), 1)) as Tensor;
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
  const [a, b] = [clipByValue(y, epsilon(), 1), clipByValue(p, epsilon(), 1)];
  return reduceSum(multiply(a, log(divide(a, b) as Tensor) as Tensor), { axis: -1 });
});
export const poisson = called("poisson", (y, p) => meanOfLast(p.sub(multiply(y, log(add(p, epsilon())) as Tensor))));
/** Minus the cosine of the angle between labels and predictions. */
export const cosineSimilarity = (yTrue: TensorLike, yPred: TensorLike, axis = -1): Tensor => {
  const [y, p] = both(yTrue, yPred);
  return reduceSum(multiply(l2Normalize(y, { axis }), l2Normalize(p, { axis })), { axis }).mul(-1);
};
Object.defineProperty(cosineSimilarity, "name", { value: "cosine_similarity" });
/** Squared up to delta, linear beyond. */
export const huber = (yTrue: TensorLike, yPred: TensorLike, delta = 1): Tensor => {
  const [y, p] = both(yTrue, yPred);
  const error = abs(p.sub(y)) as Tensor;
  const near = square(error).mul(0.5);
  return meanOfLast(where(error.lessEqual(delta), near, error.mul(delta).sub(0.5 * delta * delta)) as Tensor);
};

Object.defineProperty(huber, "name", { value: "huber" });

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
  binary_focal_crossentropy: binaryFocalCrossentropy,
  categorical_focal_crossentropy: categoricalFocalCrossentropy,
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

  /** What the loss is made from, by Python's names. */
  getConfig(): Config {
    return { reduction: this.reduction, name: this.name };
  }

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

/** A class's own options, then reduction and name: by place in this order, or by name. */
type LossRest<O> =
  | readonly [options?: LossClassOptions & Partial<O>]
  | readonly [value: O[keyof O] | ReductionName | null, ...rest: unknown[]];

/** A class around a function. `defaults` are its own options, by Python's names, in the order of its configuration. */
const lossClass = <O extends object>(
  className: string,
  name: string,
  fn: (y: Tensor, p: Tensor, options: O) => Tensor,
  defaults: Config = {},
): (new (
  ...rest: LossRest<O>
) => Loss) => {
  const places = [...Object.keys(defaults).map(camel), "reduction", "name"] as (keyof LossClassOptions)[];
  const made = class extends Loss {
    readonly options: O;

    constructor(...rest: LossRest<O>) {
      const options = argumentsByName<LossClassOptions & Partial<O>>(rest, places);
      super({ name, ...options });
      this.options = options as unknown as O;
    }

    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return fn(yTrue, yPred, this.options);
    }

    override getConfig(): Config {
      const given = this.options as Config;
      const own = Object.entries(defaults).map(([key, value]) => [key, given[camel(key)] ?? value]);
      return { ...super.getConfig(), ...Object.fromEntries(own), fn: snake(className) };
    }
  };
  return Object.defineProperty(made, "name", { value: className });
};

const entropy = { from_logits: false, label_smoothing: 0, axis: -1 };

export const MeanSquaredError = lossClass("MeanSquaredError", "mean_squared_error", meanSquaredError);
export const MeanAbsoluteError = lossClass("MeanAbsoluteError", "mean_absolute_error", meanAbsoluteError);
export const MeanAbsolutePercentageError = lossClass(
  "MeanAbsolutePercentageError",
  "mean_absolute_percentage_error",
  meanAbsolutePercentageError,
);
export const MeanSquaredLogarithmicError = lossClass(
  "MeanSquaredLogarithmicError",
  "mean_squared_logarithmic_error",
  meanSquaredLogarithmicError,
);
export const BinaryCrossentropy = lossClass(
  "BinaryCrossentropy",
  "binary_crossentropy",
  (y, p, options: CrossEntropyOptions) => binaryCrossentropy(y, p, options),
  entropy,
);
export const CategoricalCrossentropy = lossClass(
  "CategoricalCrossentropy",
  "categorical_crossentropy",
  (y, p, options: CrossEntropyOptions) => categoricalCrossentropy(y, p, options),
  entropy,
);
export const SparseCategoricalCrossentropy = lossClass(
  "SparseCategoricalCrossentropy",
  "sparse_categorical_crossentropy",
  (y, p, options: CrossEntropyOptions) => sparseCategoricalCrossentropy(y, p, options),
  { from_logits: false, ignore_class: null },
);
export const BinaryFocalCrossentropy = lossClass(
  "BinaryFocalCrossentropy",
  "binary_focal_crossentropy",
  (y, p, options: FocalOptions) => binaryFocalCrossentropy(y, p, options),
  { apply_class_balancing: false, alpha: 0.25, gamma: 2, ...entropy },
);
export const CategoricalFocalCrossentropy = lossClass(
  "CategoricalFocalCrossentropy",
  "categorical_focal_crossentropy",
  (y, p, options: FocalOptions) => categoricalFocalCrossentropy(y, p, options),
  { alpha: 0.25, gamma: 2, ...entropy },
);
export const Hinge = lossClass("Hinge", "hinge", hinge);
export const SquaredHinge = lossClass("SquaredHinge", "squared_hinge", squaredHinge);
export const CategoricalHinge = lossClass("CategoricalHinge", "categorical_hinge", categoricalHinge);
export const Poisson = lossClass("Poisson", "poisson", poisson);
export const LogCosh = lossClass("LogCosh", "log_cosh", logCosh);
export const KLDivergence = lossClass("KLDivergence", "kl_divergence", klDivergence);
export const CosineSimilarity = lossClass(
  "CosineSimilarity",
  "cosine_similarity",
  (y, p, { axis = -1 }: { readonly axis?: number }) => cosineSimilarity(y, p, axis),
  { axis: -1 },
);
export const Huber = lossClass(
  "Huber",
  "huber_loss",
  (y, p, { delta = 1 }: { readonly delta?: number }) => huber(y, p, delta),
  { delta: 1 },
);

const classes: Readonly<Record<string, new (...rest: never) => Loss>> = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  SparseCategoricalCrossentropy,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  Poisson,
  LogCosh,
  KLDivergence,
  CosineSimilarity,
  Huber,
};

export type LossLike = string | LossFunction | Loss | Serialized;

/** The function of a name, in Python's or a class's spelling; or what data describe. Throws ValueError for names that Keras has not. */
export function getLossFunction(identifier: LossLike): LossFunction | Loss {
  if (isSerialized(identifier)) return deserializeLoss(identifier);
  if (identifier instanceof Loss) return identifier;
  const found = byName<object>("loss function", { ...lossTable, ...classes }, identifier as string | LossFunction);
  if ((found as { prototype?: unknown }).prototype instanceof Loss) return new (found as new () => Loss)();
  return found as LossFunction;
}
export const deserializeLoss = (given: Serialized | string): Loss | LossFunction =>
  typeof given === "string"
    ? getLossFunction(given)
    : deserializeObject<Loss>("loss function", (name) => classes[name], given);
export const serializeLoss = (loss: LossLike): unknown => serializeObject(loss);

/** The loss of a name, a function or a class. Throws ValueError for names that Keras has not. */
export function getLoss(identifier: LossLike): Loss {
  const fn = getLossFunction(identifier);
  if (fn instanceof Loss) return fn;
  return new (class extends Loss {
    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return fn(yTrue, yPred);
    }
  })({ name: fn.name });
}
