/** Reductions over runs of rows with the same, increasing id. Source: segment_reduction_ops_impl.h, math_ops.cc, math_grad.py. */
import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray, type NumberArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, type Shape, withRank, withRankAtLeast } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";
import { dimFromInput } from "../../array/basic/shape_input.ts";
import { type Combine, filled, partsOf, rowFunction, scaleRow } from "./rows.ts";

export type SegmentOp = OpBuilder<
  readonly ["data: T", "segment_ids: Tindices"],
  readonly ["output: T"],
  readonly ["T: numbertype", "Tindices: {int32, int64}"]
>;

interface SegmentRecord {
  readonly data: Tensor;
  readonly segment_ids: Tensor;
  readonly output: Tensor;
}

type SegmentGradient = (tf: GradientTools, op: SegmentRecord, dy: Tensor) => Tensor;

/** Segments without rows hold this. */
const gapOf = (fn: Combine | "mean"): number => (fn === "prod" ? 1 : 0);

function rest(data: Shape): readonly Dim[] | null {
  return withRankAtLeast(data, 1) === null ? null : data!.slice(1);
}

const segmentShape = (data: Shape, ids: Shape, rows: Dim): readonly Shape[] => {
  withRank(ids, 1);
  const inner = rest(data);
  return [inner === null ? null : [rows, ...inner]];
};

/** Reduces the rows of each segment. Throws the kernel's INVALID_ARGUMENT for ids that do not increase from 0. */
function reduceSegments(fn: Combine | "mean", data: NdArray, ids: NdArray, rows?: number): NdArray {
  if (ids.shape.length !== 1) throw new InvalidArgumentError("segment_ids should be a vector.");
  if (data.shape.length === 0) throw new InvalidArgumentError("Shape must be at least rank 1");
  const n = ids.size;
  if (n !== data.shape[0])
    throw new InvalidArgumentError("segment_ids should be the same size as dimension 0 of input.");
  const at = Array.from(ids.data as Int32Array, Number);
  const count = rows ?? (n > 0 ? at[n - 1]! + 1 : 0);
  if (count < 0) throw new InvalidArgumentError("segment ids must be >= 0");
  const inner = elementCount(data.shape.slice(1)) * partsOf(data.dtype);
  const output = filled(data.dtype, count * elementCount(data.shape.slice(1)), gapOf(fn));
  const source = data.data as NumberArray;
  const combine = rowFunction(fn === "mean" ? "sum" : fn, data.dtype);
  let from = 0;
  for (let i = 0; i < n; i++) {
    const id = at[i]!;
    const next = at[i + 1];
    if (next !== undefined && next < id) throw new InvalidArgumentError("segment ids are not increasing");
    if (id < 0 || id >= count) {
      throw new InvalidArgumentError(
        `Segment id ${id} out of range [0, ${count}), possibly because 'segment_ids' input is not sorted.`,
      );
    }
    if (i === from) output.set(source.subarray(i * inner, (i + 1) * inner) as never, id * inner);
    else combine(output, id * inner, source, i * inner, inner);
    if (next === id) continue;
    if (fn === "mean") scaleRow(data.dtype, output, id * inner, inner, i + 1 - from);
    from = i + 1;
  }
  return new NdArray(data.dtype, [count, ...data.shape.slice(1)], output);
}

function segmentOp(
  type: string,
  fn: Combine | "mean",
  dtypes: "numbertype" | "realnumbertype",
  gradient: SegmentGradient,
): SegmentOp {
  return defineOp(type, {
    inputs: ["data: T", "segment_ids: Tindices"],
    outputs: ["output: T"],
    attrs: [`T: ${dtypes}` as "T: numbertype", "Tindices: {int32, int64}"],
    shape: ({ data, segment_ids }) => segmentShape(data, segment_ids, null),
    compute: ({ data, segment_ids }) => reduceSegments(fn, data, segment_ids),
    gradient: (tf, op, dy) => ({ data: gradient(tf, op, dy!) }),
  });
}

export type SegmentOpV2 = OpBuilder<
  readonly ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
  readonly ["output: T"],
  readonly ["T: numbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = DT_INT32"]
>;

/** The count of segments is an input; the ids still increase. */
function segmentOpV2(type: string, fn: Combine, dtypes: "numbertype" | "realnumbertype"): SegmentOpV2 {
  return defineOp(type, {
    inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
    outputs: ["output: T"],
    attrs: [`T: ${dtypes}` as "T: numbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = DT_INT32"],
    shape: ({ data, segment_ids, num_segments }, context) =>
      segmentShape(data, segment_ids, dimFromInput(context, "num_segments", num_segments)),
    compute: ({ data, segment_ids, num_segments }) =>
      reduceSegments(fn, data, segment_ids, Number((num_segments.data as Int32Array)[0])),
    gradient: "unregistered",
  });
}

function meanGradient(tf: GradientTools, { data, segment_ids }: SegmentRecord, dy: Tensor): Tensor {
  const rank = tf.rank(data);
  const idsShape = tf.shape(segment_ids);
  const remaining = tf.ones(tf.expandDims(rank.sub(1), 0), idsShape.dtype.baseDtype);
  const onesShape = tf.concat([idsShape, remaining], 0);
  const ones = tf.ones(onesShape, dy.dtype.baseDtype);
  const scaled = tf.divide(dy, tf.segmentSum(ones, segment_ids));
  return tf.gather(scaled, segment_ids);
}

/** dy goes to the rows that are equal to the extreme one, in equal shares. */
function extremeGradient(tf: GradientTools, { data, segment_ids, output }: SegmentRecord, dy: Tensor): Tensor {
  const zeros = tf.zerosLike(data, { dtype: data.dtype.baseDtype });
  const outputs = tf.gather(output, segment_ids);
  const isChosen = tf.equal(data, outputs);
  const count = tf.segmentSum(tf.cast(isChosen, dy.dtype.baseDtype), segment_ids);
  const shares = tf.divide(dy, count);
  const gathered = tf.gather(shares, segment_ids);
  return tf.whereV2(isChosen, gathered, zeros);
}

/** The product of the others: by division where nothing is 0, from the non-zero part where one element is. */
function prodGradient(tf: GradientTools, { data, segment_ids, output }: SegmentRecord, dy: Tensor): Tensor {
  const isZero = tf.equal(data, 0);
  const zeroCount = tf.segmentSumOp({ data: tf.cast(isZero, int32), segment_ids });
  const grad = tf.whereV2(tf.greater(zeroCount, 1), tf.zerosLike(dy), dy);
  const nonZero = tf.whereV2(isZero, tf.onesLike(data), data);
  const nonZeroProduct = tf.segmentProdOp({ data: nonZero, segment_ids });
  const product = tf.gather(output, segment_ids);
  const others = tf.gather(nonZeroProduct, segment_ids);
  const quotient = product.div(nonZero);
  const slope = tf.whereV2(isZero, others, quotient);
  return tf.gather(grad, segment_ids).mul(slope);
}

export const segmentSumOp: SegmentOp = segmentOp("SegmentSum", "sum", "numbertype", (tf, op, dy) =>
  tf.gather(dy, op.segment_ids),
);
export const segmentMeanOp: SegmentOp = segmentOp("SegmentMean", "mean", "numbertype", meanGradient);
export const segmentProdOp: SegmentOp = segmentOp("SegmentProd", "prod", "numbertype", prodGradient);
export const segmentMaxOp: SegmentOp = segmentOp("SegmentMax", "max", "realnumbertype", extremeGradient);
export const segmentMinOp: SegmentOp = segmentOp("SegmentMin", "min", "realnumbertype", extremeGradient);

export const segmentSumV2Op: SegmentOpV2 = segmentOpV2("SegmentSumV2", "sum", "numbertype");
export const segmentProdV2Op: SegmentOpV2 = segmentOpV2("SegmentProdV2", "prod", "numbertype");
export const segmentMaxV2Op: SegmentOpV2 = segmentOpV2("SegmentMaxV2", "max", "realnumbertype");
export const segmentMinV2Op: SegmentOpV2 = segmentOpV2("SegmentMinV2", "min", "realnumbertype");

export type SegmentCall = (data: TensorLike, segmentIds: TensorLike, name?: Name) => Tensor;

const call =
  (op: SegmentOp): SegmentCall =>
  (data, segmentIds, name) =>
    op({ data, segment_ids: segmentIds }, nameOf(name));

/** The sum of the rows of data, [rows, …], that have one segment id; ids, [rows], are sorted. Row k of the result is segment k's. */
export const segmentSum: SegmentCall = call(segmentSumOp);
/** The mean of the rows of data, [rows, …], that have one segment id; ids, [rows], are sorted. Row k of the result is segment k's. */
export const segmentMean: SegmentCall = call(segmentMeanOp);
/** The product of the rows of data, [rows, …], that have one segment id; ids, [rows], are sorted. Row k of the result is segment k's. */
export const segmentProd: SegmentCall = call(segmentProdOp);
/** The greatest of the rows of data, [rows, …], that have one segment id; ids, [rows], are sorted. Row k of the result is segment k's. */
export const segmentMax: SegmentCall = call(segmentMaxOp);
/** The least of the rows of data, [rows, …], that have one segment id; ids, [rows], are sorted. Row k of the result is segment k's. */
export const segmentMin: SegmentCall = call(segmentMinOp);
