/** A tensor's value as TensorFlow shows it in the repr of an eager tensor or variable. Source: ops.py, numpy_text. */
import { elementAt, type NdArray } from "../nd_array.ts";
import { complexText, reprArray } from "../print.ts";
import { pythonFloat } from "./float_text.ts";

/** Scalars as Python's own numbers (`9.899999618530273`), arrays as `array([1.], dtype=float32)`, rows beginning on a line of their own. */
export function numpyText(array: NdArray): string {
  if (array.shape.length === 0) {
    const item = elementAt(array, 0);
    if (array.dtype.isFloating) return pythonFloat(item as number);
    return array.dtype.isComplex ? complexText(...(item as [number, number]), 64) : reprArray(array);
  }
  const text = reprArray(array);
  return text.includes("\n") ? `\n${text}` : text;
}
