/** Numbers as a dtype holds them. */
import type { DType } from "../core/dtype.ts";
import { allocateElements, elementAt, NdArray, setElement } from "../core/nd_array.ts";

/** What becomes of a number that is stored as the dtype: rounded for floats, wrapped for integers. */
export function rounder(dtype: DType): (x: number) => number {
  if (dtype.base === "float64") return (x) => x;
  if (dtype.base === "float32") return Math.fround;
  const cell = new NdArray(dtype, [1], allocateElements(dtype, 1));
  return (x) => {
    setElement(dtype, cell.data, 0, x);
    return Number(elementAt(cell, 0));
  };
}
