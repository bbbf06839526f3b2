/** Mean, spread and bounds of a tensor's values, and the values as text. */
import type { NdArray } from "../../../core/nd_array.ts";
import { elementAt } from "../../../core/nd_array.ts";

export interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly nan: number;
  readonly infinite: number;
}

/** Over the finite values, in doubles; undefined for strings and complex numbers, and where no value is finite. */
export function statisticsOf(array: NdArray): Statistics | undefined {
  if (array.dtype.base === "string" || array.dtype.isComplex) return undefined;
  const n = array.size;
  let [sum, min, max, nan, infinite] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = Number(elementAt(array, i));
    if (Number.isNaN(x)) nan++;
    else if (!Number.isFinite(x)) infinite++;
    else {
      sum += x;
      if (x < min) min = x;
      if (x > max) max = x;
    }
  }
  const count = n - nan - infinite;
  if (count === 0) return { mean: Number.NaN, std: Number.NaN, min: Number.NaN, max: Number.NaN, nan, infinite };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const x = Number(elementAt(array, i));
    if (Number.isFinite(x)) squares += (x - mean) ** 2;
  }
  return { mean, std: Math.sqrt(squares / count), min, max, nan, infinite };
}
