/** Moving elements of any dtype between arrays: what ops with data-dependent shapes are written with. */
import type { DType } from "../../../../core/dtype.ts";
import {
  allocateElements,
  bfloat16ToNumber,
  type Elements,
  halfToNumber,
  NdArray,
  type NumberArray,
} from "../../../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../../../core/shape.ts";

/** Entries of the data for each element. */
export const entriesOf = (dtype: DType): number => (dtype.isComplex ? 2 : 1);

export const emptyArray = (dtype: DType, shape: FullShape): NdArray =>
  new NdArray(dtype, shape, allocateElements(dtype, elementCount(shape)));

/** Copies `count` elements. */
export function copyElements(
  dtype: DType,
  from: Elements,
  fromAt: number,
  to: Elements,
  toAt: number,
  count: number,
): void {
  const n = entriesOf(dtype);
  if (ArrayBuffer.isView(from))
    (to as Float32Array).set((from as Float32Array).subarray(fromAt * n, (fromAt + count) * n), toAt * n);
  else for (let i = 0; i < count; i++) (to as Uint8Array[])[toAt + i] = from[fromAt + i]!;
}

/** Rows of `size` elements of the source, in the order of `rows`, as an array of the shape. */
export function takeRows(source: NdArray, rows: ArrayLike<number>, size: number, shape: FullShape): NdArray {
  const result = emptyArray(source.dtype, shape);
  for (let i = 0; i < rows.length; i++)
    copyElements(source.dtype, source.data, rows[i]! * size, result.data, i * size, size);
  return result;
}

/** An int32 or int64 array of numbers. */
export function integerArray(dtype: DType, values: ArrayLike<number>, shape: FullShape = [values.length]): NdArray {
  const data =
    dtype.base === "int64" ? BigInt64Array.from(values as number[], BigInt) : Int32Array.from(values as number[]);
  return new NdArray(dtype, shape, data);
}

/** The elements as numbers; 64-bit ones lose what a double cannot hold. */
export function toNumbers(array: NdArray): ArrayLike<number> {
  const { data, dtype } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data as BigInt64Array, Number);
  if (dtype.base === "float16") return Array.from(data as Uint16Array, halfToNumber);
  if (dtype.base === "bfloat16") return Array.from(data as Uint16Array, bfloat16ToNumber);
  return data as Exclude<NumberArray, BigInt64Array | BigUint64Array>;
}

const latin1 = new TextDecoder("latin1");

/** Reads a key that is equal for equal elements; NaN equals nothing, so it has no key. */
export function keyReader(array: NdArray): (i: number) => unknown {
  const { data, dtype } = array;
  if (!ArrayBuffer.isView(data)) return (i) => latin1.decode(data[i]!);
  if (dtype.isComplex) {
    return (i) => {
      const [re, im] = [(data as Float32Array)[2 * i]!, (data as Float32Array)[2 * i + 1]!];
      return Number.isNaN(re) || Number.isNaN(im) ? Symbol("NaN") : `${re + 0},${im + 0}`;
    };
  }
  if (!dtype.isFloating) return (i) => data[i];
  const numbers = toNumbers(array);
  return (i) => (Number.isNaN(numbers[i]!) ? Symbol("NaN") : numbers[i]);
}

/** Compares elements as numbers, or strings bytewise: negative, zero or positive. */
export function comparer(a: NdArray, b: NdArray): (i: number, j: number) => number {
  const [x, y] = [a.data, b.data];
  if (!ArrayBuffer.isView(x) || !ArrayBuffer.isView(y)) {
    return (i, j) => compareBytes((x as readonly Uint8Array[])[i]!, (y as readonly Uint8Array[])[j]!);
  }
  const [m, n] =
    a.data instanceof BigInt64Array || a.data instanceof BigUint64Array ? [x, y] : [toNumbers(a), toNumbers(b)];
  return (i, j) =>
    (m as Float64Array)[i]! < (n as Float64Array)[j]! ? -1 : (m as Float64Array)[i]! > (n as Float64Array)[j]! ? 1 : 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
