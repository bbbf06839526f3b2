/** Reductions over rows with the same id, in any order; rows with negative ids are left out. Source: segment_reduction_ops_impl.h, math_ops.cc, math_grad.py. */
import { bool, type DType, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { elementCount, formatShape, mergeShapes, type Shape, sameShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import * as ops from "../../../index.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { dimFromInput } from "../../array/basic/shape_input.ts";
import { limitsOf } from "../cast.ts";

export type UnsortedOp = OpBuilder<
  readonly ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
  readonly ["output: T"],
  readonly ["T: numbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = DT_INT32"]
>;

interface UnsortedRecord {
  readonly data: Tensor;
  readonly segment_ids: Tensor;
  readonly num_segments: Tensor;
  readonly output: Tensor;
}

type Fn = "add" | "mul" | "max" | "min";

/** What a segment without rows holds. */
function initial(fn: Fn, dtype: DType): number | bigint {
  if (fn === "add") return 0;
  if (fn === "mul") return 1;
  return limitsOf(dtype)[fn === "max" ? 0 : 1];
}

/** ids.shape is a prefix of data.shape; output is [num_segments] and the rest. */
function lowerUnsorted(p: Lowering, fn: Fn, dtype: DType, data: Value, ids: Value, num: Value): Value {
  const rank = ids.shape.length;
  const prefix = data.shape.slice(0, rank);
  if (!sameShape(prefix, ids.shape)) {
    throw new InvalidArgumentError(
      `data.shape = ${formatShape(data.shape)} does not start with segment_ids.shape = ${formatShape(ids.shape)}`,
    );
  }
  const rows = p.numbers(num)[0]!;
  if (rows < 0) throw new InvalidArgumentError(`Input num_segments == ${rows} must not be negative.`);
  const inner = data.shape.slice(rank);
  const n = elementCount(ids.shape);
  const at = p.reshape(ids.dtype === "int16" ? p.cast(ids, "int32") : ids, [n]);
  const place = (position: number): string => indexText(ids.shape, position);
  p.gather(p.fill(0, "int32", [rows]), p.max(at, p.scalar(0, at.dtype)), {
    onError: ({ position, value, limit }) =>
      new InvalidArgumentError(`segment_ids${place(position)} = ${value} is out of range [0, ${limit})`),
  });
  return p.scatter(fn, p.fill(initial(fn, dtype), dtype.base, [rows, ...inner]), at, p.reshape(data, [n, ...inner]));
}

/** `[1,0]` for a position in a tensor; nothing for a scalar. */
function indexText(shape: readonly number[], position: number): string {
  if (shape.length === 0) return "";
  const index: number[] = [];
  let left = position;
  for (const d of [...shape].reverse()) {
    index.unshift(left % d);
    left = Math.floor(left / d);
  }
  return `[${index.join(",")}]`;
}

type UnsortedGradient = (tf: GradientTools, op: UnsortedRecord, dy: Tensor) => Tensor;

function unsortedOp(
  type: string,
  fn: Fn,
  dtypes: "numbertype" | "realnumbertype",
  gradient: UnsortedGradient,
): UnsortedOp {
  return defineOp(type, {
    inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
    outputs: ["output: T"],
    attrs: [
      `T: ${dtypes}` as "T: numbertype",
      (fn === "add" ? "Tindices: {int16, int32, int64}" : "Tindices: {int32, int64}") as "Tindices: {int32, int64}",
      "Tnumsegments: {int32, int64} = DT_INT32",
    ],
    shape({ data, segment_ids, num_segments }, context) {
      const rows = dimFromInput(context, "num_segments", num_segments);
      if (segment_ids === null || data === null) return [null];
      const rank = segment_ids.length;
      mergeShapes(data.slice(0, rank), segment_ids);
      return [[rows, ...data.slice(rank)] as Shape];
    },
    lower: (p, { data, segment_ids, num_segments, T }) => lowerUnsorted(p, fn, T, data, segment_ids, num_segments),
    gradient: (tf, op, dy) => ({ data: gradient(tf, op, dy!) }),
  });
}

interface Gathered {
  readonly gathered: Tensor;
  readonly indices: Tensor;
  readonly isPositive: Tensor;
}

/** Rows of params by id, and zeros for negative ids. */
function gatherDropNegatives(
  tf: GradientTools,
  params: Tensor,
  ids: Tensor | null,
  known: { readonly indices?: Tensor; readonly isPositive?: Tensor } = {},
): Gathered {
  const indices = known.indices ?? tf.maximum(ids!, tf.zerosLike(ids!));
  const gathered = tf.gather(params, indices);
  const isPositive = known.isPositive ?? positive(tf, ids!, gathered);
  const zeros = tf.zerosLike(gathered);
  return { gathered: tf.whereV2(isPositive, gathered, zeros), indices, isPositive };
}

function positive(tf: GradientTools, ids: Tensor, gathered: Tensor): Tensor {
  const isPositive = tf.greaterEqual(ids, 0);
  const shape = tf.shape(isPositive);
  const missing = tf.rank(gathered).sub(tf.rank(isPositive));
  const wide = tf.concat([shape, tf.ones([missing], shape.dtype.baseDtype)], 0);
  return tf.reshape(isPositive, wide).logicalAnd(tf.onesLike(gathered, { dtype: bool }));
}

function extremeGradient(
  tf: GradientTools,
  { data, segment_ids, num_segments, output }: UnsortedRecord,
  dy: Tensor,
): Tensor {
  const { gathered, indices, isPositive } = gatherDropNegatives(tf, output, segment_ids);
  const isChosen = tf.logicalAnd(tf.equal(data, gathered), isPositive);
  const count = tf.unsortedSegmentSum(tf.cast(isChosen, dy.dtype.baseDtype), segment_ids, num_segments);
  const shares = tf.divide(dy, count);
  const grads = gatherDropNegatives(tf, shares, null, { indices, isPositive }).gathered;
  return tf.whereV2(isChosen, grads, tf.zerosLike(grads));
}

function prodGradient(
  tf: GradientTools,
  { data, segment_ids, num_segments, output }: UnsortedRecord,
  dy: Tensor,
): Tensor {
  const isZero = tf.equal(data, 0);
  const zeroCount = tf.unsortedSegmentSumOp({ data: tf.cast(isZero, int32), segment_ids, num_segments });
  const grad = tf.whereV2(tf.greater(zeroCount, 1), tf.zerosLike(dy), dy);
  const nonZero = tf.whereV2(isZero, tf.onesLike(data), data);
  const nonZeroProduct = tf.unsortedSegmentProdOp({ data: nonZero, segment_ids, num_segments });
  const indices = tf.maximum(segment_ids, tf.zerosLike(segment_ids));
  const product = tf.gather(output, indices);
  const others = tf.gather(nonZeroProduct, indices);
  const slope = tf.whereV2(isZero, others, product.div(data));
  return gatherDropNegatives(tf, grad, segment_ids, { indices }).gathered.mul(slope);
}

export const unsortedSegmentSumOp: UnsortedOp = unsortedOp(
  "UnsortedSegmentSum",
  "add",
  "numbertype",
  (tf, op, dy) => gatherDropNegatives(tf, dy, op.segment_ids).gathered,
);
export const unsortedSegmentProdOp: UnsortedOp = unsortedOp("UnsortedSegmentProd", "mul", "numbertype", prodGradient);
export const unsortedSegmentMaxOp: UnsortedOp = unsortedOp(
  "UnsortedSegmentMax",
  "max",
  "realnumbertype",
  extremeGradient,
);
export const unsortedSegmentMinOp: UnsortedOp = unsortedOp(
  "UnsortedSegmentMin",
  "min",
  "realnumbertype",
  extremeGradient,
);

export type UnsortedCall = (data: TensorLike, segmentIds: TensorLike, numSegments: TensorLike, name?: Name) => Tensor;

const call =
  (op: UnsortedOp): UnsortedCall =>
  (data, segmentIds, numSegments, name) =>
    op({ data, segment_ids: segmentIds, num_segments: numSegments }, nameOf(name));

/** The sum of the elements of data that have one segment id, in any order: [numSegments, …]. Negative ids are left out. */
export const unsortedSegmentSum: UnsortedCall = call(unsortedSegmentSumOp);
/** The product of the elements of data that have one segment id, in any order: [numSegments, …]. Negative ids are left out. */
export const unsortedSegmentProd: UnsortedCall = call(unsortedSegmentProdOp);
/** The greatest of the elements of data that have one segment id, in any order: [numSegments, …]. Negative ids are left out. */
export const unsortedSegmentMax: UnsortedCall = call(unsortedSegmentMaxOp);
/** The least of the elements of data that have one segment id, in any order: [numSegments, …]. Negative ids are left out. */
export const unsortedSegmentMin: UnsortedCall = call(unsortedSegmentMinOp);

/** How many rows each segment has, at least 1, in a shape that divides the sums. */
function counts(data: Tensor, segmentIds: Tensor, numSegments: TensorLike): Tensor {
  const num = convertToTensor(numSegments);
  const ones = ops.ones(ops.shapeInternal(segmentIds), data.dtype.baseDtype);
  const n = unsortedSegmentSumOp({ data: ones, segment_ids: segmentIds, num_segments: num });
  const leading = num.at(null);
  const trailing = ops.ones([ops.rank(data).sub(ops.rank(segmentIds))], num.dtype.baseDtype);
  return ops.maximum(ops.reshape(n, ops.concat([leading, trailing], 0)), 1);
}

/** The mean of the rows of each segment; 0 for segments without rows. */
export const unsortedSegmentMean: UnsortedCall = (data, segmentIds, numSegments, name) =>
  inScope(nameOf(name), "UnsortedSegmentMean", () => {
    const [x, ids] = [convertToTensor(data), convertToTensor(segmentIds)];
    const n = counts(x, ids, numSegments);
    return unsortedSegmentSumOp({ data: x, segment_ids: ids, num_segments: numSegments }).div(n);
  });

/** The sum of the rows of each segment, divided by the root of their count. */
export const unsortedSegmentSqrtN: UnsortedCall = (data, segmentIds, numSegments, name) =>
  inScope(nameOf(name), "UnsortedSegmentSqrtN", () => {
    const [x, ids] = [convertToTensor(data), convertToTensor(segmentIds)];
    const n = counts(x, ids, numSegments);
    return unsortedSegmentSumOp({ data: x, segment_ids: ids, num_segments: numSegments }).div(ops.sqrt(n));
  });
