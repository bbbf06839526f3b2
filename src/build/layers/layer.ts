/** `tf.layers.Layer`: variables made on first use, below a variable scope of the layer's own. Source: legacy_tf_layers/base.py. */
import { type DType, float32 } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { cast, getStaticValue, realdiv, shape as shapeOf } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { globalVariables, trainableVariables } from "../variables/initialize.ts";
import { getVariable, getVariableScope, type VariableScope, variableScope } from "../variables/scope.ts";
import type { InitializerLike, Partitioner, Regularizer } from "../variables/store.ts";
import { type Constraint, Variable } from "../variables/variable.ts";

export interface LayerOptions {
  /** False: its variables are not trained. */
  readonly trainable?: boolean | undefined;
  /** The name of its scope; made from the class and unique when none is given. */
  readonly name?: string | undefined;
  /** The dtype of its variables; that of the first input by default. */
  readonly dtype?: DType | undefined;
  /** True takes the variables of an earlier layer of this name. */
  readonly reuse?: boolean | undefined;
  /** A loss made from each output, divided by the batch size. */
  readonly activityRegularizer?: ((output: Tensor) => Tensor) | null | undefined;
}

export interface WeightOptions {
  readonly dtype?: DType | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  readonly regularizer?: Regularizer | null | undefined;
  readonly trainable?: boolean | undefined;
  readonly constraint?: Constraint | null | undefined;
  readonly useResource?: boolean | undefined;
  readonly partitioner?: Partitioner | null | undefined;
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
}

/** What a layer asks of its inputs. */
export interface InputSpec {
  readonly ndim?: number;
  readonly minNdim?: number;
  readonly axes?: Readonly<Record<number, number>>;
}

/** A predicate that is known while building picks its branch; others make a cond. */
export function smartCond<R extends TensorLike | readonly TensorLike[]>(
  predicate: boolean | Tensor,
  whenTrue: () => R,
  whenFalse: () => R,
): R {
  const known = constantPredicate(predicate);
  if (known !== null) return known ? whenTrue() : whenFalse();
  return cond(predicate as Tensor, whenTrue as () => Tensor, whenFalse as () => Tensor) as unknown as R;
}

/** The value of a predicate, or null when only a run tells. */
export function constantPredicate(predicate: boolean | Tensor): boolean | null {
  if (!(predicate instanceof Tensor)) return Boolean(predicate);
  const value = getStaticValue(predicate);
  return value ? Boolean(value.item()) : null;
}

/** `DenseNet` as `dense_net`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

const namesKey = Symbol("names of layers");

function uniqueName(base: string): string {
  const { extras } = getDefaultGraph();
  const counts = (extras.get(namesKey) as Map<string, number> | undefined) ?? new Map<string, number>();
  extras.set(namesKey, counts);
  const n = (counts.get(base) ?? 0) + 1;
  counts.set(base, n);
  return `${base}_${n}`;
}

function addOnce<T>(key: string, items: readonly T[]): void {
  const collection = getDefaultGraph().getCollectionRef<T>(key);
  for (const item of items) if (!collection.includes(item)) collection.push(item);
}

/** What layers and recurrent cells share: a scope of their own, variables below it, losses and updates. */
export abstract class ScopedLayer {
  readonly name: string;
  trainable: boolean;
  built = false;
  readonly trainableWeights: Variable[] = [];
  readonly nonTrainableWeights: Variable[] = [];
  readonly losses: Tensor[] = [];
  protected inputSpec: InputSpec = {};
  readonly #baseName: string;
  readonly #reuse: boolean;
  readonly #activityRegularizer: ((output: Tensor) => Tensor) | null;
  readonly #updates: Operation[] = [];
  #dtype: DType | null;
  #scope: VariableScope | null = null;
  #current: VariableScope | null = null;

  /** `kind` is the name of the scope when no name is given: the class's own, in snake_case. */
  constructor(options: LayerOptions = {}, kind?: string) {
    const base = kind ?? snakeCase(new.target.name);
    this.trainable = options.trainable ?? true;
    this.name = options.name ?? uniqueName(base);
    this.#baseName = options.name ?? base;
    this.#reuse = options.reuse ?? false;
    this.#dtype = options.dtype ?? null;
    this.#activityRegularizer = options.activityRegularizer ?? null;
  }

  /** Makes the variables for inputs of this shape. */
  protected build(_inputShape: Shape): void {}

  get dtype(): DType {
    return this.#dtype ?? float32;
  }

  get scopeName(): string {
    if (!this.#scope) {
      throw new ValueError(
        `No name available for layer scope because the layer "${this.name}" has not been used yet. The scope name  is determined the first time the layer instance is called. You must therefore call the layer before querying \`scope_name\`.`,
      );
    }
    return this.#scope.name;
  }

  get weights(): Variable[] {
    return [...this.trainableWeights, ...this.nonTrainableWeights];
  }

  get variables(): Variable[] {
    return this.weights;
  }

  get trainableVariables(): Variable[] {
    return this.trainableWeights;
  }

  get nonTrainableVariables(): Variable[] {
    return this.nonTrainableWeights;
  }

  /** Operations to run beside a training step; none while the layer is not trained. */
  get updates(): readonly Operation[] {
    return this.trainable ? this.#updates : [];
  }

  /** Opens the scope of a function such as `tf.layers.dense` at once, as Python's `_scope` does: the layer's own, or one that is given. */
  openScope(given?: string | VariableScope): this {
    if (given !== undefined) this.#scope = variableScope(given, (scope) => scope);
    else if (this.#baseName === this.name) this.#scope = variableScope(this.name, (scope) => scope);
    return this;
  }

  #ensureScope(given: string | VariableScope | null = null): VariableScope {
    const known = given ?? (this.#reuse ? this.#baseName : null);
    this.#scope ??= variableScope(known, { defaultName: this.#baseName }, (scope) => scope);
    return this.#scope;
  }

  #inScope<R>(reuse: boolean, fn: (scope: VariableScope) => R): R {
    const previous = this.#current;
    return variableScope(this.#ensureScope(), { reuse: reuse || null, auxiliaryNameScope: false }, (scope) => {
      this.#current = scope;
      try {
        return getDefaultGraph().nameScope(scope.originalNameScope, () => fn(scope));
      } finally {
        this.#current = previous;
      }
    });
  }

  /** A variable below the layer's scope; its regularizer's loss goes to REGULARIZATION_LOSSES. */
  addWeight(name: string, shape: readonly number[], options: WeightOptions = {}): Variable {
    const { regularizer, dtype = this.dtype } = options;
    const existing = new Set(globalVariables());
    const isTrained = (options.trainable ?? true) && this.trainable;
    return this.#inScope(this.built || this.#reuse, (scope) => {
      const variable = getVariable(name, {
        shape,
        dtype,
        initializer: options.initializer ?? scope.initializer,
        trainable: isTrained,
        constraint: options.constraint ?? undefined,
        partitioner: options.partitioner,
        useResource: options.useResource || scope.useResource,
        synchronization: options.synchronization,
        aggregation: options.aggregation,
      });
      const parts = variable instanceof Variable ? [variable] : [...(variable as unknown as Iterable<Variable>)];
      if (regularizer && !parts.some((part) => existing.has(part))) {
        for (const part of parts) this.#regularize(name, part, regularizer);
      }
      const isListed = isTrained && parts.every((part) => trainableVariables().includes(part));
      (isListed ? this.trainableWeights : this.nonTrainableWeights).push(...parts);
      return variable;
    });
  }

  #regularize(name: string, variable: Variable, regularizer: Regularizer): void {
    const loss = getDefaultGraph().nameScope(`${name}/Regularizer`, () => regularizer(variable));
    if (loss) this.addLoss(loss);
  }

  /** Variables made in fn stay in one part, whatever the scope says. */
  protected inOnePart(fn: () => void): void {
    const scope = this.#ensureScope();
    const { partitioner } = scope;
    scope.setPartitioner(null);
    try {
      fn();
    } finally {
      scope.setPartitioner(partitioner);
    }
  }

  addLoss(loss: Tensor): void {
    this.losses.push(loss);
    addOnce(GraphKeys.REGULARIZATION_LOSSES, [loss]);
  }

  /** An operation (or the tensor that it gives) to run beside a training step. */
  addUpdate(update: Operation | Tensor): void {
    this.#updates.push(update instanceof Tensor ? update.op : update);
  }

  /** What `call` makes of the input, in the layer's scope (the given one, if it is the first time); the first time, variables are made. */
  protected applied<R>(inputs: TensorLike, call: (x: Tensor) => R, scope: string | VariableScope | null = null): R {
    const isReused = this.built || this.#reuse;
    this.#ensureScope(scope);
    const outputs = this.#inScope(isReused, () => {
      const x = convertToTensor(inputs);
      this.#check(x);
      if (!this.built) {
        this.#dtype ??= x.dtype.isFloating ? x.dtype.baseDtype : float32;
        this.build(x.shape);
        this.built = true;
        this.#check(x);
      }
      const y = call(x);
      if (this.#activityRegularizer && y instanceof Tensor) this.#regularizeActivity(y, this.#activityRegularizer);
      return y;
    });
    addOnce(GraphKeys.UPDATE_OPS, this.updates);
    return outputs;
  }

  #regularizeActivity(output: Tensor, regularizer: (output: Tensor) => Tensor): void {
    getDefaultGraph().nameScope("ActivityRegularizer", () => {
      const loss = regularizer(output);
      const batchSize = cast(shapeOf(output).at(0), loss.dtype) as Tensor;
      this.addLoss(realdiv(loss, batchSize, { name: "truediv" }));
    });
  }

  #check(x: Tensor): void {
    const { ndim, minNdim, axes = {} } = this.inputSpec;
    if (ndim === undefined && minNdim === undefined) return;
    const start = `Input 0 of layer "${this.name}" is incompatible with the layer: `;
    const { shape } = x;
    if (!shape && ndim === undefined) return; // what the layer makes of it is said by its build
    if (!shape) {
      throw new ValueError(
        `${start}its rank is undefined, but the layer requires a defined rank. Full shape received: None`,
      );
    }
    const received = `Full shape received: ${formatShapePython(shape)}`;
    if (ndim !== undefined && shape.length !== ndim) {
      throw new ValueError(`${start}expected ndim=${ndim}, found ndim=${shape.length}. ${received}`);
    }
    if (minNdim !== undefined && shape.length < minNdim) {
      throw new ValueError(`${start}expected min_ndim=${minNdim}, found ndim=${shape.length}. ${received}`);
    }
    for (const [axis, size] of Object.entries(axes)) {
      const found = shape.at(Number(axis));
      if (found !== null && found !== size) {
        throw new ValueError(
          `${start}expected axis ${axis} of input shape to have value ${size}, but received input with shape ${formatShapePython(shape)}`,
        );
      }
    }
  }

  /** The variable scope that the layer works in; within `build` and `call` alone. */
  protected get currentScope(): VariableScope {
    if (!this.#current) throw new RuntimeError(`the layer "${this.name}" is not being used`);
    return this.#current ?? getVariableScope();
  }
}

/**
 * A layer of one's own overrides `build`, which makes variables with `addWeight`, and `call`, which makes the outputs. `apply` runs both,
 * in the layer's scope.
 */
export abstract class Layer extends ScopedLayer {
  protected abstract call(inputs: Tensor, options: Readonly<Record<string, unknown>>): Tensor;

  /** The outputs for these inputs; the first time, the variables are made. Throws ValueError for inputs that do not fit. */
  apply(inputs: TensorLike, options: Readonly<Record<string, unknown>> = {}): Tensor {
    return this.applied(inputs, (x) => {
      const y = this.call(x, options);
      if (y instanceof Tensor) return y;
      throw new ValueError(
        `A layer's \`call\` method should return a Tensor or a list of Tensors, not None (layer: ${this.name}).`,
      );
    });
  }
}
