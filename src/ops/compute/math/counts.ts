/** Counts of values, and products of 3-vectors. Source: math_ops.cc, bincount_op.cc, histogram_op.cc, bucketize_op.cc, cross_op.cc. */

import { type DType, float64, int32, int64 } from "../../../core/dtype.ts";
import { FailedPreconditionError, InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { elementAt, NdArray, type NumberArray } from "../../../core/nd_array.ts";
import {
  type Dim,
  formatShape,
  mergeShapes,
  type Shape,
  sameShape,
  withRank,
  withRankAtLeast,
  withRankAtMost,
} from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { dimFromInput, scalarFromInput } from "../array/basic/shape_input.ts";
import { filled, rowFunction } from "./segment/rows.ts";

const numberAt = (array: NdArray, i: number): number => Number(elementAt(array, i));

interface Counting {
  readonly values: NdArray;
  /** The row of the output that value i goes to. */
  readonly rowOf: (i: number) => number;
  readonly rows: number;
  readonly bins: number;
  readonly weights: NdArray;
  readonly isBinary: boolean;
}

/** Adds weights (ones where there are none) into bins; values beyond the bins do not count. Throws for negative values. */
function countInto({ values, rowOf, rows, bins, weights, isBinary }: Counting): NumberArray {
  const { dtype } = weights;
  const output = filled(dtype, rows * bins, 0);
  const one = filled(dtype, 1, 1);
  const add = rowFunction("sum", dtype);
  const hasWeights = weights.size > 0 && !isBinary;
  for (let i = 0; i < values.size; i++) {
    const value = numberAt(values, i);
    if (value < 0) throw new InvalidArgumentError("Input arr must be non-negative!");
    if (value >= bins) continue;
    const at = rowOf(i) * bins + value;
    if (isBinary) output[at] = one[0]!;
    else add(output, at, hasWeights ? (weights.data as NumberArray) : one, hasWeights ? i : 0, 1);
  }
  return output;
}

function binCount(size: NdArray): number {
  if (size.size !== 1) throw new InvalidArgumentError(`Shape must be rank 0 but is rank ${size.shape.length}`);
  const n = numberAt(size, 0);
  if (n < 0) throw new InvalidArgumentError(`size (${n}) must be non-negative`);
  return n;
}

function checkWeights(values: NdArray, weights: NdArray): void {
  if (weights.size === 0 || sameShape(values.shape, weights.shape)) return;
  throw new InvalidArgumentError(
    `\`weights\` must be the same shape as \`arr\` or a length-0 \`Tensor\`, in which case it acts as all weights equal to 1. Received ${formatShape(weights.shape)}`,
  );
}

/** bins[v] = how often v is in arr, or the sum of its weights, for v < size. */
export const bincountOp = defineOp("Bincount", {
  inputs: ["arr: int32", "size: int32", "weights: T"],
  outputs: ["bins: T"],
  attrs: ["T: {int32, int64, float, double}"],
  shape({ size }, context) {
    return [[dimFromInput(context, "size", size)]];
  },
  compute({ arr, size, weights }) {
    const bins = binCount(size);
    checkWeights(arr, weights);
    const data = countInto({ values: arr, rowOf: () => 0, rows: 1, bins, weights, isBinary: false });
    return new NdArray(weights.dtype, [bins], data);
  },
  gradient: "unregistered",
});

function denseShape(input: Shape, bins: Dim): Shape {
  withRankAtMost(input, 2);
  if (input === null) return null;
  return input.length === 2 ? [input[0]!, bins] : [bins];
}

/** The same for a vector or for each row of a matrix; binary_output: whether a value is there at all. */
export const denseBincountOp = defineOp("DenseBincount", {
  inputs: ["input: Tidx", "size: Tidx", "weights: T"],
  outputs: ["output: T"],
  attrs: ["Tidx: {int32, int64}", "T: {int32, int64, float, double}", "binary_output: bool = false"],
  shape: ({ input, size }, context) => [denseShape(input, dimFromInput(context, "size", size))],
  compute({ input, size, weights, binary_output }) {
    const bins = binCount(size);
    if (input.shape.length > 2) throw new InvalidArgumentError("Shape must be at most rank 2 but is rank 3");
    checkWeights(input, weights);
    const columns = input.shape.length === 2 ? input.shape[1]! : Math.max(input.size, 1);
    const rows = input.shape.length === 2 ? input.shape[0]! : 1;
    const data = countInto({
      values: input,
      rowOf: (i) => Math.floor(i / columns),
      rows,
      bins,
      weights,
      isBinary: binary_output,
    });
    return new NdArray(weights.dtype, input.shape.length === 2 ? [rows, bins] : [bins], data);
  },
  gradient: "unregistered",
});

/** The same for the values of a sparse vector or matrix. */
export const sparseBincountOp = defineOp("SparseBincount", {
  inputs: ["indices: int64", "values: Tidx", "dense_shape: int64", "size: Tidx", "weights: T"],
  outputs: ["output: T"],
  attrs: ["Tidx: {int32, int64}", "T: {int32, int64, float, double}", "binary_output: bool = false"],
  shape({ size, dense_shape }, context) {
    const bins = dimFromInput(context, "size", size);
    const shape = context.valueAsShape("dense_shape");
    const rank = shape?.length ?? dense_shape?.[0] ?? null;
    if (rank === null) return [null];
    return [rank === 1 ? [bins] : [shape?.[0] ?? null, bins]];
  },
  compute({ indices, values, dense_shape, size, weights, binary_output }) {
    const bins = binCount(size);
    const rank = dense_shape.size;
    const rows = rank === 1 ? 1 : numberAt(dense_shape, 0);
    const rowOf = (i: number): number => {
      if (rank === 1) return 0;
      const row = numberAt(indices, i * rank);
      if (row >= 0 && row < rows) return row;
      throw new InvalidArgumentError(
        `Index out of bound. \`batch\` (${row}) must be less than the dimension size (${rows}).`,
      );
    };
    const data = countInto({ values, rowOf, rows, bins, weights, isBinary: binary_output });
    return new NdArray(weights.dtype, rank === 1 ? [bins] : [rows, bins], data);
  },
  gradient: "unregistered",
});

/** The same for the rows of a ragged matrix. */
export const raggedBincountOp = defineOp("RaggedBincount", {
  inputs: ["splits: int64", "values: Tidx", "size: Tidx", "weights: T"],
  outputs: ["output: T"],
  attrs: ["Tidx: {int32, int64}", "T: {int32, int64, float, double}", "binary_output: bool = false"],
  shape: () => [null],
  compute({ splits, values, size, weights, binary_output }) {
    const bins = binCount(size);
    const rows = splits.size - 1;
    const ends = Array.from({ length: splits.size }, (_, i) => numberAt(splits, i));
    if (ends[0] !== 0) throw new InvalidArgumentError(`Splits must start with 0, not with ${ends[0]}`);
    if (ends.at(-1) !== values.size) {
      throw new InvalidArgumentError(
        `Splits must end with the number of values, got ${ends.at(-1)} instead of ${values.size}`,
      );
    }
    let row = 0;
    const rowOf = (i: number): number => {
      while (i >= ends[row + 1]!) row++;
      return row;
    };
    const data = countInto({ values, rowOf, rows, bins, weights, isBinary: binary_output });
    return new NdArray(weights.dtype, [rows, bins], data);
  },
  gradient: "unregistered",
});

/** out[b] = how many values lie in the b-th of nbins equal parts of value_range; values outside belong to the first and the last. */
export const histogramFixedWidthOp = defineOp("HistogramFixedWidth", {
  inputs: ["values: T", "value_range: T", "nbins: int32"],
  outputs: ["out: dtype"],
  attrs: ["T: {int32, int64, float, double}", "dtype: {int32, int64} = DT_INT32"],
  shape({ value_range, nbins }, context) {
    const [n] = withRank(value_range, 1) as [Dim];
    if (n !== null && n !== 2) throw invalidArgument(`Dimension must be 2 but is ${n}`);
    const bins = scalarFromInput(context, "nbins", nbins);
    if (bins !== null && bins <= 0) throw invalidArgument(`Requires nbins > 0: ${bins}`);
    return [[bins]];
  },
  compute({ values, value_range, nbins, dtype }) {
    const bins = numberAt(nbins, 0);
    if (bins <= 0) throw new InvalidArgumentError(`nbins should be a positive number, but got '${bins}'`);
    if (value_range.shape.length !== 1 || value_range.size !== 2)
      throw new InvalidArgumentError("value_range should be a vector of 2 elements.");
    const [low, high] = [numberAt(value_range, 0), numberAt(value_range, 1)];
    if (!(low < high)) {
      throw new InvalidArgumentError(
        `value_range should satisfy value_range[0] < value_range[1], but got '[${low}, ${high}]'`,
      );
    }
    const round = values.dtype === float64 ? (x: number) => x : Math.fround;
    const step = values.dtype.isInteger ? (high - low) / bins : round(round(high - low) / bins);
    const counts = new Array<number>(bins).fill(0);
    for (let i = 0; i < values.size; i++) {
      const value = Math.min(Math.max(numberAt(values, i), low), high);
      const place = Math.floor(values.dtype.isInteger ? (value - low) / step : round(round(value - low) / step));
      counts[Math.min(Math.max(place, 0), bins - 1)]!++;
    }
    return new NdArray(dtype, [bins], dtype === int64 ? BigInt64Array.from(counts, BigInt) : Int32Array.from(counts));
  },
  gradient: "unregistered",
});

/** output[i] = how many of the rising boundaries are not above input[i]. */
export const bucketizeOp = defineOp("Bucketize", {
  inputs: ["input: T"],
  outputs: ["output: int32"],
  attrs: ["T: {int32, int64, float, double}", "boundaries: list(float)"],
  shape: ({ input }) => [input],
  compute({ input, boundaries }) {
    for (const [i, boundary] of boundaries.entries()) {
      if (i > 0 && boundaries[i - 1]! > boundary) throw new InvalidArgumentError("Expected sorted boundaries");
    }
    const edges = boundaries.map(Math.fround);
    const data = Int32Array.from(
      { length: input.size },
      (_, i) => edges.filter((edge) => edge <= numberAt(input, i)).length,
    );
    return new NdArray(int32, input.shape, data);
  },
  gradient: "unregistered",
});

/** product = a x b for the vectors of 3 elements in the last dimension. */
export const crossOp = defineOp("Cross", {
  inputs: ["a: T", "b: T"],
  outputs: ["product: T"],
  attrs: ["T: realnumbertype"],
  shape({ a, b }) {
    const joined = mergeShapes(withRankAtLeast(a, 1), withRankAtLeast(b, 1));
    if (joined === null) return [null];
    const last = joined.at(-1)!;
    if (last !== null && last !== 3) throw invalidArgument(`Dimension must be 3 but is ${last}`);
    return [[...joined.slice(0, -1), 3]];
  },
  lower(p, { a, b }) {
    if (!sameShape(a.shape, b.shape)) {
      throw new InvalidArgumentError(
        `Both inputs must be of same shape: ${formatShape(a.shape)} vs. ${formatShape(b.shape)}`,
      );
    }
    if (a.shape.length === 0) throw new InvalidArgumentError(`Input must be at least 1D${formatShape(a.shape)}`);
    if (a.shape.at(-1) !== 3)
      throw new FailedPreconditionError("Cross-products are only defined for 3-element vectors.");
    const axis = a.shape.length - 1;
    const turned = (x: typeof a, order: readonly number[]) => p.gather(x, p.list(order), { axis });
    const [next, last] = [
      [1, 2, 0],
      [2, 0, 1],
    ];
    return p.sub(p.mul(turned(a, next), turned(b, last)), p.mul(turned(a, last), turned(b, next)));
  },
  gradient: (tf, { a, b }, dy) => ({ a: tf.cross(b, dy!), b: tf.cross(dy!, a) }),
});

/** The cross product of vectors of 3 elements along the last axis; other dimensions are equal. */
export const cross = byKeyword(["a", "b"], function cross(a: TensorLike, b: TensorLike, name?: Name): Tensor {
  return crossOp({ a, b }, nameOf(name));
});

export interface HistogramOptions extends Named {
  /** 100 by default. */
  readonly nbins?: TensorLike;
  readonly dtype?: DType;
}

const histogramFixedWidthPlaces = ["nbins", "dtype", "name"] as const;

/** How many values lie in each of `nbins` equal parts of the range. */
export const histogramFixedWidth = byKeyword(
  ["values", "valueRange"],
  function histogramFixedWidth(
    values: TensorLike,
    valueRange: TensorLike,
    ...rest: Rest<HistogramOptions, typeof histogramFixedWidthPlaces>
  ): Tensor {
    const options = byName<HistogramOptions>(rest, histogramFixedWidthPlaces);
    return inScope(options.name, "histogram_fixed_width", (scope) =>
      histogramFixedWidthOp(
        { values, value_range: valueRange, nbins: options.nbins ?? 100, dtype: options.dtype ?? int32 },
        scope,
      ),
    );
  },
);

export interface BincountOptions {
  /** What each value counts; 1 by default. */
  readonly weights?: Tensor | null;
  /** The output has at least, and at most, so many bins. */
  readonly minlength?: TensorLike | null;
  readonly maxlength?: TensorLike | null;
  /** int32 by default; weights decide when given. */
  readonly dtype?: DType;
}

const bincountPlaces = ["weights", "minlength", "maxlength", "dtype"] as const;

/** How often each of 0, 1, 2 … is in arr. */
export const bincount = (arr: TensorLike, ...rest: Rest<BincountOptions, typeof bincountPlaces>): Tensor => {
  const options = byName<BincountOptions>(rest, bincountPlaces);
  return inScope(null, "bincount", () => {
    const { weights = null, minlength = null, maxlength = null, dtype = int32 } = options;
    const given = convertToTensor(arr, { name: "arr" });
    const whole = given.dtype.isInteger ? given : ops.cast(given, int32);
    const kind = whole.dtype.baseDtype;
    const isFilled = ops.cast(ops.size(whole).greater(0), kind);
    let size = isFilled.mul(ops.reduceMax(whole).add(1));
    if (minlength !== null) size = ops.maximum(convertToTensor(minlength, { name: "minlength", dtype: kind }), size);
    if (maxlength !== null) size = ops.minimum(convertToTensor(maxlength, { name: "maxlength", dtype: kind }), size);
    const each = weights && ops.reshape(weights, [-1]);
    const values = ops.reshape(whole, [-1]);
    return denseBincountOp({ input: values, size, weights: each ?? ops.constant([], { dtype }) });
  });
};
