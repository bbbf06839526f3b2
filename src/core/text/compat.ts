/** tf.compat: between texts and bytes. Source: tensorflow/python/util/compat.py. */
import { TypeError } from "../error.ts";

const kindOf = (value: unknown): string => (value === null || value === undefined ? "NoneType" : typeof value);

/** UTF-8 of a text; bytes as they are. Throws TypeError for others. */
export function asBytes(value: string | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new TextEncoder().encode(value);
  throw new TypeError(`Expected binary or unicode string, got ${String(value)}`);
}

/** The text of UTF-8; a text as it is. Throws TypeError for others. */
export function asText(value: string | Uint8Array): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder("utf-8", { fatal: true }).decode(value);
  throw new TypeError(`Expected binary or unicode string, got ${String(value)}`);
}

export const asStr = asText;

/** As asText, and other values as they print. */
export const asStrAny = (value: unknown): string =>
  typeof value === "string" || value instanceof Uint8Array ? asText(value) : String(value);

/** The path of something that has one. */
export const pathToStr = (value: string | { toString(): string }): string => {
  if (value === null || value === undefined) throw new TypeError(`Expected a path, got ${kindOf(value)}`);
  return String(value);
};
