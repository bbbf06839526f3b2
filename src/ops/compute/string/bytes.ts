/** Arrays of strings: elements are bytes. */
import { bool, string } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { FullShape } from "../../../core/shape.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const toBytes = (text: string): Uint8Array => encoder.encode(text);
/** UTF-8, with U+FFFD for what is none. */
export const toText = (bytes: Uint8Array): string => decoder.decode(bytes);
/** One character for each byte. */
export const toLatin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** The elements of a string array. */
export const stringsOf = (array: NdArray): readonly Uint8Array[] => array.data as readonly Uint8Array[];

export const stringArray = (shape: FullShape, data: readonly Uint8Array[]): NdArray => new NdArray(string, shape, data);

/** The function over every string; the shape stays. */
export const mapStrings = (array: NdArray, fn: (bytes: Uint8Array, i: number) => Uint8Array): NdArray =>
  stringArray(array.shape, stringsOf(array).map(fn));

export const testStrings = (array: NdArray, fn: (bytes: Uint8Array) => boolean): NdArray =>
  new NdArray(
    bool,
    array.shape,
    Uint8Array.from(stringsOf(array), (bytes) => (fn(bytes) ? 1 : 0)),
  );

/** The bytes of several strings one after the other, with a separator between. */
export function joinBytes(parts: readonly Uint8Array[], separator: Uint8Array): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0) + separator.length * Math.max(0, parts.length - 1);
  const result = new Uint8Array(size);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (i > 0) {
      result.set(separator, at);
      at += separator.length;
    }
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Bytes as C's printf shows them between quotes in messages: printable ones as they are, others escaped. Source: absl CHexEscape, CEscape. */
export function escaped(bytes: Uint8Array): string {
  const named: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\" };
  let text = "";
  for (const byte of bytes) {
    text +=
      named[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`);
  }
  return text;
}
