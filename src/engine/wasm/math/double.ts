/**
 * Rarer float32 functions by way of doubles (f64 or f64x2): about 1e-9 from exact before the one rounding to float32, so within 1 ulp.
 */
import type { FunctionBuilder } from "../assembler.ts";
import {
  abs,
  add,
  atLeast,
  atMost,
  convert,
  div,
  eq,
  gt,
  mul,
  neg,
  reinterpret,
  select,
  shl,
  shr,
  shuffle,
  sub,
} from "../instructions.ts";
import { constant, type Expr, isVector, type Lanes } from "../lanes.ts";
import { polynomial } from "./float.ts";

type Double = (f: FunctionBuilder, x: Expr) => Expr;

/** Makes a function of doubles one of floats: a vector goes through in two halves. */
const viaDouble =
  (fn: Double): Double =>
  (f, x) => {
    if (!isVector(x.type)) return convert("demote", fn(f, f.let(convert("promote", x))));
    const value = f.let(x);
    const low = f.let(fn(f, f.let(convert("promoteLow", value))));
    const high = f.let(fn(f, f.let(convert("promoteLow", shuffle(value, value, [2, 3, 0, 1])))));
    return shuffle(convert("demoteLow", low), convert("demoteLow", high), [0, 1, 4, 5]);
  };

const bits = (x: Expr): Expr => reinterpret(isVector(x.type) ? "i64x2" : "i64", x);
const constantOf = (x: Expr, value: number): Expr => constant(x.type as Lanes, value);

/** Adding it rounds to a whole number, which the low bits of the sum then show. */
const roundingMagic = 1.5 * 2 ** 52;

/** (exp(r) - 1 - r) / r² for |r| <= ln(2)/2. */
const expTail = [
  0.49999999999729844, 0.16666666756083087, 0.041666666960306784, 0.008333288439482469, 0.0013888808366833577,
  0.0001990532969592064, 2.4882974610811265e-5,
];
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/** exp(x) = s (1 + q), |x| <= 700. */
function reduceExp(f: FunctionBuilder, x: Expr): { s: Expr; q: Expr } {
  const shifted = f.let(add(mul(x, Math.LOG2E), roundingMagic));
  const n = f.let(sub(shifted, roundingMagic));
  const r = f.let(sub(sub(x, mul(n, ln2High)), mul(n, ln2Low)));
  const s = f.let(reinterpret(x.type as Lanes, shl(add(bits(shifted), 1023n), 52)));
  return { s, q: f.let(add(r, mul(mul(r, r), polynomial(r, expTail)))) };
}

/** 2 (atanh(s) / s - 1) / s², as a polynomial in s², |s| <= 0.1716. */
const atanhTail = [
  0.6666666666658201, 0.40000000055117, 0.2857141663275924, 0.222234091403507, 0.1812237380210031, 0.16835679239987272,
];

/** log(1 + t) = 2 atanh(t / (2 + t)) for 1 + t in [sqrt(1/2), sqrt(2)], precise also where t is tiny. */
function logNearOne(f: FunctionBuilder, t: Expr): Expr {
  const s = f.let(div(t, add(t, 2)));
  const square = f.let(mul(s, s));
  return mul(s, add(mul(square, polynomial(square, atanhTail)), 2));
}

/** Bits of sqrt(1/2): what lies above it up to twice it has exponent 0. */
const sqrtHalfBits = 0x3fe6a09e667f3bcdn;

/** log(u) for normal u > 0: u = 2^e (1 + t). */
function logOfPositive(f: FunctionBuilder, u: Expr): Expr {
  const all = f.let(bits(u));
  const exponent = f.let(shr(sub(all, sqrtHalfBits), 52));
  const t = f.let(sub(reinterpret(u.type as Lanes, sub(all, shl(exponent, 52))), 1));
  // the exponent as a double: its bits below those of the magic number
  const magicBits = 0x4338000000000000n;
  const e = sub(reinterpret(u.type as Lanes, add(exponent, magicBits)), roundingMagic);
  return add(logNearOne(f, t), mul(e, Math.LN2));
}

/** log(1 + x): what rounding of 1 + x loses comes back as (x - (u - 1)) / u. */
function log1pOf(f: FunctionBuilder, x: Expr): Expr {
  const inRange = f.let(atMost(f.let(atLeast(x, -1)), 1e300));
  const u = f.let(add(inRange, 1));
  const positive = f.let(atLeast(u, 1e-300));
  const y = f.let(add(logOfPositive(f, positive), div(sub(inRange, sub(u, 1)), positive)));
  const ends = select(
    eq(x, -1),
    constantOf(x, Number.NEGATIVE_INFINITY),
    select(gt(x, -1), y, constantOf(x, Number.NaN)),
  );
  return select(eq(x, Number.POSITIVE_INFINITY), x, select(eq(x, 0), x, ends));
}

function expm1Of(f: FunctionBuilder, x: Expr): Expr {
  const { s, q } = reduceExp(f, f.let(atMost(f.let(atLeast(x, -100)), 100)));
  return select(eq(x, 0), x, add(mul(s, q), sub(s, 1)));
}

/** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
function softplusOf(f: FunctionBuilder, x: Expr): Expr {
  const { s, q } = reduceExp(f, f.let(atLeast(f.let(neg(abs(x))), -200)));
  return add(atLeast(x, 0), log1pOf(f, f.let(add(s, mul(s, q)))));
}

/** erf(x) / x as a polynomial in x²/8 - 1, |x| <= 4; beyond it erf rounds to ±1. */
const erfCurve = [
  0.35353099618888645, -0.17657623114966206, 0.1316750249619513, -0.10771052992590059, 0.09021152352748077,
  -0.0747269969357065, 0.05986032488440622, -0.045767206250252955, 0.033199371592245355, -0.022483399180313394,
  0.013946910409494452, -0.008538549737075662, 0.005530341166066165, -0.0027386508778518255, 0.0006462118982359367,
  -0.0004256802523091242, 0.0005888758973145622, -0.00022234046827656858,
];

function erfOf(f: FunctionBuilder, x: Expr): Expr {
  const near = f.let(atMost(f.let(atLeast(x, -4)), 4));
  const t = f.let(sub(mul(mul(near, near), 0.125), 1));
  return atMost(f.let(atLeast(f.let(mul(near, polynomial(t, erfCurve))), -1)), 1);
}

export const log1p = viaDouble(log1pOf);
export const expm1 = viaDouble(expm1Of);
export const softplus = viaDouble(softplusOf);
export const erf = viaDouble(erfOf);
