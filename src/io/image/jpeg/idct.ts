/** The inverse cosine transform with 13-bit integers, as libjpeg's accurate one rounds. Source: Loeffler, Ligtenberg and Moschytz 1989; jidctint.c. */

const bits = 13;
const firstShift = bits - 2;
/** Fraction bits of what `transform` leaves. */
export const fractionBits: number = bits + 2 + 3;

/** Eight values at `at`, `step` apart, transformed in place; scaled by 2^13 before the shift. */
function transformLine(x: Int32Array, at: number, step: number, shift: number): void {
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  const [i1, i2, i3, i4, i5, i6, i7] = [1, 2, 3, 4, 5, 6, 7].map((k) => at + k * step) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const even = (x[i2]! + x[i6]!) * 4433;
  const e2 = even - x[i6]! * 15137;
  const e3 = even + x[i2]! * 6270;
  const e0 = (x[at]! + x[i4]!) * 8192;
  const e1 = (x[at]! - x[i4]!) * 8192;
  const [a0, a3, a1, a2] = [e0 + e3, e0 - e3, e1 + e2, e1 - e2];

  const [o0, o1, o2, o3] = [x[i7]!, x[i5]!, x[i3]!, x[i1]!];
  const both = (o0 + o2 + o1 + o3) * 9633;
  const z1 = (o0 + o3) * -7373;
  const z2 = (o1 + o2) * -20995;
  const z3 = (o0 + o2) * -16069 + both;
  const z4 = (o1 + o3) * -3196 + both;
  const b0 = o0 * 2446 + z1 + z3;
  const b1 = o1 * 16819 + z2 + z4;
  const b2 = o2 * 25172 + z2 + z3;
  const b3 = o3 * 12299 + z1 + z4;

  x[at] = (a0 + b3 + half) >> shift;
  x[i7] = (a0 - b3 + half) >> shift;
  x[i1] = (a1 + b2 + half) >> shift;
  x[i6] = (a1 - b2 + half) >> shift;
  x[i2] = (a2 + b1 + half) >> shift;
  x[i5] = (a2 - b1 + half) >> shift;
  x[i3] = (a3 + b0 + half) >> shift;
  x[i4] = (a3 - b0 + half) >> shift;
}

/** Transforms a block of 64 dequantized coefficients in place; what it leaves has `fractionBits` bits of fraction. */
export function transform(block: Int32Array): void {
  for (let c = 0; c < 8; c++) transformLine(block, c, 8, firstShift);
  for (let r = 0; r < 8; r++) transformLine(block, 8 * r, 1, 0);
}
