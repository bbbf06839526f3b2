/** Rows of arrays, and arrays of rows: what queues, readers, TensorArrays and datasets move. */
import type { DType } from "../../core/dtype.ts";
import { allocateElements, type Elements, NdArray } from "../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";

type Sliceable = { slice(from?: number, to?: number): Elements };

/** Stored numbers of one element: two for complex dtypes. */
const widthOf = (dtype: DType): number => (dtype.isComplex ? 2 : 1);

/** A copy with elements of its own. */
export const copyArray = (array: NdArray): NdArray =>
  new NdArray(array.dtype, array.shape, (array.data as unknown as Sliceable).slice());

/** A copy of rows from <= i < to: shape [to - from, ...]. */
export function sliceRows(array: NdArray, from: number, to: number): NdArray {
  const shape = array.shape.slice(1);
  const step = elementCount(shape) * widthOf(array.dtype);
  const data = (array.data as unknown as Sliceable).slice(from * step, to * step);
  return new NdArray(array.dtype, [to - from, ...shape], data);
}

/** A copy of row i: array[i]. */
export function rowOf(array: NdArray, i: number): NdArray {
  const row = sliceRows(array, i, i + 1);
  return new NdArray(row.dtype, row.shape.slice(1), row.data);
}

/** Row i of numbers as a view, of strings as a copy. */
export function rowViewOf(array: NdArray, i: number): NdArray {
  const { data, dtype } = array;
  if (!ArrayBuffer.isView(data)) return rowOf(array, i);
  const shape = array.shape.slice(1);
  const step = elementCount(shape) * widthOf(dtype);
  return new NdArray(dtype, shape, (data as Float32Array).subarray(i * step, (i + 1) * step));
}

/** Copies `source` into `target` from element `at` on. */
export function copyElements(source: NdArray, target: Elements, at: number): void {
  const offset = at * widthOf(source.dtype);
  if (ArrayBuffer.isView(target)) (target as Float32Array).set(source.data as Float32Array, offset);
  else {
    const strings = target as Uint8Array[];
    for (let i = 0; i < source.data.length; i++) strings[offset + i] = source.data[i] as Uint8Array;
  }
}

/** Elements of any dtype, all zero (or empty). */
export function zeros(dtype: DType, shape: FullShape): NdArray {
  return new NdArray(dtype, shape, allocateElements(dtype, elementCount(shape)));
}

/** Arrays of one shape as the rows of one: [n, ...shape]. */
export function stackRows(dtype: DType, shape: FullShape, rows: readonly NdArray[]): NdArray {
  const result = zeros(dtype, [rows.length, ...shape]);
  const step = elementCount(shape);
  for (const [i, row] of rows.entries()) copyElements(row, result.data, i * step);
  return result;
}

/** Arrays of one inner shape after each other: [sum of rows, ...]. */
export function joinRows(dtype: DType, inner: FullShape, arrays: readonly NdArray[]): NdArray {
  const result = zeros(dtype, [arrays.reduce((n, array) => n + array.shape[0]!, 0), ...inner]);
  let at = 0;
  for (const array of arrays) {
    copyElements(array, result.data, at);
    at += array.size;
  }
  return result;
}

/** Arrays of one rank as the rows of one, each in the corner of a box of `shape`; what is left has the value of `padding` (0 or "" without one). */
export function stackPadded(dtype: DType, shape: FullShape, rows: readonly NdArray[], padding?: NdArray): NdArray {
  const result = zeros(dtype, [rows.length, ...shape]);
  const width = widthOf(dtype);
  if (padding) fillWith(result.data, padding, width);
  const step = elementCount(shape);
  for (const [i, row] of rows.entries()) copyCorner(row, result.data, shape, i * step, width);
  return result;
}

function fillWith(data: Elements, value: NdArray, width: number): void {
  const target = data as unknown as { [i: number]: unknown; length: number };
  for (let i = 0; i < target.length; i++) target[i] = value.data[i % width];
}

function copyCorner(row: NdArray, target: Elements, shape: FullShape, base: number, width: number): void {
  const rank = shape.length;
  const run = rank === 0 ? 1 : row.shape[rank - 1]!;
  const runs = run === 0 ? 0 : row.size / run;
  const to = target as unknown as { [i: number]: unknown };
  for (let k = 0; k < runs; k++) {
    let rest = k;
    let at = 0;
    let stride = rank === 0 ? 1 : shape[rank - 1]!;
    for (let d = rank - 2; d >= 0; d--) {
      at += (rest % row.shape[d]!) * stride;
      rest = Math.floor(rest / row.shape[d]!);
      stride *= shape[d]!;
    }
    const source = k * run * width;
    const offset = (base + at) * width;
    for (let i = 0; i < run * width; i++) to[offset + i] = row.data[source + i];
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The strings of an array as text. */
export const textsOf = (array: NdArray): string[] =>
  (array.data as readonly Uint8Array[]).map((bytes) => decoder.decode(bytes));

export const bytesOfText = (text: string): Uint8Array => encoder.encode(text);

/** Bytes that an array holds. */
export const sizeBytesOf = (array: NdArray): number =>
  ArrayBuffer.isView(array.data)
    ? array.data.byteLength
    : array.data.reduce((n, bytes) => n + ((bytes as Uint8Array).length ?? 0), 0);

/** The one string of an array, as text. */
export const textOf = (array: NdArray): string => decoder.decode((array.data as readonly Uint8Array[])[0]);
