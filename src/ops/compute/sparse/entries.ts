/** Sparse arrays as kernels see them: coordinates as numbers, values of any dtype. */
import type { DType } from "../../../core/dtype.ts";
import { int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { type Elements, type NdArray, setElement } from "../../../core/nd_array.ts";
import { type FullShape, formatShape } from "../../../core/shape.ts";
import { integerArray, toNumbers } from "../array/basic/elements.ts";

/** n coordinates of `rank` numbers each, one after the other. */
export interface Entries {
  readonly n: number;
  readonly rank: number;
  readonly coordinates: ArrayLike<number>;
}

/** The rows of an int64 [n, rank] matrix. Throws INVALID_ARGUMENT for another shape. */
export function entriesOf(indices: NdArray, name = "indices"): Entries {
  if (indices.shape.length !== 2) {
    throw new InvalidArgumentError(`Input ${name} should be a matrix but received shape ${formatShape(indices.shape)}`);
  }
  return { n: indices.shape[0]!, rank: indices.shape[1]!, coordinates: toNumbers(indices) };
}

export const shapeOfArray = (shape: NdArray): number[] => Array.from(toNumbers(shape));

/** Checks indices [n, rank], values [n] and shape [rank] against each other. */
export function checkParts(indices: NdArray, values: NdArray, shape: NdArray): void {
  if (indices.shape.length !== 2)
    throw new InvalidArgumentError(`Input indices should be a matrix but received shape ${formatShape(indices.shape)}`);
  if (values.shape.length !== 1)
    throw new InvalidArgumentError(`Input values should be a vector but received shape ${formatShape(values.shape)}`);
  if (shape.shape.length !== 1)
    throw new InvalidArgumentError(`Input shape should be a vector but received shape ${formatShape(shape.shape)}`);
  if (indices.shape[0] !== values.shape[0]) {
    throw new InvalidArgumentError(
      `Number of values must match first dimension of indices. Got ${values.shape[0]} values, indices shape: ${formatShape(indices.shape)}`,
    );
  }
  if (indices.shape[1] !== shape.shape[0]) {
    throw new InvalidArgumentError(
      `Number of dimensions must match second dimension of indices. Got ${shape.shape[0]} dimensions, indices shape: ${formatShape(indices.shape)}`,
    );
  }
}

export const coordinate = (entries: Entries, i: number, d: number): number =>
  entries.coordinates[i * entries.rank + d]!;

/** Row-major order of two coordinates: negative, zero or positive. */
export function compareEntries(a: Entries, i: number, b: Entries, j: number): number {
  for (let d = 0; d < a.rank; d++) {
    const difference = coordinate(a, i, d) - coordinate(b, j, d);
    if (difference !== 0) return difference;
  }
  return 0;
}

const shown = (entries: Entries, i: number): string =>
  `[${Array.from({ length: entries.rank }, (_, d) => coordinate(entries, i, d)).join(",")}]`;

/** Throws TensorFlow's words when coordinates are out of bounds, out of order or repeated. Source: sparse_tensor.cc, IndicesValid. */
export function checkOrder(entries: Entries, shape: FullShape): void {
  for (let i = 0; i < entries.n; i++) {
    for (let d = 0; d < entries.rank; d++) {
      const x = coordinate(entries, i, d);
      if (x < 0 || x >= shape[d]!) {
        throw new InvalidArgumentError(
          `indices[${i}] = ${shown(entries, i)} is out of bounds: need 0 <= index < [${shape.join(",")}]`,
        );
      }
    }
    if (i === 0) continue;
    const order = compareEntries(entries, i - 1, entries, i);
    if (order > 0) {
      throw new InvalidArgumentError(
        `indices[${i}] = ${shown(entries, i)} is out of order. Many sparse ops require sorted indices.\n    Use \`tf.sparse.reorder\` to create a correctly ordered copy.\n\n`,
      );
    }
    if (order === 0) throw new InvalidArgumentError(`indices[${i}] = ${shown(entries, i)} is repeated`);
  }
}

/** Positions in row-major order of their coordinates; equal ones stay in order. */
export const sortedPositions = (entries: Entries): number[] =>
  Array.from({ length: entries.n }, (_, i) => i).sort((i, j) => compareEntries(entries, i, entries, j) || i - j);

/** An int64 matrix of the given coordinates. */
export const indexMatrix = (coordinates: ArrayLike<number>, rank: number): NdArray =>
  integerArray(int64, coordinates, [rank === 0 ? 0 : coordinates.length / rank, rank]);

export const int64Vector = (values: ArrayLike<number>): NdArray => integerArray(int64, values);

/** Numbers of one dtype: int64 ones are bigint, complex ones pairs. */
export type Scalar = number | bigint | readonly [number, number];

/** The arithmetic of a dtype over elements of arrays. */
export interface Arithmetic {
  readonly zero: Scalar;
  read(array: NdArray): (i: number) => Scalar;
  write(data: Elements, i: number, value: Scalar): void;
  add(a: Scalar, b: Scalar): Scalar;
  mul(a: Scalar, b: Scalar): Scalar;
  div(a: Scalar, b: Scalar): Scalar;
  abs(a: Scalar): number;
}

type Pair = readonly [number, number];

function reader(array: NdArray): (i: number) => Scalar {
  const { data, dtype } = array;
  if (dtype.isComplex) return (i) => [(data as Float32Array)[2 * i]!, (data as Float32Array)[2 * i + 1]!];
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return (i) => data[i]!;
  const numbers = toNumbers(array);
  return (i) => numbers[i]!;
}

const complexArithmetic: Omit<Arithmetic, "write"> = {
  zero: [0, 0],
  read: reader,
  add: (a, b) => [(a as Pair)[0] + (b as Pair)[0], (a as Pair)[1] + (b as Pair)[1]],
  mul: (a, b) => {
    const [[ar, ai], [br, bi]] = [a as Pair, b as Pair];
    return [ar * br - ai * bi, ar * bi + ai * br];
  },
  div: (a, b) => {
    const [[ar, ai], [br, bi]] = [a as Pair, b as Pair];
    const norm = br * br + bi * bi;
    return [(ar * br + ai * bi) / norm, (ai * br - ar * bi) / norm];
  },
  abs: (a) => Math.hypot((a as Pair)[0], (a as Pair)[1]),
};

/** The arithmetic of numbers and, by the same operators, of bigints. */
const realArithmetic = (isWhole: boolean, isBig: boolean): Omit<Arithmetic, "write"> => ({
  zero: isBig ? 0n : 0,
  read: reader,
  add: (a, b) => (a as number) + (b as number),
  mul: (a, b) => (a as number) * (b as number),
  div: (a, b) => (isWhole && !isBig ? Math.trunc((a as number) / (b as number)) : (a as number) / (b as number)),
  abs: (a) => Math.abs(Number(a)),
});

export function arithmeticOf(dtype: DType): Arithmetic {
  const isBig = dtype.base === "int64" || dtype.base === "uint64";
  const base = dtype.isComplex ? complexArithmetic : realArithmetic(dtype.isInteger, isBig);
  return {
    ...base,
    write: (data, i, value) => setElement(dtype, data, i, value),
  };
}
