/** `tf.keras.metrics`: those of a confusion matrix, of thresholds that reach a bound, and of scores. Source: tf_keras/src/metrics/{iou,confusion,f_score,regression}_metrics.py. */
import { float32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  argmax,
  cast,
  constant,
  diagPart,
  divNoNan,
  equal,
  gather,
  greater,
  group,
  multiply,
  oneHot,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  square,
  subtract,
  where,
} from "../../../ops/index.ts";
import { confusionMatrix } from "../../metrics/classes.ts";
import type { Variable } from "../../variables/variable.ts";
import { Metric, type MetricOptions, Reduced } from "./metric.ts";
import { Confusion } from "./metrics.ts";

const floats = (x: Tensor): Tensor => cast(x, float32) as Tensor;

export interface IoUOptions extends MetricOptions {
  /** A label that does not count. */
  readonly ignoreClass?: number | null | undefined;
  /** Labels are whole numbers (else one-hot along the last axis). */
  readonly sparseYTrue?: boolean | undefined;
  readonly sparseYPred?: boolean | undefined;
}

/** Intersection over union of some classes, gathered in a confusion matrix [classes, classes], and their mean. */
export class IoU extends Metric {
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly totalCm: Variable;
  readonly #options: IoUOptions;

  /** Throws ValueError for a class that there is not. */
  constructor(numClasses: number, targetClassIds: readonly number[], options: IoUOptions = {}) {
    super(options);
    if (targetClassIds.some((id) => id >= numClasses)) {
      throw new ValueError(
        `Target class id ${Math.max(...targetClassIds)} is out of range, which is [0, ${numClasses}).`,
      );
    }
    this.numClasses = numClasses;
    this.targetClassIds = targetClassIds;
    this.#options = options;
    this.totalCm = this.addWeight("total_confusion_matrix", [numClasses, numClasses]);
  }

  protected labels(yTrue: Tensor, yPred: Tensor): readonly [Tensor, Tensor] {
    const { sparseYTrue = true, sparseYPred = true } = this.#options;
    return [sparseYTrue ? yTrue : argmax(yTrue, -1), sparseYPred ? yPred : argmax(yPred, -1)];
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    const [labels, predictions] = this.labels(yTrue, yPred).map((x) => reshape(cast(x, int64) as Tensor, [-1]));
    const { ignoreClass = null } = this.#options;
    let weights = sampleWeight === null ? null : reshape(floats(convertToTensor(sampleWeight)), [-1]);
    let known = labels!;
    if (ignoreClass !== null) {
      const counts = floats(equal(known, constant(ignoreClass, { dtype: int64 }))).rsub(1);
      weights = weights ? multiply(weights, counts) : counts;
      known = multiply(known, cast(counts, int64) as Tensor);
    }
    const matrix = confusionMatrix(known, predictions!, {
      numClasses: this.numClasses,
      dtype: this.dtype,
      ...(weights ? { weights } : {}),
    });
    return this.totalCm.assignAdd(matrix).op;
  }

  override result(): Tensor {
    const matrix = this.totalCm.value();
    const right = diagPart(matrix);
    const union = reduceSum(matrix, { axis: 0 })
      .add(reduceSum(matrix, { axis: 1 }))
      .sub(right);
    const ids = constant([...this.targetClassIds]);
    const [found, all] = [gather(right, ids), gather(union, ids)];
    const valid = floats(greater(all, 0));
    return divNoNan(reduceSum(divNoNan(found, all)), reduceSum(valid));
  }
}

const everyClass = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** IoU of all classes. */
export class MeanIoU extends IoU {
  constructor(numClasses: number, options: IoUOptions = {}) {
    super(numClasses, everyClass(numClasses), options);
  }
}

/** IoU of labels 0 and 1, predicted as numbers on this or that side of a threshold. */
export class BinaryIoU extends IoU {
  readonly #threshold: number;

  constructor(
    options: MetricOptions & { readonly targetClassIds?: readonly number[]; readonly threshold?: number } = {},
  ) {
    super(2, options.targetClassIds ?? [0, 1], options);
    this.#threshold = options.threshold ?? 0.5;
  }

  protected override labels(yTrue: Tensor, yPred: Tensor): readonly [Tensor, Tensor] {
    return [yTrue, cast(yPred.greaterEqual(this.#threshold), int64) as Tensor];
  }
}

/** IoU of one-hot labels and scores. */
export class OneHotIoU extends IoU {
  constructor(numClasses: number, targetClassIds: readonly number[], options: IoUOptions = {}) {
    super(numClasses, targetClassIds, { sparseYPred: false, ...options, sparseYTrue: false });
  }
}
export class OneHotMeanIoU extends IoU {
  constructor(numClasses: number, options: IoUOptions = {}) {
    super(numClasses, everyClass(numClasses), { sparseYPred: false, ...options, sparseYTrue: false });
  }
}

export interface BoundOptions extends MetricOptions {
  /** 200 thresholds between 0 and 1. */
  readonly numThresholds?: number | undefined;
}

type Counts = Readonly<Record<"tp" | "tn" | "fp" | "fn", Tensor>>;

/** The best of one number over the thresholds at which another is at least `value`. */
abstract class AtBound extends Confusion {
  readonly value: number;

  constructor(name: string, what: string, value: number, options: BoundOptions) {
    const n = options.numThresholds ?? 200;
    if (n <= 0)
      throw new ValueError(`Argument \`num_thresholds\` must be an integer > 0. Received: num_thresholds=${n}`);
    if (!(value >= 0 && value <= 1)) {
      throw new ValueError(`Argument \`${what}\` must be in the range [0, 1]. Received: ${what}=${value}`);
    }
    const inner = Array.from({ length: Math.max(n - 2, 0) }, (_, i) => (i + 1) / (n - 1));
    const thresholds = n === 1 ? [0.5] : [0, ...inner, 1];
    super(["truePositives", "trueNegatives", "falsePositives", "falseNegatives"], name, { ...options, thresholds });
    this.value = value;
  }

  protected abstract pair(counts: Counts): readonly [bounded: Tensor, shown: Tensor];

  override result(): Tensor {
    const [tp, tn] = [this.count("truePositives"), this.count("trueNegatives")];
    const [fp, fn] = [this.count("falsePositives"), this.count("falseNegatives")];
    const [bounded, best] = this.pair({ tp, tn, fp, fn });
    const isReached = bounded.greaterEqual(this.value);
    return reduceMax(where(isReached, best, best.mul(0)) as Tensor);
  }
}

/** The best sensitivity (recall) where the specificity is at least this. */
export class SensitivityAtSpecificity extends AtBound {
  constructor(specificity: number, options: BoundOptions = {}) {
    super("sensitivity_at_specificity", "specificity", specificity, options);
  }
  protected override pair({ tp, tn, fp, fn }: Counts): readonly [Tensor, Tensor] {
    return [divNoNan(tn, tn.add(fp)), divNoNan(tp, tp.add(fn))];
  }
}
/** The best specificity where the sensitivity is at least this. */
export class SpecificityAtSensitivity extends AtBound {
  constructor(sensitivity: number, options: BoundOptions = {}) {
    super("specificity_at_sensitivity", "sensitivity", sensitivity, options);
  }
  protected override pair({ tp, tn, fp, fn }: Counts): readonly [Tensor, Tensor] {
    return [divNoNan(tp, tp.add(fn)), divNoNan(tn, tn.add(fp))];
  }
}
/** The best precision where the recall is at least this. */
export class PrecisionAtRecall extends AtBound {
  constructor(recall: number, options: BoundOptions = {}) {
    super("precision_at_recall", "recall", recall, options);
  }
  protected override pair({ tp, fp, fn }: Counts): readonly [Tensor, Tensor] {
    return [divNoNan(tp, tp.add(fn)), divNoNan(tp, tp.add(fp))];
  }
}
/** The best recall where the precision is at least this. */
export class RecallAtPrecision extends AtBound {
  constructor(precision: number, options: BoundOptions = {}) {
    super("recall_at_precision", "precision", precision, options);
  }
  protected override pair({ tp, fp, fn }: Counts): readonly [Tensor, Tensor] {
    return [divNoNan(tp, tp.add(fp)), divNoNan(tp, tp.add(fn))];
  }
}

/** The mean of |error| / normalizer. */
export class MeanRelativeError extends Reduced {
  readonly #normalizer: TensorLike;

  constructor(normalizer: TensorLike, options: MetricOptions = {}) {
    super(options);
    this.#normalizer = normalizer;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    const error = subtract(floats(yTrue), floats(yPred));
    const size = where(error.less(0), error.mul(-1), error) as Tensor;
    return this.take(divNoNan(size, floats(convertToTensor(this.#normalizer))), sampleWeight);
  }
}

/** The mean of each element of tensors of one shape, which must be given. */
export class MeanTensor extends Metric {
  readonly total: Variable;
  readonly count: Variable;

  constructor(options: MetricOptions & { readonly shape: readonly number[] }) {
    super({ name: "mean_tensor", ...options });
    this.total = this.addWeight("total", options.shape);
    this.count = this.addWeight("count", options.shape);
  }

  override updateState(values: Tensor, _: unknown = null, sampleWeight: TensorLike | null = null): Operation {
    const x = cast(convertToTensor(values), this.dtype) as Tensor;
    const weights = sampleWeight === null ? null : (cast(convertToTensor(sampleWeight), this.dtype) as Tensor);
    const ones = x.mul(0).add(1);
    const total = this.total.assignAdd(weights ? multiply(x, weights) : x).op;
    return group(total, this.count.assignAdd(weights ? multiply(ones, weights) : ones).op);
  }

  override result(): Tensor {
    return divNoNan(this.total.value(), this.count.value());
  }
}

export interface FBetaOptions extends MetricOptions {
  /** null: a score for each class. */
  readonly average?: "micro" | "macro" | "weighted" | null | undefined;
  /** How much recall counts beside precision: 1. */
  readonly beta?: number | undefined;
  /** null: the largest prediction alone is positive. */
  readonly threshold?: number | null | undefined;
  /** The number of classes. */
  readonly classes: number;
}

/** (1 + β²) · precision · recall / (β² · precision + recall) of one-hot labels and scores [batch, classes]. */
export class FBetaScore extends Metric {
  readonly #options: FBetaOptions;
  readonly #tp: Variable;
  readonly #fp: Variable;
  readonly #fn: Variable;
  readonly #support: Variable;

  constructor(options: FBetaOptions, name = "fbeta_score") {
    super({ name, ...options });
    this.#options = options;
    const shape = options.average === "micro" ? [] : [options.classes];
    this.#tp = this.addWeight("true_positives", shape);
    this.#fp = this.addWeight("false_positives", shape);
    this.#fn = this.addWeight("false_negatives", shape);
    this.#support = this.addWeight("intermediate_weights", shape);
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    const { threshold = null, classes, average } = this.#options;
    const y = floats(yTrue);
    const p =
      threshold === null
        ? (oneHot(argmax(yPred, -1), classes, { dtype: float32 }) as Tensor)
        : floats(yPred.greater(threshold));
    const weights = sampleWeight === null ? null : reshape(floats(convertToTensor(sampleWeight)), [-1, 1]);
    const total = (x: Tensor): Tensor => {
      const each = weights ? multiply(x, weights) : x;
      return average === "micro" ? reduceSum(each) : reduceSum(each, { axis: 0 });
    };
    return group(
      this.#tp.assignAdd(total(multiply(p, y))).op,
      this.#fp.assignAdd(total(multiply(p, y.rsub(1)))).op,
      this.#fn.assignAdd(total(multiply(p.rsub(1), y))).op,
      this.#support.assignAdd(total(y)).op,
    );
  }

  override result(): Tensor {
    const { beta = 1, average = null } = this.#options;
    const tp = this.#tp.value();
    const precision = divNoNan(tp, tp.add(this.#fp.value()));
    const recall = divNoNan(tp, tp.add(this.#fn.value()));
    const score = divNoNan(multiply(precision, recall).mul(1 + beta ** 2), precision.mul(beta ** 2).add(recall));
    if (average === "weighted") {
      const support = this.#support.value();
      return reduceSum(multiply(score, divNoNan(support, reduceSum(support))));
    }
    return average === null ? score : reduceMean(score);
  }
}

/** FBetaScore with β = 1. */
export class F1Score extends FBetaScore {
  constructor(options: Omit<FBetaOptions, "beta">) {
    super({ ...options, beta: 1 }, "f1_score");
  }
}

/** 1 - Σ(error²) / Σ(deviation from the mean)², over outputs [batch, n] as a mean. */
export class R2Score extends Metric {
  readonly #squared: Variable;
  readonly #sum: Variable;
  readonly #residual: Variable;
  readonly #count: Variable;

  constructor(options: MetricOptions & { readonly outputs?: number } = {}) {
    super({ name: "r2_score", ...options });
    const shape = [options.outputs ?? 1];
    this.#squared = this.addWeight("squared_sum", shape);
    this.#sum = this.addWeight("sum", shape);
    this.#residual = this.addWeight("residual", shape);
    this.#count = this.addWeight("count", shape);
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    const [y, p] = [floats(yTrue), floats(yPred)];
    const weights =
      sampleWeight === null ? y.mul(0).add(1) : reshape(floats(convertToTensor(sampleWeight)), [-1, 1]).add(y.mul(0));
    const total = (x: Tensor): Tensor => reduceSum(multiply(x, weights), { axis: 0 });
    return group(
      this.#sum.assignAdd(total(y)).op,
      this.#squared.assignAdd(total(square(y))).op,
      this.#residual.assignAdd(total(square(subtract(y, p)))).op,
      this.#count.assignAdd(reduceSum(weights, { axis: 0 })).op,
    );
  }

  override result(): Tensor {
    const mean = divNoNan(this.#sum.value(), this.#count.value());
    const total = subtract(this.#squared.value(), multiply(this.#sum.value(), mean));
    return reduceMean(divNoNan(this.#residual.value(), total).rsub(1));
  }
}
