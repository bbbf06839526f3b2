/** The 16-bit floats, computed with as float32 and rounded (nearest, ties to even) after each step. Scalars and vectors alike. */
import type { FunctionBuilder } from "../assembler.ts";
import { abs, add, and, eq, ge, lt, mul, or, reinterpret, select, shl, shrU, sub } from "../instructions.ts";
import { constant, type Expr, isVector, type Lanes } from "../lanes.ts";

const bitsOf = (x: Expr): Expr => reinterpret(isVector(x.type) ? "i32x4" : "i32", x);
const floatOf = (x: Expr): Expr => reinterpret(isVector(x.type) ? "f32x4" : "f32", x);
const of = (x: Expr, value: number): Expr => constant(x.type as Lanes, value);

/** Bits rounded so that the lowest `drop` of them are 0. A carry into the exponent is right. */
function dropBits(f: FunctionBuilder, x: Expr, drop: number): Expr {
  const bits = f.let(bitsOf(x));
  const odd = and(shrU(bits, drop), 1);
  return and(add(add(bits, (1 << (drop - 1)) - 1), odd), -(1 << drop));
}

/** NaN becomes the quiet one. */
export function roundToBfloat16(f: FunctionBuilder, x: Expr): Expr {
  const value = f.let(x);
  const rounded = dropBits(f, value, 16);
  return floatOf(select(eq(value, value), rounded, of(rounded, 0x7fc00000)));
}

/**
 * Below 2^-14 the numbers lie 2^-24 apart, which is what floats beside 0.5 do; from 65520 on everything is infinite.
 */
export function roundToHalf(f: FunctionBuilder, x: Expr): Expr {
  const value = f.let(x);
  const size = f.let(abs(value));
  const normal = floatOf(dropBits(f, size, 13));
  const tiny = sub(add(size, 0.5), 0.5);
  const finite = select(lt(size, of(size, 2 ** -14)), tiny, normal);
  const y = f.let(select(ge(size, of(size, 65520)), of(size, Number.POSITIVE_INFINITY), finite));
  const signed = floatOf(or(bitsOf(y), and(bitsOf(value), -0x80000000)));
  return select(eq(value, value), signed, of(value, Number.NaN));
}

/** The 16 bits as a float32. The exponent's bias differs by 112; denormals become normal by the product. */
export function halfToFloat(f: FunctionBuilder, bits: Expr): Expr {
  const half = f.let(bits);
  const size = f.let(and(half, 0x7fff));
  const wide = f.let(shl(size, 13));
  const finite = bitsOf(mul(floatOf(wide), 2 ** 112));
  const y = select(ge(size, of(size, 0x7c00)), or(wide, 0x7f800000), finite);
  return floatOf(or(y, shl(and(half, 0x8000), 16)));
}

/** The bits of a float32 that is a half's value. */
export function floatToHalf(f: FunctionBuilder, x: Expr): Expr {
  const value = f.let(x);
  const size = f.let(abs(value));
  const finite = shrU(bitsOf(mul(size, 2 ** -112)), 13);
  const small = lt(size, of(size, Number.POSITIVE_INFINITY));
  const isNumber = eq(value, value);
  const special = select(isNumber, of(bitsOf(size), 0x7c00), of(bitsOf(size), 0x7e00));
  const y = select(small, finite, special);
  return or(y, and(shrU(bitsOf(value), 16), 0x8000));
}
