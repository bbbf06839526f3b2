/** Numbers and tensors as TensorFlow's C++ prints them: in Print, Assert, error texts. Source: tensor.cc SummarizeValue, numbers.cc. */
import { elementAt, type Item, type NdArray } from "../nd_array.ts";

/** C's `%.<precision>g`. */
export function printG(x: number, precision: number): string {
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, exponentText] = x.toExponential(precision - 1).split("e") as [string, string];
  const exponent = Number(exponentText);
  const bare = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < precision) return bare(x.toFixed(precision - 1 - exponent));
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${bare(mantissa)}e${exponent < 0 ? "-" : "+"}${digits}`;
}

/** The shorter of two precisions that names the number: 6 or 9 digits for float32, 15 or 17 for float64. */
export function printNumber(x: number, isDouble = false): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const short = printG(x, isDouble ? 15 : 6);
  const isSame = isDouble ? Number(short) === x : Math.fround(Number(short)) === x;
  return isSame ? short : printG(x, isDouble ? 17 : 9);
}

/** C escapes; other bytes of valid UTF-8 stay. */
const escaped = (text: string): string =>
  text.replace(/[\\"'\n\r\t\x00-\x1f\x7f]/g, (c) => {
    const named: Record<string, string> = {
      "\n": "\\n",
      "\r": "\\r",
      "\t": "\\t",
      '"': '\\"',
      "'": "\\'",
      "\\": "\\\\",
    };
    return named[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });

export interface SummarizeOptions {
  /** The form of tf.print and tf.strings.format: words in quotes, True and False. */
  readonly isV2?: boolean;
}

/** One element, as StrAppend writes it. */
export function printElement(array: NdArray, i: number, { isV2 = false }: SummarizeOptions = {}): string {
  const item: Item = elementAt(array, i);
  if (typeof item === "string") return isV2 ? `"${escaped(item)}"` : escaped(item);
  if (typeof item === "boolean") return isV2 ? (item ? "True" : "False") : item ? "1" : "0";
  if (typeof item === "bigint") return String(item);
  if (typeof item === "number") {
    return array.dtype.isFloating ? printNumber(item, array.dtype.base === "float64") : String(item);
  }
  const isDouble = array.dtype.base === "complex128";
  return `(${printNumber(item[0], isDouble)},${printNumber(item[1], isDouble)})`;
}

/** The first `limit` elements (all for -1) in the brackets of the inner dimensions, `...` where there are more: `1 2 3...`, `[1 2][3 4]`. */
export function summarize(array: NdArray, limit: number, options: SummarizeOptions = {}): string {
  const most = limit < 0 ? array.size : Math.min(limit, array.size);
  const rest = array.size > most ? "..." : "";
  const { shape } = array;
  if (shape.length === 0) return (most > 0 ? printElement(array, 0, options) : "") + rest;
  let at = 0;
  const print = (axis: number): string => {
    if (at >= most) return "";
    const n = shape[axis]!;
    let text = "";
    for (let i = 0; i < n; i++) {
      if (axis < shape.length - 1) {
        const isOpen = at < most;
        if (isOpen) text += "[";
        text += print(axis + 1);
        if (isOpen || at < most) text += "]";
        continue;
      }
      if (at >= most) return axis === 0 ? text : `${text}...`;
      if (i > 0) text += " ";
      text += printElement(array, at++, options);
    }
    return text;
  };
  return print(0) + rest;
}
