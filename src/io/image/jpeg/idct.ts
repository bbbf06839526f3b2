/**
 * Inverse cosine transforms of 8 x 8 coefficients to s x s samples, s = 8, 4, 2 or 1, with the integers of libjpeg: the accurate one (13 bits of
 * fraction, Loeffler, Ligtenberg and Moschytz 1989) and the fast one (8 bits, Arai, Agui and Nakajima 1988). Source: jidctint.c, jidctfst.c, jidctred.c.
 */

/** Writes the samples of the block at `from` to `output` at `to`, rows `stride` apart; `factors` as `factorsOf` gives them. */
export type Transform = (
  coefficients: Int16Array,
  from: number,
  factors: Int32Array,
  output: Uint8Array,
  to: number,
  stride: number,
) => void;

const work = new Int32Array(64);

const sample = (value: number): number => (value < -128 ? 0 : value > 127 ? 255 : value + 128);

/** Eight values of `work` at `at`, `step` apart, transformed in place; scaled by 2^13 before the shift. */
function accurateLine(at: number, step: number, shift: number): void {
  const half = 1 << (shift - 1);
  const x = work;
  const [i1, i2, i3, i4] = [at + step, at + 2 * step, at + 3 * step, at + 4 * step];
  const [i5, i6, i7] = [at + 5 * step, at + 6 * step, at + 7 * step];
  const even = (x[i2]! + x[i6]!) * 4433;
  const e2 = even - x[i6]! * 15137;
  const e3 = even + x[i2]! * 6270;
  const e0 = (x[at]! + x[i4]!) * 8192;
  const e1 = (x[at]! - x[i4]!) * 8192;
  const o0 = x[i7]!;
  const o1 = x[i5]!;
  const o2 = x[i3]!;
  const o3 = x[i1]!;
  const both = (o0 + o2 + o1 + o3) * 9633;
  const z1 = (o0 + o3) * -7373;
  const z2 = (o1 + o2) * -20995;
  const z3 = (o0 + o2) * -16069 + both;
  const z4 = (o1 + o3) * -3196 + both;
  const b0 = o0 * 2446 + z1 + z3;
  const b1 = o1 * 16819 + z2 + z4;
  const b2 = o2 * 25172 + z2 + z3;
  const b3 = o3 * 12299 + z1 + z4;
  x[at] = (e0 + e3 + b3 + half) >> shift;
  x[i7] = (e0 + e3 - b3 + half) >> shift;
  x[i1] = (e1 + e2 + b2 + half) >> shift;
  x[i6] = (e1 + e2 - b2 + half) >> shift;
  x[i2] = (e1 - e2 + b1 + half) >> shift;
  x[i5] = (e1 - e2 - b1 + half) >> shift;
  x[i3] = (e0 - e3 + b0 + half) >> shift;
  x[i4] = (e0 - e3 - b0 + half) >> shift;
}

/** As above with 8 bits, which are cut off. */
function fastLine(at: number, step: number): void {
  const x = work;
  const [i1, i2, i3, i4] = [at + step, at + 2 * step, at + 3 * step, at + 4 * step];
  const [i5, i6, i7] = [at + 5 * step, at + 6 * step, at + 7 * step];
  const e0 = x[at]! + x[i4]!;
  const e1 = x[at]! - x[i4]!;
  const e3 = x[i2]! + x[i6]!;
  const e2 = (((x[i2]! - x[i6]!) * 362) >> 8) - e3;
  const z13 = x[i5]! + x[i3]!;
  const z10 = x[i5]! - x[i3]!;
  const z11 = x[i1]! + x[i7]!;
  const z12 = x[i1]! - x[i7]!;
  const b7 = z11 + z13;
  const z5 = ((z10 + z12) * 473) >> 8;
  const b6 = ((z10 * -669) >> 8) + z5 - b7;
  const b5 = (((z11 - z13) * 362) >> 8) - b6;
  const b4 = ((z12 * 277) >> 8) - z5 + b5;
  x[at] = e0 + e3 + b7;
  x[i7] = e0 + e3 - b7;
  x[i1] = e1 + e2 + b6;
  x[i6] = e1 + e2 - b6;
  x[i2] = e1 - e2 + b5;
  x[i5] = e1 - e2 - b5;
  x[i4] = e0 - e3 + b4;
  x[i3] = e0 - e3 - b4;
}

function write(shift: number, output: Uint8Array, to: number, stride: number): void {
  for (let i = 0, at = to; i < 64; at += stride)
    for (let c = 0; c < 8; c++, i++) output[at + c] = sample(work[i]! >> shift);
}

const accurate: Transform = (coefficients, from, factors, output, to, stride) => {
  for (let i = 0; i < 64; i++) work[i] = coefficients[from + i]! * factors[i]!;
  for (let c = 0; c < 8; c++) accurateLine(c, 8, 11);
  for (let r = 0; r < 64; r += 8) accurateLine(r, 1, 18);
  write(0, output, to, stride);
};

const fast: Transform = (coefficients, from, factors, output, to, stride) => {
  for (let i = 0; i < 64; i++) work[i] = coefficients[from + i]! * factors[i]!;
  for (let c = 0; c < 8; c++) fastLine(c, 8);
  for (let r = 0; r < 64; r += 8) fastLine(r, 1);
  write(5, output, to, stride);
};

/** The first four of `work` at `at` from the coefficients 0 to 7 without 4; the results take the places 0 to 3. */
function quarterLine(at: number, step: number, shift: number): void {
  const x = work;
  const half = 1 << (shift - 1);
  const [x1, x3, x5, x7] = [x[at + step]!, x[at + 3 * step]!, x[at + 5 * step]!, x[at + 7 * step]!];
  const e0 = x[at]! * 16384;
  const e2 = x[at + 2 * step]! * 15137 - x[at + 6 * step]! * 6270;
  const o0 = x7 * -1730 + x5 * 11893 - x3 * 17799 + x1 * 8697;
  const o2 = x7 * -4176 - x5 * 4926 + x3 * 7373 + x1 * 20995;
  x[at] = (e0 + e2 + o2 + half) >> shift;
  x[at + 3 * step] = (e0 + e2 - o2 + half) >> shift;
  x[at + step] = (e0 - e2 + o0 + half) >> shift;
  x[at + 2 * step] = (e0 - e2 - o0 + half) >> shift;
}

const quarter: Transform = (coefficients, from, factors, output, to, stride) => {
  for (let i = 0; i < 64; i++) work[i] = coefficients[from + i]! * factors[i]!;
  for (let c = 0; c < 8; c++) if (c !== 4) quarterLine(c, 8, 12);
  for (let r = 0; r < 4; r++) {
    quarterLine(8 * r, 1, 19);
    for (let c = 0; c < 4; c++) output[to + r * stride + c] = sample(work[8 * r + c]!);
  }
};

function pairLine(at: number, step: number, shift: number): void {
  const x = work;
  const half = 1 << (shift - 1);
  const even = x[at]! * 32768;
  const odd = x[at + 7 * step]! * -5906 + x[at + 5 * step]! * 6967 - x[at + 3 * step]! * 10426 + x[at + step]! * 29692;
  x[at] = (even + odd + half) >> shift;
  x[at + step] = (even - odd + half) >> shift;
}

const pair: Transform = (coefficients, from, factors, output, to, stride) => {
  for (let i = 0; i < 64; i++) work[i] = coefficients[from + i]! * factors[i]!;
  for (const c of [0, 1, 3, 5, 7]) pairLine(c, 8, 13);
  for (let r = 0; r < 2; r++) {
    pairLine(8 * r, 1, 20);
    output[to + r * stride] = sample(work[8 * r]!);
    output[to + r * stride + 1] = sample(work[8 * r + 1]!);
  }
};

const single: Transform = (coefficients, from, factors, output, to) => {
  output[to] = sample((coefficients[from]! * factors[0]! + 4) >> 3);
};

/** The transform to blocks of `size` samples; `isFast` counts for 8 alone. */
export function transformOf(size: number, isFast: boolean): Transform {
  if (size === 8) return isFast ? fast : accurate;
  return size === 4 ? quarter : size === 2 ? pair : single;
}

const scales = Array.from({ length: 8 }, (_, k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));

/** The scale of coefficient i, row-major, in the fast transforms: 14 bits of fraction. */
const fastScale = (i: number): number => Math.round(16384 * scales[i >> 3]! * scales[i & 7]!);

/** What the coefficients are multiplied with, from the quantization: row-major. */
export function factorsOf(quantization: ArrayLike<number>, size: number, isFast: boolean): Int32Array {
  return Int32Array.from(quantization, (q, i) => (isFast && size === 8 ? (q * fastScale(i) + 2048) >> 12 : q));
}
