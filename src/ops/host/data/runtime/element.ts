/** Elements: numbers out of scalars, rows of arrays as views, arrays that are kept or given away. */
import { invalidArgument } from "../../../../core/error.ts";
import { type Elements, NdArray } from "../../../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../../../core/shape.ts";
import { copyArray } from "../../arrays.ts";
import type { Element } from "./dataset.ts";

/** The number in a scalar. Throws INVALID_ARGUMENT in TensorFlow's words for another shape. */
export function scalar(array: NdArray, name: string): number {
  if (array.shape.length !== 0) throw invalidArgument(`${name} must be a scalar`);
  return Number(array.data[0]);
}

/** The integer in a scalar. */
export const wholeOf = (array: NdArray): bigint => BigInt(array.data[0] as number | bigint);

export const flag = (array: NdArray): boolean => array.data[0] === 1;

/** Row i without a copy: shape of the array without its first dimension. */
export function rowView(array: NdArray, i: number, inner: FullShape, step: number): NdArray {
  const { data } = array;
  const from = i * step;
  const part = ArrayBuffer.isView(data)
    ? (data as Float32Array).subarray(from, from + step)
    : data.slice(from, from + step);
  return new NdArray(array.dtype, inner, part as Elements);
}

/** The rows of arrays with equal first dimension, one by one. */
export function rowCutter(arrays: Element): (i: number) => Element {
  const parts = arrays.map((array) => {
    const inner = array.shape.slice(1);
    return { array, inner, step: elementCount(inner) * (array.dtype.isComplex ? 2 : 1) };
  });
  return (i) => parts.map(({ array, inner, step }) => rowView(array, i, inner, step));
}

/** Arrays that share no memory with what a dataset goes on to use. */
export const owned = (element: Element): Element => element.map(ownedArray);

function ownedArray(array: NdArray): NdArray {
  const { data } = array;
  return ArrayBuffer.isView(data) && data.byteLength < data.buffer.byteLength ? copyArray(array) : array;
}

/** Copies of all arrays: for what is given out more than once. */
export const copies = (element: Element): Element =>
  element.map((array) => (array instanceof NdArray ? copyArray(array) : array));
