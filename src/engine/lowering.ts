/** What an op's `lower` writes with: one method a primitive, numpy's broadcasting done on the way, constants folded as they appear. */
import type { DTypeName } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { FullShape } from "../core/shape.ts";
import type {
  BinaryFunction,
  CheckNumbers,
  ConvolutionGeometry,
  Distribution,
  ReduceFunction,
  UnaryFunction,
  Value,
  WindowGeometry,
} from "./primitive.ts";

/** A variable while lowering: a reference edge or a resource handle that is known. `shape` is null while it has no value. */
export interface VariableRef {
  readonly slot: number;
  readonly name: string;
  readonly dtype: DTypeName;
  /** False until some resource variable of the session has got a value: TensorFlow words a missing value differently then. */
  readonly hasContainer?: boolean;
}

export type ErrorOf = (numbers: CheckNumbers) => Error;

type Unary = { readonly [F in UnaryFunction]: (x: Value) => Value };
/** Operands broadcast as numpy does; both have one dtype. `onError` words integer division by zero and the like. */
type Binary = { readonly [F in BinaryFunction]: (x: Value, y: Value, onError?: ErrorOf) => Value };

export interface Lowering extends Unary, Binary {
  constant(array: NdArray): Value;
  /** A scalar constant. */
  scalar(value: number | bigint | boolean, dtype: DTypeName): Value;
  /** A constant of one repeated value; costs no memory. */
  fill(value: number | bigint | boolean, dtype: DTypeName, shape: FullShape): Value;
  /** An int32 (or given dtype) constant list, for shapes and axes. */
  list(values: readonly number[], dtype?: DTypeName): Value;
  iota(dtype: DTypeName, shape: FullShape, axis: number): Value;

  /** The value as numbers. When it is not constant, the planner ends the segment, computes it, and lowers this op again: call it before effects. */
  concrete(x: Value): NdArray;
  /** `concrete` as plain numbers: shapes, axes, sizes. */
  numbers(x: Value): number[];
  /** The value as numbers if it is constant already. */
  constantOf(x: Value): NdArray | undefined;

  select(condition: Value, then: Value, otherwise: Value): Value;
  cast(x: Value, dtype: DTypeName): Value;
  bitcast(x: Value, dtype: DTypeName): Value;

  /** Axes may be negative; `keepDims` leaves ones. */
  reduce(fn: ReduceFunction, x: Value, axes: readonly number[], keepDims?: boolean): Value;
  sum(x: Value, axes: readonly number[], keepDims?: boolean): Value;
  argReduce(fn: "max" | "min", x: Value, axis: number, dtype: "int32" | "int64"): Value;

  reshape(x: Value, shape: FullShape): Value;
  transpose(x: Value, perm: readonly number[]): Value;
  broadcast(x: Value, shape: FullShape): Value;
  slice(x: Value, begin: readonly number[], size: readonly number[], strides?: readonly number[]): Value;
  dynamicSlice(x: Value, begin: Value, size: readonly number[], onError: ErrorOf): Value;
  pad(
    x: Value,
    low: readonly number[],
    high: readonly number[],
    options?: { fill?: Value; interior?: readonly number[] },
  ): Value;
  concat(xs: readonly Value[], axis: number): Value;
  reverse(x: Value, axes: readonly number[]): Value;

  /** Leading (batch) dimensions broadcast. */
  matmul(a: Value, b: Value, options?: { transposeA?: boolean; transposeB?: boolean }): Value;
  convolution(
    fn: "forward" | "inputGradient" | "filterGradient",
    x: Value,
    y: Value,
    geometry: ConvolutionGeometry,
  ): Value;
  window(fn: "max" | "average", x: Value, geometry: WindowGeometry): Value;
  windowGradient(fn: "max" | "average", inputs: readonly Value[], geometry: WindowGeometry): Value;

  /** `details`: values whose elements the error's text needs. */
  gather(
    params: Value,
    indices: Value,
    options?: { axis?: number; batchDims?: number; onError?: ErrorOf; details?: readonly Value[] },
  ): Value;
  scatter(
    fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min",
    base: Value,
    indices: Value,
    updates: Value,
    onError?: ErrorOf,
    details?: readonly Value[],
  ): Value;
  order(x: Value, descending: boolean): Value;
  /**
   * For each element of x [n] (int32 or int64) the position of the first that equals it, int32: duplicates are found without a shape that depends on
   * values. `scatter("add", zeros [n, …], firstEqual(x), rows)` sums rows of equal keys, and `firstEqual(x) == iota` marks one of each.
   */
  firstEqual(x: Value): Value;
  scan(fn: "sum" | "prod", x: Value, axis: number, options?: { exclusive?: boolean; reverse?: boolean }): Value;

  /**
   * A stateful draw; the op's counter lives in the session. `inputs`: min and max of integers. The dtype of shuffle is int32.
   * With a seed (int32 or int64 [2], or uint64 [3] as key and counter) the draw is stateless.
   */
  random(
    distribution: Distribution,
    dtype: DTypeName,
    shape: FullShape,
    inputs?: readonly Value[],
    seed?: Value,
  ): Value;

  /** Throws FAILED_PRECONDITION `Attempting to use uninitialized value w` when it has none. */
  read(variable: VariableRef): Value;
  /** The shape of the variable's value, or null while it has none. */
  shapeOf(variable: VariableRef): FullShape | null;
  write(variable: VariableRef, value: Value): void;
  /** Fails the run when an element of the condition is false. */
  check(condition: Value, onError: ErrorOf, details?: readonly Value[]): void;
}
