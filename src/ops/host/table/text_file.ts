/** Tables from text files: each line gives a key and a value, by column, by line number, or the line as a whole. Source: lookup_util.cc */
import type { DType } from "../../../core/dtype.ts";
import { invalidArgument, OutOfRangeError } from "../../../core/error.ts";
import { now, type Steps } from "../../../core/flow/maybe.ts";
import { allocateElements, NdArray, setElement } from "../../../core/nd_array.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import { ByteStream } from "../../../io/stream/byte_stream.ts";

export interface TextFileOptions {
  /** A column; -2: the whole line; -1: the line's number. */
  readonly keyIndex: number;
  readonly valueIndex: number;
  /** How many lines; -1: all. */
  readonly vocabSize: number;
  readonly delimiter: string;
  /** Added to line numbers. */
  readonly offset: number;
}

export const wholeLine = -2;
export const lineNumber = -1;

const isInteger = (dtype: DType): boolean => dtype.isInteger;

function checkIndex(what: "Key" | "Value", index: number, dtype: DType): void {
  const table = what === "Key" ? "table key dtype" : "table value dtype";
  if (index === lineNumber && dtype.base !== "int64") {
    throw invalidArgument(`${what} index for line number requires ${table} of int64, got ${cppName(dtype)}`);
  }
  if (index === wholeLine && !isInteger(dtype) && dtype.base !== "string") {
    throw invalidArgument(
      what === "Key"
        ? `Key index for whole line requires string or integer table key, got ${cppName(dtype)}`
        : `Value index for whole line requires table value dtype of integer or string, got ${cppName(dtype)}`,
    );
  }
}

/** Keys and values of a file's lines. Throws in TensorFlow's words for what does not fit. */
export function* readTextTable(
  path: string,
  { keyIndex, valueIndex, vocabSize, delimiter, offset }: TextFileOptions,
  keyDtype: DType,
  valueDtype: DType,
): Steps<readonly [NdArray, NdArray]> {
  checkIndex("Key", keyIndex, keyDtype);
  checkIndex("Value", valueIndex, valueDtype);
  const stream = new ByteStream(path);
  const keys: unknown[] = [];
  const values: unknown[] = [];
  const columns = Math.max(keyIndex, valueIndex) + 1;
  try {
    for (let line = 0; ; line++) {
      const bytes = yield* now(stream.readLine());
      if (bytes === null) {
        if (line === 0) throw new OutOfRangeError("Read less bytes than requested");
        if (vocabSize >= 0 && line !== vocabSize) {
          throw invalidArgument(`Invalid vocab_size in ${path}: expected ${vocabSize} but got ${line}`);
        }
        break;
      }
      if (vocabSize >= 0 && line >= vocabSize) {
        if (line === 0) throw new OutOfRangeError(`Finished reading ${vocabSize} of lines from ${path}`);
        break;
      }
      if (bytes.length === 0) {
        throw invalidArgument(`Invalid content in ${path}: empty line found at position ${stream.position}.`);
      }
      const parts = columns > 0 ? split(bytes, delimiter.charCodeAt(0)) : [];
      if (parts.length < columns) {
        const text = new TextDecoder().decode(bytes);
        throw invalidArgument(
          `Invalid number of columns in ${path} line ${line} (${text}) : expected at least ${columns} got ${parts.length}`,
        );
      }
      const take = (index: number, dtype: DType): unknown =>
        index === lineNumber ? line + offset : parsed(index === wholeLine ? bytes : parts[index]!, dtype, line);
      keys.push(take(keyIndex, keyDtype));
      values.push(take(valueIndex, valueDtype));
    }
  } finally {
    stream.close();
  }
  return [vector(keys, keyDtype), vector(values, valueDtype)];
}

function split(line: Uint8Array, delimiter: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = line.indexOf(delimiter); at >= 0; at = line.indexOf(delimiter, from)) {
    parts.push(line.subarray(from, at));
    from = at + 1;
  }
  return [...parts, line.subarray(from)];
}

function parsed(bytes: Uint8Array, dtype: DType, line: number): unknown {
  if (dtype.base === "string") return bytes;
  const text = new TextDecoder().decode(bytes).trim();
  const isNumber = isInteger(dtype) ? /^[+-]?\d+$/.test(text) : text !== "" && !Number.isNaN(Number(text));
  if (!isNumber) throw invalidArgument(`Field ${text} in line ${line} is not a valid ${cppName(dtype)}.`);
  return dtype.base === "int64" ? BigInt(text.replace("+", "")) : Number(text);
}

function vector(items: readonly unknown[], dtype: DType): NdArray {
  const data = allocateElements(dtype, items.length);
  for (const [i, item] of items.entries()) setElement(dtype, data, i, item);
  return new NdArray(dtype, [items.length], data);
}
