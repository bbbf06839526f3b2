/**
 * float32 functions written once for a scalar and a vector (f32 or f32x4): equal bits in both. exp and log are within 1 ulp of the
 * exact value, tanh and sigmoid within 2, over all floats; denormals, infinities and NaN included. Modules with exp, tanh or sigmoid are made by
 * `compileRelaxed`.
 */
import type { FunctionBuilder } from "../assembler.ts";
import { multiplyAdd } from "../fused.ts";
import {
  abs,
  add,
  allTrue,
  and,
  atLeast,
  atMost,
  convert,
  div,
  eq,
  ge,
  gt,
  lane,
  lt,
  mul,
  neg,
  or,
  reinterpret,
  select,
  shl,
  shr,
  splat,
  sub,
} from "../instructions.ts";
import { constant, type Expr, isVector, type Lanes } from "../lanes.ts";

/** Coefficients of c0 + c1 x + …, evaluated from the highest. */
export function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  let sum: Expr = constant(x.type as Lanes, coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = add(mul(sum, x), coefficients[i]!);
  return sum;
}

/** The same with each step rounded once (fused.ts). */
function fusedPolynomial(x: Expr, coefficients: readonly number[]): Expr {
  let sum: Expr = constant(x.type as Lanes, coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--)
    sum = multiplyAdd(sum, x, constant(x.type as Lanes, coefficients[i]!));
  return sum;
}

/** A scalar goes the way of vectors: it has no multiplication and addition in one. */
const throughVectors =
  (code: (f: FunctionBuilder, x: Expr) => Expr) =>
  (f: FunctionBuilder, x: Expr): Expr =>
    isVector(x.type) ? code(f, x) : lane(code(f, f.let(splat("f32x4", x))), 0);

const bitsType = (x: Expr): Lanes => (isVector(x.type) ? "i32x4" : "i32");
const bits = (x: Expr): Expr => reinterpret(bitsType(x), x);
const fromBits = (x: Expr, type: Expr["type"]): Expr => reinterpret(type as Lanes, x);
const toFloat = (x: Expr): Expr => convert(isVector(x.type) ? "i32x4ToF32x4" : "i32ToF32", x);

/** 2^n for whole n in [-126, 127]. */
const powerOfTwo = (n: Expr, type: Expr["type"]): Expr => fromBits(shl(add(n, 127), 23), type);

/** y with the sign bit of x; y must not have one. */
export const withSign = (y: Expr, x: Expr): Expr => fromBits(or(bits(y), and(bits(x), -0x80000000)), y.type);

/** (exp(r) - 1 - r) / r² for |r| <= ln(2)/2, 5e-9 from exact beside exp(r). */
const expTail = [0.49999994, 0.1666652, 0.041668259, 0.0083688572, 0.0013821768];
const ln2High = 0.693359375;
const ln2Low = -2.1219444005e-4;

/** Adding it rounds to a whole number, which the low bits of the sum then show. */
const roundingMagic = 1.5 * 2 ** 23;
const magicBits = 0x4b400000;

/** exp(x) = 2^n (1 + q), |x| < 2^20: n in the low bits of a float (anything for NaN), and q. */
function reduceExp(f: FunctionBuilder, x: Expr): { shifted: Expr; q: Expr } {
  const of = (value: number): Expr => constant(x.type as Lanes, value);
  const shifted = f.let(multiplyAdd(x, of(Math.LOG2E), of(roundingMagic)));
  const n = f.let(sub(shifted, roundingMagic));
  const r = f.let(multiplyAdd(n, of(-ln2Low), multiplyAdd(n, of(-ln2High), x)));
  return { shifted, q: multiplyAdd(mul(r, r), fusedPolynomial(r, expTail), r) };
}

/** x >= -104; exp(89) is infinite and exp(-104) is 0 as they should be. */
function expBelow(f: FunctionBuilder, x: Expr): Expr {
  const { shifted, q } = reduceExp(f, x);
  const whole = f.let(sub(bits(shifted), magicBits));
  const half = f.let(shr(whole, 1));
  return mul(mul(add(q, 1), powerOfTwo(half, x.type)), powerOfTwo(sub(whole, half), x.type));
}

/** Clamping keeps the powers of two in range and passes NaN on. */
export const exp = throughVectors((f, x) => expBelow(f, f.let(atMost(f.let(atLeast(x, -104)), 89))));

/** (tanh(x) - x) / x³ in x², for x² <= 0.41. */
const tanhTail = [-0.33333272, 0.13331144, -0.053713344, 0.02054926, -0.0056012045];

/** 1 - 2 / (exp(2|x|) + 1), and a polynomial below 0.625, where the difference would cancel. Where it rounds to 1 the clamp ends it. */
export const tanh = throughVectors((f, x) => {
  const type = x.type as Lanes;
  const size = f.let(atMost(f.let(abs(x)), 10));
  const { shifted, q } = reduceExp(f, f.let(add(size, size)));
  // 2^n: all bits of the magic number but those of n leave at the top
  const power = f.let(fromBits(add(shl(bits(shifted), 23), 127 << 23), type));
  const large = sub(1, div(constant(type, 2), multiplyAdd(q, power, add(power, 1))));
  const square = f.let(mul(size, size));
  const small = multiplyAdd(mul(size, square), fusedPolynomial(square, tanhTail), size);
  return withSign(select(gt(size, 0.625), large, small), x);
});

/**
 * sigmoid(x) = 1 / (1 + e) for x >= 0, e / (1 + e) below, with e = exp(-|x|). The rounding error of 1 + e is known exactly and taken
 * out again to first order.
 */
export const sigmoid = throughVectors((f, x) => {
  const type = x.type as Lanes;
  const e = f.let(expBelow(f, f.let(atLeast(f.let(neg(abs(x))), -104))));
  const sum = f.let(add(e, 1));
  const excess = sub(sub(sum, 1), e);
  const negative = f.let(lt(x, constant(type, 0)));
  const y = f.let(div(select(negative, e, 1), sum));
  const inverse = select(negative, sub(1, y), y);
  return multiplyAdd(mul(y, inverse), excess, y);
});

/** (log(1 + t) - t + t²/2) / t³ for 1 + t in [sqrt(1/2), sqrt(2)], 8e-10 from exact beside log(1 + t). */
const logTail = [
  0.33333313, -0.25000009, 0.20002082, -0.16668004, 0.14220023, -0.12405606, 0.1188607, -0.11675941, 0.067502879,
];

/**
 * log(x) = e ln 2 + log(1 + t), x = 2^e (1 + t). Denormals are scaled up first; 0 gives -infinity, less gives NaN. Numbers that need
 * such care are rare and cost a branch.
 */
export function log(f: FunctionBuilder, x: Expr): Expr {
  const type = x.type as Lanes;
  const infinity = constant(type, Number.POSITIVE_INFINITY);
  const normal = f.let(and(ge(x, constant(type, 2 ** -126)), lt(x, infinity)));
  const isPlain = isVector(type) ? allTrue(normal) : normal;
  const value = f.let(x);
  const scale = f.local(bitsType(x), 0);
  f.unless(isPlain, () => {
    const tiny = f.let(lt(x, constant(type, 2 ** -126)));
    f.set(value, select(tiny, mul(x, 2 ** 23), x));
    f.set(scale, select(tiny, constant(bitsType(x), -23), scale));
  });

  const exponent = f.let(shr(sub(bits(value), 0x3f3504f3), 23));
  const t = f.let(sub(fromBits(sub(bits(value), shl(exponent, 23)), type), 1));
  const e = f.let(toFloat(add(exponent, scale)));
  const square = f.let(mul(t, t));
  const tail = add(mul(mul(t, square), polynomial(t, logTail)), mul(e, ln2Low));
  const y = f.let(add(add(t, sub(tail, mul(square, 0.5))), mul(e, ln2High)));

  f.unless(isPlain, () => {
    const ofZero = select(eq(x, constant(type, 0)), neg(infinity), constant(type, Number.NaN));
    const positive = select(gt(x, constant(type, 0)), y, ofZero);
    f.set(y, select(eq(x, infinity), infinity, positive));
  });
  return y;
}
