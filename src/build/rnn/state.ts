/** States of recurrent cells: their sizes, and zeros of those. Source: tensorflow/python/ops/rnn_cell_impl.py. */
import type { DType } from "../../core/dtype.ts";
import { int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { namedTuple } from "../../core/print.ts";
import type { Dim } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { constantValue } from "../../graph/infer.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { TensorShape } from "../../graph/tensor_shape.ts";
import { concat, constant, expandDims, zeros } from "../../ops/index.ts";
import { flatten, type Nested, pack } from "../control_flow/structure.ts";
import type { VariableScope } from "../variables/scope.ts";

/** How many numbers a row of a state or an output has, or the shape of a row. */
export type RowSize = number | TensorShape;
/** States may have several parts. */
export type StateSize = Nested<RowSize>;
export type State = Nested<Tensor>;
export type BatchSize = number | Tensor;

/** The state of an LSTM: `c`, the cell, and `h`, its last output. A list of two. */
export class LSTMStateTuple<T = Tensor> extends Array<T> {
  constructor(c: T, h: T) {
    super();
    this.push(c, h);
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  get c(): T {
    return this[0]!;
  }

  get h(): T {
    return this[1]!;
  }

  /** Throws TypeError when c and h differ. */
  get dtype(): DType {
    const [c, h] = [this.c, this.h].map((part) => (part as Tensor).dtype) as [DType, DType];
    if (c !== h) throw new TypeError(`Inconsistent internal state: ${c} vs ${h}`);
    return c;
  }

  /** `LSTMStateTuple(c=<tf.Tensor …>, h=<tf.Tensor …>)`. */
  override toString(): string {
    return namedTuple("LSTMStateTuple", { c: this.c, h: this.h });
  }

  [inspectKey](): string {
    return this.toString();
  }

  override map<U>(fn: (value: T, index: number, array: T[]) => U): LSTMStateTuple<U> {
    return new LSTMStateTuple(fn(this.c, 0, this), fn(this.h, 1, this));
  }
}

export interface CellCallOptions {
  /** A variable scope to take instead of the cell's own. */
  readonly scope?: string | VariableScope | undefined;
}

/** What the loops ask of a cell. */
export interface Cell {
  readonly stateSize: StateSize;
  readonly outputSize: StateSize;
  zeroState(batchSize: BatchSize, dtype: DType): State;
  /** [output, next state] of one step. */
  apply(inputs: Nested<Tensor>, state: State, options?: CellCallOptions): readonly [Nested<Tensor>, State];
}

/** Throws TypeError in Python's words for what is no cell. */
export function checkCell(name: string, cell: unknown): asserts cell is Cell {
  const has = (key: string): boolean => typeof cell === "object" && cell !== null && key in cell;
  const errors = [
    ...(has("outputSize") ? [] : ["'output_size' property is missing"]),
    ...(has("stateSize") ? [] : ["'state_size' property is missing"]),
    ...(has("zeroState") ? [] : ["either 'zero_state' or 'get_initial_state' method is required"]),
    ...(has("apply") ? [] : ["is not callable"]),
  ];
  if (errors.length) throw new TypeError(`The argument '${name}' (${cell}) is not an RNNCell: ${errors.join(", ")}.`);
}

/** A part of a shape as a vector; what is known by number becomes a constant. */
function vectorOf(part: BatchSize | readonly Dim[] | null): Tensor | null {
  if (part instanceof Tensor) {
    if (part.shape?.length === 0) return expandDims(part, 0);
    if (part.shape?.length === 1) return part;
    throw new ValueError(`prefix tensor must be either a scalar or vector, but saw tensor: ${part}`);
  }
  const dims = typeof part === "number" ? [part] : part;
  if (!dims || dims.some((d) => d === null)) return null;
  return constant(dims as readonly number[], { dtype: int32 });
}

function dimsOf(part: BatchSize | readonly Dim[] | null): readonly Dim[] {
  if (part instanceof Tensor) {
    const known = constantValue(part);
    return known ? Array.from(known.data as Int32Array) : [null];
  }
  return typeof part === "number" ? [part] : (part ?? []);
}

export const rowDims = (size: RowSize): readonly Dim[] => (typeof size === "number" ? [size] : Array.from(size));

/** The size of one part: a number, or a shape of its own. */
export type PartSize = BatchSize | readonly Dim[];

/** [batch, size] as a tensor. */
export function shapeTensor(batch: BatchSize | null, size: PartSize): Tensor {
  const parts = [vectorOf(batch), vectorOf(size)];
  if (parts.includes(null)) throw new ValueError(`Provided a prefix or suffix of None: ${batch ?? "None"} and ${size}`);
  return concat(parts as Tensor[], 0);
}

/** [...outer, size] as far as it is known. Python makes constants of the parts on the way. */
export function shapeOfParts(outer: BatchSize | readonly Dim[] | null, size: PartSize): readonly Dim[] {
  vectorOf(outer);
  vectorOf(size);
  return [...dimsOf(outer), ...dimsOf(size)];
}

/** Zeros [batch, size] for each part of a state. */
export function zeroTensors(stateSize: StateSize, batchSize: BatchSize, dtype: DType): State {
  return pack(
    stateSize,
    flatten<RowSize>(stateSize).map((size) => zeroTensor(size, batchSize, dtype)),
  );
}

/** Zeros [batch, size] of one part. */
export function zeroTensor(size: PartSize, batchSize: BatchSize, dtype: DType): Tensor {
  const part = zeros(shapeTensor(batchSize, size), dtype);
  part.setShape(shapeOfParts(batchSize, size));
  return part;
}
