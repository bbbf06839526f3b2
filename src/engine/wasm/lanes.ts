/** The types of WebAssembly values, down to the shape of a vector's lanes, and how numbers are written in the binary format. */

export type Scalar = "i32" | "i64" | "f32" | "f64";
export type Vector = "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2";
export type Lanes = Scalar | Vector;

/** A tree: the operands' code, then its own. `type` is "void" for an instruction without a result. */
export interface Expr {
  readonly type: Lanes | "void";
  readonly code: readonly number[];
  readonly args: readonly Expr[];
}

export type Operand = Expr | number | bigint;

const vectors: Readonly<Record<Lanes | "void", boolean>> = {
  i32: false,
  i64: false,
  f32: false,
  f64: false,
  i8x16: true,
  i16x8: true,
  i32x4: true,
  i64x2: true,
  f32x4: true,
  f64x2: true,
  void: false,
};

export const isVector = (type: Lanes | "void"): type is Vector => vectors[type];

const valueTypes: Record<Scalar, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** The value type's byte in the binary format. */
export const valueType = (type: Lanes): number => (isVector(type) ? 0x7b : valueTypes[type]);

/** The codes of small numbers, made once. */
const shortCodes: (readonly number[] | undefined)[] = [];

/** Unsigned LEB128. */
export function unsigned(n: number): readonly number[] {
  if (n >= 1 << 14) return unsignedCode(n);
  shortCodes[n] ??= unsignedCode(n);
  return shortCodes[n];
}

function unsignedCode(n: number): number[] {
  const out: number[] = [];
  do {
    const byte = n % 128;
    n = Math.floor(n / 128);
    out.push(n ? byte | 0x80 : byte);
  } while (n);
  return out;
}

/** Signed LEB128. */
export function signed(n: number | bigint): readonly number[] {
  if (typeof n === "number" && n === (n | 0)) return signedCode(n);
  const out: number[] = [];
  for (let rest = BigInt(n); ; ) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(byte & 0x40)) || (rest === -1n && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

function signedCode(n: number): number[] {
  const out: number[] = [];
  for (let rest = n; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && !(byte & 0x40)) || (rest === -1 && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

const scratch = new DataView(new ArrayBuffer(16));

function bytesOf(lanes: Lanes, value: number | bigint): number[] {
  const width = laneBytes(lanes);
  for (let at = 0; at < (isVector(lanes) ? 16 : width); at += width) {
    if (lanes[0] === "f") scratch[width === 4 ? "setFloat32" : "setFloat64"](at, Number(value), true);
    else if (width === 8) scratch.setBigInt64(at, BigInt(value), true);
    else if (width === 4) scratch.setInt32(at, Number(value), true);
    else if (width === 2) scratch.setInt16(at, Number(value), true);
    else scratch.setInt8(at, Number(value));
  }
  return [...new Uint8Array(scratch.buffer, 0, isVector(lanes) ? 16 : width)];
}

const laneWidths: Record<Lanes, number> = {
  i32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
  i8x16: 1,
  i16x8: 2,
  i32x4: 4,
  i64x2: 8,
  f32x4: 4,
  f64x2: 8,
};

/** Bytes of one lane. */
export const laneBytes = (type: Lanes): number => laneWidths[type];

/** How many lanes: 1 for a scalar. */
export const laneCount = (type: Lanes): number => (isVector(type) ? 16 / laneWidths[type] : 1);

/** The scalar type of one lane (i32 for the small integers). */
export function scalarOf(type: Lanes): Scalar {
  if (type === "i8x16" || type === "i16x8") return "i32";
  return type.slice(0, 3) as Scalar;
}

/** The vector type whose lanes are this scalar. */
export const vectorOf = (type: Scalar): Vector => (laneWidths[type] === 4 ? `${type}x4` : `${type}x2`) as Vector;

const constants = new Map<Lanes, Map<number | bigint, Expr>>();

/** A constant; every lane of a vector has the value. Equal ones are one object (there are few). */
export function constant(type: Lanes, value: number | bigint): Expr {
  if (type === "i32") return { type, code: [0x41, ...signed(Number(value) | 0)], args: [] };
  // a map does not tell -0 from 0
  if (value === 0 && Object.is(value, -0)) return newConstant(type, value);
  let known = constants.get(type);
  if (!known) {
    known = new Map();
    constants.set(type, known);
  }
  let made = known.get(value);
  if (!made) {
    made = newConstant(type, value);
    if (known.size < 4096) known.set(value, made);
  }
  return made;
}

function newConstant(type: Lanes, value: number | bigint): Expr {
  if (type === "i64") return { type, code: [0x42, ...signed(BigInt.asIntN(64, BigInt(value)))], args: [] };
  if (isVector(type)) return { type, code: [0xfd, 12, ...bytesOf(type, value)], args: [] };
  return { type, code: [type === "f32" ? 0x43 : 0x44, ...bytesOf(type, value)], args: [] };
}

/** A vector with a number for each lane. */
export const constantLanes = (type: Vector, values: readonly number[]): Expr => ({
  type,
  code: [0xfd, 12, ...values.flatMap((value) => bytesOf(scalarOf(type), value))],
  args: [],
});

export const i32 = (value: number): Expr => constant("i32", value);

export const asExpr = (type: Lanes, x: Operand): Expr => (typeof x === "object" ? x : constant(type, x));
