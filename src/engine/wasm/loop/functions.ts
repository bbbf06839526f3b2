/**
 * Elementwise functions of every dtype as instructions. Each gives the same bits in scalar and in vector code; a function without a
 * vector form makes its whole loop scalar.
 */
import type { DTypeName } from "../../../core/dtype.ts";
import { approximatedFunctions, type BinaryFunction, type UnaryFunction } from "../../primitive.ts";
import type { Body } from "../../step.ts";
import { type Callee, call, type FunctionBuilder } from "../assembler.ts";
import {
  abs,
  add,
  and,
  atLeast,
  atMost,
  ceil,
  convert,
  div,
  divU,
  eq,
  floor,
  fmax,
  fmin,
  ge,
  geU,
  gt,
  gtU,
  imax,
  imaxU,
  imin,
  iminU,
  le,
  leU,
  lt,
  ltU,
  mul,
  ne,
  nearest,
  neg,
  not,
  or,
  rem,
  remU,
  select,
  shl,
  shr,
  shrU,
  sqrt,
  sub,
  xor,
} from "../instructions.ts";
import { constant, type Expr, isVector, type Lanes } from "../lanes.ts";
import * as double from "../math/double.ts";
import * as float from "../math/float.ts";
import { isFloat, isUnsigned, round, type Width } from "./elements.ts";

/** Functions of doubles that the module imports, by name. */
export type MathCallees = (name: string) => Callee;

export interface Emitter {
  readonly f: FunctionBuilder;
  readonly math: MathCallees;
}

const of = (x: Expr, value: number | bigint): Expr => constant(x.type as Lanes, value);

const positive = Number.POSITIVE_INFINITY;

type Unary = (f: FunctionBuilder, x: Expr) => Expr;

/** Float functions in instructions; they work on any width. */
const floatUnary: Partial<Record<UnaryFunction, Unary>> = {
  neg: (_, x) => neg(x),
  abs: (_, x) => abs(x),
  sign(f, value) {
    const x = f.let(value);
    const zeroOrNaN = add(x, of(x, 0));
    return select(gt(x, of(x, 0)), of(x, 1), select(lt(x, of(x, 0)), of(x, -1), zeroOrNaN));
  },
  floor: (_, x) => floor(x),
  ceil: (_, x) => ceil(x),
  round: (_, x) => nearest(x),
  sqrt: (_, x) => sqrt(x),
  rsqrt: (_, x) => div(of(x, 1), sqrt(x)),
  reciprocal: (_, x) => div(of(x, 1), x),
  square(f, value) {
    const x = f.let(value);
    return mul(x, x);
  },
  isNan(f, value) {
    const x = f.let(value);
    return ne(x, x);
  },
  isInf: (_, x) => eq(abs(x), of(x, positive)),
  isFinite: (_, x) => lt(abs(x), of(x, positive)),
};

/** float32 functions with code of their own. */
const singleUnary: Partial<Record<UnaryFunction, Unary>> = {
  exp: float.exp,
  log: float.log,
  tanh: float.tanh,
  sigmoid: float.sigmoid,
  log1p: double.log1p,
  expm1: double.expm1,
  softplus: double.softplus,
  erf: double.erf,
};

const importedUnary: ReadonlySet<UnaryFunction> = new Set(approximatedFunctions);

const importedBinary: ReadonlySet<BinaryFunction> = new Set(["pow", "atan2", "mod", "floorMod"]);

export function unaryIsVector(fn: UnaryFunction, dtype: DTypeName, width: Width): boolean {
  if (dtype === "bool") return true;
  if (!isFloat(dtype))
    return fn !== "reciprocal" && (width === 4 || fn === "neg" || fn === "square" || fn === "bitNot");
  return floatUnary[fn] !== undefined || (dtype !== "float64" && singleUnary[fn] !== undefined);
}

const asDouble = (x: Expr): Expr => (x.type === "f32" ? convert("promote", x) : x);
const fromDouble = (x: Expr, type: Expr["type"]): Expr => (type === "f32" ? convert("demote", x) : x);

export function unary({ f, math }: Emitter, fn: UnaryFunction, dtype: DTypeName, x: Expr): Expr {
  if (dtype === "bool") return isVector(x.type) ? not(x) : xor(x, 1);
  if (!isFloat(dtype)) return round(f, dtype, integerUnary(f, fn, dtype, x));
  const own = floatUnary[fn] ?? (dtype === "float64" ? undefined : singleUnary[fn]);
  if (own) {
    const y = own(f, f.let(x));
    return y.type === x.type ? round(f, dtype, y) : y;
  }
  if (!importedUnary.has(fn)) throw new Error(`bug: no ${fn} of ${dtype}`);
  return round(f, dtype, fromDouble(call(math(fn), asDouble(x)), x.type));
}

function integerUnary(f: FunctionBuilder, fn: UnaryFunction, dtype: DTypeName, value: Expr): Expr {
  const x = f.let(value);
  const unsigned = isUnsigned(dtype);
  switch (fn) {
    case "neg":
      return isVector(x.type) ? neg(x) : sub(of(x, 0), x);
    case "abs":
      if (unsigned) return x;
      return isVector(x.type) ? abs(x) : select(lt(x, of(x, 0)), sub(of(x, 0), x), x);
    case "sign":
      return select(gtOf(unsigned)(x, of(x, 0)), of(x, 1), select(eq(x, of(x, 0)), of(x, 0), of(x, -1)));
    case "floor":
    case "ceil":
    case "round":
      return x;
    case "reciprocal":
      // 1 / x is 0 but for 1 and -1, which are their own
      return select(or(eq(x, of(x, 1)), unsigned ? eq(x, of(x, 1)) : eq(x, of(x, -1))), x, of(x, 0));
    case "square":
      return mul(x, x);
    case "bitNot":
      return not(x);
    default:
      throw new Error(`bug: no ${fn} of ${dtype}`);
  }
}

const gtOf = (unsigned: boolean) => (unsigned ? gtU : gt);

const comparisons = {
  eq: [eq, eq],
  ne: [ne, ne],
  lt: [lt, ltU],
  le: [le, leU],
  gt: [gt, gtU],
  ge: [ge, geU],
} as const;

const isComparison = (fn: BinaryFunction): fn is keyof typeof comparisons => fn in comparisons;

/** Whether the divisor or exponent can be one that integers cannot take. */
export const isFaulty = (fn: BinaryFunction, dtype: DTypeName): boolean =>
  !isFloat(dtype) &&
  dtype !== "bool" &&
  (fn === "div" || fn === "floorDiv" || fn === "mod" || fn === "floorMod" || fn === "pow");

export function binaryIsVector(fn: BinaryFunction, dtype: DTypeName, width: Width): boolean {
  if (isFloat(dtype)) return !importedBinary.has(fn);
  if (dtype === "bool") return fn !== "lt" && fn !== "le" && fn !== "gt" && fn !== "ge";
  if (isFaulty(fn, dtype) || fn === "shiftLeft" || fn === "shiftRight") return false;
  if (width === 4) return true;
  return isComparison(fn) ? fn === "eq" || fn === "ne" || dtype === "int64" : fn !== "max" && fn !== "min";
}

const floatBinary = {
  add,
  sub,
  mul,
  div,
  floorDiv: (x: Expr, y: Expr) => floor(div(x, y)),
} as const;

const isConstant = (x: Expr): boolean => x.args.length === 0 && x.code[0] !== 0x20;

const isZero = (x: Expr): boolean => isConstant(x) && of(x, 0).code.every((byte, i) => byte === x.code[i]);

/** NaN wins, and 0 is above -0. Beside a constant that is not NaN one or two instructions do it. */
function extreme(f: FunctionBuilder, fn: "max" | "min", a: Expr, b: Expr): Expr {
  const [x, limit] = isConstant(a) ? [b, a] : [a, b];
  if (!isConstant(limit)) return fn === "max" ? fmax(a, b) : fmin(a, b);
  if (fn === "min") return atMost(f.let(x), limit);
  const larger = atLeast(f.let(x), limit);
  return isZero(limit) ? add(larger, limit) : larger;
}

export function binary({ f, math }: Emitter, fn: BinaryFunction, dtype: DTypeName, x: Expr, y: Expr): Expr {
  if (isComparison(fn)) return comparisons[fn][isUnsigned(dtype) ? 1 : 0](x, y);
  if (dtype === "bool") return fn === "logicalAnd" || fn === "min" ? and(x, y) : or(x, y);
  if (!isFloat(dtype)) return round(f, dtype, integerBinary(f, fn, dtype, x, y));
  if (fn === "max" || fn === "min") return extreme(f, fn, x, y);
  if (importedBinary.has(fn)) return round(f, dtype, fromDouble(call(math(fn), asDouble(x), asDouble(y)), x.type));
  const own = floatBinary[fn as keyof typeof floatBinary];
  if (!own) throw new Error(`bug: no ${fn} of ${dtype}`);
  if (fn === "floorDiv" && dtype.endsWith("16")) return round(f, dtype, floor(round(f, dtype, div(x, y))));
  return round(f, dtype, own(x, y));
}

/** Divisors that cannot be taken give 0 here; reporting them is the caller's. */
function integerBinary(f: FunctionBuilder, fn: BinaryFunction, dtype: DTypeName, a: Expr, b: Expr): Expr {
  const unsigned = isUnsigned(dtype);
  const bits = a.type === "i64" ? 64 : /8$/.test(dtype) ? 8 : /16$/.test(dtype) ? 16 : 32;
  switch (fn) {
    case "add":
      return add(a, b);
    case "sub":
      return sub(a, b);
    case "mul":
      return mul(a, b);
    case "bitAnd":
      return and(a, b);
    case "bitOr":
      return or(a, b);
    case "bitXor":
      return xor(a, b);
    case "max":
    case "min": {
      if (isVector(a.type)) return (fn === "max" ? (unsigned ? imaxU : imax) : unsigned ? iminU : imin)(a, b);
      const [x, y] = [f.let(a), f.let(b)];
      const larger = gtOf(unsigned)(x, y);
      return fn === "max" ? select(larger, x, y) : select(larger, y, x);
    }
    case "shiftLeft":
    case "shiftRight": {
      const y = f.let(b);
      const most = of(y, bits - 1);
      const low = f.let(unsigned ? y : select(lt(y, of(y, 0)), of(y, 0), y));
      const count = select(gtOf(unsigned)(low, most), most, low);
      return fn === "shiftLeft" ? shl(a, count) : (unsigned ? shrU : shr)(a, count);
    }
    case "pow":
      return integerPower(f, f.let(a), f.let(b), unsigned);
    case "div":
    case "floorDiv":
    case "mod":
    case "floorMod":
      return unsigned ? unsignedQuotient(f, fn, f.let(a), f.let(b)) : quotient(f, fn, f.let(a), f.let(b));
    default:
      throw new Error(`bug: no ${fn} of ${dtype}`);
  }
}

type Quotient = "div" | "floorDiv" | "mod" | "floorMod";

function unsignedQuotient(f: FunctionBuilder, fn: Quotient, x: Expr, y: Expr): Expr {
  const isZero = f.let(eq(y, of(y, 0)));
  const divisor = select(isZero, of(y, 1), y);
  const result = fn === "div" || fn === "floorDiv" ? divU(x, divisor) : remU(x, divisor);
  return select(isZero, of(y, 0), result);
}

/** The machine traps for 0 and for the lowest number by -1: 1 is put in their place and the result mended. */
function quotient(f: FunctionBuilder, fn: Quotient, x: Expr, y: Expr): Expr {
  const isZero = f.let(eq(y, of(y, 0)));
  const isMinusOne = f.let(eq(y, of(y, -1)));
  const divisor = f.let(select(or(isZero, isMinusOne), of(y, 1), y));
  const remainder = f.let(rem(x, divisor));
  const crosses = and(ne(remainder, of(y, 0)), lt(xor(remainder, divisor), of(y, 0)));
  if (fn === "mod") return remainder;
  if (fn === "floorMod") return select(crosses, add(remainder, divisor), remainder);
  const whole = f.let(div(x, divisor));
  const q = fn === "div" ? whole : select(crosses, sub(whole, of(y, 1)), whole);
  return select(isZero, of(y, 0), select(isMinusOne, sub(of(y, 0), x), q));
}

/** By squaring; a negative exponent gives 0. */
function integerPower(f: FunctionBuilder, x: Expr, y: Expr, unsigned: boolean): Expr {
  const type = x.type as Lanes;
  const base = f.let(x);
  const rest = f.let(y);
  const power = f.local(type, 1);
  if (!unsigned) {
    f.if(lt(rest, of(y, 0)), () => {
      f.set(power, of(x, 0));
      f.set(rest, of(y, 0));
    });
  }
  f.while(ne(rest, of(y, 0)), () => {
    f.set(power, select(eq(and(rest, of(y, 1)), of(y, 0)), power, mul(power, base)));
    f.set(base, mul(base, base));
    f.set(rest, shrU(rest, of(y, 1)));
  });
  return power;
}

/** Names of the functions that a body borrows from JavaScript. */
export function importedFunctions(body: Body): string[] {
  return body.nodes.flatMap((node) => {
    if (node.kind !== "unary" && node.kind !== "binary") return [];
    const { dtype } = body.nodes[node.x]!;
    if (!isFloat(dtype)) return [];
    if (node.kind === "binary") return importedBinary.has(node.fn) ? [node.fn] : [];
    const own = floatUnary[node.fn] ?? (dtype === "float64" ? undefined : singleUnary[node.fn]);
    return own ? [] : [node.fn];
  });
}
