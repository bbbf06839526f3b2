/** Sparse tensors together: sums, extremes, concatenation, and cutting apart. Source: sparse_ops.cc, sparse_grad.py. */
import { InvalidArgumentError, RuntimeError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Dim, type Shape, withRank } from "../../../core/shape.ts";
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
  type Scalar,
  shapeOfArray,
  sortedPositions,
} from "./entries.ts";

/** One step of merging two ordered lists: where it stands in a and b, null in a list that has no such coordinate. */
interface Merged {
  readonly a: number | null;
  readonly b: number | null;
}

function merge(a: Entries, b: Entries): Merged[] {
  const result: Merged[] = [];
  let [i, j] = [0, 0];
  while (i < a.n || j < b.n) {
    const order = i >= a.n ? 1 : j >= b.n ? -1 : compareEntries(a, i, b, j);
    result.push({ a: order <= 0 ? i : null, b: order >= 0 ? j : null });
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return result;
}

const coordinatesOf = (entries: Entries, i: number): number[] =>
  Array.from({ length: entries.rank }, (_, d) => coordinate(entries, i, d));

function fromScalars(dtype: NdArray["dtype"], values: readonly Scalar[]): NdArray {
  const array = emptyArray(dtype, [values.length]);
  const { write } = arithmeticOf(dtype);
  for (const [i, value] of values.entries()) write(array.data, i, value);
  return array;
}

function checkSameShape(a: NdArray, b: NdArray): void {
  const [x, y] = [shapeOfArray(a), shapeOfArray(b)];
  if (x.length !== y.length)
    throw new InvalidArgumentError(
      `Operands do not have the same ranks; got shapes: [${x.join(",")}] and [${y.join(",")}]`,
    );
  const bad = x.findIndex((d, i) => d !== y[i]);
  if (bad >= 0)
    throw new InvalidArgumentError(`Operands' shapes do not match: got ${x[bad]} and ${y[bad]} for dimension ${bad}`);
}

const sparseOutputs = (indices: Shape, shape: Shape): Shape[] => [
  [null, withRank(indices, 2)[1]!],
  [null],
  withRank(shape, 1),
];

/** sum = a + b; where both have an element, sums smaller than thresh in size are left out. Source: sparse_add_op.cc. */
export const sparseAddOp = defineOp("SparseAdd", {
  inputs: [
    "a_indices: int64",
    "a_values: T",
    "a_shape: int64",
    "b_indices: int64",
    "b_values: T",
    "b_shape: int64",
    "thresh: Treal",
  ],
  outputs: ["sum_indices: int64", "sum_values: T", "sum_shape: int64"],
  attrs: ["T: numbertype", "Treal: realnumbertype"],
  shape: ({ a_indices, a_shape }) => sparseOutputs(a_indices, a_shape),
  compute({ a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh }) {
    checkParts(a_indices, a_values, a_shape);
    checkParts(b_indices, b_values, b_shape);
    checkSameShape(a_shape, b_shape);
    const [a, b] = [entriesOf(a_indices), entriesOf(b_indices)];
    const limit = toNumbers(thresh)[0]!;
    const math = arithmeticOf(a_values.dtype);
    const [x, y] = [math.read(a_values), math.read(b_values)];
    const coordinates: number[] = [];
    const values: Scalar[] = [];
    for (const step of merge(a, b)) {
      const value = step.a === null ? y(step.b!) : step.b === null ? x(step.a) : math.add(x(step.a), y(step.b));
      if (step.a !== null && step.b !== null && math.abs(value) < limit) continue;
      coordinates.push(...(step.a === null ? coordinatesOf(b, step.b!) : coordinatesOf(a, step.a)));
      values.push(value);
    }
    return [indexMatrix(coordinates, a.rank), fromScalars(a_values.dtype, values), a_shape];
  },
  gradient(tf, { a_indices, a_values, b_indices, b_values, sum_indices }, ...dys) {
    const [a, b] = tf.sparseAddGrad(dys[1]!, a_indices, b_indices, sum_indices);
    a.setShape(a_values.shape);
    b.setShape(b_values.shape);
    return { a_values: a, b_values: b };
  },
});

/** The gradient of a sum's values where a and b have elements; zero where the sum dropped them. Source: sparse_add_grad_op.cc. */
export const sparseAddGradOp = defineOp("SparseAddGrad", {
  inputs: ["backprop_val_grad: T", "a_indices: int64", "b_indices: int64", "sum_indices: int64"],
  outputs: ["a_val_grad: T", "b_val_grad: T"],
  attrs: ["T: numbertype"],
  shape: ({ a_indices, b_indices }) => [[withRank(a_indices, 2)[0]!], [withRank(b_indices, 2)[0]!]],
  compute({ backprop_val_grad, a_indices, b_indices, sum_indices }) {
    const sum = entriesOf(sum_indices);
    return [a_indices, b_indices].map((indices) => {
      const own = entriesOf(indices);
      const gradient = emptyArray(backprop_val_grad.dtype, [own.n]);
      for (const step of merge(own, sum)) {
        if (step.a !== null && step.b !== null)
          copyElements(gradient.dtype, backprop_val_grad.data, step.b, gradient.data, step.a, 1);
      }
      return gradient;
    });
  },
  gradient: "none",
});

export function sparseAddGrad(
  dy: TensorLike,
  aIndices: TensorLike,
  bIndices: TensorLike,
  sumIndices: TensorLike,
): [Tensor, Tensor] {
  const { a_val_grad, b_val_grad } = sparseAddGradOp({
    backprop_val_grad: dy,
    a_indices: aIndices,
    b_indices: bIndices,
    sum_indices: sumIndices,
  });
  return [a_val_grad, b_val_grad];
}

const extremeInputs = [
  "a_indices: int64",
  "a_values: T",
  "a_shape: int64",
  "b_indices: int64",
  "b_values: T",
  "b_shape: int64",
] as const;
const extremeOutputs = ["output_indices: int64", "output_values: T"] as const;

interface ExtremeRecord {
  readonly a_indices: NdArray;
  readonly a_values: NdArray;
  readonly a_shape: NdArray;
  readonly b_indices: NdArray;
  readonly b_values: NdArray;
  readonly b_shape: NdArray;
}

/** Element by element over both sets of coordinates; what one lacks is zero. Source: sparse_sparse_binary_op_shared.cc. */
function extreme(op: ExtremeRecord, choose: (a: Scalar, b: Scalar) => Scalar): NdArray[] {
  checkParts(op.a_indices, op.a_values, op.a_shape);
  checkParts(op.b_indices, op.b_values, op.b_shape);
  checkSameShape(op.a_shape, op.b_shape);
  const [a, b] = [entriesOf(op.a_indices), entriesOf(op.b_indices)];
  const math = arithmeticOf(op.a_values.dtype);
  const [x, y] = [math.read(op.a_values), math.read(op.b_values)];
  const steps = merge(a, b);
  const values = steps.map((step) =>
    choose(step.a === null ? math.zero : x(step.a), step.b === null ? math.zero : y(step.b)),
  );
  const coordinates = steps.flatMap((step) => (step.a === null ? coordinatesOf(b, step.b!) : coordinatesOf(a, step.a)));
  return [indexMatrix(coordinates, a.rank), fromScalars(op.a_values.dtype, values)];
}

/** Of numbers or bigints; Math's functions take numbers alone. */
function larger(a: Scalar, b: Scalar): Scalar {
  if (a > b) return a;
  return b;
}
function smaller(a: Scalar, b: Scalar): Scalar {
  if (a < b) return a;
  return b;
}

const noGradient = (type: string) => (): never => {
  throw new RuntimeError(`Gradient for ${type} is not implemented.`);
};

export const sparseSparseMaximumOp = defineOp("SparseSparseMaximum", {
  inputs: extremeInputs,
  outputs: extremeOutputs,
  attrs: ["T: realnumbertype"],
  shape: () => [[null, null], [null]],
  compute: (op) => extreme(op, larger),
  gradient: noGradient("SparseSparseMaximum"),
});

export const sparseSparseMinimumOp = defineOp("SparseSparseMinimum", {
  inputs: extremeInputs,
  outputs: extremeOutputs,
  attrs: ["T: numbertype"],
  shape: () => [[null, null], [null]],
  compute: (op) => extreme(op, smaller),
  gradient: noGradient("SparseSparseMinimum"),
});

/** Source: sparse_ops.cc, SparseConcat's shape function. */
function concatShapes(indices: readonly Shape[], shapes: readonly Shape[]): Shape[] {
  let rows: Dim = 0;
  let rank: Dim = null;
  for (const [i, matrix] of indices.entries()) {
    const [n, d] = withRank(matrix, 2);
    rows = rows === null || n === null ? null : rows + n!;
    rank ??= d ?? withRank(shapes[i]!, 1)[0]!;
  }
  return [[rows, rank], [rows], [rank]];
}

/** output = the inputs one after the other along concat_dim, in row-major order. Source: sparse_concat_op.cc. */
export const sparseConcatOp = defineOp("SparseConcat", {
  inputs: ["indices: N * int64", "values: N * T", "shapes: N * int64"],
  outputs: ["output_indices: int64", "output_values: T", "output_shape: int64"],
  attrs: ["concat_dim: int", "N: int >= 2", "T: type"],
  shape: ({ indices, shapes }) => concatShapes(indices, shapes),
  compute({ indices, values, shapes, concat_dim }) {
    const all = shapes.map(shapeOfArray);
    const rank = all[0]!.length;
    const at = concat_dim < 0 ? concat_dim + rank : concat_dim;
    if (at < 0 || at >= rank)
      throw new InvalidArgumentError(`Concat dimension must be in range [${-rank}, ${rank}), got ${concat_dim}`);
    const coordinates: number[] = [];
    const shape = [...all[0]!];
    shape[at] = 0;
    let total = 0;
    for (const [k, matrix] of indices.entries()) {
      checkParts(matrix, values[k]!, shapes[k]!);
      const own = all[k]!;
      if (own.length !== rank)
        throw new InvalidArgumentError(
          `Ranks of all input tensors must match: expected ${rank} but got ${own.length} at position ${k}`,
        );
      for (let d = 0; d < rank; d++) {
        if (d !== at && own[d] !== shape[d]) {
          throw new InvalidArgumentError(
            `Input shapes must match: expected ${shape[d]} for dimension ${d} but got ${own[d]} at position ${k}`,
          );
        }
      }
      const entries = entriesOf(matrix);
      for (let i = 0; i < entries.n; i++)
        for (let d = 0; d < rank; d++) coordinates.push(coordinate(entries, i, d) + (d === at ? shape[at]! : 0));
      shape[at]! += own[at]!;
      total += entries.n;
    }
    const joined = emptyArray(values[0]!.dtype, [total]);
    let to = 0;
    for (const value of values) {
      copyElements(joined.dtype, value.data, 0, joined.data, to, value.size);
      to += value.size;
    }
    const entries: Entries = { n: total, rank, coordinates };
    const order = sortedPositions(entries);
    return [
      indexMatrix(
        order.flatMap((i) => coordinatesOf(entries, i)),
        rank,
      ),
      takeRows(joined, order, 1, [total]),
      int64Vector(shape),
    ];
  },
  gradient: "none",
});

/** Pieces along split_dim; the first ones are one longer when it does not come out even. Source: sparse_split_op.cc. */
export const sparseSplitOp = defineOp("SparseSplit", {
  inputs: ["split_dim: int64", "indices: int64", "values: T", "shape: int64"],
  outputs: ["output_indices: num_split * int64", "output_values: num_split * T", "output_shape: num_split * int64"],
  attrs: ["num_split: int >= 1", "T: type"],
  shape({ indices, shape, num_split }) {
    const rank = withRank(shape, 1)[0]!;
    const matrix: Shape = [null, rank ?? withRank(indices, 2)[1]!];
    const each = (s: Shape): Shape[] => new Array<Shape>(num_split).fill(s);
    return [...each(matrix), ...each([null]), ...each([rank])];
  },
  compute({ split_dim, indices, values, shape, num_split }) {
    checkParts(indices, values, shape);
    const dims = shapeOfArray(shape);
    const given = toNumbers(split_dim)[0]!;
    const at = given < 0 ? given + dims.length : given;
    if (at < 0 || at >= dims.length)
      throw new InvalidArgumentError(`Input split_dim should be between 0 and rank (${dims.length}), got ${given}`);
    if (num_split > dims[at]!)
      throw new InvalidArgumentError(
        `Input num_split should be between 1 and the splitting dimension size (${dims[at]}), got ${num_split}`,
      );
    const entries = entriesOf(indices);
    const [each, extra] = [Math.floor(dims[at]! / num_split), dims[at]! % num_split];
    const starts = Array.from({ length: num_split + 1 }, (_, k) => k * each + Math.min(k, extra));
    const rows: number[][] = Array.from({ length: num_split }, () => []);
    for (let i = 0; i < entries.n; i++) {
      const x = coordinate(entries, i, at);
      const k = starts.findIndex((start, piece) => x >= start && x < (starts[piece + 1] ?? Number.POSITIVE_INFINITY));
      rows[Math.min(k, num_split - 1)]!.push(i);
    }
    const moved = (i: number, k: number) => coordinatesOf(entries, i).map((x, d) => (d === at ? x - starts[k]! : x));
    return [
      ...rows.map((list, k) =>
        indexMatrix(
          list.flatMap((i) => moved(i, k)),
          entries.rank,
        ),
      ),
      ...rows.map((list) => takeRows(values, list, 1, [list.length])),
      ...rows.map((_, k) => int64Vector(dims.map((n, d) => (d === at ? starts[k + 1]! - starts[k]! : n)))),
    ];
  },
  gradient: "unregistered",
});
