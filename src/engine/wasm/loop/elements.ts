/**
 * How elements of each dtype are held while computing, and how they get from and to memory.
 *
 *     held as       scalar               vector of 4            vector of 2
 *     float32       f32                  f32x4                  -
 *     bfloat16      f32 (rounded)        f32x4 (rounded)        -
 *     float64       f64                  -                      f64x2
 *     64-bit ints   i64                  -                      i64x2
 *     other ints    i32                  i32x4                  -
 *     bool          i32, 0 or 1          i32x4 mask             i64x2 mask
 */
import type { DTypeName } from "../../../core/dtype.ts";
import type { FunctionBuilder } from "../assembler.ts";
import {
  add,
  and,
  convert,
  eq,
  load,
  loadLow,
  loadSplat,
  narrowLow,
  ne,
  neg,
  reinterpret,
  select,
  shl,
  shr,
  shrU,
  splat,
  store,
  storeLow,
  widenLow,
} from "../instructions.ts";
import {
  constant,
  type Expr,
  isVector,
  type Lanes,
  type Operand,
  type Scalar,
  type Vector,
  vectorOf,
} from "../lanes.ts";

/** Lanes of the running loop: 1 is scalar code. */
export type Width = 1 | 2 | 4;

type Small = "i8" | "u8" | "i16" | "u16";
const small: Partial<Record<DTypeName, Small>> = {
  int8: "i8",
  qint8: "i8",
  uint8: "u8",
  quint8: "u8",
  bool: "u8",
  int16: "i16",
  qint16: "i16",
  uint16: "u16",
  quint16: "u16",
  bfloat16: "u16",
};

const scalars: Partial<Record<DTypeName, Scalar>> = {
  float32: "f32",
  bfloat16: "f32",
  float64: "f64",
  int64: "i64",
  uint64: "i64",
  int32: "i32",
  uint32: "i32",
  qint32: "i32",
  string: "i32",
  resource: "i32",
  variant: "i32",
  int8: "i32",
  qint8: "i32",
  uint8: "i32",
  quint8: "i32",
  bool: "i32",
  int16: "i32",
  qint16: "i32",
  uint16: "i32",
  quint16: "i32",
};

export const isUnsigned = (dtype: DTypeName): boolean => dtype.startsWith("uint") || dtype.startsWith("quint");
export const isFloat = (dtype: DTypeName): boolean =>
  dtype === "float32" || dtype === "float64" || dtype === "bfloat16";

/** Whether elements of the dtype can be computed with at all (complex numbers and float16 cannot). */
export const isHeld = (dtype: DTypeName): boolean => scalars[dtype] !== undefined;

export const scalarType = (dtype: DTypeName): Scalar => scalars[dtype]!;

/** The type of `width` elements, or null where vectors of that width cannot hold the dtype. */
export function typeOf(dtype: DTypeName, width: Width): Lanes | null {
  const type = scalars[dtype];
  if (!type) return null;
  if (width === 1) return type;
  if (dtype === "bool") return width === 4 ? "i32x4" : "i64x2";
  const vector = vectorOf(type);
  return Number(vector.at(-1)) === width ? vector : null;
}

/** Small integers after arithmetic in 32 bits, and bfloat16 after arithmetic in float32: back to what the dtype can hold. */
export function round(f: FunctionBuilder, dtype: DTypeName, x: Expr): Expr {
  if (dtype === "bfloat16") return roundToBfloat16(f, x);
  const kind = small[dtype];
  if (!kind || dtype === "bool") return x;
  if (kind === "u8") return and(x, 255);
  if (kind === "u16") return and(x, 65535);
  const bits = kind === "i8" ? 24 : 16;
  return shr(shl(x, bits), bits);
}

/** Nearest, ties to even; NaN becomes the quiet one. */
function roundToBfloat16(f: FunctionBuilder, x: Expr): Expr {
  const value = f.let(x);
  const type = x.type as Lanes;
  const whole: Lanes = isVector(type) ? "i32x4" : "i32";
  const bits = f.let(reinterpret(whole, value));
  const rounded = and(add(add(bits, 0x7fff), and(shrU(bits, 16), 1)), -0x10000);
  return reinterpret(type, select(eq(value, value), rounded, constant(whole, 0x7fc00000)));
}

export function loadElement(dtype: DTypeName, width: Width, address: Operand, offset: number): Expr {
  const kind = small[dtype];
  if (width === 1) {
    const x = load(kind ?? scalarType(dtype), address, offset);
    return dtype === "bfloat16" ? reinterpret("f32", shl(x, 16)) : x;
  }
  if (!kind) return load(vectorOf(scalarType(dtype)), address, offset);
  const x = widenLow(kind, loadLow(kind.endsWith("8") ? 4 : 8, address, offset));
  if (dtype === "bool") return ne(x, constant("i32x4", 0));
  return dtype === "bfloat16" ? reinterpret("f32x4", shl(x, 16)) : x;
}

export function storeElement(dtype: DTypeName, width: Width, address: Operand, value: Expr, offset: number): Expr {
  const kind = small[dtype];
  const x = dtype === "bfloat16" ? shrU(reinterpret(width === 1 ? "i32" : "i32x4", value), 16) : value;
  if (width === 1) {
    const narrow = kind && (kind.endsWith("8") ? "i8" : "i16");
    return store(narrow ?? scalarType(dtype), address, x, offset);
  }
  if (!kind) return store(vectorOf(scalarType(dtype)), address, x, offset);
  const lanes = dtype === "bool" ? and(x, 1) : x;
  return storeLow(kind.endsWith("8") ? 4 : 8, address, narrowLow(kind, lanes), offset);
}

/** Whether memory of the dtype is read and written `width` elements at once. */
export const movesAsVector = (dtype: DTypeName, width: Width): boolean =>
  width === 4 ? typeOf(dtype, 4) !== null : dtype !== "bool" && typeOf(dtype, width) !== null;

/** One element in every lane. */
export function spread(dtype: DTypeName, width: Width, x: Expr): Expr {
  if (width === 1) return x;
  const type = typeOf(dtype, width) as Vector;
  if (dtype === "bool") return neg(splat(type, type === "i64x2" ? convert("extend", x) : x));
  return splat(type, x);
}

/** The element of a memory in every lane. */
export function loadSpread(dtype: DTypeName, width: Width, address: Operand, offset: number): Expr {
  if (width === 1 || small[dtype]) return spread(dtype, width, loadElement(dtype, 1, address, offset));
  return loadSplat(vectorOf(scalarType(dtype)), address, offset);
}

/** A constant of a dtype; bool as 0 or 1, or a mask. */
export function constantOf(dtype: DTypeName, width: Width, value: number | bigint): Expr {
  const type = typeOf(dtype, width)!;
  return constant(type, dtype === "bool" && width > 1 ? -Number(value) : value);
}
