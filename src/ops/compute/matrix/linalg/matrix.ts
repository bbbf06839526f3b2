/** Matrices of complex numbers in doubles: what the decompositions work on, whatever the dtype of the tensor. */
import type { DType } from "../../../../core/dtype.ts";
import { allocateElements, halfToNumber, NdArray, type NumberArray, numberToHalf } from "../../../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../../../core/shape.ts";

/** Row-major; `im` is all zeros for real matrices. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export const zeros = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  re: new Float64Array(rows * columns),
  im: new Float64Array(rows * columns),
});

export function identity(n: number): Matrix {
  const m = zeros(n, n);
  for (let i = 0; i < n; i++) m.re[i * n + i] = 1;
  return m;
}

export const copy = (a: Matrix): Matrix => ({ ...a, re: a.re.slice(), im: a.im.slice() });

/** The conjugate transpose. */
export function adjoint(a: Matrix): Matrix {
  const t = zeros(a.columns, a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) {
      t.re[j * a.rows + i] = a.re[i * a.columns + j]!;
      t.im[j * a.rows + i] = -a.im[i * a.columns + j]!;
    }
  }
  return t;
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  const c = zeros(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const [x, y] = [a.re[i * a.columns + k]!, a.im[i * a.columns + k]!];
      for (let j = 0; j < b.columns; j++) {
        const [u, v] = [b.re[k * b.columns + j]!, b.im[k * b.columns + j]!];
        c.re[i * b.columns + j]! += x * u - y * v;
        c.im[i * b.columns + j]! += x * v + y * u;
      }
    }
  }
  return c;
}

/** a + factor b. */
export function addScaled(a: Matrix, b: Matrix, factor: number): Matrix {
  const c = copy(a);
  for (let i = 0; i < c.re.length; i++) {
    c.re[i]! += factor * b.re[i]!;
    c.im[i]! += factor * b.im[i]!;
  }
  return c;
}

export const scale = (a: Matrix, factor: number): Matrix => addScaled(zeros(a.rows, a.columns), a, factor);

/** Rows and columns from 0 to those counts. */
export function leading(a: Matrix, rows: number, columns: number): Matrix {
  const part = zeros(rows, columns);
  for (let i = 0; i < rows; i++) {
    part.re.set(a.re.subarray(i * a.columns, i * a.columns + columns), i * columns);
    part.im.set(a.im.subarray(i * a.columns, i * a.columns + columns), i * columns);
  }
  return part;
}

export function swapRows(a: Matrix, i: number, j: number): void {
  if (i === j) return;
  for (const data of [a.re, a.im]) {
    const row = data.slice(i * a.columns, (i + 1) * a.columns);
    data.copyWithin(i * a.columns, j * a.columns, (j + 1) * a.columns);
    data.set(row, j * a.columns);
  }
}

export function swapColumns(a: Matrix, i: number, j: number): void {
  if (i === j) return;
  for (const data of [a.re, a.im]) {
    for (let row = 0; row < a.rows; row++) {
      const at = row * a.columns;
      [data[at + i], data[at + j]] = [data[at + j]!, data[at + i]!];
    }
  }
}

/** The quotient of two complex numbers, without overflow in between. */
export function quotient(a: number, b: number, c: number, d: number): [number, number] {
  if (d === 0) return [a / c, b / c];
  if (Math.abs(c) >= Math.abs(d)) {
    const r = d / c;
    const den = c + d * r;
    return [(a + b * r) / den, (b - a * r) / den];
  }
  const r = c / d;
  const den = c * r + d;
  return [(a * r + b) / den, (b * r - a) / den];
}

const isHalf = (dtype: DType): boolean => dtype.base === "float16";

/** The matrices in the last two dimensions, in order. */
export function matricesOf(array: NdArray): Matrix[] {
  const [rows, columns] = array.shape.slice(-2) as [number, number];
  const size = rows * columns;
  const count = elementCount(array.shape.slice(0, -2));
  const data = array.data as NumberArray;
  return Array.from({ length: count }, (_, k) => {
    const m = zeros(rows, columns);
    for (let i = 0; i < size; i++) {
      const at = k * size + i;
      if (array.dtype.isComplex) {
        m.re[i] = data[2 * at] as number;
        m.im[i] = data[2 * at + 1] as number;
      } else m.re[i] = isHalf(array.dtype) ? halfToNumber(data[at] as number) : (data[at] as number);
    }
    return m;
  });
}

/** One array of all matrices behind batch dimensions; `shape` is that of one. */
export function packMatrices(dtype: DType, batch: FullShape, shape: FullShape, matrices: readonly Matrix[]): NdArray {
  const size = elementCount(shape);
  const data = allocateElements(dtype, elementCount(batch) * size) as NumberArray;
  for (const [k, m] of matrices.entries()) {
    for (let i = 0; i < size; i++) {
      const at = k * size + i;
      if (dtype.isComplex) {
        data[2 * at] = m.re[i]!;
        data[2 * at + 1] = m.im[i]!;
      } else data[at] = isHalf(dtype) ? numberToHalf(m.re[i]!) : m.re[i]!;
    }
  }
  return new NdArray(dtype, [...batch, ...shape], data);
}
