/**
 * What every elementwise function means, one element at a time. Floats are computed in doubles and rounded once, integers are exact modulo
 * 2^bits, 64-bit ones in bigint; NaN wins in max and min.
 */
import type { DTypeName } from "../../core/dtype.ts";
import type { BinaryFunction, ReduceFunction, UnaryFunction } from "../primitive.ts";
import { predicates } from "../primitive.ts";
import { add as addComplex, type Complex, complexBinary, complexUnary, mul as mulComplex } from "./complex.ts";
import { type Format, formatOf, type Scalar } from "./format.ts";
import { erf, erfc, roundHalfEven, softplus } from "./special.ts";

type Unary<T> = (x: T) => T;
type Binary<T> = (x: T, y: T) => T;

const bit = (b: boolean): number => (b ? 1 : 0);

const floatUnary: Partial<Record<UnaryFunction, Unary<number>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => (x === 0 ? 0 : Math.sign(x)),
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  erf,
  erfc,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  softplus,
  isNan: (x) => bit(Number.isNaN(x)),
  isInf: (x) => bit(x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY),
  isFinite: (x) => bit(Number.isFinite(x)),
};

/** floor, ceil and round leave integers alone; the reciprocal of 0 is 0. */
const integerUnary: Partial<Record<UnaryFunction, Unary<number>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: (x) => x,
  ceil: (x) => x,
  round: (x) => x,
  reciprocal: (x) => (x === 0 ? 0 : Math.trunc(1 / x)),
  square: (x) => Math.imul(x, x),
  bitNot: (x) => ~x,
};

const bigUnary: Partial<Record<UnaryFunction, Unary<bigint>>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  floor: (x) => x,
  ceil: (x) => x,
  round: (x) => x,
  reciprocal: (x) => (x === 0n ? 0n : 1n / x),
  square: (x) => x * x,
  bitNot: (x) => ~x,
};

const boolUnary: Partial<Record<UnaryFunction, Unary<number>>> = { logicalNot: (x) => 1 - x };

type Table = Readonly<Record<string, ((...values: never[]) => unknown) | undefined>>;

function table(format: Format): Table {
  switch (format.class) {
    case "float":
      return floatUnary;
    case "integer":
      return integerUnary;
    case "big":
      return bigUnary;
    case "complex":
      return complexUnary;
    case "bool":
      return boolUnary;
  }
}

/** Whether the function exists for the dtype. */
export const hasUnary = (fn: UnaryFunction, dtype: DTypeName): boolean => table(formatOf(dtype))[fn] !== undefined;

/** The function for elements of a dtype; a bug where it makes no sense (the exponential of an integer). */
export function unaryOf(fn: UnaryFunction, dtype: DTypeName): (x: Scalar) => Scalar {
  const format = formatOf(dtype);
  const f = table(format)[fn] as ((x: Scalar) => Scalar) | undefined;
  if (!f) throw new Error(`bug: no ${fn} of ${dtype}`);
  return predicates.has(fn) ? f : (x) => format.round(f(x));
}

const comparisons: Partial<Record<BinaryFunction, (x: number, y: number) => number>> = {
  eq: (x, y) => bit(x === y),
  ne: (x, y) => bit(x !== y),
  lt: (x, y) => bit(x < y),
  le: (x, y) => bit(x <= y),
  gt: (x, y) => bit(x > y),
  ge: (x, y) => bit(x >= y),
};

/** Truncated remainder that takes the sign of the divisor. */
function floorMod(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}

const floatBinary = (format: Format): Partial<Record<BinaryFunction, Binary<number>>> => ({
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  floorDiv: (x, y) => Math.floor(format.round(x / y) as number),
  mod: (x, y) => x % y,
  floorMod,
  // C's pow: 1 to any power and anything to the power 0 is 1; -1 to an infinite power too.
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y),
  max: Math.max,
  min: Math.min,
  atan2: Math.atan2,
});

function integerPow(x: number, y: number): number {
  let power = 1;
  for (let base = x, n = y; n > 0; n = Math.floor(n / 2), base = Math.imul(base, base)) {
    if (n % 2 === 1) power = Math.imul(power, base);
  }
  return power;
}

const clampShift = (y: number, bits: number): number => Math.min(Math.max(y, 0), bits - 1);

const integerBinary = (format: Format): Partial<Record<BinaryFunction, Binary<number>>> => ({
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: Math.imul,
  div: (x, y) => Math.trunc(x / y),
  floorDiv: (x, y) => Math.floor(x / y),
  mod: (x, y) => x % y,
  floorMod,
  pow: integerPow,
  max: Math.max,
  min: Math.min,
  bitAnd: (x, y) => x & y,
  bitOr: (x, y) => x | y,
  bitXor: (x, y) => x ^ y,
  shiftLeft: (x, y) => x << clampShift(y, format.bits),
  shiftRight: (x, y) =>
    (format.lowest as number) < 0 ? x >> clampShift(y, format.bits) : x >>> clampShift(y, format.bits),
});

const floorDivBig = (x: bigint, y: bigint): bigint => {
  const q = x / y;
  return x % y !== 0n && x < 0n !== y < 0n ? q - 1n : q;
};

function bigPow(x: bigint, y: bigint, format: Format): bigint {
  let power = 1n;
  for (let base = x, n = y; n > 0n; n >>= 1n, base = format.round(base * base) as bigint) {
    if (n & 1n) power = format.round(power * base) as bigint;
  }
  return power;
}

function largerBig(x: bigint, y: bigint): bigint {
  if (x > y) return x;
  return y;
}

const clampBigShift = (y: bigint): bigint => (y < 0n ? 0n : y > 63n ? 63n : y);

const bigBinary = (format: Format): Partial<Record<BinaryFunction, Binary<bigint>>> => ({
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  floorDiv: floorDivBig,
  mod: (x, y) => x % y,
  floorMod: (x, y) => x - floorDivBig(x, y) * y,
  pow: (x, y) => bigPow(x, y, format),
  max: largerBig,
  min: (x, y) => (largerBig(x, y) === x ? y : x),
  bitAnd: (x, y) => x & y,
  bitOr: (x, y) => x | y,
  bitXor: (x, y) => x ^ y,
  shiftLeft: (x, y) => x << clampBigShift(y),
  shiftRight: (x, y) => x >> clampBigShift(y),
});

const boolBinary: Partial<Record<BinaryFunction, Binary<number>>> = {
  logicalAnd: (x, y) => x & y,
  logicalOr: (x, y) => x | y,
  max: (x, y) => x | y,
  min: (x, y) => x & y,
};

const binaryTables = new Map<Format, Table>();

function binaryTable(format: Format): Table {
  let known = binaryTables.get(format);
  if (!known) {
    known = makeBinaryTable(format);
    binaryTables.set(format, known);
  }
  return known;
}

function makeBinaryTable(format: Format): Table {
  switch (format.class) {
    case "float":
      return floatBinary(format);
    case "integer":
      return integerBinary(format);
    case "big":
      return bigBinary(format);
    case "complex":
      return complexBinary;
    case "bool":
      return boolBinary;
  }
}

const sameComplex = (x: Complex, y: Complex): boolean => x.re === y.re && x.im === y.im;

/** Whether the function exists for the dtype: complex numbers have no order, floats no bits. */
export const hasBinary = (fn: BinaryFunction, dtype: DTypeName): boolean => {
  const format = formatOf(dtype);
  if (comparisons[fn]) return format.class !== "complex" || fn === "eq" || fn === "ne";
  return binaryTable(format)[fn] !== undefined;
};

/** The function for two elements of a dtype. Where `faultOf` is true it must not be called. */
export function binaryOf(fn: BinaryFunction, dtype: DTypeName): (x: Scalar, y: Scalar) => Scalar {
  const format = formatOf(dtype);
  if (!hasBinary(fn, dtype)) throw new Error(`bug: no ${fn} of ${dtype}`);
  if (format.class === "complex" && comparisons[fn]) {
    return (x, y) => bit(sameComplex(x as Complex, y as Complex) === (fn === "eq"));
  }
  if (comparisons[fn]) return comparisons[fn] as unknown as Binary<Scalar>;
  const f = binaryTable(format)[fn] as unknown as Binary<Scalar>;
  return (x, y) => format.round(f(x, y));
}

/** Divisors and exponents that integers cannot take, or null where every pair has a result. */
export function faultOf(fn: BinaryFunction, dtype: DTypeName): ((y: Scalar) => boolean) | null {
  const kind = formatOf(dtype).class;
  if (kind !== "integer" && kind !== "big") return null;
  if (fn === "div" || fn === "floorDiv" || fn === "mod" || fn === "floorMod") return (y) => Number(y) === 0;
  return fn === "pow" ? (y) => Number(y) < 0 : null;
}

/** A running result: float sums and products are kept in doubles and rounded at the end by `finish`. */
export interface Accumulator {
  readonly start: Scalar;
  step(a: Scalar, x: Scalar): Scalar;
  finish(a: Scalar): Scalar;
}

export function accumulatorOf(fn: ReduceFunction, dtype: DTypeName): Accumulator {
  const format = formatOf(dtype);
  const finish = (a: Scalar) => format.round(a);
  switch (fn) {
    case "sum":
    case "prod": {
      const start = fn === "sum" ? format.zero : format.one;
      if (format.class === "float") {
        const step = fn === "sum" ? (a: Scalar, x: Scalar) => (a as number) + (x as number) : mulNumbers;
        return { start, step, finish };
      }
      if (format.class === "complex") {
        const f = fn === "sum" ? addComplex : mulComplex;
        return { start, step: (a, x) => f(a as Complex, x as Complex), finish };
      }
      return { start, step: binaryOf(fn === "sum" ? "add" : "mul", dtype), finish };
    }
    case "max":
    case "min":
      return { start: fn === "max" ? format.lowest : format.highest, step: binaryOf(fn, dtype), finish };
    case "any":
      return { start: 0, step: (a, x) => (a as number) | (x as number), finish };
    case "all":
      return { start: 1, step: (a, x) => (a as number) & (x as number), finish };
  }
}

const mulNumbers = (a: Scalar, x: Scalar): Scalar => (a as number) * (x as number);
