/** `tf.keras.backend`: arithmetic, element by element and over axes. Source: tf_keras/src/backend.py. */
import { bool, type DType, int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as ops from "../../../ops/index.ts";
import { floatx } from "../state.ts";

export interface ReduceOptions {
  readonly axis?: number | readonly number[] | null | undefined;
  readonly keepdims?: boolean | undefined;
}
/** The axis itself, or options that hold it. */
export type Axis = number | { readonly axis?: number | undefined };
type Axes = ReduceOptions | number | readonly number[] | null;

export const axisOf = (given: Axis | undefined, otherwise: number): number =>
  typeof given === "number" ? given : (given?.axis ?? otherwise);

const optionsOf = (given: Axes | undefined): { axis?: number | readonly number[] | null; keepdims: boolean } => {
  const { axis, keepdims = false } =
    typeof given === "number" || Array.isArray(given) || given === null
      ? { axis: given as number | readonly number[] | null }
      : ((given as ReduceOptions | undefined) ?? {});
  return { ...(axis === undefined ? {} : { axis }), keepdims };
};

/** bool as the default float dtype; everything else as it is. */
const numeric = (x: TensorLike): Tensor => {
  const given = convertToTensor(x);
  return given.dtype.baseDtype === bool ? (ops.cast(given, floatx()) as Tensor) : given;
};
type Reduction = (x: TensorLike, axes?: Axes) => Tensor;
const reduction =
  (op: (x: Tensor, options: object) => Tensor, prepare: (x: TensorLike) => Tensor): Reduction =>
  (x, axes) =>
    op(prepare(x), optionsOf(axes));
const asIs = (x: TensorLike): Tensor => convertToTensor(x);
const asBool = (x: TensorLike): Tensor => ops.cast(convertToTensor(x), bool) as Tensor;

export const sum: Reduction = reduction((x, o) => ops.reduceSum(x, o), asIs);
export const prod: Reduction = reduction((x, o) => ops.reduceProd(x, o), asIs);
export const max: Reduction = reduction((x, o) => ops.reduceMax(x, o), asIs);
export const min: Reduction = reduction((x, o) => ops.reduceMin(x, o), asIs);
/** Of bools, the part that is true. */
export const mean: Reduction = reduction((x, o) => ops.reduceMean(x, o), numeric);
export const variance: Reduction = reduction((x, o) => ops.reduceVariance(x, o), numeric);
export const std: Reduction = reduction((x, o) => ops.reduceStd(x, o), numeric);
export const any: Reduction = reduction((x, o) => ops.reduceAny(x, o), asBool);
export const all: Reduction = reduction((x, o) => ops.reduceAll(x, o), asBool);

export const argmax = (x: TensorLike, axis?: Axis): Tensor => ops.argmax(convertToTensor(x), axisOf(axis, -1));
export const argmin = (x: TensorLike, axis?: Axis): Tensor => ops.argmin(convertToTensor(x), axisOf(axis, -1));
export const cumsum = (x: TensorLike, axis?: Axis): Tensor => ops.cumsum(convertToTensor(x), axisOf(axis, 0));
export const cumprod = (x: TensorLike, axis?: Axis): Tensor => ops.cumprod(convertToTensor(x), axisOf(axis, 0));

type Unary = (x: TensorLike) => Tensor;
type Binary = (x: TensorLike, y: TensorLike) => Tensor;
export const abs: Unary = (x) => ops.abs(x) as Tensor;
export const square: Unary = (x) => ops.square(x);
/** Of negative numbers 0. */
export const sqrt: Unary = (x) => ops.sqrt(ops.maximum(x, 0)) as Tensor;
export const exp: Unary = (x) => ops.exp(x);
export const log: Unary = (x) => ops.log(x) as Tensor;
export const round: Unary = (x) => ops.round(x);
export const sign: Unary = (x) => ops.sign(x) as Tensor;
export const sin: Unary = (x) => ops.sin(x) as Tensor;
export const cos: Unary = (x) => ops.cos(x) as Tensor;
export const pow = (x: TensorLike, a: TensorLike): Tensor => ops.pow(x, a) as Tensor;
export const clip = (x: TensorLike, minValue: TensorLike | null, maxValue: TensorLike | null): Tensor =>
  ops.clipByValue(convertToTensor(x), minValue ?? Number.NEGATIVE_INFINITY, maxValue ?? Number.POSITIVE_INFINITY);
export const equal: Binary = (x, y) => ops.equal(x, y);
export const notEqual: Binary = (x, y) => ops.notEqual(x, y);
export const greater: Binary = (x, y) => ops.greater(x, y);
export const greaterEqual: Binary = (x, y) => ops.greaterEqual(x, y);
export const less: Binary = (x, y) => ops.less(x, y);
export const lessEqual: Binary = (x, y) => ops.lessEqual(x, y);
export const maximum: Binary = (x, y) => ops.maximum(x, y);
export const minimum: Binary = (x, y) => ops.minimum(x, y);

/** x over its norm along an axis. */
export const l2Normalize = (x: TensorLike, axis?: number | { readonly axis?: number | null }): Tensor => {
  const given = typeof axis === "number" ? axis : (axis?.axis ?? null);
  return given === null ? ops.l2Normalize(x) : ops.l2Normalize(x, { axis: given });
};

/** Products over the last axis of x and the one before the last of y; of matrices, the product. */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = [convertToTensor(x), convertToTensor(y)];
  const [rankA, rankB] = [a.shape!.length, b.shape!.length];
  if (rankA <= 2 && rankB <= 2) return ops.matmul(a, b);
  return ops.tensordot(a, b, [[rankA - 1], [Math.max(rankB - 2, 0)]]);
}

/** Products of the examples of two batches along an axis of each: [n, …] with [n, …] to [n, …], at least [n, 1]. */
export function batchDot(x: TensorLike, y: TensorLike, axes?: number | readonly [number, number] | null): Tensor {
  const [a, b] = [convertToTensor(x), convertToTensor(y)];
  const [rankA, rankB] = [a.shape!.length, b.shape!.length];
  const pair = axes ?? (rankB === 2 ? [rankA - 1, rankB - 1] : [rankA - 1, rankB - 2]);
  const [i, j] = (typeof pair === "number" ? [pair, pair] : pair).map((axis, k) =>
    axis < 0 ? axis + (k === 0 ? rankA : rankB) : axis,
  ) as [number, number];
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const left = [...letters.slice(1, rankA)];
  const right = [...letters.slice(rankA, rankA + rankB - 1)];
  right[j - 1] = left[i - 1]!;
  const out = [...left.filter((_, k) => k !== i - 1), ...right.filter((_, k) => k !== j - 1)];
  const product = ops.einsum(`a${left.join("")},a${right.join("")}->a${out.join("")}`, a, b);
  return out.length === 0 ? ops.expandDims(product, 1) : product;
}

/** start, start + step, … before stop: int32 unless another dtype is asked for. */
export function arange(
  start: number,
  stop: number | null = null,
  options: { readonly step?: number; readonly dtype?: DType } = {},
): Tensor {
  const { step = 1, dtype = int32 } = options;
  const [from, to] = stop === null ? [0, start] : [start, stop];
  const result = ops.range(from, Math.max(from, to), step);
  return result.dtype.baseDtype === dtype ? result : (ops.cast(result, dtype) as Tensor);
}
