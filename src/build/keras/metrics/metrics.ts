/** `tf.keras.metrics`: accuracies, errors, counts of a confusion matrix. Source: tf_keras/src/metrics. */
import { bool, float32, int64 } from "../../../core/dtype.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  argmax,
  cast,
  constant,
  divNoNan,
  equal,
  expandDims,
  greater,
  group,
  inTopK,
  log,
  maximum,
  multiply,
  reduceSum,
  reshape,
  sqrt,
  squaredDifference,
  squeeze,
} from "../../../ops/index.ts";
import { byName } from "../../../ops/options.ts";
import type { Variable } from "../../variables/variable.ts";
import {
  binaryCrossentropy,
  type CrossEntropyOptions,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "../losses/cross_entropy.ts";
import {
  categoricalHinge,
  hinge,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  cosineSimilarity as minusCosine,
  poisson,
  squaredHinge,
} from "../losses/losses.ts";
import {
  MeanMetricWrapper,
  Metric,
  type MetricFunction,
  type MetricOptions,
  type MetricRest,
  metricPlaces,
  Reduced,
  weighted,
} from "./metric.ts";

export const floats = (x: Tensor): Tensor => cast(x, float32) as Tensor;
const called = (name: string, fn: MetricFunction): MetricFunction => Object.defineProperty(fn, "name", { value: name });

/** 1 where labels and predictions are the same. */
const accuracyOf = called("accuracy", (y, p) => floats(equal(cast(y, p.dtype.baseDtype) as Tensor, p)));
/** 1 where a prediction lies on the label's side of the threshold, as a mean over the last axis. */
export const binaryAccuracy = (yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor => {
  const p = convertToTensor(yPred);
  const predicted = cast(greater(p, threshold), p.dtype.baseDtype) as Tensor;
  const same = floats(equal(cast(convertToTensor(yTrue), p.dtype.baseDtype) as Tensor, predicted));
  return reduceSum(same, { axis: -1 }).div(reduceSum(same.mul(0).add(1), { axis: -1 }));
};
/** 1 where the largest prediction is at the label's 1. */
export const categoricalAccuracy = called("categorical_accuracy", (y, p) =>
  floats(equal(argmax(y, { axis: -1 }), argmax(p, { axis: -1 }))),
);
/** 1 where the largest prediction is at the label's number. */
export const sparseCategoricalAccuracy = called("sparse_categorical_accuracy", (y, p) => {
  const isColumn = y.shape && p.shape && y.shape.length === p.shape.length && y.shape.at(-1) === 1;
  const labels = isColumn ? squeeze(y, { axis: -1 }) : y;
  return floats(equal(cast(labels, int64) as Tensor, argmax(p, { axis: -1 })));
});
/** 1 where the label is among the k largest predictions. */
export const topKCategoricalAccuracy = (yTrue: Tensor, yPred: Tensor, k = 5): Tensor =>
  floats(inTopK(convertToTensor(yPred), argmax(convertToTensor(yTrue), { axis: -1 }), k));
export const sparseTopKCategoricalAccuracy = (yTrue: Tensor, yPred: Tensor, k = 5): Tensor =>
  floats(inTopK(convertToTensor(yPred), cast(reshape(convertToTensor(yTrue), [-1]), int64) as Tensor, k));
called("binary_accuracy", binaryAccuracy as MetricFunction);
called("top_k_categorical_accuracy", topKCategoricalAccuracy as MetricFunction);
called("sparse_top_k_categorical_accuracy", sparseTopKCategoricalAccuracy as MetricFunction);

/** A class around a function of labels and predictions. */
const wrapper = <O extends object>(
  name: string,
  fn: (y: Tensor, p: Tensor, options: O) => Tensor,
): (new (
  options?: MetricOptions & Partial<O>,
) => MeanMetricWrapper) =>
  class extends MeanMetricWrapper {
    constructor(options: MetricOptions & Partial<O> = {}) {
      super((y, p) => fn(y, p, options as unknown as O), { name, ...options });
    }
  };

export const Accuracy = wrapper("accuracy", accuracyOf);
export const BinaryAccuracy = wrapper("binary_accuracy", (y, p, { threshold = 0.5 }: { readonly threshold?: number }) =>
  binaryAccuracy(y, p, threshold),
);
export const CategoricalAccuracy = wrapper("categorical_accuracy", categoricalAccuracy);
export const SparseCategoricalAccuracy = wrapper("sparse_categorical_accuracy", sparseCategoricalAccuracy);
export const TopKCategoricalAccuracy = wrapper(
  "top_k_categorical_accuracy",
  (y, p, { k = 5 }: { readonly k?: number }) => topKCategoricalAccuracy(y, p, k),
);
export const SparseTopKCategoricalAccuracy = wrapper(
  "sparse_top_k_categorical_accuracy",
  (y, p, { k = 5 }: { readonly k?: number }) => sparseTopKCategoricalAccuracy(y, p, k),
);
export const MeanSquaredError = wrapper("mean_squared_error", meanSquaredError);
export const MeanAbsoluteError = wrapper("mean_absolute_error", meanAbsoluteError);
export const MeanAbsolutePercentageError = wrapper("mean_absolute_percentage_error", meanAbsolutePercentageError);
export const MeanSquaredLogarithmicError = wrapper("mean_squared_logarithmic_error", meanSquaredLogarithmicError);
export const BinaryCrossentropy = wrapper("binary_crossentropy", (y, p, options: CrossEntropyOptions) =>
  binaryCrossentropy(y, p, options),
);
export const CategoricalCrossentropy = wrapper("categorical_crossentropy", (y, p, options: CrossEntropyOptions) =>
  categoricalCrossentropy(y, p, options),
);
export const SparseCategoricalCrossentropy = wrapper(
  "sparse_categorical_crossentropy",
  (y, p, options: CrossEntropyOptions) => sparseCategoricalCrossentropy(y, p, options),
);
export const CategoricalHinge = wrapper("categorical_hinge", categoricalHinge);
export const LogCoshError = wrapper("logcosh", logCosh);
export const Hinge = wrapper("hinge", hinge);
export const SquaredHinge = wrapper("squared_hinge", squaredHinge);
export const Poisson = wrapper("poisson", poisson);
export const KLDivergence = wrapper("kullback_leibler_divergence", klDivergence);
/** As a metric the cosine has its own sign. */
export const cosine = called("cosine_similarity", (y, p) => minusCosine(y, p).mul(-1));
/** The mean cosine of the angle between labels and predictions. */
export const CosineSimilarity = wrapper("cosine_similarity", cosine);

/** The square root of the mean squared error. */
export class RootMeanSquaredError extends Reduced {
  constructor(...rest: MetricRest) {
    super({ name: "root_mean_squared_error", ...byName<MetricOptions>(rest, metricPlaces) });
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    return this.take(squaredDifference(yPred, cast(yTrue, yPred.dtype.baseDtype) as Tensor), sampleWeight);
  }

  override result(): Tensor {
    return sqrt(super.result()) as Tensor;
  }
}

/** The sum of values. */
export class Sum extends Metric {
  readonly total: Variable;

  constructor(...rest: MetricRest) {
    super({ name: "sum", ...byName<MetricOptions>(rest, metricPlaces) });
    this.total = this.addWeight("total");
  }

  override updateState(values: Tensor, _: unknown = null, sampleWeight: TensorLike | null = null): Operation {
    const x = cast(convertToTensor(values), this.dtype) as Tensor;
    if (sampleWeight === null) return this.total.assignAdd(reduceSum(x)).op;
    const [reduced, weights] = weighted(x, sampleWeight);
    return this.total.assignAdd(reduceSum(multiply(reduced, weights))).op;
  }

  override result(): Tensor {
    return this.total.value();
  }
}

export interface ThresholdOptions extends MetricOptions {
  /** 0.5 by default; a list gives a number for each. */
  readonly thresholds?: number | readonly number[] | undefined;
}

type Cell = "truePositives" | "trueNegatives" | "falsePositives" | "falseNegatives";

/** Counts in a confusion matrix, for each threshold. */
export abstract class Confusion extends Metric {
  protected readonly thresholds: readonly number[];
  readonly #isOne: boolean;
  readonly #counts: ReadonlyMap<Cell, Variable>;

  constructor(cells: readonly Cell[], name: string, options: ThresholdOptions) {
    super({ name, ...options });
    const { thresholds = 0.5 } = options;
    this.#isOne = typeof thresholds === "number";
    this.thresholds = typeof thresholds === "number" ? [thresholds] : thresholds;
    const python = (cell: string): string => cell.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`);
    this.#counts = new Map(cells.map((cell) => [cell, this.addWeight(python(cell), [this.thresholds.length])]));
  }

  protected count(cell: Cell): Tensor {
    return this.#counts.get(cell)!.value();
  }

  protected shown(x: Tensor): Tensor {
    return this.#isOne ? x.at(0) : x;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    const p = reshape(cast(yPred, this.dtype) as Tensor, [1, -1]);
    const y = reshape(cast(cast(yTrue, bool) as Tensor, this.dtype) as Tensor, [1, -1]);
    const limits = expandDims(constant([...this.thresholds], { dtype: this.dtype }), 1);
    const chosen = cast(greater(p, limits), this.dtype) as Tensor;
    const labels = y.add(chosen.mul(0));
    const weights =
      sampleWeight === null ? null : reshape(cast(convertToTensor(sampleWeight), this.dtype) as Tensor, [1, -1]);
    const factors: Record<Cell, readonly [Tensor, Tensor]> = {
      truePositives: [labels, chosen],
      falsePositives: [labels.rsub(1), chosen],
      falseNegatives: [labels, chosen.rsub(1)],
      trueNegatives: [labels.rsub(1), chosen.rsub(1)],
    };
    const updates = [...this.#counts].map(([cell, variable]) => {
      const both = multiply(...factors[cell]);
      return variable.assignAdd(reduceSum(weights ? multiply(both, weights) : both, { axis: 1 })).op;
    });
    return group(...updates);
  }
}

const counter = (cell: Cell, name: string): (new (options?: ThresholdOptions) => Metric) =>
  class extends Confusion {
    constructor(options: ThresholdOptions = {}) {
      super([cell], name, options);
    }

    override result(): Tensor {
      return this.shown(this.count(cell));
    }
  };

export const TruePositives = counter("truePositives", "true_positives");
export const TrueNegatives = counter("trueNegatives", "true_negatives");
export const FalsePositives = counter("falsePositives", "false_positives");
export const FalseNegatives = counter("falseNegatives", "false_negatives");

/** Of what was predicted positive, the part that is. */
export class Precision extends Confusion {
  constructor(options: ThresholdOptions = {}) {
    super(["truePositives", "falsePositives"], "precision", options);
  }

  override result(): Tensor {
    const found = this.count("truePositives");
    return this.shown(divNoNan(found, found.add(this.count("falsePositives"))));
  }
}

/** Of what is positive, the part that was predicted so. */
export class Recall extends Confusion {
  constructor(options: ThresholdOptions = {}) {
    super(["truePositives", "falseNegatives"], "recall", options);
  }

  override result(): Tensor {
    const found = this.count("truePositives");
    return this.shown(divNoNan(found, found.add(this.count("falseNegatives"))));
  }
}

export interface AUCOptions extends MetricOptions {
  readonly numThresholds?: number | undefined;
  readonly curve?: "ROC" | "PR" | undefined;
}

/** The area below the ROC curve (or below precision by recall), from counts at many thresholds. */
export class AUC extends Confusion {
  readonly #curve: "ROC" | "PR";

  constructor(options: AUCOptions = {}) {
    const n = options.numThresholds ?? 200;
    const inner = Array.from({ length: n - 2 }, (_, i) => (i + 1) / (n - 1));
    const thresholds = [-1e-7, ...inner, 1 + 1e-7];
    super(["truePositives", "trueNegatives", "falsePositives", "falseNegatives"], "auc", { ...options, thresholds });
    this.#curve = options.curve ?? "ROC";
  }

  /** Predictions below 0 count as 0: none is left out. */
  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    return super.updateState(yTrue, maximum(yPred, 0), sampleWeight);
  }

  override result(): Tensor {
    const [tp, tn] = [this.count("truePositives"), this.count("trueNegatives")];
    const [fp, fn] = [this.count("falsePositives"), this.count("falseNegatives")];
    const recall = divNoNan(tp, tp.add(fn));
    const before = (x: Tensor): Tensor => x.at({ stop: -1 });
    const after = (x: Tensor): Tensor => x.at({ start: 1 });
    if (this.#curve === "ROC") {
      const x = divNoNan(fp, fp.add(tn));
      return reduceSum(multiply(before(x).sub(after(x)), before(recall).add(after(recall)).div(2)));
    }
    return interpolatedPrecision(tp, fp, fn);
  }
}

/** The area below precision by recall, its points joined as in Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves". */
function interpolatedPrecision(tp: Tensor, fp: Tensor, fn: Tensor): Tensor {
  const [before, after] = [(x: Tensor): Tensor => x.at({ stop: -1 }), (x: Tensor): Tensor => x.at({ start: 1 })];
  const dtp = before(tp).sub(after(tp));
  const p = tp.add(fp);
  const dp = before(p).sub(after(p));
  const slope = divNoNan(dtp, dp.mul(cast(greater(dp, 0), dp.dtype) as Tensor));
  const intercept = after(tp).sub(multiply(slope, after(p)));
  const ratio = divNoNan(before(p), after(p));
  const isSafe = cast(greater(multiply(before(p), after(p)), 0), p.dtype) as Tensor;
  const logRatio = multiply(isSafe, log(ratio.mul(isSafe).add(isSafe.rsub(1))) as Tensor);
  const area = multiply(slope, dtp.add(multiply(intercept, logRatio)));
  return reduceSum(divNoNan(area, after(tp).add(after(fn))));
}
