/** Householder reflections: QR factors, with and without column pivots. */
import { copy, identity, type Matrix, swapColumns } from "./matrix.ts";

/** H = I - tau v v^H, v with a leading 1, which maps a vector to beta times the first unit vector. */
export interface Reflection {
  /** v: re and im, from its leading 1 on. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly tau: readonly [number, number];
  readonly beta: number;
}

/** The reflection of column `column` of a from row `from` on. */
export function reflectionOf(a: Matrix, from: number, column: number): Reflection {
  const n = a.rows - from;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  let tail = 0;
  for (let i = 0; i < n; i++) {
    re[i] = a.re[(from + i) * a.columns + column]!;
    im[i] = a.im[(from + i) * a.columns + column]!;
    if (i > 0) tail += re[i]! ** 2 + im[i]! ** 2;
  }
  const [x, y] = [re[0]!, im[0]!];
  if (tail <= Number.MIN_VALUE && y * y <= Number.MIN_VALUE) {
    re.fill(0);
    im.fill(0);
    re[0] = 1;
    im[0] = 0;
    return { re, im, tau: [0, 0], beta: x };
  }
  const norm = Math.sqrt(x * x + y * y + tail);
  const beta = x >= 0 ? -norm : norm;
  const [c, d] = [x - beta, y];
  const size = c * c + d * d;
  for (let i = 1; i < n; i++) {
    const [p, q] = [re[i]!, im[i]!];
    re[i] = (p * c + q * d) / size;
    im[i] = (q * c - p * d) / size;
  }
  re[0] = 1;
  im[0] = 0;
  return { re, im, tau: [(beta - x) / beta, y / beta], beta };
}

/** a = (I - factor v v^H) a on the rows from `from` and the columns from `column` on. */
export function reflectLeft(
  a: Matrix,
  { re, im }: Reflection,
  factor: readonly [number, number],
  from: number,
  column: number,
): void {
  const { columns } = a;
  for (let j = column; j < columns; j++) {
    let [x, y] = [0, 0];
    for (let i = 0; i < re.length; i++) {
      const at = (from + i) * columns + j;
      x += re[i]! * a.re[at]! + im[i]! * a.im[at]!;
      y += re[i]! * a.im[at]! - im[i]! * a.re[at]!;
    }
    const [u, v] = [factor[0] * x - factor[1] * y, factor[0] * y + factor[1] * x];
    for (let i = 0; i < re.length; i++) {
      const at = (from + i) * columns + j;
      a.re[at]! -= re[i]! * u - im[i]! * v;
      a.im[at]! -= re[i]! * v + im[i]! * u;
    }
  }
}

export interface QrFactors {
  /** Unitary, [rows, rows]. */
  readonly q: Matrix;
  /** Upper, [rows, columns]. */
  readonly r: Matrix;
  /** Column i of the factored matrix was column permutation[i]. */
  readonly permutation: readonly number[];
}

/** a P = q r; without `isPivoted` P is the identity. The diagonal of r is real. */
export function qr(a: Matrix, isPivoted = false): QrFactors {
  const r = copy(a);
  const { rows, columns } = a;
  const permutation = Array.from({ length: columns }, (_, i) => i);
  const reflections: Reflection[] = [];
  const steps = Math.min(rows, columns);
  for (let k = 0; k < steps; k++) {
    if (isPivoted) {
      const pivot = longestColumn(r, k);
      swapColumns(r, k, pivot);
      [permutation[k], permutation[pivot]] = [permutation[pivot]!, permutation[k]!];
    }
    const reflection = reflectionOf(r, k, k);
    reflections.push(reflection);
    const { tau } = reflection;
    reflectLeft(r, reflection, tau, k, k + 1);
    for (let i = k; i < rows; i++) {
      r.re[i * columns + k] = i === k ? reflection.beta : 0;
      r.im[i * columns + k] = 0;
    }
  }
  const q = identity(rows);
  for (let k = steps - 1; k >= 0; k--) {
    const { tau } = reflections[k]!;
    reflectLeft(q, reflections[k]!, [tau[0], -tau[1]], k, 0);
  }
  return { q, r, permutation };
}

function longestColumn(a: Matrix, from: number): number {
  let [longest, place] = [-1, from];
  for (let j = from; j < a.columns; j++) {
    let size = 0;
    for (let i = from; i < a.rows; i++) size += a.re[i * a.columns + j]! ** 2 + a.im[i * a.columns + j]! ** 2;
    if (size > longest * (1 + 1e-15)) [longest, place] = [size, j];
  }
  return place;
}
