/** LU factors with partial pivoting, triangular systems, and Cholesky factors. */
import { copy, identity, type Matrix, quotient, swapRows } from "./matrix.ts";

export interface Factors {
  /** The unit lower factor below the diagonal, the upper one on and above it. */
  readonly lu: Matrix;
  /** Row i of the factored matrix was row permutation[i]. */
  readonly permutation: readonly number[];
  readonly sign: 1 | -1;
  readonly isSingular: boolean;
}

/** Factors of a square matrix whose rows are permuted. */
export function factorize(a: Matrix): Factors {
  const n = a.rows;
  const lu = copy(a);
  const permutation = Array.from({ length: n }, (_, i) => i);
  let sign: 1 | -1 = 1;
  let isSingular = false;
  const { re, im } = lu;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    let largest = -1;
    for (let i = k; i < n; i++) {
      const size = Math.hypot(re[i * n + k]!, im[i * n + k]!);
      if (size > largest) [largest, pivot] = [size, i];
    }
    if (!(largest > 0)) {
      isSingular = true;
      continue;
    }
    if (pivot !== k) {
      swapRows(lu, k, pivot);
      [permutation[k], permutation[pivot]] = [permutation[pivot]!, permutation[k]!];
      sign = -sign as 1 | -1;
    }
    for (let i = k + 1; i < n; i++) {
      const [x, y] = quotient(re[i * n + k]!, im[i * n + k]!, re[k * n + k]!, im[k * n + k]!);
      re[i * n + k] = x;
      im[i * n + k] = y;
      for (let j = k + 1; j < n; j++) {
        const [u, v] = [re[k * n + j]!, im[k * n + j]!];
        re[i * n + j]! -= x * u - y * v;
        im[i * n + j]! -= x * v + y * u;
      }
    }
  }
  return { lu, permutation, sign, isSingular };
}

/** The solution of T x = b for a triangular T; `isUnit`: ones on its diagonal. */
export function solveTriangular(t: Matrix, b: Matrix, isLower: boolean, isUnit = false): Matrix {
  const x = copy(b);
  const [n, columns] = [t.rows, b.columns];
  for (let step = 0; step < n; step++) {
    const i = isLower ? step : n - 1 - step;
    const [from, to] = isLower ? [0, i] : [i + 1, n];
    for (let k = from; k < to; k++) {
      const [u, v] = [t.re[i * n + k]!, t.im[i * n + k]!];
      if (u === 0 && v === 0) continue;
      for (let j = 0; j < columns; j++) {
        const [p, q] = [x.re[k * columns + j]!, x.im[k * columns + j]!];
        x.re[i * columns + j]! -= u * p - v * q;
        x.im[i * columns + j]! -= u * q + v * p;
      }
    }
    if (isUnit) continue;
    for (let j = 0; j < columns; j++) {
      const at = i * columns + j;
      const [p, q] = quotient(x.re[at]!, x.im[at]!, t.re[i * n + i]!, t.im[i * n + i]!);
      x.re[at] = p;
      x.im[at] = q;
    }
  }
  return x;
}

/** The solution of A x = b by the factors of A. */
export function solve({ lu, permutation }: Factors, b: Matrix): Matrix {
  const permuted = copy(b);
  for (const [i, from] of permutation.entries()) {
    for (let j = 0; j < b.columns; j++) {
      permuted.re[i * b.columns + j] = b.re[from * b.columns + j]!;
      permuted.im[i * b.columns + j] = b.im[from * b.columns + j]!;
    }
  }
  return solveTriangular(lu, solveTriangular(lu, permuted, true, true), false);
}

export const inverse = (factors: Factors): Matrix => solve(factors, identity(factors.lu.rows));

/** The lower factor L of A = L L^H, from the lower part of A; null when A is not positive definite. */
export function cholesky(a: Matrix): Matrix | null {
  const n = a.rows;
  const l = copy(a);
  const { re, im } = l;
  for (let j = 0; j < n; j++) {
    let d = re[j * n + j]!;
    for (let k = 0; k < j; k++) d -= re[j * n + k]! ** 2 + im[j * n + k]! ** 2;
    if (!(d > 0)) return null;
    const root = Math.sqrt(d);
    re[j * n + j] = root;
    im[j * n + j] = 0;
    for (let i = j + 1; i < n; i++) {
      let [x, y] = [re[i * n + j]!, im[i * n + j]!];
      for (let k = 0; k < j; k++) {
        const [p, q] = [re[i * n + k]!, im[i * n + k]!];
        const [u, v] = [re[j * n + k]!, -im[j * n + k]!];
        x -= p * u - q * v;
        y -= p * v + q * u;
      }
      re[i * n + j] = x / root;
      im[i * n + j] = y / root;
    }
    for (let i = 0; i < j; i++) {
      re[i * n + j] = 0;
      im[i * n + j] = 0;
    }
  }
  return l;
}
