/**
 * Prints values as Python prints them with numpy 1: `[[0.7 1. ]]`, `5.684342e-14`, `[b'a' b'b']`, `[array([1., 2.], dtype=float32), 3]`.
 * Source: numpy/core/arrayprint.py (precision 8, 1000 elements before `...`, 3 at each edge, lines of 75)
 */
import type { DTypeName } from "./dtype.ts";
import { bfloat16ToNumber, halfToNumber, NdArray } from "./nd_array.ts";
import { elementCount } from "./shape.ts";
import { formatG, nonFinite, pythonFloat } from "./text/float_text.ts";
import { inspectKey } from "./text/inspect.ts";
import { floatFormat, scalarFloat } from "./text/print_float.ts";

const threshold = 1000;
const edge = 3;
const lineWidth = 75;

/** The text of element i, padded so that the elements printed with it line up. */
type Format = (i: number) => string;

/** Python's str(): the scalar itself for a shape of [], else rows in brackets. */
export const printArray = (array: NdArray): string =>
  array.shape.length === 0 ? scalarText(array, 0) : arrayText(array, " ", "", 0);

/** Python's repr(): `array([1., 2.], dtype=float32)`; a scalar as in str(). */
export function reprArray(array: NdArray): string {
  const { shape, size } = array;
  if (shape.length === 0) return scalarText(array, 0);
  const body =
    size > 0 || (shape.length === 1 && shape[0] === 0)
      ? arrayText(array, ", ", "array(", 1)
      : `[], shape=(${shapeText(shape)})`;
  const head = `array(${body}`;
  if (size > 0 && implied.has(array.dtype.base)) return `${head})`;
  const dtype = `dtype=${array.dtype.base === "string" ? "object" : array.dtype.base})`;
  const lastLine = head.length - (head.lastIndexOf("\n") + 1);
  return lastLine + dtype.length + 2 > lineWidth ? `${head},\n      ${dtype}` : `${head}, ${dtype}`;
}

const implied: ReadonlySet<DTypeName> = new Set<DTypeName>(["int64", "float64", "complex128", "bool"]);

const shapeText = (shape: readonly number[]): string => (shape.length === 1 ? `${shape[0]},` : shape.join(", "));

/**
 * Python's print of what a run gives: an array as str(), anything nested with the repr() of its parts. Arrays and Maps or plain objects are
 * lists and dicts, null is None, text is a str, bytes are bytes.
 */
export function printValue(value: unknown): string {
  if (value instanceof NdArray) return printArray(value);
  return typeof value === "string" ? value : reprValue(value);
}

export function reprValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value instanceof NdArray) return reprArray(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number")
    return Number.isInteger(value) && !Object.is(value, -0) ? String(value) : pythonFloat(value);
  if (typeof value === "string") return pythonString(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (Array.isArray(value)) return `[${value.map(reprValue).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const own = (value as { [inspectKey]?: (depth: number, options: object) => string })[inspectKey];
  if (own) return own.call(value, 0, { depth: 1 });
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  return `{${entries.map(([key, item]) => `${reprValue(key)}: ${reprValue(item)}`).join(", ")}}`;
}

/** Python's named tuple: `LSTMStateTuple(c=array([[0.]], dtype=float32), h=array([[0.]], dtype=float32))`. */
export const namedTuple = (name: string, fields: Readonly<Record<string, unknown>>): string =>
  `${name}(${Object.entries(fields)
    .map(([key, value]) => `${key}=${reprValue(value)}`)
    .join(", ")})`;

/** `'text'`, in double quotes if it holds a single one and no double one. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (c === quote || c === "\\") out += `\\${c}`;
    else if (code === 9) out += "\\t";
    else if (code === 10) out += "\\n";
    else if (code === 13) out += "\\r";
    else
      out +=
        code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad ? `\\x${code.toString(16).padStart(2, "0")}` : c;
  }
  return quote + out + quote;
}

/** `b'a\xff'`. */
export function bytesText(bytes: Uint8Array): string {
  const latin = Array.from(bytes, (b) => (b < 0x80 ? String.fromCharCode(b) : `\u{e000}${b.toString(16)}`)).join("");
  return `b${pythonString(latin).replaceAll("\u{e000}", "\\x")}`;
}

/** One element as Python prints the numpy scalar. */
function scalarText(array: NdArray, i: number): string {
  const { data, dtype } = array;
  if (!ArrayBuffer.isView(data)) return bytesText(data[i]!);
  switch (dtype.base) {
    case "bool":
      return data[i] ? "True" : "False";
    case "float16":
      return scalarFloat(halfToNumber(data[i] as number), 16);
    case "bfloat16":
      return formatG(bfloat16ToNumber(data[i] as number));
    case "float32":
      return scalarFloat(data[i] as number, 32);
    case "float64":
      return pythonFloat(data[i] as number);
    case "complex64":
    case "complex128":
      return complexText(data[2 * i] as number, data[2 * i + 1] as number, dtype.base === "complex64" ? 32 : 64);
    default:
      return String(data[i]);
  }
}

export function complexText(re: number, im: number, bits: 32 | 64): string {
  const part = (x: number) => (Number.isFinite(x) ? scalarFloat(x, bits).replace(/\.0$/, "") : nonFinite(x));
  const imaginary = `${part(im)}j`;
  if (re === 0 && !Object.is(re, -0)) return imaginary;
  return `(${part(re)}${imaginary.startsWith("-") ? "" : "+"}${imaginary})`;
}

function arrayText(array: NdArray, separator: string, prefix: string, suffix: number): string {
  if (array.size === 0) return "[]";
  const summary = array.size > threshold;
  const format = formatOf(array, shownElements(array.shape, summary));
  const strides = array.shape.map((_, axis) => elementCount(array.shape.slice(axis + 1)));
  const rank = array.shape.length;
  const sep = separator.trimEnd();

  const rows = (axis: number, from: number, indent: string, width: number): string => {
    if (axis === rank) return format(from);
    const n = array.shape[axis]!;
    const short = summary && 2 * edge < n;
    const indices = short ? [0, 1, 2, -1, n - 3, n - 2, n - 1] : Array.from({ length: n }, (_, i) => i);
    const inner = (i: number) => (i < 0 ? "..." : rows(axis + 1, from + i * strides[axis]!, `${indent} `, width - 1));
    if (axis < rank - 1) {
      const between = sep + "\n".repeat(rank - axis - 1) + indent;
      return `[${indices.map(inner).join(between)}]`;
    }
    return `[${fill(indices.map(inner), indent, width - Math.max(sep.length, 1), separator).slice(indent.length)}]`;
  };
  return rows(0, 0, ` ${" ".repeat(prefix.length)}`, lineWidth - suffix);
}

/** Words on lines of at most `width`, each line begun with `indent`; a word that is longer stands alone. */
function fill(words: readonly string[], indent: string, width: number, separator: string): string {
  let done = "";
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > width && line.length > indent.length) {
      done += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i < words.length - 1 ? word + separator : word;
  }
  return done + line;
}

/** Which elements are printed: all, or the three at each end of every long axis. */
function shownElements(shape: readonly number[], summary: boolean): number[] {
  let shown = [0];
  for (const n of shape) {
    const ends = summary && n > 2 * edge ? [0, 1, 2, n - 3, n - 2, n - 1] : Array.from({ length: n }, (_, i) => i);
    shown = shown.flatMap((base) => ends.map((i) => base * n + i));
  }
  return shown;
}

function formatOf(array: NdArray, shown: readonly number[]): Format {
  const { data, dtype } = array;
  const text: Format = (i) => scalarText(array, i);
  const numbers = data as Float64Array;
  switch (dtype.base) {
    case "string":
    case "bfloat16":
      return text;
    case "float32":
    case "float64": {
      const format = floatFormat(
        shown.map((i) => numbers[i]!),
        dtype.base === "float32" ? 32 : 64,
      );
      return (i) => format(numbers[i]!);
    }
    case "float16": {
      const format = floatFormat(
        shown.map((i) => halfToNumber(numbers[i]!)),
        16,
      );
      return (i) => format(halfToNumber(numbers[i]!));
    }
    case "complex64":
    case "complex128": {
      const bits = dtype.base === "complex64" ? 32 : 64;
      const re = floatFormat(
        shown.map((i) => numbers[2 * i]!),
        bits,
      );
      const im = floatFormat(
        shown.map((i) => numbers[2 * i + 1]!),
        bits,
        true,
      );
      return (i) => re(numbers[2 * i]!) + im(numbers[2 * i + 1]!).replace(/\s*$/, (blanks) => `j${blanks}`);
    }
    case "bool":
      return (i) => text(i).padStart(5);
    default: {
      const width = Math.max(...shown.map((i) => text(i).length));
      return (i) => text(i).padStart(width);
    }
  }
}
