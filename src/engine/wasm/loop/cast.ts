/**
 * Conversion between dtypes, as TensorFlow on x86: floats to integers truncate, and what does not fit gives the sign bit alone (of 32 bits
 * for the smaller ones, so 0). Integers wrap. To bool: whether it is not 0.
 */
import type { DTypeName } from "../../../core/dtype.ts";
import type { FunctionBuilder } from "../assembler.ts";
import { and, convert, ge, lt, ne, reinterpret, select } from "../instructions.ts";
import { constant, type Expr, type Lanes } from "../lanes.ts";
import { isFloat, isUnsigned, round, scalarType, typeOf, type Width } from "./elements.ts";

const wide = (dtype: DTypeName): boolean => dtype === "int64" || dtype === "uint64";

/** Whether vectors of this width convert; the other casts are scalar. */
export function castsAsVector(from: DTypeName, to: DTypeName, width: Width): boolean {
  if (!typeOf(from, width) || !typeOf(to, width)) return false;
  if (from === to || width === 4) return !(isFloat(from) && to === "uint32");
  return to === "bool" || (from === "bool" && to === "float64") || (wide(from) && wide(to));
}

export function cast(f: FunctionBuilder, from: DTypeName, to: DTypeName, width: Width, x: Expr): Expr {
  if (from === to) return x;
  const type = typeOf(to, width)!;
  if (to === "bool") return ne(x, constant(x.type as Lanes, 0));
  if (from === "bool" && width > 1) {
    // a mask of all ones keeps the bits of 1
    return reinterpret(type, and(x, reinterpret(x.type as Lanes, constant(type, 1))));
  }
  if (width === 2) return x;
  if (isFloat(from)) return isFloat(to) ? toFloat(f, from, to, x) : round(f, to, truncate(f, to, x));
  if (isFloat(to)) return round(f, to, integerToFloat(from, to, x));
  return round(f, to, resize(from, to, x));
}

function toFloat(f: FunctionBuilder, from: DTypeName, to: DTypeName, x: Expr): Expr {
  if (to === "float64") return convert("promote", x);
  return round(f, to, from === "float64" ? convert("demote", x) : x);
}

function integerToFloat(from: DTypeName, to: DTypeName, x: Expr): Expr {
  const unsigned = isUnsigned(from);
  if (x.type === "i32x4") return convert(from === "uint32" ? "u32x4ToF32x4" : "i32x4ToF32x4", x);
  if (to === "float64") {
    if (wide(from)) return convert(unsigned ? "u64ToF64" : "i64ToF64", x);
    return convert(from === "uint32" ? "u32ToF64" : "i32ToF64", x);
  }
  if (wide(from)) return convert(unsigned ? "u64ToF32" : "i64ToF32", x);
  return convert(from === "uint32" ? "u32ToF32" : "i32ToF32", x);
}

function resize(from: DTypeName, to: DTypeName, x: Expr): Expr {
  if (wide(from) === wide(to)) return x;
  if (wide(from)) return convert("wrap", x);
  return convert(from === "uint32" ? "extendU" : "extend", x);
}

/** low <= x < high, both exact in either float type. */
function within(x: Expr, low: number, high: number): Expr {
  const type = x.type as Lanes;
  return and(ge(x, constant(type, low)), lt(x, constant(type, high)));
}

function truncate(f: FunctionBuilder, to: DTypeName, value: Expr): Expr {
  const x = f.let(value);
  const signBit = constant(x.type === "f32x4" ? "i32x4" : scalarType(to), wide(to) ? -(2n ** 63n) : -0x80000000);
  if (x.type === "f32x4") return select(within(x, -(2 ** 31), 2 ** 31), convert("f32x4ToI32x4", x), signBit);
  const single = x.type === "f32";
  const toI64 = convert(single ? "f32ToI64" : "f64ToI64", x);
  if (to === "int64") return select(within(x, -(2 ** 63), 2 ** 63), toI64, signBit);
  if (to === "uint64") {
    const positive = convert(single ? "f32ToU64" : "f64ToU64", x);
    const either = select(lt(x, constant(x.type as Lanes, 0)), toI64, positive);
    return select(within(x, -(2 ** 63), 2 ** 64), either, signBit);
  }
  if (to === "uint32") return select(within(x, -(2 ** 31), 2 ** 32), convert("wrap", toI64), signBit);
  const toI32 = convert(single ? "f32ToI32" : "f64ToI32", x);
  // a double just below -2^31 truncates to it
  if (!single) {
    const low = and(lt(constant("f64", -(2 ** 31) - 1), x), lt(x, constant("f64", 2 ** 31)));
    return select(low, toI32, signBit);
  }
  return select(within(x, -(2 ** 31), 2 ** 31), toI32, signBit);
}
