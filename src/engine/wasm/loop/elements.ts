/**
 * How elements of each dtype are held while computing, and how they get from and to memory.
 *
 *     held as       scalar               vector of 4            vector of 2
 *     float32       f32                  f32x4                  -
 *     16-bit floats f32 (rounded)        f32x4 (rounded)        -
 *     float64       f64                  -                      f64x2
 *     64-bit ints   i64                  -                      i64x2
 *     other ints    i32                  i32x4                  -
 *     bool          i32, 0 or 1          i32x4 mask             i64x2 mask
 */
import type { DTypeName } from "../../../core/dtype.ts";
import type { FunctionBuilder } from "../assembler.ts";
import {
  and,
  convert,
  load,
  loadLow,
  loadSplat,
  narrowLow,
  ne,
  neg,
  reinterpret,
  shl,
  shr,
  shrU,
  splat,
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
import { floatToHalf, halfToFloat, roundToBfloat16, roundToHalf } from "./half.ts";

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
  float16: "u16",
};

const scalars: Partial<Record<DTypeName, Scalar>> = {
  float32: "f32",
  bfloat16: "f32",
  float16: "f32",
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
  dtype === "float32" || dtype === "float64" || dtype === "bfloat16" || dtype === "float16";

/** Whether elements of the dtype can be computed with at all (complex numbers cannot). */
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

/** Small integers after arithmetic in 32 bits, and 16-bit floats after arithmetic in float32: back to what the dtype can hold. */
export function round(f: FunctionBuilder, dtype: DTypeName, x: Expr): Expr {
  if (dtype === "bfloat16") return roundToBfloat16(f, x);
  if (dtype === "float16") return roundToHalf(f, x);
  const kind = small[dtype];
  if (!kind || dtype === "bool") return x;
  if (kind === "u8") return and(x, 255);
  if (kind === "u16") return and(x, 65535);
  const bits = kind === "i8" ? 24 : 16;
  return shr(shl(x, bits), bits);
}

/** A place in memory: an address and a constant added to it. */
export interface ElementPlace {
  readonly address: Operand;
  readonly offset: number;
}

export function loadElement(
  f: FunctionBuilder,
  dtype: DTypeName,
  width: Width,
  { address, offset }: ElementPlace,
): Expr {
  const kind = small[dtype];
  if (!kind) return load(width === 1 ? scalarType(dtype) : vectorOf(scalarType(dtype)), address, offset);
  const x =
    width === 1 ? load(kind, address, offset) : widenLow(kind, loadLow(kind.endsWith("8") ? 4 : 8, address, offset));
  if (dtype === "bool") return width === 1 ? x : ne(x, constant("i32x4", 0));
  if (dtype === "bfloat16") return reinterpret(width === 1 ? "f32" : "f32x4", shl(x, 16));
  return dtype === "float16" ? halfToFloat(f, x) : x;
}

/** A value as it lies in memory: the bits of 16-bit floats. */
function stored(f: FunctionBuilder, dtype: DTypeName, value: Expr): Expr {
  if (dtype === "float16") return floatToHalf(f, value);
  if (dtype !== "bfloat16") return value;
  return shrU(reinterpret(isVector(value.type) ? "i32x4" : "i32", value), 16);
}

export function storeElement(
  f: FunctionBuilder,
  dtype: DTypeName,
  { address, offset }: ElementPlace,
  value: Expr,
): void {
  const kind = small[dtype];
  const x = stored(f, dtype, value);
  if (!isVector(value.type)) {
    const narrow = kind && (kind.endsWith("8") ? "i8" : "i16");
    f.store(narrow ?? scalarType(dtype), address, x, offset);
  } else if (!kind) f.store(vectorOf(scalarType(dtype)), address, x, offset);
  else {
    const lanes = dtype === "bool" ? and(x, 1) : x;
    f.do(storeLow(kind.endsWith("8") ? 4 : 8, address, narrowLow(kind, lanes), offset));
  }
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
export function loadSpread(f: FunctionBuilder, dtype: DTypeName, width: Width, place: ElementPlace): Expr {
  if (width === 1 || small[dtype]) return spread(dtype, width, loadElement(f, dtype, 1, place));
  return loadSplat(vectorOf(scalarType(dtype)), place.address, place.offset);
}

/** A constant of a dtype; bool as 0 or 1, or a mask. */
export function constantOf(dtype: DTypeName, width: Width, value: number | bigint): Expr {
  const type = typeOf(dtype, width)!;
  return constant(type, dtype === "bool" && width > 1 ? -Number(value) : value);
}
