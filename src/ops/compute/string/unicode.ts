/** Strings as code points: UnicodeDecode(WithOffsets), UnicodeEncode, UnicodeTranscode. Source: unicode_ops.cc. */

import { int32, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { integerArray, toNumbers } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { mapStrings, stringArray, stringsOf } from "./bytes.ts";

/** A code point and where it begins; null for bytes that are none. */
interface Decoded {
  readonly code: number | null;
  readonly at: number;
}

interface ErrorRules {
  readonly errors: string;
  readonly replacement_char: number;
  readonly replace_control_characters?: boolean;
}

/** A well-formed sequence at a place, or how many bytes its broken beginning takes. Source: the Unicode Standard, table 3-7. */
function utf8At(bytes: Uint8Array, at: number): { code: number | null; size: number } {
  const lead = bytes[at]!;
  if (lead < 0x80) return { code: lead, size: 1 };
  const need =
    lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
  if (need === 0) return { code: null, size: 1 };
  let code = lead & (0x3f >> need);
  for (let k = 1; k <= need; k++) {
    const byte = bytes[at + k] ?? 0;
    const low = k === 1 ? (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80) : 0x80;
    const high = k === 1 ? (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf) : 0xbf;
    if (byte < low || byte > high) return { code: null, size: k };
    code = (code << 6) | (byte & 0x3f);
  }
  return { code, size: need + 1 };
}

function utf16At(view: DataView, at: number): { code: number | null; size: number } {
  if (at + 2 > view.byteLength) return { code: null, size: view.byteLength - at };
  const unit = view.getUint16(at);
  if (unit < 0xd800 || unit > 0xdfff) return { code: unit, size: 2 };
  if (unit > 0xdbff || at + 4 > view.byteLength) return { code: null, size: 2 };
  const second = view.getUint16(at + 2);
  if (second < 0xdc00 || second > 0xdfff) return { code: null, size: 2 };
  return { code: 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00), size: 4 };
}

function utf32At(view: DataView, at: number): { code: number | null; size: number } {
  if (at + 4 > view.byteLength) return { code: null, size: view.byteLength - at };
  const code = view.getUint32(at);
  return { code: code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? null : code, size: 4 };
}

const simpleEncodings: Readonly<Record<string, number>> = {
  "US-ASCII": 0x80,
  ASCII: 0x80,
  "ISO-8859-1": 0x100,
  LATIN1: 0x100,
  "LATIN-1": 0x100,
};

function decode(bytes: Uint8Array, encoding: string): Decoded[] {
  const name = encoding.toUpperCase();
  const result: Decoded[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const limit = simpleEncodings[name];
  const step =
    name === "UTF-8" || name === "UTF8"
      ? (at: number) => utf8At(bytes, at)
      : name === "UTF-16-BE" || name === "UTF-16BE"
        ? (at: number) => utf16At(view, at)
        : name === "UTF-32-BE" || name === "UTF-32BE"
          ? (at: number) => utf32At(view, at)
          : limit
            ? (at: number) => ({ code: bytes[at]! < limit ? bytes[at]! : null, size: 1 })
            : null;
  if (!step) throw new InvalidArgumentError(`Could not create converter for input encoding: ${encoding}`);
  for (let at = 0; at < bytes.length; ) {
    const { code, size } = step(at);
    result.push({ code, at });
    at += size;
  }
  return result;
}

/** Applies the rules for what is no character (and for control characters, where asked). */
function cleaned(decoded: readonly Decoded[], rules: ErrorRules): { code: number; at: number }[] {
  const result: { code: number; at: number }[] = [];
  for (const { code, at } of decoded) {
    if (code === null) {
      if (rules.errors === "strict") throw new InvalidArgumentError("Invalid formatting on input string");
      if (rules.errors === "replace") result.push({ code: rules.replacement_char, at });
    } else if (rules.replace_control_characters && code <= 0x1f) result.push({ code: rules.replacement_char, at });
    else result.push({ code, at });
  }
  return result;
}

function encode(codes: readonly number[], encoding: string): Uint8Array {
  if (encoding === "UTF-8") return new TextEncoder().encode(codes.map((code) => String.fromCodePoint(code)).join(""));
  if (encoding === "UTF-32-BE") {
    const view = new DataView(new ArrayBuffer(4 * codes.length));
    for (const [i, code] of codes.entries()) view.setUint32(4 * i, code);
    return new Uint8Array(view.buffer);
  }
  const units = codes.flatMap((code) =>
    code < 0x10000 ? [code] : [0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff)],
  );
  const view = new DataView(new ArrayBuffer(2 * units.length));
  for (const [i, unit] of units.entries()) view.setUint16(2 * i, unit);
  return new Uint8Array(view.buffer);
}

const decodeAttrs = [
  "input_encoding: string",
  "errors: {'strict', 'replace', 'ignore'} = 'replace'",
  "replacement_char: int = 65533",
  "replace_control_characters: bool = false",
  "Tsplits: {int32, int64} = DT_INT64",
] as const;

function decodeAll(
  input: NdArray,
  encoding: string,
  rules: ErrorRules,
): { splits: number[]; codes: number[]; starts: number[] } {
  const splits = [0];
  const codes: number[] = [];
  const starts: number[] = [];
  for (const bytes of stringsOf(input)) {
    for (const { code, at } of cleaned(decode(bytes, encoding), rules)) {
      codes.push(code);
      starts.push(at);
    }
    splits.push(codes.length);
  }
  return { splits, codes, starts };
}

/** Code points of all strings in a row, and where each string's begin. */
export const unicodeDecodeOp = defineOp("UnicodeDecode", {
  inputs: ["input: string"],
  outputs: ["row_splits: Tsplits", "char_values: int32"],
  attrs: decodeAttrs,
  shape: ({ input }) => [
    [input?.every((d) => d !== null) ? input.reduce<number>((n, d) => n * d!, 1) + 1 : null],
    [null],
  ],
  compute({ input, input_encoding, Tsplits, ...rules }) {
    const { splits, codes } = decodeAll(input, input_encoding, rules);
    return [integerArray(Tsplits, splits), integerArray(int32, codes)];
  },
  gradient: "unregistered",
});

export const unicodeDecodeWithOffsetsOp = defineOp("UnicodeDecodeWithOffsets", {
  inputs: ["input: string"],
  outputs: ["row_splits: Tsplits", "char_values: int32", "char_to_byte_starts: int64"],
  attrs: decodeAttrs,
  shape: ({ input }) => [
    [input?.every((d) => d !== null) ? input.reduce<number>((n, d) => n * d!, 1) + 1 : null],
    [null],
    [null],
  ],
  compute({ input, input_encoding, Tsplits, ...rules }) {
    const { splits, codes, starts } = decodeAll(input, input_encoding, rules);
    return [integerArray(Tsplits, splits), integerArray(int32, codes), integerArray(int64, starts)];
  },
  gradient: "unregistered",
});

const isCodePoint = (code: number): boolean => code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);

/** output = the code points of each row as a string. */
export const unicodeEncodeOp = defineOp("UnicodeEncode", {
  inputs: ["input_values: int32", "input_splits: Tsplits"],
  outputs: ["output: string"],
  attrs: [
    "errors: {'ignore', 'replace', 'strict'} = 'replace'",
    "output_encoding: {'UTF-8', 'UTF-16-BE', 'UTF-32-BE'}",
    "replacement_char: int = 65533",
    "Tsplits: {int32, int64} = DT_INT64",
  ],
  shape({ input_values, input_splits }) {
    withRank(input_values, 1);
    const [n] = withRank(input_splits, 1);
    return [[n === null ? null : n! - 1]];
  },
  compute({ input_values, input_splits, output_encoding, errors, replacement_char }) {
    const [codes, splits] = [toNumbers(input_values), toNumbers(input_splits)];
    const rows = Array.from({ length: Math.max(0, splits.length - 1) }, (_, row) => {
      if (splits[row]! > splits[row + 1]! || splits[row + 1]! > codes.length)
        throw new InvalidArgumentError("Values in input_splits must be equal or in ascending order.");
      const own = Array.from(codes).slice(splits[row]!, splits[row + 1]!);
      const decoded = own.map((code, at) => ({ code: isCodePoint(code) ? code : null, at }));
      if (errors === "strict" && decoded.some(({ code }) => code === null))
        throw new InvalidArgumentError("Code point is out of range for Unicode, or a noncharacter.");
      return encode(
        cleaned(decoded, { errors, replacement_char }).map(({ code }) => code),
        output_encoding,
      );
    });
    return stringArray([rows.length], rows);
  },
  gradient: "unregistered",
});

/** output = the strings in another encoding. */
export const unicodeTranscodeOp = defineOp("UnicodeTranscode", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  attrs: [
    "input_encoding: string",
    "output_encoding: {'UTF-8', 'UTF-16-BE', 'UTF-32-BE'}",
    "errors: {'strict', 'replace', 'ignore'} = 'replace'",
    "replacement_char: int = 65533",
    "replace_control_characters: bool = false",
  ],
  shape: ({ input }) => [input],
  compute: ({ input, input_encoding, output_encoding, ...rules }) =>
    mapStrings(input, (bytes) =>
      encode(
        cleaned(decode(bytes, input_encoding), rules).map(({ code }) => code),
        output_encoding,
      ),
    ),
  gradient: "unregistered",
});

export interface TranscodeOptions extends Named {
  readonly errors?: "strict" | "replace" | "ignore";
  readonly replacementChar?: number;
  readonly replaceControlCharacters?: boolean;
}

const unicodeTranscodePlaces = ["errors", "replacementChar", "replaceControlCharacters", "name"] as const;

/** The strings in another encoding; what is no character is replaced, left out, or an error. */
export function unicodeTranscode(
  input: TensorLike,
  inputEncoding: string,
  outputEncoding: "UTF-8" | "UTF-16-BE" | "UTF-32-BE",
  ...rest: Rest<TranscodeOptions, typeof unicodeTranscodePlaces>
): Tensor {
  const options = byName<TranscodeOptions>(rest, unicodeTranscodePlaces);
  const { errors = "replace", replacementChar = 65533, replaceControlCharacters = false, name } = options;
  return unicodeTranscodeOp(
    {
      input,
      input_encoding: inputEncoding,
      output_encoding: outputEncoding,
      errors,
      replacement_char: replacementChar,
      replace_control_characters: replaceControlCharacters,
    },
    name,
  );
}

/** The script of a code point as ICU numbers scripts. Source: unicode_script_op.cc, ICU's uscript.h. */
export const unicodeScriptOp = defineOp("UnicodeScript", {
  inputs: ["input: int32"],
  outputs: ["output: int32"],
  shape: ({ input }) => [input],
  compute: ({ input }) => new NdArray(int32, input.shape, Int32Array.from(input.data as Int32Array, scriptOf)),
  gradient: "unregistered",
});

/** ICU's numbers of scripts, by the names that regular expressions know. */
const scripts: readonly (readonly [string, number])[] = [
  ["Common", 0],
  ["Inherited", 1],
  ["Arabic", 2],
  ["Armenian", 3],
  ["Bengali", 4],
  ["Bopomofo", 5],
  ["Cherokee", 6],
  ["Coptic", 7],
  ["Cyrillic", 8],
  ["Deseret", 9],
  ["Devanagari", 10],
  ["Ethiopic", 11],
  ["Georgian", 12],
  ["Gothic", 13],
  ["Greek", 14],
  ["Gujarati", 15],
  ["Gurmukhi", 16],
  ["Han", 17],
  ["Hangul", 18],
  ["Hebrew", 19],
  ["Hiragana", 20],
  ["Kannada", 21],
  ["Katakana", 22],
  ["Khmer", 23],
  ["Lao", 24],
  ["Latin", 25],
  ["Malayalam", 26],
  ["Mongolian", 27],
  ["Myanmar", 28],
  ["Ogham", 29],
  ["Old_Italic", 30],
  ["Oriya", 31],
  ["Runic", 32],
  ["Sinhala", 33],
  ["Syriac", 34],
  ["Tamil", 35],
  ["Telugu", 36],
  ["Thaana", 37],
  ["Thai", 38],
  ["Tibetan", 39],
  ["Canadian_Aboriginal", 40],
  ["Yi", 41],
];
const scriptPatterns = scripts.map(([name, number]) => [new RegExp(`^\\p{Script=${name}}$`, "u"), number] as const);

/** -1 for what is no code point, 103 (unknown) for one without a script. */
function scriptOf(code: number): number {
  if (code < 0 || code > 0x10ffff) return -1;
  const text = String.fromCodePoint(code);
  return scriptPatterns.find(([pattern]) => pattern.test(text))?.[1] ?? 103;
}
