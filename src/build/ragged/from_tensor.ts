/** Dense tensors as ragged ones: all columns, the first of each row, or those before padding. Source: ragged_tensor.py, from_tensor. */
import { bool, type DType, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { assertThat } from "../control_flow/assert.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { RaggedTensor } from "./ragged_tensor.ts";

export interface FromTensorOptions extends Named {
  /** How many columns of each row are kept; a list of tensors gives several ragged axes. */
  readonly lengths?: TensorLike | undefined;
  /** What stands behind the values of a row. */
  readonly padding?: TensorLike | undefined;
  /** How many axes are ragged: 1 by default. */
  readonly raggedRank?: number | undefined;
  readonly rowSplitsDtype?: DType | undefined;
}

/** The row lengths that are left when the padding at the ends of rows goes. */
function lengthsBefore(padding: TensorLike, tensor: Tensor, columns: Tensor, dtype: DType): Tensor {
  const pad = convertToTensor(padding, { name: "padding", dtype: tensor.dtype });
  const isPadding = tf.equal(pad, tensor);
  const rank = tf.rank(tensor);
  const axes = tf.range(2, rank);
  const all = cond(
    tf.greater(rank, 2),
    () => tf.reduceAll(isPadding, { axis: axes as never }),
    () => isPadding,
  ) as Tensor;
  all.setShape([null, null]);
  if (tensor.shape !== null) all.setShape(tensor.shape.slice(0, 2));
  const kept = tf.cast(tf.logicalNot(all), dtype) as Tensor;
  return tf.reduceMax(kept.mul(tf.expandDims(tf.range(1, columns.add(1)), 0)), { axis: 1 });
}

/** Throws ValueError for both lengths and padding, and for tensors of too few axes. */
export function raggedFromTensor(given: TensorLike, options: FromTensorOptions = {}): RaggedTensor {
  const { lengths, padding, raggedRank = 1, rowSplitsDtype: dtype = int64, name } = options;
  if (lengths !== undefined && padding !== undefined) {
    throw new ValueError("Specify argument `lengths` or `padding`, but not both.");
  }
  if (!Number.isInteger(raggedRank))
    throw new TypeError(`Argument \`ragged_rank\` must be an int. Received ${raggedRank}.`);
  if (raggedRank <= 0) throw new ValueError(`Argument \`ragged_rank\` must be greater than 0. Received ${raggedRank}.`);
  return inScope(name, "RaggedFromTensor", () => {
    const tensor = convertToTensor(given, { name: "tensor" });
    if (tensor.shape !== null && tensor.shape.length < 2) {
      throw new ValueError(
        `The rank of a RaggedTensor must be greater than 1, i.e., a list of scalars won't have ragged dimensions. Received argument \`tensor\` with rank ${tensor.shape.length}.`,
      );
    }
    if (tensor.shape !== null && tensor.shape.length < raggedRank + 1) {
      throw new ValueError(`Shape ${tensor.getShape()} must have rank at least ${raggedRank + 1}`);
    }
    const shape = tf.shape(tensor, { outType: dtype });
    const columns = shape.at(1);
    if (Array.isArray(lengths) && lengths.length && typeof lengths[0] !== "number") {
      return maskedBy(tensor, lengths as readonly TensorLike[]);
    }
    if (raggedRank > 1) return deeper(tensor, shape, options);
    if (padding !== undefined || lengths !== undefined) {
      const found = whole(padding === undefined ? lengths! : lengthsBefore(padding, tensor, columns, dtype), dtype);
      const kept = tf.maximum(tf.minimum(found, columns), 0);
      const limits = tf.cumsum(kept);
      const splits = tf.concat([tf.zeros([1], dtype), limits], 0);
      const values = tf.booleanMask(tensor, tf.sequenceMask(kept, columns));
      return RaggedTensor.fromRowSplits(values, splits, { validate: false });
    }
    const flat = tf.reshape(tensor, tf.concat([[shape.at(0).mul(shape.at(1))], shape.at("2:")], 0));
    const size = (i: 0 | 1): Tensor => {
      const n = tensor.shape?.[i] ?? null;
      return n === null ? shape.at(i) : tf.constant(n, { dtype });
    };
    const nrows = size(0);
    return RaggedTensor.fromUniformRowLength(flat, size(1), { nrows, validate: false });
  });
}

const whole = (value: TensorLike, dtype: DType): Tensor => {
  const tensor = convertToTensor(value, { name: "lengths", preferredDtype: dtype });
  return tf.castOp({ x: tensor, DstT: dtype });
};

/** Lengths of several axes. */
function maskedBy(tensor: Tensor, lengths: readonly TensorLike[]): RaggedTensor {
  const count = tf.reduceSum(lengths.at(-1)!);
  const ones = tf.ones([count] as unknown as Tensor, bool);
  const mask = RaggedTensor.fromNestedRowLengths(ones, lengths, { validate: false });
  const values = tf.booleanMask(tensor, mask.toTensor({ defaultValue: false }));
  return RaggedTensor.fromNestedRowLengths(values, lengths, { validate: false });
}

/** Several ragged axes: the innermost first, each of the others even. */
function deeper(tensor: Tensor, shape: Tensor, options: FromTensorOptions): RaggedTensor {
  const { lengths, padding, raggedRank = 1, rowSplitsDtype: dtype = int64 } = options;
  const known = isFull(tensor.shape) ? tensor.shape : null;
  const products = known?.map((_, i) => known.slice(0, i + 1).reduce((n, d) => n * d, 1));
  const sizes = products ? null : tf.cumprod(shape);
  const count = (i: number): number | Tensor => products?.[i] ?? sizes!.at(i);
  const flat = known
    ? tf.reshape(tensor, [count(raggedRank - 1) as number, ...known.slice(raggedRank)])
    : tf.reshape(tensor, tf.concat([[count(raggedRank - 1)], shape.at(`${raggedRank}:`)], 0));
  let result = raggedFromTensor(flat, { lengths, padding, rowSplitsDtype: dtype });
  for (let axis = raggedRank - 1; axis > 0; axis--) {
    const n = tensor.shape?.[axis] ?? null;
    const length = n === null ? shape.at(axis) : tf.constant(n, { dtype });
    result = RaggedTensor.fromUniformRowLength(result, length, { nrows: count(axis - 1), validate: false });
  }
  return result;
}

/** fn below a node that fails unless each row of a sparse tensor has its elements in front. */
export function withoutGaps<R>(indices: Tensor, fn: () => R): R {
  const prefix = indices.at(":", ":-1");
  const suffix = indices.at(":", -1);
  const isNewRow = tf.reduceAny(tf.notEqual(prefix.at("1:"), prefix.at(":-1")), { axis: 1 });
  const isRight = tf.where(
    isNewRow,
    tf.equal(suffix.at("1:"), 0),
    tf.equal(suffix.at("1:"), suffix.at(":-1").add(1)),
  ) as Tensor;
  const isFirst = tf.reduceAll(tf.equal(suffix.at(":1"), 0));
  const check = assertThat(tf.logicalAnd(isFirst, tf.reduceAll(isRight)), [
    "SparseTensor is not right-ragged",
    "SparseTensor.indices =",
    indices,
  ]);
  return getDefaultGraph().controlDependencies([check], fn);
}
