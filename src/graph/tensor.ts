/** Tensors of a graph: the outputs of its operations. */
import type { DType } from "../core/dtype.ts";
import { AttributeError, OperatorNotAllowedInGraphError, ValueError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { compatible, type Dim, formatShapePython, type Shape } from "../core/shape.ts";
import { inspectKey, isOutermost } from "../core/text/inspect.ts";
import type { HandleData } from "./definition.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import { defaultSession, type FeedDict, type SessionLike } from "./scopes.ts";
import { plainShape, type ShapeLike, TensorShape } from "./tensor_shape.ts";

/** What converts itself to a tensor: variables. `asRef` asks for the reference rather than the value read. */
export const asTensor: unique symbol = Symbol("asTensor");

export interface TensorConvertible {
  [asTensor](options?: { dtype?: DType | undefined; asRef?: boolean; name?: string | undefined }): Tensor;
  /** What a fetch or feed of it means, where that is not the reference. */
  asGraphElement?(): Tensor;
}

/** What is made of several tensors: a run fetches and feeds them together. */
export const composite: unique symbol = Symbol("composite");

export interface Composite {
  [composite](): {
    readonly tensors: readonly Tensor[];
    /** The value of the whole, from those of the tensors. */
    rebuild(values: readonly NdArray[]): unknown;
    /** What each tensor is fed when the whole is fed `value`. Throws TypeError for values of another kind. */
    feeds(value: unknown): readonly unknown[];
  };
}

export const isComposite = (value: unknown): value is Composite =>
  typeof value === "object" && value !== null && composite in value;

export const isTensorConvertible = (value: unknown): value is TensorConvertible =>
  typeof value === "object" && value !== null && asTensor in value;

export interface EvalOptions {
  readonly feedDict?: FeedDict | undefined;
  /** The default session where left out. */
  readonly session?: SessionLike | undefined;
}

/** One output of an operation. Its dtype is fixed; its static shape may be made more specific. */
export class Tensor {
  readonly op: Operation;
  readonly valueIndex: number;
  readonly dtype: DType;
  /** Contents of a handle, where known while building. */
  handleData: readonly HandleData[] | null = null;
  #shape: Shape;
  /** The shape as users get it, made when it is first asked for. */
  #shown: TensorShape | null = null;
  /** Operations that take this tensor as an input, in order of creation. */
  readonly users: Operation[] = [];

  constructor(op: Operation, valueIndex: number, dtype: DType, shape: Shape) {
    this.op = op;
    this.valueIndex = valueIndex;
    this.dtype = dtype;
    this.#shape = shape;
  }

  get graph(): Graph {
    return this.op.graph;
  }

  /** `add:0`. */
  get name(): string {
    return `${this.op.name}:${this.valueIndex}`;
  }

  /** What error texts call it. */
  get shownName(): string {
    return this.name;
  }

  get device(): string {
    return this.op.device;
  }

  /** The static shape, an array that prints as `(?, 784)`; `null` for an unknown rank. */
  get shape(): Shape {
    return this.#shape === null ? null : this.getShape();
  }

  /** The static shape as an object, for an unknown rank too (`ndims` null, printed `<unknown>`). */
  getShape(): TensorShape {
    this.#shown ??= new TensorShape(this.#shape);
    return this.#shown;
  }

  /** Makes the static shape more specific. Throws ValueError `Shapes (3, 2) and (4, 2) are not compatible`-like texts of TensorFlow. */
  setShape(given: ShapeLike): void {
    const shape = plainShape(given);
    if (shape === null) return;
    if (this.#shape !== null && !compatible(this.#shape, shape)) {
      throw this.#shape.length === shape.length
        ? new ValueError(
            `Dimension ${this.#shape.findIndex((d, i) => d !== null && shape[i] !== null && d !== shape[i])} in both shapes must be equal, but are ${differing(this.#shape, shape)}. Shapes are ${bracketed(this.#shape)} and ${bracketed(shape)}.`,
          )
        : new ValueError(`Shapes must be equal rank, but are ${this.#shape.length} and ${shape.length}`);
    }
    this.refineShape(this.#shape === null ? shape : this.#shape.map((d, i) => d ?? shape[i]!));
    this.graph.changed();
  }

  /** For shape inference alone. */
  refineShape(shape: Shape): void {
    this.#shape = shape;
    this.#shown = null;
  }

  /** The value, of tensors that have one by themselves: those of eager execution. */
  get knownValue(): NdArray | null {
    return null;
  }

  /** What stands for this tensor where ops are made at present. */
  here(): Tensor {
    return this;
  }

  /** The value of a tensor of eager execution. Throws AttributeError for a symbolic one. */
  numpy(): NdArray {
    throw new AttributeError("'SymbolicTensor' object has no attribute 'numpy'");
  }

  consumers(): Operation[] {
    return [...this.users];
  }

  /** Runs the graph for this tensor in the given session or the default one. */
  eval(feeds?: FeedDict | EvalOptions | null, given?: SessionLike): Promise<NdArray> {
    const isOptions = feeds !== undefined && feeds !== null && !(Symbol.iterator in feeds);
    const { feedDict, session }: EvalOptions = isOptions ? feeds : { feedDict: feeds ?? undefined, session: given };
    const target = session ?? defaultSession();
    if (!target) {
      throw new ValueError(
        "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or pass an explicit session to `eval(session=sess)`",
      );
    }
    if (target.graph !== this.graph) {
      throw new ValueError(
        session
          ? "Cannot use the given session to evaluate tensor: the tensor's graph is different from the session's graph."
          : "Cannot use the default session to evaluate tensor: the tensor's graph is different from the session's graph. Pass an explicit session to `eval(session=sess)`.",
      );
    }
    return target.run(this, feedDict === undefined ? undefined : { feedDict }) as Promise<NdArray>;
  }

  /** `Tensor("Const:0", shape=(), dtype=int32)`. */
  toString(): string {
    const shape = this.#shape === null ? "" : `, shape=${formatShapePython(this.#shape)}`;
    const device = this.op.device ? `, device=${this.op.device}` : "";
    return `Tensor("${this.name}"${shape}, dtype=${this.dtype.name}${device})`;
  }

  /** `<tf.Tensor 'Const:0' shape=() dtype=int32>`. */
  repr(): string {
    return `<tf.Tensor '${this.name}' shape=${formatShapePython(this.#shape)} dtype=${this.dtype.name}>`;
  }

  valueOf(): never {
    throw new OperatorNotAllowedInGraphError(
      `Using a symbolic \`tf.Tensor\` as a Python \`bool\` is not allowed. ${notAllowedHelp}`,
    );
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") this.valueOf();
    return this.toString();
  }

  [Symbol.iterator](): never {
    throw new OperatorNotAllowedInGraphError(
      `Iterating over a symbolic \`tf.Tensor\` is not allowed. ${notAllowedHelp}`,
    );
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}

const notAllowedHelp =
  "You can attempt the following resolutions to the problem: If you are running in Graph mode, use Eager execution mode or decorate this function with @tf.function. If you are using AutoGraph, you can try decorating this function with @tf.function. If that does not work, then you may be using an unsupported feature or your source code may not be visible to AutoGraph. See https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/autograph/g3doc/reference/limitations.md#access-to-source-code for more information.";

const bracketed = (shape: readonly Dim[]): string => `[${shape.map((d) => d ?? "?").join(",")}]`;

function differing(a: readonly Dim[], b: readonly Dim[]): string {
  const i = a.findIndex((d, k) => d !== null && b[k] !== null && d !== b[k]);
  return `${a[i]} and ${b[i]}`;
}
