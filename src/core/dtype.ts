/** TensorFlow's dtypes: names, enum numbers, sizes, and the typed array that holds each one. */

import { TypeError } from "./error.ts";
import { inspectKey, isOutermost } from "./text/inspect.ts";

export type DTypeName =
  | "float32"
  | "float64"
  | "int32"
  | "uint8"
  | "int16"
  | "int8"
  | "string"
  | "complex64"
  | "int64"
  | "bool"
  | "qint8"
  | "quint8"
  | "qint32"
  | "bfloat16"
  | "qint16"
  | "quint16"
  | "uint16"
  | "complex128"
  | "float16"
  | "resource"
  | "variant"
  | "uint32"
  | "uint64";

/** name, number in types.proto, bytes of one element in memory (strings, resources and variants are 4-byte handles). */
const table: readonly (readonly [DTypeName, number, number])[] = [
  ["float32", 1, 4],
  ["float64", 2, 8],
  ["int32", 3, 4],
  ["uint8", 4, 1],
  ["int16", 5, 2],
  ["int8", 6, 1],
  ["string", 7, 4],
  ["complex64", 8, 8],
  ["int64", 9, 8],
  ["bool", 10, 1],
  ["qint8", 11, 1],
  ["quint8", 12, 1],
  ["qint32", 13, 4],
  ["bfloat16", 14, 2],
  ["qint16", 15, 2],
  ["quint16", 16, 2],
  ["uint16", 17, 2],
  ["complex128", 18, 16],
  ["float16", 19, 2],
  ["resource", 20, 4],
  ["variant", 21, 4],
  ["uint32", 22, 4],
  ["uint64", 23, 8],
];

const refOffset = 100;

const byName = new Map<string, DType>();
const byNumber = new Map<number, DType>();

/** One dtype; there is one instance for each name and for each reference form, so `===` compares. */
export class DType {
  readonly base: DTypeName;
  readonly isRef: boolean;
  /** The number in TensorFlow's DataType enum. */
  readonly number: number;
  /** Bytes of one element in engine memory. */
  readonly sizeBytes: number;

  private constructor(base: DTypeName, number: number, sizeBytes: number, isRef: boolean) {
    this.base = base;
    this.isRef = isRef;
    this.number = isRef ? number + refOffset : number;
    this.sizeBytes = sizeBytes;
  }

  static {
    for (const [name, number, sizeBytes] of table) {
      for (const isRef of [false, true]) {
        const dtype = new DType(name, number, sizeBytes, isRef);
        byName.set(isRef ? `${name}_ref` : name, dtype);
        byNumber.set(dtype.number, dtype);
      }
    }
  }

  /** `float32`, or `float32_ref`. */
  get name(): string {
    return this.isRef ? `${this.base}_ref` : this.base;
  }

  get baseDtype(): DType {
    return this.isRef ? dtypeOf(this.base) : this;
  }

  get asRef(): DType {
    return this.isRef ? this : byName.get(`${this.base}_ref`)!;
  }

  get isFloating(): boolean {
    return floating.has(this.base);
  }

  get isComplex(): boolean {
    return this.base === "complex64" || this.base === "complex128";
  }

  get isInteger(): boolean {
    return integers.has(this.base);
  }

  get isUnsigned(): boolean {
    return this.base.startsWith("uint");
  }

  get isBool(): boolean {
    return this.base === "bool";
  }

  get isNumpyCompatible(): boolean {
    return this.base !== "resource" && this.base !== "variant";
  }

  /** Python's repr(): `<dtype: 'float32'>`. */
  toString(): string {
    return `<dtype: '${this.name}'>`;
  }

  /** `tf.float32`, `tf.float32_ref`. */
  repr(): string {
    return `tf.${this.name}`;
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}

const floating: ReadonlySet<DTypeName> = new Set<DTypeName>(["float16", "bfloat16", "float32", "float64"]);
const integers: ReadonlySet<DTypeName> = new Set<DTypeName>([
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
]);

/** The dtype of a base or `_ref` name; a bug if there is none. */
export function dtypeOf(name: string): DType {
  const dtype = byName.get(name);
  if (!dtype) throw new Error(`bug: no dtype ${name}`);
  return dtype;
}

/** The dtype of a name from a user or a file, or undefined. */
export const findDtype = (name: string): DType | undefined => byName.get(name);

/** A dtype, or one of its names: `half` is float16, `float` float32 and `double` float64. */
export type DTypeLike = DType | DTypeName | "half" | "float" | "double";

const shortNames: Readonly<Record<string, DTypeName>> = { half: "float16", float: "float32", double: "float64" };

/** The dtype itself, or that of a name or of a number of TensorFlow's enum. Throws TypeError for others. Source: dtypes.py. */
export function toDtype(value: DTypeLike | string | number): DType {
  if (value instanceof DType) return value;
  const found = typeof value === "number" ? byNumber.get(value) : byName.get(shortNames[value] ?? value);
  if (!found) {
    const shown = typeof value === "string" ? `'${value}'` : value;
    throw new TypeError(`Cannot convert the argument \`type_value\`: ${shown} to a TensorFlow DType.`);
  }
  return found;
}

/** The dtype of a DataType number (101 and up are reference types), or undefined. */
export const dtypeOfNumber = (number: number): DType | undefined => byNumber.get(number);

export const float16 = dtypeOf("float16");
export const bfloat16 = dtypeOf("bfloat16");
export const float32 = dtypeOf("float32");
export const float64 = dtypeOf("float64");
export const int8 = dtypeOf("int8");
export const int16 = dtypeOf("int16");
export const int32 = dtypeOf("int32");
export const int64 = dtypeOf("int64");
export const uint8 = dtypeOf("uint8");
export const uint16 = dtypeOf("uint16");
export const uint32 = dtypeOf("uint32");
export const uint64 = dtypeOf("uint64");
export const bool = dtypeOf("bool");
export const string = dtypeOf("string");
export const complex64 = dtypeOf("complex64");
export const complex128 = dtypeOf("complex128");
export const resource = dtypeOf("resource");
export const variant = dtypeOf("variant");
export const qint8 = dtypeOf("qint8");
export const quint8 = dtypeOf("quint8");
export const qint16 = dtypeOf("qint16");
export const quint16 = dtypeOf("quint16");
export const qint32 = dtypeOf("qint32");

/** Dtypes whose numbers stand for others between a minimum and a maximum, and their reference forms. */
export const QUANTIZED_DTYPES: ReadonlySet<DType> = new Set(
  [qint8, quint8, qint16, quint16, qint32].flatMap((dtype) => [dtype, dtype.asRef]),
);
