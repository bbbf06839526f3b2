/** What the data sets of Keras have in common: where they come from, and rows of arrays. */
import type { NdArray } from "../../../core/nd_array.ts";
import { elementCount } from "../../../core/shape.ts";
import { takeRows } from "../../../ops/compute/array/basic/elements.ts";

/** Inputs and labels to train on, then those to test with. */
export type Split<X = NdArray, Y = NdArray> = readonly [train: readonly [x: X, y: Y], test: readonly [x: X, y: Y]];

export const storage = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";

/** The rows of these numbers: [rows.length, …]. */
export const rowsOf = (array: NdArray, rows: ArrayLike<number>): NdArray =>
  takeRows(array, rows, elementCount(array.shape.slice(1)), [rows.length, ...array.shape.slice(1)]);

/** The rows from one to before another. */
export const rowsBetween = (array: NdArray, from: number, to: number): NdArray =>
  rowsOf(
    array,
    Int32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
  );
