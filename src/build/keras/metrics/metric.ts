/** `tf.keras.metrics`: numbers gathered over batches in variables. Source: tf_keras/src/metrics/base_metric.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  divNoNan,
  expandDims,
  group,
  identity,
  multiply,
  reduceMean,
  reduceSum,
  size,
  zeros,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { Variable } from "../../variables/variable.ts";
import { nameOfKind, uniqueObjectName } from "../state.ts";

export interface MetricOptions {
  readonly name?: string | undefined;
  readonly dtype?: DType | undefined;
}

export const metricPlaces = ["name", "dtype"] as const;
export type MetricRest = Rest<MetricOptions, typeof metricPlaces>;

/** A metric of one's own makes variables with addWeight, overrides updateState and result. */
export abstract class Metric {
  readonly name: string;
  readonly dtype: DType;
  readonly weights: Variable[] = [];
  #reset: Operation | null = null;

  constructor(options: MetricOptions = {}) {
    this.name = options.name ?? uniqueObjectName(nameOfKind(new.target.name));
    this.dtype = options.dtype ?? float32;
  }

  /** A variable that starts at zeros, not trained and not saved with the model. */
  addWeight(name: string, shape: readonly number[] = []): Variable {
    const variable = new Variable(() => zeros(shape, this.dtype), {
      name,
      dtype: this.dtype,
      trainable: false,
      useResource: true,
      collections: ["local_variables", "metric_variables"],
    });
    this.weights.push(variable);
    return variable;
  }

  get variables(): readonly Variable[] {
    return this.weights;
  }

  /** Takes a batch in when the returned operation runs. */
  abstract updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: TensorLike | null): Operation;

  /** The value so far. */
  abstract result(): Tensor;

  /** Forgets all batches when the returned operation runs. */
  resetStates(): Operation {
    const make = (): Operation =>
      group(...this.weights.map((variable) => variable.assign(zeros(variable.shape as number[], this.dtype))));
    if (getDefaultGraph().isEager) return make();
    this.#reset ??= make();
    return this.#reset;
  }

  /** The value so far, the given batch included. */
  apply(yTrue: TensorLike, yPred: TensorLike, options: { readonly sampleWeight?: TensorLike | null } = {}): Tensor {
    const graph = getDefaultGraph();
    return graph.nameScope(this.name, () => {
      const update = this.updateState(convertToTensor(yTrue), convertToTensor(yPred), options.sampleWeight);
      return graph.controlDependencies([update], () => identity(this.result()));
    });
  }
}

/** Weights as wide as values; values of more axes become their means over the axes that weights lack. */
export function weighted(values: Tensor, sampleWeight: TensorLike): readonly [values: Tensor, weights: Tensor] {
  let weights = cast(convertToTensor(sampleWeight), values.dtype.baseDtype) as Tensor;
  const [v, w] = [values.shape?.length ?? 0, weights.shape?.length ?? 0];
  if (w > 0 && w < v && weights.shape!.every((d, i) => d === null || d !== 1 || values.shape![i] === 1)) {
    const rest = Array.from({ length: v - w }, (_, i) => w + i);
    return [reduceMean(values, { axis: rest }), weights];
  }
  for (let i = w; w > 0 && i < v; i++) weights = expandDims(weights, -1);
  return [values, weights];
}

/** total / count, where each batch adds to both. */
export abstract class Reduced extends Metric {
  readonly total: Variable;
  readonly count: Variable;

  constructor(options: MetricOptions) {
    super(options);
    this.total = this.addWeight("total");
    this.count = this.addWeight("count");
  }

  protected take(given: Tensor, sampleWeight: TensorLike | null | undefined): Operation {
    const values = cast(given, this.dtype) as Tensor;
    if (sampleWeight === null || sampleWeight === undefined) {
      const total = this.total.assignAdd(reduceSum(values)).op;
      return group(total, this.count.assignAdd(cast(size(values), this.dtype) as Tensor).op);
    }
    const [reduced, weights] = weighted(values, sampleWeight);
    const total = this.total.assignAdd(reduceSum(multiply(reduced, weights))).op;
    return group(total, this.count.assignAdd(reduceSum(weights)).op);
  }

  override result(): Tensor {
    return divNoNan(this.total.value(), this.count.value());
  }
}

/** The mean of values. */
export class Mean extends Reduced {
  constructor(...rest: MetricRest) {
    super({ name: "mean", ...byName<MetricOptions>(rest, metricPlaces) });
  }

  override updateState(values: Tensor, _: unknown = null, sampleWeight: TensorLike | null = null): Operation {
    return this.take(convertToTensor(values), sampleWeight);
  }
}

export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The mean of a function of labels and predictions. */
export class MeanMetricWrapper extends Reduced {
  readonly fn: MetricFunction;

  constructor(fn: MetricFunction, options: MetricOptions = {}) {
    super({ name: fn.name || "metric", ...options });
    this.fn = fn;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: TensorLike | null = null): Operation {
    return this.take(this.fn(yTrue, yPred), sampleWeight);
  }
}
