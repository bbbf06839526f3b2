/** `tf.contrib.eager.metrics`: metrics that are objects with variables. Source: contrib/eager/python/metrics_impl.py. */
import { bool, type DType, float64, int64 } from "../../../core/dtype.ts";
import { RuntimeError, TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  addN,
  argmax,
  cast,
  equal,
  group,
  identity,
  reduceSum,
  shape as shapeOf,
  size,
  withDependencies,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { assertEqual } from "../../checks/compare.ts";
import { GraphKeys } from "../../collections.ts";
import { zerosInitializer } from "../../initializers.ts";
import { smartCond } from "../../layers/layer.ts";
import { mul, truediv } from "../../operators.ts";
import { getVariable, type VariableScope, variableScope } from "../../variables/scope.ts";
import type { InitializerLike } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";
import { scalar } from "../summary/record.ts";

export interface MetricOptions {
  readonly name?: string | null | undefined;
  /** True: variables are global ones, which savers save by default; else local ones. */
  readonly useGlobalVariables?: boolean | undefined;
}

interface VariableOptions {
  readonly shape?: readonly number[] | undefined;
  readonly dtype?: DType | undefined;
  readonly initializer?: InitializerLike | undefined;
}

const isEager = (): boolean => getDefaultGraph().isEager;

/** The tensors after all updates: in a graph, whoever reads one has the metric updated. */
const after = (updates: readonly unknown[], tensors: readonly Tensor[]): Tensor[] =>
  isEager() ? [...tensors] : tensors.map((each) => withDependencies(updates as Operation[], each));

/** A metric of one's own defines `build`, which makes variables, `call`, which updates them, and `result`. */
export abstract class Metric {
  readonly name: string;
  #isBuilt = false;
  readonly #variables: Variable[] = [];
  readonly #initial: Tensor[] = [];
  readonly #scope: VariableScope;
  readonly #isGlobal: boolean;

  constructor(...rest: Rest<MetricOptions, ["name", "useGlobalVariables"]>) {
    const { name: given, useGlobalVariables = false } = byName<MetricOptions>(rest, ["name", "useGlobalVariables"]);
    const name = given || this.kind;
    const scopeName = name.replace(/[^\w.]/g, "_");
    this.#scope = variableScope(scopeName, { useResource: true, reuse: false }, (scope) => scope);
    const full = this.#scope.name;
    this.name = name + full.slice(full.lastIndexOf(scopeName) + scopeName.length);
    this.#isGlobal = useGlobalVariables;
  }

  /** The name where none is given: the class's, which a bundle must not change. */
  protected get kind(): string {
    return this.constructor.name;
  }

  protected abstract build(...args: readonly unknown[]): void;
  protected abstract call(...args: readonly (TensorLike | null | undefined)[]): Tensor | Tensor[];
  /** The value of all that was seen so far. */
  abstract result(writeSummary?: boolean | Tensor): Tensor;

  /** Adds values to what was seen, and gives them back. */
  apply(...args: readonly (TensorLike | null | undefined)[]): Tensor | Tensor[] {
    if (!this.#isBuilt) {
      variableScope(this.#scope, () => this.build(...args));
      this.#isBuilt = true;
    }
    return this.call(...args);
  }

  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** Forgets all values: at once in eager execution, else by the operation. */
  initVariables(): Operation | undefined {
    if (!isEager()) return group(...this.#variables.map(({ initializer }) => initializer));
    for (const [i, variable] of this.#variables.entries()) variable.assign(this.#initial[i]!);
    return undefined;
  }

  /** In a graph the result; in eager execution the function that gives it. */
  value(): Tensor | (() => Tensor) {
    return isEager() ? () => this.result() : this.result();
  }

  /** Adds what other metrics of this class have seen. Throws TypeError for another class, ValueError for other variables. */
  aggregate(metrics: readonly this[]): void {
    for (const each of metrics) {
      if (each.constructor === this.constructor) continue;
      throw new TypeError(`All metrics must be the same type, '${this.kind}' != '${each.kind}'.`);
    }
    for (const [i, variable] of this.#variables.entries()) {
      const others = metrics.map((each) => each.variables[i]);
      if (others.some((other) => other?.name !== variable.name)) {
        throw new ValueError("All metrics must have variables in the same order.");
      }
      variable.assignAdd(addN(others as unknown as Tensor[]));
    }
  }

  /** A variable of the metric. Throws RuntimeError outside `build`. */
  protected addVariable(name: string, options: VariableOptions = {}): Variable {
    if (this.#isBuilt) throw new RuntimeError("Can't call add_variable() except in build().");
    const kind = this.#isGlobal ? GraphKeys.GLOBAL_VARIABLES : GraphKeys.LOCAL_VARIABLES;
    const variable = getVariable(name, {
      ...options,
      trainable: false,
      useResource: true,
      ...(isEager() ? {} : { collections: [kind, GraphKeys.METRIC_VARIABLES] }),
    });
    this.#variables.push(variable);
    if (isEager()) this.#initial.push(variable.readValue());
    return variable;
  }
}

export interface MeanOptions extends MetricOptions {
  /** Of the sums; float64 by default. */
  readonly dtype?: DType | undefined;
}

const meanPlaces = ["name", "dtype", "useGlobalVariables"] as const;
const accuracyPlaces = ["name", "dtype"] as const;
type AccuracyRest = Rest<MeanOptions, typeof accuracyPlaces>;

/** The mean of all values, weighted by `apply(values, weights)`. */
export class Mean extends Metric {
  readonly dtype: DType;
  numer!: Variable;
  denom!: Variable;

  constructor(...rest: Rest<MeanOptions, typeof meanPlaces>) {
    const { dtype = float64, ...options } = byName<MeanOptions>(rest, meanPlaces);
    super(options);
    this.dtype = dtype;
  }

  protected override get kind(): string {
    return "Mean";
  }

  protected override build(): void {
    const zero = { shape: [], dtype: this.dtype, initializer: zerosInitializer() };
    this.numer = this.addVariable("numer", zero);
    this.denom = this.addVariable("denom", zero);
  }

  /** Adds values; what was updated. */
  protected count(given: TensorLike, weights?: TensorLike | null): unknown[] {
    if (weights === null || weights === undefined) {
      const denom = this.denom.assignAdd(cast(identity(size(given)), this.dtype));
      return [denom, this.numer.assignAdd(cast(reduceSum(given), this.dtype))];
    }
    const each = cast(weights as Tensor, this.dtype);
    const denom = this.denom.assignAdd(reduceSum(each));
    return [denom, this.numer.assignAdd(reduceSum(mul(cast(given as Tensor, this.dtype), each)))];
  }

  /** The values (and weights) after the update. */
  protected seen(updates: readonly unknown[], ...given: readonly (TensorLike | null | undefined)[]): Tensor | Tensor[] {
    const tensors = given.flatMap((each) => (each === null || each === undefined ? [] : [convertToTensor(each)]));
    const all = after(updates, tensors);
    return all.length === 1 ? all[0]! : all;
  }

  protected override call(values: TensorLike, weights?: TensorLike | null): Tensor | Tensor[] {
    return this.seen(this.count(values, weights), values, weights);
  }

  override result(writeSummary: boolean | Tensor = true): Tensor {
    const t = truediv(this.numer, this.denom);
    const write = (): Tensor => {
      scalar(this.name, t);
      return t;
    };
    smartCond(writeSummary, write, () => t);
    return t;
  }
}

/** What the accuracies share: labels against predictions, each pair right or wrong. */
abstract class Matches extends Mean {
  protected abstract matches(labels: TensorLike, predictions: TensorLike): Tensor;

  /** Throws INVALID_ARGUMENT for shapes that do not go together. */
  protected checkShapes(labels: TensorLike, predictions: TensorLike): unknown {
    const message = "Shapes of labels and predictions are unequal";
    return assertEqual(shapeOf(labels), shapeOf(predictions), { message });
  }

  protected override call(labels: TensorLike, predictions?: TensorLike | null, weights?: TensorLike | null) {
    const check = this.checkShapes(labels, predictions!);
    const right = cast(this.matches(labels, predictions!), this.dtype);
    const updates = [check, ...this.count(right, weights)].filter((each) => each !== undefined && each !== null);
    return this.seen(updates, labels, predictions, weights);
  }
}

/** How often labels equal predictions. */
export class Accuracy extends Matches {
  constructor(...rest: AccuracyRest) {
    super(byName<MeanOptions>(rest, accuracyPlaces));
  }

  protected override get kind(): string {
    return "Accuracy";
  }

  protected override matches(labels: TensorLike, predictions: TensorLike): Tensor {
    return equal(labels, predictions);
  }
}

/** How often the greatest of one-hot labels [..., classes] and of predictions is at the same place. */
export class CategoricalAccuracy extends Matches {
  constructor(...rest: AccuracyRest) {
    super(byName<MeanOptions>(rest, accuracyPlaces));
  }

  protected override get kind(): string {
    return "CategoricalAccuracy";
  }

  protected override matches(labels: TensorLike, predictions: TensorLike): Tensor {
    const wanted = argmax(labels, { axis: -1 });
    return equal(wanted, argmax(predictions, { axis: -1 }));
  }
}

interface BinaryOptions extends MeanOptions {
  readonly threshold: number;
}

const binaryPlaces = ["threshold", "name", "dtype"] as const;

/** How often predictions above a threshold are the labels that are true. */
export class BinaryAccuracy extends Matches {
  readonly threshold: number;

  constructor(...rest: Rest<BinaryOptions, typeof binaryPlaces>) {
    const { threshold, ...options } = byName<BinaryOptions>(rest, binaryPlaces);
    super(options);
    this.threshold = threshold;
  }

  protected override get kind(): string {
    return "BinaryAccuracy";
  }

  protected override matches(labels: TensorLike, predictions: TensorLike): Tensor {
    const isAbove = convertToTensor(predictions).greater(this.threshold);
    return equal(cast(labels as Tensor, bool), isAbove);
  }
}

/** How often the greatest of predictions [..., classes] is at the place that the label [...] says. */
export class SparseAccuracy extends Matches {
  constructor(...rest: AccuracyRest) {
    super(byName<MeanOptions>(rest, accuracyPlaces));
  }

  protected override get kind(): string {
    return "SparseAccuracy";
  }

  protected override checkShapes(labels: TensorLike, predictions: TensorLike): unknown {
    const message = "First axis of labels and predictions is unequal";
    return assertEqual(shapeOf(labels), shapeOf(predictions).at(0), { message });
  }

  protected override matches(labels: TensorLike, predictions: TensorLike): Tensor {
    const found = argmax(predictions, { axis: -1 });
    return equal(cast(labels as Tensor, int64), found);
  }
}
