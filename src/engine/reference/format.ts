/** Elements as plain values: how each dtype is read from and written to typed arrays, and what values it can hold. */
import type { DTypeName } from "../../core/dtype.ts";
import {
  bfloat16ToNumber,
  halfToNumber,
  type NumberArray,
  numberToBfloat16,
  numberToHalf,
} from "../../core/nd_array.ts";
import type { Complex } from "./complex.ts";

/** int64 and uint64 are bigint, complex numbers pairs, all else number (bool 0 or 1). */
export type Scalar = number | bigint | Complex;

export type Class = "float" | "integer" | "big" | "bool" | "complex";

export interface Format {
  readonly class: Class;
  readonly bits: number;
  readonly zero: Scalar;
  readonly one: Scalar;
  /** The neutral elements of max and min. */
  readonly lowest: Scalar;
  readonly highest: Scalar;
  read(data: NumberArray, i: number): Scalar;
  /** The value must be one that the dtype can hold. */
  write(data: NumberArray, i: number, value: Scalar): void;
  /** The nearest value of the dtype (floats), or the value modulo 2^bits (integers). */
  round(value: Scalar): Scalar;
}

const readPlain = (data: NumberArray, i: number) => data[i] as number;
const writePlain = (data: NumberArray, i: number, value: Scalar) => {
  data[i] = value as number;
};

const float = (
  bits: number,
  round: (x: number) => number,
  code?: { read: (bits: number) => number; write: (x: number) => number },
): Format => ({
  class: "float",
  bits,
  zero: 0,
  one: 1,
  lowest: Number.NEGATIVE_INFINITY,
  highest: Number.POSITIVE_INFINITY,
  read: code ? (data, i) => code.read(data[i] as number) : readPlain,
  write: code
    ? (data, i, value) => {
        data[i] = code.write(value as number);
      }
    : writePlain,
  round: (x) => round(x as number),
});

const integer = (bits: number, signed: boolean): Format => {
  const shift = 32 - bits;
  return {
    class: "integer",
    bits,
    zero: 0,
    one: 1,
    lowest: signed ? -(2 ** (bits - 1)) : 0,
    highest: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
    read: readPlain,
    write: writePlain,
    round: signed ? (x) => ((x as number) << shift) >> shift : (x) => ((x as number) << shift) >>> shift,
  };
};

const big = (signed: boolean): Format => ({
  class: "big",
  bits: 64,
  zero: 0n,
  one: 1n,
  lowest: signed ? -(2n ** 63n) : 0n,
  highest: signed ? 2n ** 63n - 1n : 2n ** 64n - 1n,
  read: (data, i) => data[i] as bigint,
  write: (data, i, value) => {
    data[i] = value as bigint;
  },
  round: signed ? (x) => BigInt.asIntN(64, x as bigint) : (x) => BigInt.asUintN(64, x as bigint),
});

const pair = (bits: number, round: (x: number) => number): Format => ({
  class: "complex",
  bits,
  zero: { re: 0, im: 0 },
  one: { re: 1, im: 0 },
  lowest: { re: Number.NaN, im: Number.NaN },
  highest: { re: Number.NaN, im: Number.NaN },
  read: (data, i) => ({ re: data[2 * i] as number, im: data[2 * i + 1] as number }),
  write: (data, i, value) => {
    data[2 * i] = (value as Complex).re;
    data[2 * i + 1] = (value as Complex).im;
  },
  round: (x) => ({ re: round((x as Complex).re), im: round((x as Complex).im) }),
});

const half = { read: halfToNumber, write: numberToHalf };
const brain = { read: bfloat16ToNumber, write: numberToBfloat16 };
const same = (x: number) => x;
const handle = integer(32, true);

const formats: Record<DTypeName, Format> = {
  float16: float(16, (x) => halfToNumber(numberToHalf(Math.fround(x))), half),
  bfloat16: float(16, (x) => bfloat16ToNumber(numberToBfloat16(Math.fround(x))), brain),
  float32: float(32, Math.fround),
  float64: float(64, same),
  int8: integer(8, true),
  int16: integer(16, true),
  int32: integer(32, true),
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  int64: big(true),
  uint64: big(false),
  bool: {
    class: "bool",
    bits: 8,
    zero: 0,
    one: 1,
    lowest: 0,
    highest: 1,
    read: readPlain,
    write: writePlain,
    round: (x) => (x ? 1 : 0),
  },
  complex64: pair(64, Math.fround),
  complex128: pair(128, same),
  qint8: integer(8, true),
  qint16: integer(16, true),
  qint32: integer(32, true),
  quint8: integer(8, false),
  quint16: integer(16, false),
  string: handle,
  resource: handle,
  variant: handle,
};

export const formatOf = (dtype: DTypeName): Format => formats[dtype];

/** A plain value as the nearest one of a dtype; numbers and booleans serve every dtype. */
export function scalarOf(value: number | bigint | boolean, dtype: DTypeName): Scalar {
  const format = formats[dtype];
  if (format.class === "big") return format.round(BigInt(value));
  if (format.class === "complex") return { re: (format.round({ re: Number(value), im: 0 }) as Complex).re, im: 0 };
  return format.round(Number(value));
}
