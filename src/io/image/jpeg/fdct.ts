/** The forward cosine transform and quantization of 8 x 8 samples with libjpeg's accurate integers. Source: jfdctint.c, jcdctmgr.c. */
/** Eight values of x, `step` apart, in place: rows first, which keep 2 bits of fraction, then columns. */
function transformLine(x: Int32Array, at: number, step: number, isSecond: boolean): void {
  const shift = isSecond ? 15 : 11;
  const half = 1 << (shift - 1);
  const i = (k: number): number => at + k * step;
  const t0 = x[at]! + x[i(7)]!;
  const t7 = x[at]! - x[i(7)]!;
  const t1 = x[i(1)]! + x[i(6)]!;
  const t6 = x[i(1)]! - x[i(6)]!;
  const t2 = x[i(2)]! + x[i(5)]!;
  const t5 = x[i(2)]! - x[i(5)]!;
  const t3 = x[i(3)]! + x[i(4)]!;
  const t4 = x[i(3)]! - x[i(4)]!;
  const sum = t0 + t3 + t1 + t2;
  const rest = t0 + t3 - t1 - t2;
  x[at] = isSecond ? (sum + 2) >> 2 : sum << 2;
  x[i(4)] = isSecond ? (rest + 2) >> 2 : rest << 2;
  const [u, w] = [t1 - t2, t0 - t3];
  const even = (u + w) * 4433;
  x[i(2)] = (even + w * 6270 + half) >> shift;
  x[i(6)] = (even - u * 15137 + half) >> shift;
  const both = (t4 + t6 + t5 + t7) * 9633;
  const z1 = (t4 + t7) * -7373;
  const z2 = (t5 + t6) * -20995;
  const z3 = (t4 + t6) * -16069 + both;
  const z4 = (t5 + t7) * -3196 + both;
  x[i(7)] = (t4 * 2446 + z1 + z3 + half) >> shift;
  x[i(5)] = (t5 * 16819 + z2 + z4 + half) >> shift;
  x[i(3)] = (t6 * 25172 + z2 + z3 + half) >> shift;
  x[i(1)] = (t7 * 12299 + z1 + z4 + half) >> shift;
}

/** Samples less 128, in place, to coefficients. */
export function forward(block: Int32Array): void {
  for (let r = 0; r < 64; r += 8) transformLine(block, r, 1, false);
  for (let c = 0; c < 8; c++) transformLine(block, c, 8, true);
}

/** What the coefficients are divided by. */
export const divisorsOf = (quantization: ArrayLike<number>): Int32Array => Int32Array.from(quantization, (q) => q * 8);

/** The nearest integer to x / divisor, halves away from 0. */
export const divide = (x: number, divisor: number): number => {
  const size = Math.floor((Math.abs(x) + (divisor >> 1)) / divisor);
  return x < 0 ? -size : size;
};
