/** How often values occur, row by row, as sparse matrices: DenseCountSparseOutput and its kin. Source: count_ops.cc. */
import { type DType, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { elementAt, type NdArray, setElement } from "../../../core/nd_array.ts";
import { formatShape } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray, integerArray, toNumbers } from "../array/basic/elements.ts";

const outputs = ["output_indices: int64", "output_values: output_type", "output_dense_shape: int64"] as const;
const attrs = [
  "T: {int32, int64}",
  "minlength: int >= -1 = -1",
  "maxlength: int >= -1 = -1",
  "binary_output: bool",
  "output_type: {int32, int64, float, double}",
] as const;

interface Options {
  readonly minlength: number;
  readonly maxlength: number;
  readonly binary_output: boolean;
  readonly output_type: DType;
}

interface Counted {
  /** The row of each value. */
  readonly row: (i: number) => number;
  readonly rows: number;
  /** A vector gives a vector. */
  readonly isVector: boolean;
}

function count(values: NdArray, weights: NdArray, { row, rows, isVector }: Counted, options: Options): NdArray[] {
  const { minlength, maxlength, binary_output, output_type } = options;
  const counts = Array.from({ length: rows }, () => new Map<number, number>());
  let largest = -1;
  const all = toNumbers(values);
  for (let i = 0; i < all.length; i++) {
    const value = all[i]!;
    if (value < 0) throw new InvalidArgumentError("Input values must all be non-negative");
    if (maxlength >= 0 && value >= maxlength) continue;
    const own = counts[row(i)]!;
    const weight = weights.size ? Number(elementAt(weights, i)) : 1;
    own.set(value, binary_output ? 1 : (own.get(value) ?? 0) + weight);
    largest = Math.max(largest, value);
  }
  const indices: number[] = [];
  const found: number[] = [];
  counts.forEach((own, i) => {
    for (const value of [...own.keys()].sort((a, b) => a - b)) {
      indices.push(...(isVector ? [value] : [i, value]));
      found.push(own.get(value)!);
    }
  });
  const width = maxlength > 0 ? maxlength : Math.max(minlength, largest + 1);
  const result = emptyArray(output_type, [found.length]);
  found.forEach((value, i) => {
    setElement(output_type, result.data, i, output_type.base === "int64" ? BigInt(value) : value);
  });
  return [
    integerArray(int64, indices, [found.length, isVector ? 1 : 2]),
    result,
    integerArray(int64, isVector ? [width] : [rows, width]),
  ];
}

function checkWeights(weights: NdArray, values: NdArray): void {
  if (weights.size === 0 || weights.shape.join() === values.shape.join()) return;
  throw new InvalidArgumentError(
    `Weights and values must have the same shape. Weight shape: ${formatShape(weights.shape)}; values shape: ${formatShape(values.shape)}`,
  );
}

/** Of a vector, or of each row of a matrix. */
export const denseCountSparseOutputOp = defineOp("DenseCountSparseOutput", {
  inputs: ["values: T", "weights: output_type"],
  outputs,
  attrs,
  shape({ values }) {
    if (values && values.length !== 1 && values.length !== 2) {
      throw new InvalidArgumentError(`Shape must be rank 1 or 2 but is rank ${values.length}`);
    }
    const rank = values?.length ?? null;
    return [[null, rank], [null], [rank]];
  },
  compute({ values, weights, ...options }) {
    checkWeights(weights, values);
    const isVector = values.shape.length === 1;
    const width = isVector ? values.size : values.shape[1]!;
    const rows = isVector ? 1 : values.shape[0]!;
    return count(values, weights, { row: (i) => (isVector ? 0 : Math.floor(i / width)), rows, isVector }, options);
  },
  gradient: "unregistered",
});

/** Of the values of a sparse vector or matrix. */
export const sparseCountSparseOutputOp = defineOp("SparseCountSparseOutput", {
  inputs: ["indices: int64", "values: T", "dense_shape: int64", "weights: output_type"],
  outputs,
  attrs,
  shape({ dense_shape }) {
    const rank = dense_shape?.[0] ?? null;
    return [[null, rank], [null], [rank]];
  },
  compute({ indices, values, dense_shape, weights, ...options }) {
    if (indices.shape.length !== 2) {
      throw new InvalidArgumentError(
        `Input indices must be a 2-dimensional tensor. Got: ${formatShape(indices.shape)}`,
      );
    }
    if (indices.shape[0] !== values.shape[0]) {
      throw new InvalidArgumentError(
        `Number of values must match first dimension of indices.Got ${values.shape[0]} values, indices shape: ${formatShape(indices.shape)}`,
      );
    }
    checkWeights(weights, values);
    const sizes = Array.from(toNumbers(dense_shape));
    const isVector = sizes.length === 1;
    const rank = indices.shape[1]!;
    const at = toNumbers(indices);
    const rows = isVector ? 1 : sizes[0]!;
    const row = (i: number): number => {
      const found = isVector ? 0 : at[i * rank]!;
      if (found >= rows) {
        throw new InvalidArgumentError(
          `Indices value along the first dimension must be lower than the first index of the shape.Got ${found} as batch and ${rows} as the first dimension of the shape.`,
        );
      }
      return found;
    };
    return count(values, weights, { row, rows, isVector }, options);
  },
  gradient: "unregistered",
});

/** Of each row of a ragged matrix. */
export const raggedCountSparseOutputOp = defineOp("RaggedCountSparseOutput", {
  inputs: ["splits: int64", "values: T", "weights: output_type"],
  outputs,
  attrs,
  shape: () => [[null, 2], [null], [2]],
  compute({ splits, values, weights, ...options }) {
    checkWeights(weights, values);
    const ends = Array.from(toNumbers(splits));
    if (ends.length === 0) {
      throw new InvalidArgumentError("Must provide at least 2 elements for the splits argument");
    }
    if (ends[0] !== 0) throw new InvalidArgumentError(`Splits must start with 0, not with ${ends[0]}`);
    if (ends.at(-1) !== values.size) {
      throw new InvalidArgumentError(
        `Splits must end with the number of values, got ${ends.at(-1)} instead of ${values.size}`,
      );
    }
    let here = 0;
    const row = (i: number): number => {
      while (i >= ends[here + 1]!) here++;
      return here;
    };
    return count(values, weights, { row, rows: ends.length - 1, isVector: false }, options);
  },
  gradient: "unregistered",
});
