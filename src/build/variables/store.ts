/** The variables of a graph that `getVariable` made, by full name. Source: variable_scope.py, _VariableStore. */
import { type DType, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatible, type FullShape, formatShapePython, isFull, mergeShapes, type Shape } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { asTensor, Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { slice } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { glorotUniformInitializer, zerosInitializer } from "../initializers.ts";
import { PartitionedVariable } from "./partitioned.ts";
import type { Reuse } from "./scope.ts";
import { SaveSliceInfo } from "./slices.ts";
import { type Constraint, Variable } from "./variable.ts";

/** The whole that a part belongs to, and where it begins. */
export interface PartitionInfo {
  readonly fullShape: FullShape;
  readonly varOffset: readonly number[];
}

export interface InitializerOptions {
  readonly dtype?: DType;
  readonly partitionInfo?: PartitionInfo;
}

/** Makes the initial value's nodes for a full shape. */
export type Initializer = (shape: FullShape, options?: InitializerOptions) => Tensor;
/** An initializer, a function without arguments, or the value itself (then without a shape). */
export type InitializerLike = Initializer | (() => TensorLike) | TensorLike;
/** A loss for the variable, or null for none. */
export type Regularizer = (variable: Variable) => Tensor | null;
/** How many parts along each axis. */
export type Partitioner = (shape: FullShape, dtype: DType) => readonly number[];
/** Stands between `getVariable` and the store; calls `getter` for the variable itself. */
export type CustomGetter = (getter: Getter, name: string, options: ResolvedOptions) => Variable;
export type Getter = (name: string, options: ResolvedOptions) => Variable;

export interface GetVariableOptions {
  readonly shape?: Shape | undefined;
  readonly dtype?: DType | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  readonly regularizer?: Regularizer | null | undefined;
  readonly trainable?: boolean | undefined;
  readonly collections?: readonly string[] | undefined;
  readonly cachingDevice?: string | undefined;
  readonly partitioner?: Partitioner | null | undefined;
  readonly validateShape?: boolean | undefined;
  readonly useResource?: boolean | undefined;
  readonly customGetter?: CustomGetter | null | undefined;
  readonly constraint?: Constraint | undefined;
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
}

/** Options with the scope's defaults filled in. */
export interface ResolvedOptions
  extends Omit<GetVariableOptions, "dtype" | "trainable" | "validateShape" | "useResource"> {
  readonly dtype: DType;
  readonly hasOwnDtype: boolean;
  readonly reuse: Reuse;
  readonly trainable: boolean;
  readonly validateShape: boolean;
  readonly useResource: boolean;
}

export class VariableStore {
  readonly #variables = new Map<string, Variable>();
  readonly #partitioned = new Map<string, PartitionedVariable>();
  /** Does it keep variables of eager execution? Otherwise each of those is one of its own. */
  readonly keepsEager: boolean;

  constructor(options: { readonly keepsEager?: boolean } = {}) {
    this.keepsEager = options.keepsEager ?? false;
  }

  get variables(): Variable[] {
    return [...this.#variables.values()];
  }

  /** Keeps a variable under a name. */
  keep(name: string, variable: Variable): void {
    this.#variables.set(name, variable);
  }

  getVariable(name: string, options: ResolvedOptions): Variable {
    const getter: Getter = (name, options) => this.#get(name, options);
    return options.customGetter ? options.customGetter(getter, name, options) : getter(name, options);
  }

  #get(name: string, options: ResolvedOptions): Variable {
    const { partitioner, reuse, shape } = options;
    const isScalar = Array.isArray(shape) && shape.length === 0;
    if ((partitioner && !isScalar) || (reuse === true && !partitioner && this.#partitioned.has(name))) {
      return getDefaultGraph().nameScope(null, () => this.#getPartitioned(name, options)) as unknown as Variable;
    }
    if (this.#variables.has(`${name}/part_0`)) {
      throw new ValueError(
        `No partitioner was provided, but a partitioned version of the variable was found: ${name}/part_0. Perhaps a variable of the same name was already created with partitioning?`,
      );
    }
    return this.#getSingle(name, options);
  }

  #getSingle(name: string, options: ResolvedOptions, partitionInfo?: PartitionInfo): Variable {
    const { dtype, reuse, shape } = options;
    const isValue = (given: InitializerLike | null | undefined): given is TensorLike =>
      given !== null && given !== undefined && typeof given !== "function";
    if (shape !== undefined && isValue(options.initializer)) {
      throw new ValueError("If initializer is a constant, do not specify shape.");
    }
    const found = this.#variables.get(name);
    if (found) return reused(name, found, options);
    if (reuse === true) {
      throw new ValueError(
        `Variable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?`,
      );
    }
    const isMissing = options.initializer === null || options.initializer === undefined;
    if (isMissing && shape === undefined) {
      throw new ValueError(`Variable ${name} did not get an initializer, so its \`shape\` argument must be specified.`);
    }
    const initializer = options.initializer ?? defaultInitializer(name, dtype);
    const variable = new Variable(initialValue(initializer, shape, dtype, partitionInfo), {
      name,
      trainable: options.trainable,
      collections: options.collections,
      cachingDevice: options.cachingDevice,
      dtype: isValue(initializer)
        ? options.hasOwnDtype
          ? dtype
          : undefined
        : shape !== undefined && isFull(shape)
          ? dtype
          : undefined,
      validateShape: options.validateShape,
      constraint: options.constraint,
      synchronization: options.synchronization,
      aggregation: options.aggregation,
      useResource: options.useResource,
      shape,
    });
    if (this.keepsEager || !variable.graph.isEager) this.#variables.set(name, variable);
    if (options.regularizer) addRegularizer(name, variable, options.regularizer);
    return variable;
  }

  #getPartitioned(name: string, options: ResolvedOptions): PartitionedVariable {
    const { partitioner, reuse, dtype } = options;
    if (this.#variables.has(name)) {
      throw new ValueError(
        `A partitioner was provided, but an unpartitioned version of the variable was found: ${name}.  Perhaps a variable of the same name was already created without partitioning?`,
      );
    }
    const { initializer } = options;
    const given = initializer instanceof Tensor ? initializer : null;
    const shape = given ? mergeShapes(options.shape ?? null, given.shape) : (options.shape ?? null);
    const partitions = partitioner && shape && isFull(shape) ? callPartitioner(partitioner, shape, dtype) : null;
    const existing = this.#partitioned.get(name);
    if (existing) {
      if (reuse === false) {
        throw new ValueError(
          `Partitioned variable with name ${name} already exists. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`,
        );
      }
      const differs = (what: string, wanted: unknown, has: unknown): ValueError =>
        new ValueError(
          `Trying to reuse partitioned variable ${name}, but specified ${what} ${wanted} and found ${what} ${has}.`,
        );
      if (!compatible(shape, existing.shape))
        throw differs("shape", formatShapePython(shape), formatShapePython(existing.shape));
      if (dtype !== existing.dtype) throw differs("dtype", dtype.name, existing.dtype.name);
      if (partitions && !partitions.every((n, i) => n === existing.partitions[i])) {
        throw differs("partitions", `[${partitions.join(", ")}]`, `[${existing.partitions.join(", ")}]`);
      }
      return existing;
    }
    if (reuse === true) {
      throw new ValueError(
        `PartitionedVariable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?`,
      );
    }
    if (!shape || !isFull(shape) || !partitions) {
      throw new ValueError(
        `Shape of a new partitioned variable (${name}) must be fully defined, but instead was ${formatShapePython(shape)}.`,
      );
    }
    const graph = getDefaultGraph();
    const parts = pieces(shape, partitions).map(({ offset, size }, i) => {
      const fullName = `${name}/part_${i}`;
      const init = graph.nameScope(`${fullName}/PartitionedInitializer`, (): InitializerLike => {
        if (initializer === undefined || initializer === null) return defaultInitializer(name, dtype);
        if (typeof initializer === "function") return initializer;
        return slice(given ?? convertToTensor(initializer, { dtype }), offset, size);
      });
      const part = graph.nameScope(null, () =>
        this.#getSingle(
          fullName,
          { ...options, initializer: init, shape: typeof init === "function" ? size : undefined, partitioner: null },
          { fullShape: shape, varOffset: offset },
        ),
      );
      part.saveSliceInfo = new SaveSliceInfo(name, shape, offset, size);
      return part;
    });
    const whole = new PartitionedVariable(name, shape, dtype, parts, partitions);
    this.#partitioned.set(name, whole);
    return whole;
  }
}

function reused(name: string, found: Variable, { dtype, reuse, shape }: ResolvedOptions): Variable {
  if (reuse === false) {
    const message = `Variable ${name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`;
    throw new ValueError(found.isResource ? message : `${message} Originally defined at:\n\n${placeOf(found.op)}`);
  }
  if (shape !== undefined && !compatible(shape, found.shape)) {
    throw new ValueError(
      `Trying to share variable ${name}, but specified shape ${formatShapePython(shape)} and found shape ${formatShapePython(found.shape)}.`,
    );
  }
  if (dtype !== found.dtype.baseDtype) {
    throw new ValueError(
      `Trying to share variable ${name}, but specified dtype ${dtype.name} and found dtype ${found.dtype.name}.`,
    );
  }
  return found;
}

function placeOf(op: Operation): string {
  const at = /^(.*):(\d+)$/.exec(op.madeAt ?? "");
  return at ? `  File "${at[1]}", line ${at[2]}\n` : "";
}

function defaultInitializer(name: string, dtype: DType): Initializer {
  if (dtype.isFloating) return glorotUniformInitializer();
  if (dtype.isInteger || dtype.isBool || dtype === string) return zerosInitializer();
  throw new ValueError(`An initializer for variable ${name} of ${dtype} is required`);
}

type InitialValueOf = TensorLike | (() => TensorLike);

function initialValue(
  initializer: InitializerLike,
  shape: Shape | undefined,
  dtype: DType,
  partitionInfo?: PartitionInfo,
): InitialValueOf {
  if (typeof initializer !== "function") return initializer;
  if (shape !== undefined && isFull(shape)) {
    const options = partitionInfo ? { dtype, partitionInfo } : { dtype };
    return () => {
      const value: unknown = (initializer as Initializer)(shape, options);
      // An initializer's maker, not called yet: `initializer: tf.zerosInitializer`.
      return typeof value === "function" ? (value as Initializer)(shape, options) : (value as Tensor);
    };
  }
  if (initializer.length === 0) return initializer as () => TensorLike;
  throw new ValueError(
    "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be provided or an instance of `tf.keras.initializers.*' and `shape` should be fully defined.",
  );
}

/** A loss that is built anew, beside its variable, wherever it is used; its name is that of the first one. */
class RegularizationLoss implements TensorConvertible {
  readonly #build: () => Tensor;
  readonly #first: Tensor;

  constructor(build: () => Tensor) {
    this.#build = build;
    this.#first = build();
  }

  get name(): string {
    return this.#first.name;
  }

  get dtype(): DType {
    return this.#first.dtype;
  }

  get shape(): Shape {
    return this.#first.shape;
  }

  get op(): Operation {
    return this.#first.op;
  }

  get graph(): Graph {
    return this.#first.graph;
  }

  asGraphElement(): Tensor {
    return this.#first;
  }

  [asTensor](): Tensor {
    return this.#build();
  }

  toString(): string {
    return this.#first.toString();
  }
}

function addRegularizer(name: string, variable: Variable, regularizer: Regularizer): void {
  const graph = getDefaultGraph();
  if (regularizer(variable) === null) return;
  const loss = new RegularizationLoss(() =>
    graph.colocateWith(variable.op, () => graph.nameScope(`${name}/Regularizer/`, () => regularizer(variable)!)),
  );
  graph.addToCollection(GraphKeys.REGULARIZATION_LOSSES, loss);
}

function callPartitioner(partitioner: Partitioner, shape: FullShape, dtype: DType): readonly number[] {
  const slicing = partitioner(shape, dtype);
  if (!Array.isArray(slicing)) throw new ValueError(`Partitioner must return a sequence, but saw: ${String(slicing)}`);
  if (slicing.length !== shape.length) {
    throw new ValueError(
      `Partitioner returned a partition list that does not match the Variable's rank: [${slicing.join(", ")}] vs. ${formatShapePython(shape)}`,
    );
  }
  if (slicing.some((n) => n < 1))
    throw new ValueError(`Partitioner returned zero partitions for some axes: [${slicing.join(", ")}]`);
  if (slicing.filter((n) => n > 1).length > 1) {
    throw new ValueError(
      `Can only slice a variable along one dimension: shape: ${formatShapePython(shape)}, partitioning: [${slicing.join(", ")}]`,
    );
  }
  return slicing;
}

/** Offsets and sizes along the one axis that is cut; the first pieces take one more when it does not divide. */
function pieces(shape: FullShape, partitions: readonly number[]): { offset: number[]; size: number[] }[] {
  const axis = Math.max(
    0,
    partitions.findIndex((n) => n > 1),
  );
  const count = partitions[axis] ?? 1;
  const base = Math.floor((shape[axis] ?? 1) / count);
  const rest = (shape[axis] ?? 1) % count;
  let start = 0;
  return Array.from({ length: count }, (_, i) => {
    const length = base + (i < rest ? 1 : 0);
    const offset = shape.map((_, k) => (k === axis ? start : 0));
    start += length;
    return { offset, size: shape.map((d, k) => (k === axis ? length : d)) };
  });
}
