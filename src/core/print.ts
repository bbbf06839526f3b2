/** Prints arrays as numpy 1 does. */
import type { NdArray } from "./nd_array.ts";

export function printArray(array: NdArray): string {
  return String(array.data);
}
