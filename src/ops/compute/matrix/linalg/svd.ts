/**
 * Singular values by two-sided Jacobi rotations, after a pivoted QR step for matrices that are not square. The order of the rotations
 * fixes the signs of the vectors as TensorFlow's library does for matrices of fewer than 16 columns.
 */
import { qr } from "./householder.ts";
import { adjoint, copy, identity, leading, type Matrix, swapColumns, zeros } from "./matrix.ts";

export interface SingularValues {
  /** In falling order, min(rows, columns) of them. */
  readonly values: Float64Array;
  /** [rows, rows] and [columns, columns], or as many columns as there are values. */
  readonly u: Matrix;
  readonly v: Matrix;
}

/** A plane rotation (c, s) with real c. */
interface Rotation {
  readonly c: number;
  readonly s: number;
}

export function singularValues(a: Matrix, isFull: boolean): SingularValues {
  const { rows, columns } = a;
  const n = Math.min(rows, columns);
  let largest = 0;
  for (let i = 0; i < a.re.length; i++) largest = Math.max(largest, Math.hypot(a.re[i]!, a.im[i]!));
  const factor = largest === 0 || !Number.isFinite(largest) ? 1 : largest;
  const scaled = copy(a);
  for (let i = 0; i < scaled.re.length; i++) {
    scaled.re[i]! /= factor;
    scaled.im[i]! /= factor;
  }
  const { work, u, v } = precondition(scaled, isFull);
  sweep(work, u, v);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = positiveDiagonal(work, u, i) * factor;
  sortFalling(values, u, v);
  return { values, u, v };
}

interface Square {
  readonly work: Matrix;
  readonly u: Matrix;
  readonly v: Matrix;
}

/** A square matrix with the same singular values, and the unitary parts that lead back to `a`. */
function precondition(a: Matrix, isFull: boolean): Square {
  const { rows, columns } = a;
  if (rows === columns) return { work: copy(a), u: identity(rows), v: identity(columns) };
  const isTall = rows > columns;
  const { q, r, permutation } = qr(isTall ? a : adjoint(a), true);
  const n = Math.min(rows, columns);
  const long = isFull ? q : leading(q, q.rows, n);
  const short = zeros(n, n);
  for (const [i, from] of permutation.entries()) short.re[from * n + i] = 1;
  const upper = leading(r, n, n);
  return isTall ? { work: upper, u: long, v: short } : { work: adjoint(upper), u: short, v: long };
}

const tiny = 2.2250738585072014e-308;

/** Rotates pairs of rows and columns until all off the diagonal is negligible. */
function sweep(work: Matrix, u: Matrix, v: Matrix): void {
  const n = work.rows;
  const size = (i: number, j: number): number => Math.hypot(work.re[i * n + j]!, work.im[i * n + j]!);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, size(i, i));
  for (let round = 0; round < 100; round++) {
    let isDone = true;
    for (let p = 1; p < n; p++) {
      for (let q = 0; q < p; q++) {
        const threshold = Math.max(tiny, 2 ** -51 * largest);
        if (!(size(p, q) > threshold || size(q, p) > threshold)) continue;
        isDone = false;
        makeReal(work, u, v, p, q);
        const [left, right] = rotationsOf(work, p, q);
        rotateRows(work, p, q, left);
        rotateColumns(u, p, q, { c: left.c, s: -left.s });
        rotateColumns(work, p, q, right);
        rotateColumns(v, p, q, right);
        largest = Math.max(largest, size(p, p), size(q, q));
      }
    }
    if (isDone) return;
  }
}

/** Makes the 2 x 2 block of p and q real; nothing to do for real matrices. */
function makeReal(work: Matrix, u: Matrix, v: Matrix, p: number, q: number): void {
  const n = work.rows;
  const at = (i: number, j: number): [number, number] => [work.re[i * n + j]!, work.im[i * n + j]!];
  if ([at(p, p), at(p, q), at(q, p), at(q, q)].every(([, y]) => y === 0)) return;
  const [[a, b], [c, d]] = [at(p, p), at(q, p)];
  const length = Math.hypot(a, b, c, d);
  if (length === 0) {
    for (const i of [p, q]) {
      const phase = phaseOf(at(i, q));
      if (!phase) continue;
      scaleRow(work, i, phase);
      scaleColumn(u, i, [phase[0], -phase[1]]);
    }
    return;
  }
  const cos: [number, number] = [a / length, -b / length];
  const sin: [number, number] = [c / length, d / length];
  mixRows(work, p, q, cos, sin);
  mixColumns(u, p, q, [cos[0], -cos[1]], [-sin[0], -sin[1]]);
  const across = phaseOf(at(p, q));
  if (across) {
    scaleColumn(work, q, across);
    scaleColumn(v, q, across);
  }
  const down = phaseOf(at(q, q));
  if (down) {
    scaleRow(work, q, down);
    scaleColumn(u, q, [down[0], -down[1]]);
  }
}

/** The number of length 1 that turns x + iy into a positive one; null where it is real already. */
function phaseOf([x, y]: readonly [number, number]): [number, number] | null {
  if (Math.abs(y) <= tiny) return null;
  const r = Math.hypot(x, y);
  return [x / r, -y / r];
}

function scaleRow(a: Matrix, i: number, [x, y]: readonly [number, number]): void {
  for (let j = 0; j < a.columns; j++) multiplyAt(a, i * a.columns + j, x, y);
}

function scaleColumn(a: Matrix, j: number, [x, y]: readonly [number, number]): void {
  for (let i = 0; i < a.rows; i++) multiplyAt(a, i * a.columns + j, x, y);
}

function multiplyAt(a: Matrix, at: number, x: number, y: number): void {
  const [u, v] = [a.re[at]!, a.im[at]!];
  a.re[at] = u * x - v * y;
  a.im[at] = u * y + v * x;
}

/** Elements i and k become c a_i + conj(s) a_k and -s a_i + conj(c) a_k. */
function mix(
  a: Matrix,
  i: number,
  k: number,
  [c, d]: readonly [number, number],
  [s, t]: readonly [number, number],
): void {
  const [x, y, z, w] = [a.re[i]!, a.im[i]!, a.re[k]!, a.im[k]!];
  a.re[i] = c * x - d * y + s * z + t * w;
  a.im[i] = c * y + d * x + s * w - t * z;
  a.re[k] = -(s * x - t * y) + c * z + d * w;
  a.im[k] = -(s * y + t * x) + c * w - d * z;
}

function mixRows(a: Matrix, p: number, q: number, c: readonly [number, number], s: readonly [number, number]): void {
  for (let j = 0; j < a.columns; j++) mix(a, p * a.columns + j, q * a.columns + j, c, s);
}

/** The columns take the transposed rotation (c, -conj(s)). */
function mixColumns(a: Matrix, p: number, q: number, c: readonly [number, number], s: readonly [number, number]): void {
  for (let i = 0; i < a.rows; i++) mix(a, i * a.columns + p, i * a.columns + q, c, [-s[0], s[1]]);
}

const rotateRows = (a: Matrix, p: number, q: number, { c, s }: Rotation): void => mixRows(a, p, q, [c, 0], [s, 0]);
const rotateColumns = (a: Matrix, p: number, q: number, { c, s }: Rotation): void =>
  mixColumns(a, p, q, [c, 0], [s, 0]);

/** Rotations from the left and the right that make the real 2 x 2 block diagonal. */
function rotationsOf(work: Matrix, p: number, q: number): readonly [Rotation, Rotation] {
  const n = work.rows;
  let [a, b, c, d] = [work.re[p * n + p]!, work.re[p * n + q]!, work.re[q * n + p]!, work.re[q * n + q]!];
  const difference = c - b;
  let first: Rotation = { c: 1, s: 0 };
  if (Math.abs(difference) >= tiny) {
    const ratio = (a + d) / difference;
    const length = Math.sqrt(1 + ratio * ratio);
    first = { c: ratio / length, s: 1 / length };
  }
  [a, b, c, d] = [
    first.c * a + first.s * c,
    first.c * b + first.s * d,
    first.c * c - first.s * a,
    first.c * d - first.s * b,
  ];
  const right = jacobi(a, b, d);
  return [{ c: first.c * right.c + first.s * right.s, s: first.s * right.c - first.c * right.s }, right];
}

/** The rotation that makes the symmetric block [[x, y], [y, z]] diagonal. */
function jacobi(x: number, y: number, z: number): Rotation {
  const twice = 2 * Math.abs(y);
  if (twice < tiny) return { c: 1, s: 0 };
  const tau = (x - z) / twice;
  const w = Math.sqrt(tau * tau + 1);
  const t = tau > 0 ? 1 / (tau + w) : 1 / (tau - w);
  const length = 1 / Math.sqrt(t * t + 1);
  return { c: length, s: -Math.sign(t) * Math.sign(y) * Math.abs(t) * length };
}

/** The i-th value; the sign or phase of the diagonal goes to u. */
function positiveDiagonal(work: Matrix, u: Matrix, i: number): number {
  const n = work.rows;
  const [x, y] = [work.re[i * n + i]!, work.im[i * n + i]!];
  const r = Math.hypot(x, y);
  if (r !== 0 && (y !== 0 || x < 0)) scaleColumn(u, i, [x / r, y / r]);
  return r;
}

function sortFalling(values: Float64Array, u: Matrix, v: Matrix): void {
  for (let i = 0; i < values.length; i++) {
    let most = i;
    for (let k = i + 1; k < values.length; k++) if (values[k]! > values[most]!) most = k;
    if (values[most] === 0 || most === i) continue;
    [values[i], values[most]] = [values[most]!, values[i]!];
    swapColumns(u, i, most);
    swapColumns(v, i, most);
  }
}
