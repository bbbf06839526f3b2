/**
 * WebAssembly instructions as typed expression trees. A type is a lane shape ("f32", "f32x4", …), so one piece of code written with
 * these functions serves a scalar and a vector alike, with equal bits. Numbers stand for constants of the other operand's type.
 */

import {
  asExpr,
  constant,
  type Expr,
  i32,
  isVector,
  type Lanes,
  laneBytes,
  type Operand,
  scalarOf,
  unsigned,
  type Vector,
} from "./lanes.ts";

/** `simd` numbers follow the prefix 0xfd. */
const simd = (n: number): readonly number[] => [0xfd, ...unsigned(n)];

type Table = Partial<Record<Lanes, readonly number[]>>;

const integer = (i32: number, i64: number): Table => ({ i32: [i32], i64: [i64] });
const float = (f32: number, f64: number, f32x4: number, f64x2: number): Table => ({
  f32: [f32],
  f64: [f64],
  f32x4: simd(f32x4),
  f64x2: simd(f64x2),
});
const bitwise = (i32: number, i64: number, n: number): Table => ({
  ...integer(i32, i64),
  ...Object.fromEntries(["i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2"].map((type) => [type, simd(n)])),
});
const bySize = (i8x16: number, i16x8: number, i32x4: number, i64x2?: number): Table => ({
  i8x16: simd(i8x16),
  i16x8: simd(i16x8),
  i32x4: simd(i32x4),
  ...(i64x2 === undefined ? {} : { i64x2: simd(i64x2) }),
});

/** Two operands of one type; the result has it too. */
const arithmetic = {
  add: { ...integer(0x6a, 0x7c), ...float(0x92, 0xa0, 228, 240), ...bySize(110, 142, 174, 206) },
  sub: { ...integer(0x6b, 0x7d), ...float(0x93, 0xa1, 229, 241), ...bySize(113, 145, 177, 209) },
  mul: { ...integer(0x6c, 0x7e), ...float(0x94, 0xa2, 230, 242), i16x8: simd(149), i32x4: simd(181), i64x2: simd(213) },
  div: { ...integer(0x6d, 0x7f), ...float(0x95, 0xa3, 231, 243) },
  divU: integer(0x6e, 0x80),
  rem: integer(0x6f, 0x81),
  remU: integer(0x70, 0x82),
  and: bitwise(0x71, 0x83, 78),
  or: bitwise(0x72, 0x84, 80),
  xor: bitwise(0x73, 0x85, 81),
  /** NaN when either is NaN; -0 is below 0. */
  fmin: float(0x96, 0xa4, 232, 244),
  fmax: float(0x97, 0xa5, 233, 245),
  copysign: { f32: [0x98], f64: [0xa6] },
  imin: bySize(118, 150, 182),
  imax: bySize(120, 152, 184),
  iminU: bySize(119, 151, 183),
  imaxU: bySize(121, 153, 185),
} satisfies Record<string, Table>;

/** The count of a vector's shift is an i32. */
const shifts = {
  shl: { ...integer(0x74, 0x86), ...bySize(107, 139, 171, 203) },
  shr: { ...integer(0x75, 0x87), ...bySize(108, 140, 172, 204) },
  shrU: { ...integer(0x76, 0x88), ...bySize(109, 141, 173, 205) },
} satisfies Record<string, Table>;

/** The result is an i32, or a mask of the same lane size. */
const comparisons = {
  eq: { ...integer(0x46, 0x51), ...float(0x5b, 0x61, 65, 71), ...bySize(35, 45, 55, 214) },
  ne: { ...integer(0x47, 0x52), ...float(0x5c, 0x62, 66, 72), ...bySize(36, 46, 56, 215) },
  lt: { ...integer(0x48, 0x53), ...float(0x5d, 0x63, 67, 73), ...bySize(37, 47, 57, 216) },
  gt: { ...integer(0x4a, 0x55), ...float(0x5e, 0x64, 68, 74), ...bySize(39, 49, 59, 217) },
  le: { ...integer(0x4c, 0x57), ...float(0x5f, 0x65, 69, 75), ...bySize(41, 51, 61, 218) },
  ge: { ...integer(0x4e, 0x59), ...float(0x60, 0x66, 70, 76), ...bySize(43, 53, 63, 219) },
  ltU: { ...integer(0x49, 0x54), ...bySize(38, 48, 58) },
  gtU: { ...integer(0x4b, 0x56), ...bySize(40, 50, 60) },
  leU: { ...integer(0x4d, 0x58), ...bySize(42, 52, 62) },
  geU: { ...integer(0x4f, 0x5a), ...bySize(44, 54, 64) },
} satisfies Record<string, Table>;

const unaries = {
  abs: { ...float(0x8b, 0x99, 224, 236), ...bySize(96, 128, 160, 192) },
  neg: { ...float(0x8c, 0x9a, 225, 237), ...bySize(97, 129, 161, 193) },
  ceil: float(0x8d, 0x9b, 103, 116),
  floor: float(0x8e, 0x9c, 104, 117),
  nearest: float(0x90, 0x9e, 106, 148),
  sqrt: float(0x91, 0x9f, 227, 239),
  /** Bitwise not of a vector. */
  not: bitwise(0, 0, 77),
} satisfies Record<string, Table>;

/** [operand, result, code]. Conversions to integers saturate; NaN becomes 0. */
const conversions = {
  wrap: ["i64", "i32", [0xa7]],
  extend: ["i32", "i64", [0xac]],
  extendU: ["i32", "i64", [0xad]],
  extend8: ["i32", "i32", [0xc0]],
  extend16: ["i32", "i32", [0xc1]],
  f32ToI32: ["f32", "i32", [0xfc, 0]],
  f32ToU32: ["f32", "i32", [0xfc, 1]],
  f64ToI32: ["f64", "i32", [0xfc, 2]],
  f64ToU32: ["f64", "i32", [0xfc, 3]],
  f32ToI64: ["f32", "i64", [0xfc, 4]],
  f32ToU64: ["f32", "i64", [0xfc, 5]],
  f64ToI64: ["f64", "i64", [0xfc, 6]],
  f64ToU64: ["f64", "i64", [0xfc, 7]],
  i32ToF32: ["i32", "f32", [0xb2]],
  u32ToF32: ["i32", "f32", [0xb3]],
  i64ToF32: ["i64", "f32", [0xb4]],
  u64ToF32: ["i64", "f32", [0xb5]],
  i32ToF64: ["i32", "f64", [0xb7]],
  u32ToF64: ["i32", "f64", [0xb8]],
  i64ToF64: ["i64", "f64", [0xb9]],
  u64ToF64: ["i64", "f64", [0xba]],
  demote: ["f64", "f32", [0xb6]],
  promote: ["f32", "f64", [0xbb]],
  f32x4ToI32x4: ["f32x4", "i32x4", simd(248)],
  i32x4ToF32x4: ["i32x4", "f32x4", simd(250)],
  u32x4ToF32x4: ["i32x4", "f32x4", simd(251)],
  /** Two doubles to the low floats; the high ones are 0. */
  demoteLow: ["f64x2", "f32x4", simd(94)],
  promoteLow: ["f32x4", "f64x2", simd(95)],
  f64x2ToI32x4: ["f64x2", "i32x4", simd(252)],
  i32x4LowToF64x2: ["i32x4", "f64x2", simd(254)],
} satisfies Record<string, [Lanes, Lanes, readonly number[]]>;

const reinterprets: Record<string, readonly number[]> = {
  "f32>i32": [0xbc],
  "f64>i64": [0xbd],
  "i32>f32": [0xbe],
  "i64>f64": [0xbf],
};

const bug = (message: string): Error => new Error(`bug: ${message}`);

function instruction(table: Table, name: string, type: Lanes | "void"): readonly number[] {
  const code = type === "void" ? undefined : table[type];
  if (!code) throw bug(`no instruction ${type}.${name}`);
  return code;
}

const typed = (x: Operand, y: Operand): Lanes =>
  (typeof x === "object" ? x.type : typeof y === "object" ? y.type : "i32") as Lanes;

function pairOf(table: Table, name: string, result: (type: Lanes) => Lanes) {
  return (x: Operand, y: Operand): Expr => {
    const type = typed(x, y);
    const args = [asExpr(type, x), asExpr(type, y)];
    if (args[0]!.type !== args[1]!.type) throw bug(`${name} of ${args[0]!.type} and ${args[1]!.type}`);
    return { type: result(type), code: instruction(table, name, type), args };
  };
}

const maskOf = (type: Lanes): Lanes => (isVector(type) ? (type.replace("f", "i") as Lanes) : "i32");

type Binary<T> = { readonly [K in keyof T]: (x: Operand, y: Operand) => Expr };
const mapped = <T extends Record<string, Table>>(tables: T, result: (type: Lanes) => Lanes) =>
  Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, pairOf(table, name, result)])) as Binary<T>;

export const { divU, rem, remU, and, or, xor, fmin, fmax, copysign, imin, imax, iminU, imaxU, div } = mapped(
  arithmetic,
  (type) => type,
);
const plain = mapped({ add: arithmetic.add, sub: arithmetic.sub, mul: arithmetic.mul }, (type) => type);
export const { eq, ne, lt, gt, le, ge, ltU, gtU, leU, geU } = mapped(comparisons, maskOf);

const isNumber = (x: Operand, value: number): boolean => typeof x === "number" && x === value;

/** Sums, differences and products of i32 numbers fold, so that address arithmetic costs nothing where sizes are known. */
export function add(x: Operand, y: Operand): Expr {
  if (typeof x === "number" && typeof y === "number") return i32(x + y);
  if (typed(x, y) === "i32" && (isNumber(y, 0) || isNumber(x, 0))) return asExpr("i32", isNumber(y, 0) ? x : y);
  return plain.add(x, y);
}
export function sub(x: Operand, y: Operand): Expr {
  if (typeof x === "number" && typeof y === "number") return i32(x - y);
  return typed(x, y) === "i32" && isNumber(y, 0) ? asExpr("i32", x) : plain.sub(x, y);
}
export function mul(x: Operand, y: Operand): Expr {
  if (typeof x === "number" && typeof y === "number") return i32(Math.imul(x, y));
  if (typed(x, y) !== "i32") return plain.mul(x, y);
  if (isNumber(y, 1) || isNumber(x, 1)) return asExpr("i32", isNumber(y, 1) ? x : y);
  if (typeof y === "number" && y > 1 && (y & (y - 1)) === 0) return shl(x, Math.log2(y));
  return plain.mul(x, y);
}

function shiftOf(name: keyof typeof shifts) {
  return (x: Operand, count: Operand): Expr => {
    const type = typed(x, count);
    const args = [asExpr(type, x), asExpr(isVector(type) ? "i32" : type, count)];
    return { type, code: instruction(shifts[name], name, type), args };
  };
}
export const shl = shiftOf("shl");
export const shr = shiftOf("shr");
export const shrU = shiftOf("shrU");

type UnaryName = keyof typeof unaries;
const unaryOf =
  (name: UnaryName) =>
  (x: Expr): Expr => ({ type: x.type, code: instruction(unaries[name], name, x.type), args: [x] });
export const abs = unaryOf("abs");
export const neg = (x: Expr): Expr => (x.type === "i32" || x.type === "i64" ? plain.sub(0, x) : unaryOf("neg")(x));
export const ceil = unaryOf("ceil");
export const floor = unaryOf("floor");
export const nearest = unaryOf("nearest");
export const sqrt = unaryOf("sqrt");
export const not = (x: Expr): Expr => (x.type === "i32" || x.type === "i64" ? xor(x, -1) : unaryOf("not")(x));
export const eqz = (x: Expr): Expr => ({ type: "i32", code: [x.type === "i64" ? 0x50 : 0x45], args: [x] });

export type Conversion = keyof typeof conversions;
export function convert(name: Conversion, x: Expr): Expr {
  const [from, to, code] = conversions[name];
  if (x.type !== from) throw bug(`${name} of ${x.type}`);
  return { type: to as Lanes, code, args: [x] };
}

/** The same bits as another type of the same size; costs nothing for vectors. */
export function reinterpret(type: Lanes, x: Expr): Expr {
  if (x.type === type) return x;
  if (isVector(type) && isVector(x.type)) return { type, code: [], args: [x] };
  const code = reinterprets[`${x.type}>${type}`];
  if (!code) throw bug(`reinterpret ${x.type} as ${type}`);
  return { type, code, args: [x] };
}

/** condition ? x : y. A vector's condition is a mask; both sides are always computed. */
export function select(condition: Expr, x: Operand, y: Operand): Expr {
  const type = typed(x, y);
  const args = [asExpr(type, x), asExpr(type, y), condition];
  return { type, code: isVector(type) ? simd(82) : [0x1b], args };
}

/** x y + z of float vectors, rounded once where the processor can: part of relaxed SIMD (fused.ts). */
export const madd = (x: Expr, y: Expr, z: Expr): Expr => ({
  type: x.type,
  code: simd(x.type === "f32x4" ? 0x105 : 0x107),
  args: [x, y, z],
});

/** limit < x ? limit : x, which passes NaN on; one machine instruction, where fmin takes seven. */
export const atMost = (x: Expr, limit: Operand): Expr => {
  const y = asExpr(x.type as Lanes, limit);
  return isVector(x.type)
    ? { type: x.type, code: simd(x.type === "f32x4" ? 234 : 246), args: [x, y] }
    : select(lt(y, x), y, x);
};

/** x < limit ? limit : x, which passes NaN on. */
export const atLeast = (x: Expr, limit: Operand): Expr => {
  const y = asExpr(x.type as Lanes, limit);
  return isVector(x.type)
    ? { type: x.type, code: simd(x.type === "f32x4" ? 235 : 247), args: [x, y] }
    : select(lt(x, y), y, x);
};

const splats: Record<Vector, number> = { i8x16: 15, i16x8: 16, i32x4: 17, i64x2: 18, f32x4: 19, f64x2: 20 };
export const splat = (type: Vector, x: Operand): Expr =>
  typeof x === "object" ? { type, code: simd(splats[type]), args: [x] } : constant(type, x);

const extracts: Partial<Record<Vector, number>> = { i32x4: 27, i64x2: 29, f32x4: 31, f64x2: 33 };
/** One lane of a vector as a scalar. */
export const lane = (x: Expr, n: number): Expr => ({
  type: scalarOf(x.type as Lanes),
  code: [...simd(extracts[x.type as Vector]!), n],
  args: [x],
});

/** Lanes of x and then y by number (4 numbers for 32-bit lanes, 2 for 64-bit ones, 16 for bytes). */
export function shuffle(x: Expr, y: Expr, lanes: readonly number[]): Expr {
  const width = 16 / lanes.length;
  const bytes = lanes.flatMap((n) => Array.from({ length: width }, (_, i) => n * width + i));
  return { type: x.type, code: [...simd(13), ...bytes], args: [x, y] };
}

const allTrues: Partial<Record<Vector, number>> = { i8x16: 99, i16x8: 131, i32x4: 163, i64x2: 195 };
export const allTrue = (x: Expr): Expr => ({ type: "i32", code: simd(allTrues[x.type as Vector]!), args: [x] });

/** What a load reads: a whole type, a small integer widened to i32, or one element repeated in each lane. */
export type Loaded = Lanes | "i8" | "u8" | "i16" | "u16";

/** [code, log2 of the alignment]. */
const loads: Record<Loaded, readonly [readonly number[], number]> = {
  i32: [[0x28], 2],
  i64: [[0x29], 3],
  f32: [[0x2a], 2],
  f64: [[0x2b], 3],
  i8: [[0x2c], 0],
  u8: [[0x2d], 0],
  i16: [[0x2e], 1],
  u16: [[0x2f], 1],
  i8x16: [simd(0), 2],
  i16x8: [simd(0), 2],
  i32x4: [simd(0), 2],
  i64x2: [simd(0), 2],
  f32x4: [simd(0), 2],
  f64x2: [simd(0), 2],
};

export function load(type: Loaded, address: Operand, offset = 0): Expr {
  const [code, align] = loads[type];
  const result = type.length === 2 || type === "i16" || type === "u16" ? "i32" : (type as Lanes);
  return { type: result, code: [...code, align, ...unsigned(offset)], args: [asExpr("i32", address)] };
}

/** Every lane is the one element at the address. */
export const loadSplat = (type: Vector, address: Operand, offset = 0): Expr => {
  const log = Math.log2(laneBytes(type));
  return { type, code: [...simd(7 + log), log, ...unsigned(offset)], args: [asExpr("i32", address)] };
};

const stores: Record<Exclude<Loaded, "u8" | "u16">, readonly [readonly number[], number]> = {
  i32: [[0x36], 2],
  i64: [[0x37], 3],
  f32: [[0x38], 2],
  f64: [[0x39], 3],
  i8: [[0x3a], 0],
  i16: [[0x3b], 1],
  i8x16: [simd(11), 2],
  i16x8: [simd(11), 2],
  i32x4: [simd(11), 2],
  i64x2: [simd(11), 2],
  f32x4: [simd(11), 2],
  f64x2: [simd(11), 2],
};

export type Stored = keyof typeof stores;

export function store(type: Stored, address: Operand, value: Operand, offset = 0): Expr {
  const [code, align] = stores[type];
  const valueLanes = type === "i8" || type === "i16" ? "i32" : type;
  const args = [asExpr("i32", address), asExpr(valueLanes, value)];
  return { type: "void", code: [...code, align, ...unsigned(offset)], args };
}

/** Widens small integers in the low bytes of a vector to i32x4. */
export function widenLow(type: "i8" | "u8" | "i16" | "u16", x: Expr): Expr {
  const wide: Expr = type.endsWith("8") ? { type: "i16x8", code: simd(type === "i8" ? 135 : 137), args: [x] } : x;
  return { type: "i32x4", code: simd(type[0] === "i" ? 167 : 169), args: [wide] };
}

/** The lanes of an i32x4 as small integers in its low bytes; values must fit. */
export function narrowLow(type: "i8" | "u8" | "i16" | "u16", x: Expr): Expr {
  const half: Expr = { type: "i16x8", code: simd(type === "u16" ? 134 : 133), args: [x, x] };
  return type.endsWith("16") ? half : { type: "i8x16", code: simd(type === "i8" ? 101 : 102), args: [half, half] };
}

/** The low 4 or 8 bytes of a vector; the rest is 0. */
export const loadLow = (sizeBytes: 4 | 8, address: Operand, offset = 0): Expr => ({
  type: "i8x16",
  code: [...simd(sizeBytes === 4 ? 92 : 93), 0, ...unsigned(offset)],
  args: [asExpr("i32", address)],
});

export const storeLow = (sizeBytes: 4 | 8, address: Operand, x: Expr, offset = 0): Expr => ({
  type: "void",
  code: [...simd(sizeBytes === 4 ? 90 : 91), 0, ...unsigned(offset), 0],
  args: [asExpr("i32", address), x],
});

export const copyBytes = (to: Operand, from: Operand, sizeBytes: Operand): Expr => ({
  type: "void",
  code: [0xfc, 10, 0, 0],
  args: [asExpr("i32", to), asExpr("i32", from), asExpr("i32", sizeBytes)],
});

export const fillBytes = (to: Operand, byte: Operand, sizeBytes: Operand): Expr => ({
  type: "void",
  code: [0xfc, 11, 0],
  args: [asExpr("i32", to), asExpr("i32", byte), asExpr("i32", sizeBytes)],
});
