/** Eager tensors: values with the methods of tensors. Source: ops.py, EagerTensor. */
import type { DType } from "../core/dtype.ts";
import { AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { type FullShape, formatShapePython } from "../core/shape.ts";
import { inspectKey, isOutermost } from "../core/text/inspect.ts";
import { numpyText } from "../core/text/numpy_text.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { Tensor } from "../graph/tensor.ts";
import { constantTensor } from "../ops/constant.ts";
import type { VariableValue } from "../session/plan/values.ts";

/** What an eager tensor holds: an array, or the variable that a handle stands for. */
export type EagerValue = NdArray | VariableValue;

/** A tensor with a value. It lives as long as somebody holds it, and so does its memory. */
export class EagerTensor extends Tensor {
  readonly value: EagerValue;

  constructor(op: Operation, index: number, dtype: DType, shape: FullShape, value: EagerValue) {
    super(op, index, dtype, shape);
    this.value = value;
  }

  override get name(): string {
    throw undefinedHere("name");
  }

  override get shownName(): string {
    return `shape=${formatShapePython(this.shape)} dtype=${this.dtype.name}`;
  }

  override get device(): string {
    return "/job:localhost/replica:0/task:0/device:CPU:0";
  }

  override get knownValue(): NdArray | null {
    return this.value instanceof NdArray ? this.value : null;
  }

  /** In a graph a constant of the value; where a function is written, an argument of it. */
  override here(): Tensor {
    const graph = getDefaultGraph();
    if (graph.isEager || "capture" in graph) return this;
    if (this.value instanceof NdArray && this.dtype.isNumpyCompatible) return constantTensor(this.value);
    throw new RuntimeError(`${this.dtype.name}: Attempting to capture an EagerTensor without building a function.`);
  }

  /** The value: not a copy. Throws TypeError for handles. */
  override numpy(): NdArray {
    if (this.value instanceof NdArray && this.dtype.isNumpyCompatible) return this.value;
    throw new TypeError(`Cannot convert a Tensor of dtype ${this.dtype.name} to a NumPy array.`);
  }

  override consumers(): never {
    throw new NotImplementedError("Tensor.consumers is undefined when eager execution is enabled.");
  }

  override eval(): never {
    throw new NotImplementedError(
      "eval is not supported when eager execution is enabled, is .numpy() what you're looking for?",
    );
  }

  override setShape(shape: Tensor["shape"]): void {
    if (shape === null || shape.length === undefined) return;
    const own = this.shape!;
    if (shape.length === own.length && shape.every((d, i) => d === null || d === own[i])) return;
    throw new ValueError(
      `Tensor's shape ${formatShapePython(own)} is not compatible with supplied shape ${formatShapePython(shape)}`,
    );
  }

  /** `tf.Tensor(2.0, shape=(), dtype=float32)`; an array of rows begins on a line of its own. */
  override toString(): string {
    const text =
      this.value instanceof NdArray && this.dtype.isNumpyCompatible ? this.value.toString() : "<unprintable>";
    const shown = text.includes("\n") ? `\n${text}` : text;
    return `tf.Tensor(${shown}, shape=${formatShapePython(this.shape)}, dtype=${this.dtype.name})`;
  }

  /** `<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>`. */
  override repr(): string {
    const value = this.dtype.isNumpyCompatible ? `numpy=${numpyText(this.numpy())}` : "value=<unprintable>";
    return `<tf.Tensor: shape=${formatShapePython(this.shape)}, dtype=${this.dtype.name}, ${value}>`;
  }

  /** The number of a tensor of one element, for comparisons and arithmetic of JavaScript. */
  override valueOf(): never {
    return this.numpy().valueOf() as never;
  }

  override [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    return this.numpy()[Symbol.toPrimitive](hint) as string;
  }

  /** The rows along the first axis. Throws TypeError for a scalar. */
  override [Symbol.iterator](): never {
    const { shape } = this;
    if (shape!.length === 0) throw new TypeError("Cannot iterate over a scalar tensor.");
    return rows(this) as never;
  }

  override [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}

function* rows(tensor: EagerTensor): Generator<Tensor> {
  for (let i = 0; i < tensor.shape![0]!; i++) yield tensor.at(i);
}

const undefinedHere = (what: string): AttributeError =>
  new AttributeError(`Tensor.${what} is undefined when eager execution is enabled.`);
