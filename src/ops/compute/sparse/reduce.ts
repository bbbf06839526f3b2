/** Sparse tensors reduced, scaled by dense ones, or turned to softmax row by row. Source: sparse_ops.cc, sparse_grad.py. */
import { int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError, RuntimeError } from "../../../core/error.ts";
import { NdArray, setElement } from "../../../core/nd_array.ts";
import {
  type Dim,
  elementCount,
  type FullShape,
  formatShape,
  rowMajorStrides,
  type Shape,
  withRank,
} from "../../../core/shape.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { emptyArray, toNumbers } from "../array/basic/elements.ts";
import { numbersFromInput } from "../array/basic/shape_input.ts";
import { reducedShape } from "../math/reduce/reduced_shape.ts";
import {
  type Arithmetic,
  arithmeticOf,
  checkParts,
  coordinate,
  type Entries,
  entriesOf,
  indexMatrix,
  int64Vector,
  type Scalar,
  shapeOfArray,
} from "./entries.ts";

const reduceInputs = [
  "input_indices: int64",
  "input_values: T",
  "input_shape: int64",
  "reduction_axes: int32",
] as const;
const sparseOutputs = ["output_indices: int64", "output_values: T", "output_shape: int64"] as const;

interface ReduceRecord {
  readonly input_indices: NdArray;
  readonly input_values: NdArray;
  readonly input_shape: NdArray;
  readonly reduction_axes: NdArray;
  readonly keep_dims: boolean;
}

/** The axes that go away. */
function reducedAxes(axes: NdArray, rank: number): Set<number> {
  const result = new Set<number>();
  const given = toNumbers(axes);
  for (let i = 0; i < given.length; i++) {
    const axis = given[i]! < 0 ? given[i]! + rank : given[i]!;
    if (axis < 0 || axis >= rank)
      throw new InvalidArgumentError(`Invalid reduction dimension ${given[i]}, for input with ${rank} dimensions.`);
    result.add(axis);
  }
  return result;
}

interface Reduced {
  /** Kept coordinates of each group, in row-major order, with its value. */
  readonly groups: readonly { readonly at: readonly number[]; readonly value: Scalar }[];
  readonly kept: readonly number[];
  readonly shape: FullShape;
}

function reduced(op: ReduceRecord, join: (math: Arithmetic) => (a: Scalar, b: Scalar) => Scalar): Reduced {
  checkParts(op.input_indices, op.input_values, op.input_shape);
  const entries = entriesOf(op.input_indices);
  const shape = shapeOfArray(op.input_shape);
  const gone = reducedAxes(op.reduction_axes, shape.length);
  const kept = shape.map((_, d) => d).filter((d) => !gone.has(d));
  const strides = rowMajorStrides(kept.map((d) => shape[d]!));
  const math = arithmeticOf(op.input_values.dtype);
  const read = math.read(op.input_values);
  const fold = join(math);
  const groups = new Map<number, { at: number[]; value: Scalar }>();
  for (let i = 0; i < entries.n; i++) {
    const at = kept.map((d) => coordinate(entries, i, d));
    const key = at.reduce((sum, x, k) => sum + x * strides[k]!, 0);
    const group = groups.get(key);
    if (group) group.value = fold(group.value, read(i));
    else groups.set(key, { at, value: read(i) });
  }
  const ordered = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
  return { groups: ordered, kept, shape };
}

const sizesOf = ({ shape, kept }: Reduced, isKept: boolean): number[] =>
  isKept ? shape.map((n, d) => (kept.includes(d) ? n : 1)) : kept.map((d) => shape[d]!);

/** The reduction as a dense tensor; groups without an element are zero. Source: sparse_reduce_op.cc. */
function reduceDense(op: ReduceRecord, join: (math: Arithmetic) => (a: Scalar, b: Scalar) => Scalar): NdArray {
  const result = reduced(op, join);
  const inner = result.kept.map((d) => result.shape[d]!);
  const strides = rowMajorStrides(inner);
  const dense = emptyArray(op.input_values.dtype, sizesOf(result, op.keep_dims));
  const { write } = arithmeticOf(dense.dtype);
  for (const { at, value } of result.groups)
    write(
      dense.data,
      at.reduce((sum, x, k) => sum + x * strides[k]!, 0),
      value,
    );
  return dense;
}

function reduceSparse(op: ReduceRecord, join: (math: Arithmetic) => (a: Scalar, b: Scalar) => Scalar): NdArray[] {
  const result = reduced(op, join);
  const rank = op.keep_dims ? result.shape.length : result.kept.length;
  const coordinates = result.groups.flatMap(({ at }) =>
    op.keep_dims ? result.shape.map((_, d) => at[result.kept.indexOf(d)] ?? 0) : at,
  );
  const values = emptyArray(op.input_values.dtype, [result.groups.length]);
  const { write } = arithmeticOf(values.dtype);
  for (const [i, { value }] of result.groups.entries()) write(values.data, i, value);
  const matrix = indexMatrix(coordinates, rank);
  return [
    new NdArray(matrix.dtype, [result.groups.length, rank], matrix.data),
    values,
    int64Vector(sizesOf(result, op.keep_dims)),
  ];
}

const sum = (math: Arithmetic) => (a: Scalar, b: Scalar) => math.add(a, b);
const largest = () => (a: Scalar, b: Scalar) => (a > b ? a : b);

/** Source: common_shape_fns.cc, SparseReduceShapeFn. */
function reduceShape(op: { readonly keep_dims: boolean }, context: ShapeContext): Shape[] {
  const shape = context.valueAsShape("input_shape");
  const axes = numbersFromInput(context, "reduction_axes");
  if (!shape || !axes || !context.value("input_shape")) return [null];
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const result: Dim[] = op.keep_dims
    ? shape.map((n, d) => (gone.has(d) ? 1 : n))
    : shape.filter((_, d) => !gone.has(d));
  return [result];
}

export const sparseReduceSumOp = defineOp("SparseReduceSum", {
  inputs: reduceInputs,
  outputs: ["output: T"],
  attrs: ["keep_dims: bool = false", "T: numbertype"],
  shape: reduceShape,
  compute: (op) => reduceDense(op, sum),
  gradient(tf, { input_indices, input_shape, reduction_axes }, dy) {
    const kept = reducedShape(tf, input_shape, reduction_axes);
    const wide = tf.reshape(dy!, kept);
    const scale = tf.floordiv(input_shape, tf.cast(kept, int64), { name: "floordiv" });
    return { input_values: tf.gatherNd(wide, tf.floordiv(input_indices, scale, { name: "floordiv" })) };
  },
});

export const sparseReduceMaxOp = defineOp("SparseReduceMax", {
  inputs: reduceInputs,
  outputs: ["output: T"],
  attrs: ["keep_dims: bool = false", "T: realnumbertype"],
  shape: reduceShape,
  compute: (op) => reduceDense(op, largest),
  gradient: "unregistered",
});

export const sparseReduceSumSparseOp = defineOp("SparseReduceSumSparse", {
  inputs: reduceInputs,
  outputs: sparseOutputs,
  attrs: ["keep_dims: bool = false", "T: numbertype"],
  shape: () => [null, null, null],
  compute: (op) => reduceSparse(op, sum),
  gradient: "unregistered",
});

export const sparseReduceMaxSparseOp = defineOp("SparseReduceMaxSparse", {
  inputs: reduceInputs,
  outputs: sparseOutputs,
  attrs: ["keep_dims: bool = false", "T: realnumbertype"],
  shape: () => [null, null, null],
  compute: (op) => reduceSparse(op, largest),
  gradient: "unregistered",
});

/** Softmax over each row's elements (the last axis) alone. Source: sparse_softmax_op.cc. */
export const sparseSoftmaxOp = defineOp("SparseSoftmax", {
  inputs: ["sp_indices: int64", "sp_values: T", "sp_shape: int64"],
  outputs: ["output: T"],
  attrs: ["T: {half, float, double}"],
  shape: ({ sp_values }) => [withRank(sp_values, 1)],
  compute({ sp_indices, sp_values, sp_shape }) {
    checkParts(sp_indices, sp_values, sp_shape);
    if (sp_shape.size < 2)
      throw new InvalidArgumentError(`sp_shape must be a vector of rank at least 2, got ${sp_shape.size}`);
    const entries = entriesOf(sp_indices);
    const x = toNumbers(sp_values);
    const output = emptyArray(sp_values.dtype, [entries.n]);
    const isSameRow = (i: number, j: number): boolean => {
      for (let d = 0; d < entries.rank - 1; d++)
        if (coordinate(entries, i, d) !== coordinate(entries, j, d)) return false;
      return true;
    };
    for (let from = 0; from < entries.n; ) {
      let to = from + 1;
      while (to < entries.n && isSameRow(from, to)) to++;
      let max = Number.NEGATIVE_INFINITY;
      for (let i = from; i < to; i++) max = Math.max(max, x[i]!);
      let total = 0;
      for (let i = from; i < to; i++) total += Math.exp(x[i]! - max);
      for (let i = from; i < to; i++) setElement(output.dtype, output.data, i, Math.exp(x[i]! - max) / total);
      from = to;
    }
    return output;
  },
  gradient(tf, { sp_indices, sp_shape, output }, dy) {
    const sparse = (values: Tensor) => new tf.SparseTensor({ indices: sp_indices, values, denseShape: sp_shape });
    const spOutput = sparse(output);
    const spGradient = sparse(dy!);
    const product = sparse(tf.multiply(spOutput.values, spGradient.values, { name: "mul" }));
    const total = tf.negative(tf.sparseReduceSum(product, { axis: [-1], keepdims: true }));
    const shifted = tf.sparseDenseCwiseAdd(spGradient, total);
    return { sp_values: tf.multiply(shifted.values, spOutput.values, { name: "mul" }) };
  },
});

const cwiseInputs = ["sp_indices: int64", "sp_values: T", "sp_shape: int64", "dense: T"] as const;

interface CwiseRecord {
  readonly sp_indices: NdArray;
  readonly sp_values: NdArray;
  readonly sp_shape: NdArray;
  readonly dense: NdArray;
}

/** Each sparse value with the dense element at its place; the dense side broadcasts. Source: sparse_dense_binary_op_shared.cc. */
function cwise(op: CwiseRecord, fn: (math: Arithmetic) => (a: Scalar, b: Scalar) => Scalar): NdArray {
  checkParts(op.sp_indices, op.sp_values, op.sp_shape);
  const entries: Entries = entriesOf(op.sp_indices);
  const shape = shapeOfArray(op.sp_shape);
  const dense = op.dense.shape;
  const lead = shape.length - dense.length;
  if (lead < 0 || dense.some((n, d) => n !== 1 && n !== shape[d + lead])) {
    throw new InvalidArgumentError(
      `SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: [${shape.join(",")}] vs. ${formatShape(dense)}`,
    );
  }
  const strides = rowMajorStrides(dense);
  const math = arithmeticOf(op.sp_values.dtype);
  const [x, y] = [math.read(op.sp_values), math.read(op.dense)];
  const combine = fn(math);
  const output = emptyArray(op.sp_values.dtype, [entries.n]);
  for (let i = 0; i < entries.n; i++) {
    let at = 0;
    for (let d = 0; d < dense.length; d++) if (dense[d] !== 1) at += coordinate(entries, i, d + lead) * strides[d]!;
    if (at >= elementCount(dense))
      throw new InvalidArgumentError(`Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape`);
    math.write(output.data, i, combine(x(i), y(at)));
  }
  return output;
}

const cwiseShape = ({ sp_indices }: { readonly sp_indices: Shape }): Shape[] => [[withRank(sp_indices, 2)[0]!]];

export const sparseDenseCwiseAddOp = defineOp("SparseDenseCwiseAdd", {
  inputs: cwiseInputs,
  outputs: ["output: T"],
  attrs: ["T: numbertype"],
  shape: cwiseShape,
  compute: (op) => cwise(op, (math) => math.add),
  gradient: () => {
    throw new RuntimeError("Gradient for SparseDenseCwiseAdd is not implemented.");
  },
});

interface CwiseTensors {
  readonly sp_indices: Tensor;
  readonly sp_values: Tensor;
  readonly sp_shape: Tensor;
  readonly dense: Tensor;
}

function cwiseGradient(
  tf: GradientTools,
  op: CwiseTensors,
  dy: Tensor,
  isMul: boolean,
): { sp_values: Tensor; dense: Tensor } {
  const { sp_indices, sp_values, sp_shape, dense } = op;
  const denseShape = tf.cast(tf.shape(dense), int64);
  const added = tf.expandDims(tf.subtract(tf.size(sp_shape), tf.size(denseShape), { name: "sub" }), 0);
  const widened = tf.concat([tf.ones(added, int64), denseShape], 0);
  const scaling = tf.floordiv(sp_shape, widened, { name: "floordiv" });
  const scaled = tf.floordiv(sp_indices, scaling, { name: "floordiv" });
  const indices = tf.slice(scaled, tf.concat([[0], added], 0), [-1, -1]);
  const values = tf.gatherNd(dense, indices);
  const x = isMul ? tf.multiply(dy, values, { name: "mul" }) : tf.divide(dy, values);
  const factor = isMul ? sp_values : tf.divide(tf.negative(sp_values), tf.square(values));
  const y = tf.multiply(dy, factor, { name: "mul" });
  const zeros = tf.zerosLike(dense);
  return {
    sp_values: x,
    dense: tf.sparseAdd(zeros, new tf.SparseTensor({ indices, values: y, denseShape })) as Tensor,
  };
}

export const sparseDenseCwiseMulOp = defineOp("SparseDenseCwiseMul", {
  inputs: cwiseInputs,
  outputs: ["output: T"],
  attrs: ["T: numbertype"],
  shape: cwiseShape,
  compute: (op) => cwise(op, (math) => math.mul),
  gradient: (tf, op, dy) => cwiseGradient(tf, op, dy!, true),
});

export const sparseDenseCwiseDivOp = defineOp("SparseDenseCwiseDiv", {
  inputs: cwiseInputs,
  outputs: ["output: T"],
  attrs: ["T: numbertype"],
  shape: cwiseShape,
  compute: (op) => cwise(op, (math) => math.div),
  gradient: (tf, op, dy) => cwiseGradient(tf, op, dy!, false),
});
