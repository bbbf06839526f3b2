/**
 * Rules on some rows of a variable. TensorFlow's sparse kernels walk the indices in order, so a row that is named twice is updated
 * twice. Rows are independent: round r takes the r-th mention of each row, and each round is one pass over arrays.
 */
import { type DType, type DTypeName, dtypeOf } from "../../../core/dtype.ts";
import { elementAt, type NdArray, type NumberArray, setElement } from "../../../core/nd_array.ts";
import { rounder } from "../../rounding.ts";
import type { Arithmetic } from "./rules.ts";

/** An array of numbers, or one number for all. */
export type Numbers = Float32Array | Float64Array | number;

const lengthOf = (x: Numbers): number => (typeof x === "number" ? -1 : x.length);
const at = (x: Numbers, i: number): number => (typeof x === "number" ? x : x[i]!);

/** Arithmetic over arrays, rounded to the dtype after each step. */
export function arrayArithmetic(dtype: DTypeName): Arithmetic<Numbers> {
  const isDouble = dtype === "float64";
  const isShort = dtype === "float16" || dtype === "bfloat16";
  const make = (n: number): Float32Array | Float64Array => (isDouble ? new Float64Array(n) : new Float32Array(n));
  const rounded = rounder(dtypeOf(dtype));
  const map =
    (fn: (x: number) => number) =>
    (x: Numbers): Numbers => {
      if (typeof x === "number") return rounded(fn(x));
      const out = make(x.length);
      for (let i = 0; i < out.length; i++) out[i] = isShort ? rounded(fn(x[i]!)) : fn(x[i]!);
      return out;
    };
  const zip =
    (fn: (x: number, y: number) => number) =>
    (x: Numbers, y: Numbers): Numbers => {
      const n = Math.max(lengthOf(x), lengthOf(y));
      if (n < 0) return rounded(fn(x as number, y as number));
      const out = make(n);
      for (let i = 0; i < n; i++) out[i] = isShort ? rounded(fn(at(x, i), at(y, i))) : fn(at(x, i), at(y, i));
      return out;
    };
  return {
    add: zip((x, y) => x + y),
    sub: zip((x, y) => x - y),
    mul: zip((x, y) => x * y),
    div: zip((x, y) => x / y),
    max: zip(Math.max),
    min: zip(Math.min),
    pow: zip((x, y) => x ** y),
    neg: map((x) => -x),
    abs: map(Math.abs),
    sign: map(Math.sign),
    sqrt: map(Math.sqrt),
    rsqrt: map((x) => 1 / Math.sqrt(x)),
    square: map((x) => x * x),
    exp: map(Math.exp),
    cast: (x) => (typeof x === "number" ? rounded(x) : x),
    scalar: (value) => rounded(value),
    known: (x) => (typeof x === "number" ? x : undefined),
  };
}

/** Positions of the indices, round by round: a row is in a round at most once. */
export function roundsOf(indices: ArrayLike<number>): readonly (readonly number[])[] {
  const mentions = new Map<number, number>();
  const rounds: number[][] = [];
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    const round = mentions.get(row) ?? 0;
    mentions.set(row, round + 1);
    if (round === rounds.length) rounds.push([]);
    rounds[round]!.push(i);
  }
  return rounds;
}

const isPlain = (dtype: DType): boolean => dtype.base === "float32" || dtype.base === "float64";

/** The numbers of some rows, one after another. */
export function takeRows(array: NdArray, rows: readonly number[], size: number): Float32Array | Float64Array {
  const out =
    array.dtype.base === "float64" ? new Float64Array(rows.length * size) : new Float32Array(rows.length * size);
  const data = array.data as NumberArray;
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < size; k++) {
      const from = row * size + k;
      out[i * size + k] = isPlain(array.dtype) ? (data[from] as number) : (elementAt(array, from) as number);
    }
  }
  return out;
}

/** Writes rows back in place. */
export function putRows(array: NdArray, rows: readonly number[], size: number, values: Numbers): void {
  const data = array.data as NumberArray;
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < size; k++) {
      const value = at(values, i * size + k);
      if (isPlain(array.dtype)) data[row * size + k] = value;
      else setElement(array.dtype, data, row * size + k, value);
    }
  }
}
