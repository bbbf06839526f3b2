/**
 * TensorFlow's messages as the static classes that `npm run proto` makes from proto/*.proto, and the only ways to encode and decode them.
 * Field names are camelCase (`pb.SaverDef.saveTensorName`); 64-bit fields are Long or number.
 */
import protobuf from "protobufjs/minimal.js";
import { DataLossError, RuntimeError, TypeError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { tensorflow as pb } from "./generated/messages.js";

export { pb };

/** A 64-bit integer as protobufjs holds it. */
export interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
  toNumber(): number;
}

interface LongConstructor {
  fromBits(low: number, high: number, unsigned?: boolean): Long;
}
const LongClass = protobuf.util.Long as unknown as LongConstructor;

/** One generated class, as far as encode and decode need it. */
interface MessageType<Plain, Message> {
  encode(message: Plain, writer?: protobuf.Writer): protobuf.Writer;
  decode(reader: protobuf.Reader | Uint8Array, length?: number): Message;
}

/** The bits of a whole number as a Long. Throws for fractions and for what 64 bits cannot hold. */
export function toLong(value: number | bigint, unsigned = false): Long & number {
  const exact = BigInt(value);
  const wrapped = unsigned ? BigInt.asUintN(64, exact) : BigInt.asIntN(64, exact);
  if (wrapped !== exact) throw new RuntimeError(`${exact} does not fit into ${unsigned ? "uint64" : "int64"}`);
  const low = Number(BigInt.asIntN(32, wrapped));
  return LongClass.fromBits(low, Number(BigInt.asIntN(32, wrapped >> 32n)), unsigned) as Long & number;
}

/** A 64-bit field as a bigint; an absent one is 0. */
export function longToBigInt(value: number | bigint | Long | null | undefined): bigint {
  if (value == null) return 0n;
  if (typeof value === "number" || typeof value === "bigint") return BigInt(value);
  const bits = (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits);
}

/** A 64-bit field as a number where that is exact, else as a bigint; an absent one is 0. */
export function fromLong(value: number | Long | null | undefined): number | bigint {
  if (value == null) return 0;
  if (typeof value === "number") return value;
  const number = value.toNumber();
  return Number.isSafeInteger(number) ? number : longToBigInt(value);
}

/** protobufjs writes a bigint as 0 without a word, so each one becomes a Long here. The argument stays as it is. */
function withLongs(value: unknown): unknown {
  if (typeof value === "bigint") return toLong(value, value > 0x7fffffffffffffffn);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === "number" || typeof item === "string") continue;
      const changed = withLongs(item);
      if (changed === item) continue;
      copy ??= value.slice();
      copy[i] = changed;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    const changed = withLongs(item);
    if (changed === item) continue;
    copy ??= Object.create(Object.getPrototypeOf(value), Object.getOwnPropertyDescriptors(value)) as typeof copy & {};
    Object.defineProperty(copy, key, { value: changed, enumerable: true, writable: true, configurable: true });
  }
  return copy ?? value;
}

/** The binary form of a message. Nesting is limited to 100. */
export function encode<Plain, Message>(type: MessageType<Plain, Message>, message: Plain): Uint8Array {
  const bytes = type.encode(withLongs(message) as Plain).finish();
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes, or the one string that a run gave for them: what summaries and serialized Examples are. */
export type MessageBytes = Uint8Array | NdArray;

/** The bytes themselves. Throws TypeError for an array of other than one string. */
export function bytesOf(given: MessageBytes): Uint8Array {
  if (given instanceof Uint8Array) return given;
  const { data } = given;
  if (ArrayBuffer.isView(data) || data.length !== 1) throw new TypeError("a bytes-like object is required");
  return data[0]!;
}

/**
 * The message in these bytes; `bytes` fields are views on them, unknown fields are kept. DATA_LOSS for malformed input or a
 * nesting over 100; `path` names the file in that error.
 */
export function decode<Plain, Message>(type: MessageType<Plain, Message>, bytes: Uint8Array, path?: string): Message {
  const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  reader.discardUnknown = false;
  try {
    return type.decode(reader);
  } catch (cause) {
    const where = path === undefined ? "" : `${path}: `;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataLossError(`${where}Error parsing message with type '${typeName(type)}': ${why}`, {
      ...(path === undefined ? {} : { path }),
      cause,
    });
  }
}

function typeName(type: unknown): string {
  const found = Object.entries(pb).find(([, value]) => value === type);
  return found ? `tensorflow.${found[0]}` : "message";
}

/** An object for a map field: keys in byte order, so that equal maps give equal bytes; `__proto__` is a key like any other. */
export function sortedMap<V, W>(entries: Iterable<readonly [string, V]>, convert: (value: V) => W): Record<string, W> {
  const map = Object.create(null) as Record<string, W>;
  for (const [key, value] of [...entries].sort(([a], [b]) => compareUtf8(a, b))) map[key] = convert(value);
  return map;
}

/** Orders strings as their UTF-8 bytes are ordered. */
export function compareUtf8(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // A surrogate belongs to a code point above all others.
    if (x !== y) return (x >= 0xd800 && x < 0xe000 ? x + 0x10000 : x) - (y >= 0xd800 && y < 0xe000 ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

/** The entries of a map field, own keys only. */
export function mapEntries<V>(map: { readonly [key: string]: V } | null | undefined): [string, V][] {
  return map == null ? [] : Object.entries(map);
}
