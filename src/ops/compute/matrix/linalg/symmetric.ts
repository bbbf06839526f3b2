/**
 * Eigenvalues and eigenvectors of self-adjoint matrices: Householder reduction to a tridiagonal matrix, then implicit QR steps with
 * Wilkinson's shift, in the order that fixes the signs of the vectors as TensorFlow's library does.
 */
import { reflectionOf } from "./householder.ts";
import { identity, type Matrix, swapColumns, zeros } from "./matrix.ts";

export interface Spectrum {
  /** In rising order. */
  readonly values: Float64Array;
  /** Column i belongs to value i. */
  readonly vectors: Matrix;
}

/** What the steps round to: the signs of the vectors depend on how many steps there are, and that on the rounding. */
interface Precision {
  readonly epsilon: number;
  /** The least positive normal number. */
  readonly tiny: number;
  round(x: number): number;
}

const double: Precision = { epsilon: 2 ** -52, tiny: 2 ** -1022, round: (x) => x };
const single: Precision = { epsilon: 2 ** -23, tiny: 2 ** -126, round: Math.fround };

/** Only the lower part of `a` is read; `isSingle` when its elements come from floats of 32 bits. */
export function selfAdjointEigen(a: Matrix, isSingle: boolean): Spectrum {
  const n = a.rows;
  const work = hermitian(a);
  let largest = 0;
  for (let i = 0; i < work.re.length; i++) largest = Math.max(largest, Math.hypot(work.re[i]!, work.im[i]!));
  const factor = largest === 0 ? 1 : largest;
  for (let i = 0; i < work.re.length; i++) {
    work.re[i]! /= factor;
    work.im[i]! /= factor;
  }
  const vectors = tridiagonalize(work);
  const precision = isSingle ? single : double;
  const { round } = precision;
  const diagonal = Float64Array.from({ length: n }, (_, i) => round(work.re[i * n + i]!));
  const below = Float64Array.from({ length: Math.max(n - 1, 0) }, (_, i) => round(work.re[(i + 1) * n + i]!));
  iterate(diagonal, below, vectors, precision);
  sortValues(diagonal, vectors);
  return { values: diagonal.map((value) => value * factor), vectors };
}

function hermitian(a: Matrix): Matrix {
  const n = a.rows;
  const h = zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = [a.re[i * n + j]!, i === j ? 0 : a.im[i * n + j]!];
      h.re[i * n + j] = x;
      h.im[i * n + j] = y;
      h.re[j * n + i] = x;
      h.im[j * n + i] = -y;
    }
  }
  return h;
}

/** a becomes Q^H a Q, which is real and tridiagonal; returns Q. */
function tridiagonalize(a: Matrix): Matrix {
  const n = a.rows;
  const q = identity(n);
  for (let k = 0; k < n - 1; k++) {
    const reflection = reflectionOf(a, k + 1, k);
    const { re, im, tau } = reflection;
    similarity(a, re, im, tau, k + 1);
    timesReflection(q, re, im, [tau[0], -tau[1]], k + 1);
    for (let i = k + 1; i < n; i++) {
      a.re[i * n + k] = i === k + 1 ? reflection.beta : 0;
      a.im[i * n + k] = 0;
      a.re[k * n + i] = a.re[i * n + k]!;
      a.im[k * n + i] = 0;
    }
  }
  return q;
}

/** a = H a H^H with H = I - tau v v^H on rows and columns from `from` on. */
function similarity(a: Matrix, re: Float64Array, im: Float64Array, tau: readonly [number, number], from: number): void {
  const n = a.rows;
  for (let j = from; j < n; j++) {
    let [x, y] = [0, 0];
    for (let i = 0; i < re.length; i++) {
      const at = (from + i) * n + j;
      x += re[i]! * a.re[at]! + im[i]! * a.im[at]!;
      y += re[i]! * a.im[at]! - im[i]! * a.re[at]!;
    }
    const [u, v] = [tau[0] * x - tau[1] * y, tau[0] * y + tau[1] * x];
    for (let i = 0; i < re.length; i++) {
      const at = (from + i) * n + j;
      a.re[at]! -= re[i]! * u - im[i]! * v;
      a.im[at]! -= re[i]! * v + im[i]! * u;
    }
  }
  timesReflection(a, re, im, [tau[0], -tau[1]], from);
}

/** a = a (I - factor v v^H) on the columns from `from` on. */
function timesReflection(
  a: Matrix,
  re: Float64Array,
  im: Float64Array,
  factor: readonly [number, number],
  from: number,
): void {
  const { columns } = a;
  for (let i = 0; i < a.rows; i++) {
    let [x, y] = [0, 0];
    for (let j = 0; j < re.length; j++) {
      const at = i * columns + from + j;
      x += a.re[at]! * re[j]! - a.im[at]! * im[j]!;
      y += a.re[at]! * im[j]! + a.im[at]! * re[j]!;
    }
    const [u, v] = [factor[0] * x - factor[1] * y, factor[0] * y + factor[1] * x];
    for (let j = 0; j < re.length; j++) {
      const at = i * columns + from + j;
      a.re[at]! -= u * re[j]! + v * im[j]!;
      a.im[at]! -= v * re[j]! - u * im[j]!;
    }
  }
}

/** Drives the off-diagonal of the tridiagonal matrix to zero. */
function iterate(diagonal: Float64Array, below: Float64Array, vectors: Matrix, precision: Precision): void {
  const { epsilon, tiny } = precision;
  const n = diagonal.length;
  let end = n - 1;
  let start = 0;
  for (let steps = 0; end > 0 && steps <= 30 * n; steps++) {
    for (let i = start; i < end; i++) {
      const scaled = below[i]! / epsilon;
      if (scaled * scaled <= Math.abs(diagonal[i]!) + Math.abs(diagonal[i + 1]!) || Math.abs(below[i]!) < tiny)
        below[i] = 0;
    }
    while (end > 0 && below[end - 1] === 0) end--;
    if (end <= 0) break;
    start = end - 1;
    while (start > 0 && below[start - 1] !== 0) start--;
    qrStep({ diagonal, below, start, end }, vectors, precision);
  }
}

function wilkinsonShift({ diagonal, below, end }: Block, { round }: Precision): number {
  const half = round((diagonal[end - 1]! - diagonal[end]!) / 2);
  const e = below[end - 1]!;
  const last = diagonal[end]!;
  if (half === 0) return round(last - Math.abs(e));
  if (e === 0) return last;
  const square = round(e * e);
  const h = round(Math.hypot(half, e));
  const divisor = round(half + (half > 0 ? h : -h));
  return round(square === 0 ? last - round(e / round(divisor / e)) : last - round(square / divisor));
}

/** c and s of the rotation that maps (p, q) to (r, 0). */
function givens(p: number, q: number, round: (x: number) => number): readonly [number, number] {
  if (q === 0) return [p < 0 ? -1 : 1, 0];
  if (p === 0) return [0, q < 0 ? 1 : -1];
  if (Math.abs(p) > Math.abs(q)) {
    const t = round(q / p);
    const length = round(Math.sqrt(round(1 + round(t * t))));
    const u = p < 0 ? -length : length;
    const c = round(1 / u);
    return [c, round(-t * c)];
  }
  const t = round(p / q);
  const length = round(Math.sqrt(round(1 + round(t * t))));
  const u = q < 0 ? -length : length;
  const s = round(-1 / u);
  return [round(-t * s), s];
}

/** The part of a tridiagonal matrix from `start` to `end` that is not yet split. */
interface Block {
  readonly diagonal: Float64Array;
  readonly below: Float64Array;
  readonly start: number;
  readonly end: number;
}

function qrStep(block: Block, vectors: Matrix, precision: Precision): void {
  const { diagonal, below, start, end } = block;
  const { round } = precision;
  /** a b + c d, each operation rounded. */
  const sum = (a: number, b: number, c: number, d: number): number => round(round(a * b) + round(c * d));
  let x = round(diagonal[start]! - wilkinsonShift(block, precision));
  let z = below[start]!;
  for (let k = start; k < end && z !== 0; k++) {
    const [c, s] = givens(x, z, round);
    const [dk, dn, sub] = [diagonal[k]!, diagonal[k + 1]!, below[k]!];
    const sdk = sum(s, dk, c, sub);
    const next = sum(s, sub, c, dn);
    diagonal[k] = sum(c, sum(c, dk, -s, sub), -s, sum(c, sub, -s, dn));
    diagonal[k + 1] = sum(s, sdk, c, next);
    below[k] = sum(c, sdk, -s, next);
    if (k > start) below[k - 1] = sum(c, below[k - 1]!, -s, z);
    x = below[k]!;
    if (k < end - 1) {
      z = round(-s * below[k + 1]!);
      below[k + 1] = round(c * below[k + 1]!);
    }
    rotateColumns(vectors, k, k + 1, c, s);
  }
}

function rotateColumns(a: Matrix, p: number, q: number, c: number, s: number): void {
  for (const data of [a.re, a.im]) {
    for (let row = 0; row < a.rows; row++) {
      const at = row * a.columns;
      const [x, y] = [data[at + p]!, data[at + q]!];
      data[at + p] = c * x - s * y;
      data[at + q] = s * x + c * y;
    }
  }
}

function sortValues(values: Float64Array, vectors: Matrix): void {
  for (let i = 0; i < values.length - 1; i++) {
    let least = i;
    for (let k = i + 1; k < values.length; k++) if (values[k]! < values[least]!) least = k;
    if (least === i) continue;
    [values[i], values[least]] = [values[least]!, values[i]!];
    swapColumns(vectors, i, least);
  }
}
