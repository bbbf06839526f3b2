/** RaggedTensorToTensor: rows of different lengths as a dense tensor, filled up at their ends. Source: ragged_tensor_to_tensor_op.cc. */
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Dim, elementCount, mergeShapes, rowMajorStrides } from "../../../core/shape.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { copyElements, emptyArray, toNumbers } from "../array/basic/elements.ts";
import { numbersFromInput } from "../array/basic/shape_input.ts";

/** The parent of each child, from row splits or from the parents themselves. */
function parentsOf(type: string, tensor: NdArray): { readonly parents: number[]; readonly rows: number | null } {
  const numbers = Array.from(toNumbers(tensor));
  if (type === "VALUE_ROWIDS") return { parents: numbers, rows: null };
  if (type !== "ROW_SPLITS") throw new InvalidArgumentError(`Unsupported row partition type: ${type}`);
  if (numbers[0] !== 0) throw new InvalidArgumentError("Invalid value for row_splits: the first value must be 0");
  const parents = numbers.slice(1).flatMap((end, row) => {
    const length = end - numbers[row]!;
    if (length < 0) throw new InvalidArgumentError("row_splits must be nondecreasing");
    return Array.from({ length }, () => row);
  });
  return { parents, rows: numbers.length - 1 };
}

/** The longest row. */
function width(parents: readonly number[]): number {
  let longest = 0;
  for (let i = 0, run = 0; i < parents.length; i++) {
    run = i > 0 && parents[i] === parents[i - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** result[i, j, …] is value j of row i, or the default value where the row has ended; `shape` cuts and pads. */
export const raggedTensorToTensorOp = defineOp("RaggedTensorToTensor", {
  inputs: [
    "shape: Tshape",
    "values: T",
    "default_value: T",
    "row_partition_tensors: num_row_partition_tensors * Tindex",
  ],
  outputs: ["result: T"],
  attrs: [
    "T: type",
    "Tindex: {int64, int32}",
    "Tshape: {int64, int32}",
    "num_row_partition_tensors: int >= 1",
    "row_partition_types: list(string)",
  ],
  shape({ values, row_partition_types }, context) {
    if (values === null) return [null];
    const ragged = row_partition_types.filter((type) => type !== "FIRST_DIM_SIZE").length;
    const own: Dim[] = [...Array.from({ length: ragged + 1 }, () => null), ...values.slice(1)];
    const given = numbersFromInput(context, "shape");
    if (!given || given.length !== own.length) return [own];
    return [
      mergeShapes(
        own,
        given.map((n) => (n < 0 ? null : n)),
      ),
    ];
  },
  compute({ shape, values, default_value, row_partition_tensors, row_partition_types }) {
    const hasCount = row_partition_types[0] === "FIRST_DIM_SIZE";
    const levels = row_partition_types
      .slice(hasCount ? 1 : 0)
      .map((type, i) => parentsOf(type, row_partition_tensors[i + (hasCount ? 1 : 0)]!));
    const first = hasCount ? toNumbers(row_partition_tensors[0]!)[0]! : levels[0]!.rows!;
    const rank = levels.length + values.shape.length;
    const given = shape.shape.length === 0 ? [] : Array.from(toNumbers(shape));
    if (given.length && given.length !== rank) {
      throw new InvalidArgumentError(
        `rt_input.shape and shape=[${given.map((n) => (n < 0 ? "?" : n)).join(",")}] are incompatible: rt_input.rank = ${rank} but shape.rank = ${given.length}`,
      );
    }
    const sized = (i: number, own: number): number => (given[i] === undefined || given[i]! < 0 ? own : given[i]!);
    const outer = [sized(0, first), ...levels.map(({ parents }, i) => sized(i + 1, width(parents)))];
    const inner = values.shape.slice(1);
    const size = elementCount(inner);
    const result = emptyArray(values.dtype, [...outer, ...inner]);
    fill(result, default_value, inner, size);
    let places = Array.from({ length: first }, (_, i) => (i < outer[0]! ? i : -1));
    for (const [level, { parents }] of levels.entries()) {
      const columns = outer[level + 1]!;
      let column = 0;
      places = parents.map((parent, i) => {
        column = i > 0 && parents[i - 1] === parent ? column + 1 : 0;
        const row = places[parent] ?? -1;
        return row < 0 || column >= columns ? -1 : row * columns + column;
      });
    }
    if (places.length !== values.shape[0]) {
      throw new InvalidArgumentError(
        `values and row_partition_tensors do not go together: ${values.shape[0]} values, ${places.length} places`,
      );
    }
    for (const [i, place] of places.entries()) {
      if (place >= 0) copyElements(values.dtype, values.data, i * size, result.data, place * size, size);
    }
    return result;
  },
  gradient(tf, { values, default_value, row_partition_tensors, row_partition_types }, dy) {
    const shape = tf.shape(values);
    const ragged = row_partition_types.filter((type) => type !== "FIRST_DIM_SIZE").length;
    const indices = raggedTensorToTensorOp({
      shape: tf.shape(dy!).at(`:${1 + ragged}`),
      values: tf.range(shape.at(0)),
      default_value: -1,
      row_partition_tensors,
      row_partition_types,
    });
    const mask = tf.notEqual(indices, -1);
    const rows = tf.booleanMask(dy!, mask);
    const slices = new IndexedSlices(rows, tf.booleanMask(indices, mask), shape);
    const defaults = tf.booleanMask(dy!, tf.logicalNot(mask));
    const axes = tf.range(tf.rank(defaults).sub(rankBehindOnes(tf, default_value)));
    const sum = tf.reduceSum(defaults, { axis: axes as never });
    return {
      shape: null,
      values: slices,
      default_value: tf.reshape(sum, tf.shape(default_value)),
      row_partition_tensors: row_partition_tensors.map(() => null),
    };
  },
});

/** How many axes are left when those of size 1 in front are not counted. */
function rankBehindOnes(tf: GradientTools, value: Tensor): number | Tensor {
  const { shape } = value;
  if (shape !== null) {
    const i = shape.findIndex((d) => d !== 1);
    if (i < 0) return 0;
    if (shape[i] !== null) return shape.length - i;
  }
  const ones = tf.cast(tf.equal(tf.shape(value), 1), tf.shape(value).dtype) as Tensor;
  return tf.rank(value).sub(tf.reduceSum(tf.cumprod(ones)));
}

/** The default value, broadcast to the inner shape, at every place. */
function fill(result: NdArray, value: NdArray, inner: readonly number[], size: number): void {
  if (result.size === 0) return;
  const strides = rowMajorStrides(value.shape);
  const missing = inner.length - value.shape.length;
  const own = rowMajorStrides(inner);
  for (let i = 0; i < size; i++) {
    let from = 0;
    for (const [d, n] of value.shape.entries()) {
      if (n !== 1) from += (Math.floor(i / own[d + missing]!) % inner[d + missing]!) * strides[d]!;
    }
    copyElements(result.dtype, value.data, from, result.data, i, 1);
  }
  for (let at = size; at < result.size; at += size) copyElements(result.dtype, result.data, 0, result.data, at, size);
}
