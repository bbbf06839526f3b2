/** Sparse tensors in another order, shape or part: reorder, reshape, slice, and rows that were empty filled. Source: sparse_ops.cc. */

import { bool } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Dim, elementCount, rowMajorStrides, type Shape, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { copyElements, emptyArray, takeRows, toNumbers } from "../array/basic/elements.ts";
import {
  arithmeticOf,
  checkParts,
  compareEntries,
  coordinate,
  type Entries,
  entriesOf,
  indexMatrix,
  int64Vector,
  shapeOfArray,
  sortedPositions,
} from "./entries.ts";

const coordinatesOf = (entries: Entries, i: number): number[] =>
  Array.from({ length: entries.rank }, (_, d) => coordinate(entries, i, d));

/** The same elements in row-major order. Source: sparse_reorder_op.cc. */
export const sparseReorderOp = defineOp("SparseReorder", {
  inputs: ["input_indices: int64", "input_values: T", "input_shape: int64"],
  outputs: ["output_indices: int64", "output_values: T"],
  attrs: ["T: type"],
  shape({ input_indices, input_values, input_shape }) {
    withRank(input_shape, 1);
    return [withRank(input_indices, 2), withRank(input_values, 1)];
  },
  compute({ input_indices, input_values, input_shape }) {
    checkParts(input_indices, input_values, input_shape);
    const entries = entriesOf(input_indices);
    const order = sortedPositions(entries);
    return [
      indexMatrix(
        order.flatMap((i) => coordinatesOf(entries, i)),
        entries.rank,
      ),
      takeRows(input_values, order, 1, [entries.n]),
    ];
  },
  gradient(tf, { input_indices, input_shape }, ...dys) {
    const count = tf.getItem(tf.shape(input_indices), 0);
    const unordered = new tf.SparseTensor({ indices: input_indices, values: tf.range(count), denseShape: input_shape });
    const ordered = tf.sparseReorder(unordered);
    return { input_values: tf.gather(dys[1]!, tf.invertPermutation(ordered.values)) };
  },
});

/** The coordinates of the same elements in another shape, in which one dimension may be -1. Source: reshape_util.cc. */
export const sparseReshapeOp = defineOp("SparseReshape", {
  inputs: ["input_indices: int64", "input_shape: int64", "new_shape: int64"],
  outputs: ["output_indices: int64", "output_shape: int64"],
  shape({ input_indices, input_shape, new_shape }) {
    withRank(input_shape, 1);
    const shape = withRank(new_shape, 1);
    return [[withRank(input_indices, 2)[0]!, shape[0]!], shape];
  },
  compute({ input_indices, input_shape, new_shape }) {
    const entries = entriesOf(input_indices);
    const from = shapeOfArray(input_shape);
    const to = resolved(from, shapeOfArray(new_shape));
    const [inStrides, outStrides] = [rowMajorStrides(from), rowMajorStrides(to)];
    const coordinates: number[] = [];
    for (let i = 0; i < entries.n; i++) {
      let flat = 0;
      for (let d = 0; d < from.length; d++) flat += coordinate(entries, i, d) * inStrides[d]!;
      for (let d = 0; d < to.length; d++) {
        coordinates.push(Math.floor(flat / outStrides[d]!));
        flat %= outStrides[d]!;
      }
    }
    const matrix = indexMatrix(coordinates, to.length);
    return [new NdArray(matrix.dtype, [entries.n, to.length], matrix.data), int64Vector(to)];
  },
  gradient: "unregistered",
});

function resolved(from: readonly number[], wanted: readonly number[]): number[] {
  const count = elementCount(from);
  const unknown = wanted.indexOf(-1);
  if (unknown !== wanted.lastIndexOf(-1)) {
    throw new InvalidArgumentError(
      `only one output dimension may be -1, not both ${unknown} and ${wanted.lastIndexOf(-1)}`,
    );
  }
  const product = wanted.reduce((n, d) => (d === -1 ? n : n * d), 1);
  if (unknown >= 0) {
    if (product === 0)
      throw new InvalidArgumentError(
        "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero",
      );
    if (count % product !== 0) {
      throw new InvalidArgumentError(
        `Input to reshape is a SparseTensor with ${count} dense values, but the requested shape requires a multiple of ${product}. input_shape=[${from.join(",")}] output_shape=[${wanted.map((d) => (d === -1 ? 1 : d)).join(",")}]`,
      );
    }
    return wanted.map((d) => (d === -1 ? count / product : d));
  }
  if (product !== count) {
    throw new InvalidArgumentError(
      `Input to reshape is a tensor with ${count} dense values, but the requested shape has ${product}. input_shape=[${from.join(",")}] output_shape=[${wanted.join(",")}]`,
    );
  }
  return [...wanted];
}

/** The elements inside a box, with coordinates from its corner. Source: sparse_slice_op.cc. */
export const sparseSliceOp = defineOp("SparseSlice", {
  inputs: ["indices: int64", "values: T", "shape: int64", "start: int64", "size: int64"],
  outputs: ["output_indices: int64", "output_values: T", "output_shape: int64"],
  attrs: ["T: type"],
  shape({ shape }) {
    const dims: Shape = withRank(shape, 1);
    return [[null, dims[0]!], [null], dims];
  },
  compute({ indices, values, shape, start, size }) {
    checkParts(indices, values, shape);
    const entries = entriesOf(indices);
    const [dims, from, wanted] = [shapeOfArray(shape), shapeOfArray(start), shapeOfArray(size)];
    if (from.length !== dims.length)
      throw new InvalidArgumentError(
        `Expected start to be a vector of length ${dims.length} but got length ${from.length}`,
      );
    if (wanted.length !== dims.length)
      throw new InvalidArgumentError(
        `Expected size to be a vector of length ${dims.length} but got length ${wanted.length}`,
      );
    const box = dims.map((n, d) => Math.max(0, Math.min(from[d]! + wanted[d]!, n) - from[d]!));
    const rows = Array.from({ length: entries.n }, (_, i) => i).filter((i) =>
      coordinatesOf(entries, i).every((x, d) => x >= from[d]! && x < from[d]! + wanted[d]!),
    );
    const coordinates = rows.flatMap((i) => coordinatesOf(entries, i).map((x, d) => x - from[d]!));
    return [indexMatrix(coordinates, entries.rank), takeRows(values, rows, 1, [rows.length]), int64Vector(box)];
  },
  gradient(tf, { indices, values, start, output_indices }, ...dys) {
    const gradient = tf.sparseSliceGrad(dys[1]!, indices, start, output_indices);
    gradient.setShape(values.shape);
    return { values: gradient };
  },
});

/** The gradient of a slice's values where they came from, zeros for the rest. Source: sparse_slice_grad_op.cc. */
export const sparseSliceGradOp = defineOp("SparseSliceGrad", {
  inputs: ["backprop_val_grad: T", "input_indices: int64", "input_start: int64", "output_indices: int64"],
  outputs: ["val_grad: T"],
  attrs: ["T: numbertype"],
  shape: ({ input_indices }) => [[withRank(input_indices, 2)[0]!]],
  compute({ backprop_val_grad, input_indices, input_start, output_indices }) {
    const [input, output] = [entriesOf(input_indices), entriesOf(output_indices)];
    const start = shapeOfArray(input_start);
    const placed: Entries = {
      ...output,
      coordinates: Array.from(output.coordinates, (x, k) => x + start[k % output.rank]!),
    };
    const gradient = emptyArray(backprop_val_grad.dtype, [input.n]);
    let j = 0;
    for (let i = 0; i < input.n && j < output.n; i++) {
      if (compareEntries(input, i, placed, j) !== 0) continue;
      copyElements(gradient.dtype, backprop_val_grad.data, j, gradient.data, i, 1);
      j++;
    }
    if (j < output.n)
      throw new InvalidArgumentError(
        `Elements of backprop_val_grad aren't all propagated. Num elements: ${output.n}, used: ${j}`,
      );
    return gradient;
  },
  gradient: "unregistered",
});

export const sparseSliceGrad = (
  dy: TensorLike,
  inputIndices: TensorLike,
  start: TensorLike,
  outputIndices: TensorLike,
): Tensor =>
  sparseSliceGradOp({
    backprop_val_grad: dy,
    input_indices: inputIndices,
    input_start: start,
    output_indices: outputIndices,
  });

/** The rows that have no element get the default in column 0. Source: sparse_fill_empty_rows_op.cc. */
export const sparseFillEmptyRowsOp = defineOp("SparseFillEmptyRows", {
  inputs: ["indices: int64", "values: T", "dense_shape: int64", "default_value: T"],
  outputs: ["output_indices: int64", "output_values: T", "empty_row_indicator: bool", "reverse_index_map: int64"],
  attrs: ["T: type"],
  shape({ indices, values, dense_shape, default_value }, context) {
    const [n, rank] = withRank(indices, 2);
    withRank(values, 1);
    withRank(default_value, 0);
    const rows: Dim = context.valueAsShape("dense_shape")?.[0] ?? null;
    return [[null, rank ?? withRank(dense_shape, 1)[0]!], [null], [rows], [n!]];
  },
  compute({ indices, values, dense_shape, default_value }) {
    checkParts(indices, values, dense_shape);
    const entries = entriesOf(indices);
    const rows = toNumbers(dense_shape)[0]!;
    if (dense_shape.size === 0) throw new InvalidArgumentError("Dense shape cannot be empty.");
    if (rows === 0 && entries.n > 0)
      throw new InvalidArgumentError(
        `Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = ${entries.n}`,
      );
    const byRow: number[][] = Array.from({ length: rows }, () => []);
    for (let i = 0; i < entries.n; i++) {
      const row = coordinate(entries, i, 0);
      if (row < 0 || row >= rows) throw new InvalidArgumentError(`indices(${i}, 0) is invalid: ${row} >= ${rows}`);
      byRow[row]!.push(i);
    }
    const total = byRow.reduce((n, list) => n + Math.max(1, list.length), 0);
    const output = emptyArray(values.dtype, [total]);
    const coordinates: number[] = [];
    const reverse = new Array<number>(entries.n);
    let at = 0;
    for (const [row, list] of byRow.entries()) {
      if (list.length === 0) {
        copyElements(values.dtype, default_value.data, 0, output.data, at++, 1);
        coordinates.push(row, ...new Array<number>(entries.rank - 1).fill(0));
      }
      for (const i of list) {
        reverse[i] = at;
        copyElements(values.dtype, values.data, i, output.data, at++, 1);
        coordinates.push(...coordinatesOf(entries, i));
      }
    }
    const empty = Uint8Array.from(byRow, (list) => (list.length === 0 ? 1 : 0));
    return [indexMatrix(coordinates, entries.rank), output, new NdArray(bool, [rows], empty), int64Vector(reverse)];
  },
  gradient(tf, { reverse_index_map }, ...dys) {
    const [values, fallback] = tf.sparseFillEmptyRowsGrad(reverse_index_map, dys[1]!);
    return { values, default_value: fallback };
  },
});

export const sparseFillEmptyRowsGradOp = defineOp("SparseFillEmptyRowsGrad", {
  inputs: ["reverse_index_map: int64", "grad_values: T"],
  outputs: ["d_values: T", "d_default_value: T"],
  attrs: ["T: type"],
  shape({ reverse_index_map, grad_values }) {
    withRank(grad_values, 1);
    return [withRank(reverse_index_map, 1), []];
  },
  compute({ reverse_index_map, grad_values }) {
    const map = toNumbers(reverse_index_map);
    const used = new Set<number>();
    for (let i = 0; i < map.length; i++) {
      if (map[i]! < 0 || map[i]! >= grad_values.size)
        throw new InvalidArgumentError(
          `Elements in reverse index must be in [0, ${grad_values.size}) but got ${map[i]}`,
        );
      used.add(map[i]!);
    }
    const math = arithmeticOf(grad_values.dtype);
    const read = math.read(grad_values);
    let sum = math.zero;
    for (let i = 0; i < grad_values.size; i++) if (!used.has(i)) sum = math.add(sum, read(i));
    const fallback = emptyArray(grad_values.dtype, []);
    math.write(fallback.data, 0, sum);
    return [takeRows(grad_values, map, 1, [map.length]), fallback];
  },
  gradient: "unregistered",
});

export function sparseFillEmptyRowsGrad(reverseIndexMap: TensorLike, dy: TensorLike): [Tensor, Tensor] {
  const { d_values, d_default_value } = sparseFillEmptyRowsGradOp({
    reverse_index_map: reverseIndexMap,
    grad_values: dy,
  });
  return [d_values, d_default_value];
}
