/** Ragged tensors with more axes, their sizes and parts by a mask: `tf.ragged.booleanMask`. Source: ragged_array_ops.py. */
import { bool, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual, assertLess, assertNonNegative } from "../../checks/compare.ts";
import { argsort } from "../../tensors/sort.ts";
import { rowSplitsToSegmentIds } from "../partition/segment_ids.ts";
import { positiveAxis } from "../ragged_rows.ts";
import {
  isRagged,
  matchSplits,
  type RaggedLike,
  type RaggedOrDense,
  RaggedTensor,
  toTensorOrRagged,
} from "../ragged_tensor.ts";
import { raggedGather } from "./gather.ts";
import { raggedReduceSum } from "./reduce.ts";

/** With an axis of size 1 more. */
export const raggedExpandDims = (given: RaggedLike, axis: number, options: Named = {}): RaggedOrDense =>
  inScope(options.name, "RaggedExpandDims", () => {
    const input = toTensorOrRagged(given, { name: "input" });
    if (!isRagged(input)) return tf.expandDims(input, axis);
    const rank = input.shape.ndims;
    const place = positiveAxis(axis, rank === null ? null : rank + 1, "axis", "rank(input)");
    if (place === 0) {
      return RaggedTensor.fromUniformRowLength(input, input.nrows(), { nrows: 1, validate: false });
    }
    if (place === 1) return RaggedTensor.fromUniformRowLength(input, 1, { nrows: input.nrows(), validate: false });
    const { values } = input;
    return input.withValues(isRagged(values) ? raggedExpandDims(values, place - 1) : tf.expandDims(values, place - 1));
  });

const splitsOf = (lengths: Tensor): Tensor => tf.concat([[0], tf.cumsum(lengths)], -1);

/** The elements (or rows) where the mask is true, in as many rows as before. Throws ValueError for a mask without axes. */
export const raggedBooleanMask = (data: RaggedLike, mask: RaggedLike, options: Named = {}): RaggedOrDense =>
  inScope(options.name, "RaggedMask", () => {
    const values = toTensorOrRagged(data, { name: "data" });
    const kept = toTensorOrRagged(mask, { dtype: bool, name: "mask" });
    const dtype = matchSplits(values, kept) ?? int64;
    const rank = kept.getShape().ndims;
    if (rank === null) throw new ValueError("mask.shape.ndims must be known statically.");
    if (rank === 0) throw new ValueError("mask cannot be scalar.");
    if (isRagged(kept)) {
      const { raggedRank } = kept;
      const ragged = isRagged(values) ? values : RaggedTensor.fromTensor(values, { raggedRank, rowSplitsDtype: dtype });
      return byRaggedMask(ragged, kept);
    }
    if (isRagged(values) && rank === 1) {
      const lengths = tf.booleanMask(values.rowLengths() as Tensor, kept);
      const splits = splitsOf(lengths);
      const each = tf.gather(kept, rowSplitsToSegmentIds(values.rowSplits));
      return RaggedTensor.fromRowSplits(raggedBooleanMask(values.values, each), splits, { validate: false });
    }
    if (isRagged(values)) {
      const raggedRank = Math.min(values.raggedRank, rank - 1);
      const rowSplitsDtype = values.rowSplits.dtype;
      return raggedBooleanMask(values, RaggedTensor.fromTensor(kept, { raggedRank, rowSplitsDtype }));
    }
    let masked: RaggedOrDense = tf.booleanMask(values, kept);
    if (rank < 2) return masked;
    const counts = tf.countNonzero(kept, { axis: -1, dtype });
    masked = RaggedTensor.fromRowLengths(masked, tf.reshape(counts, [-1]), { validate: false });
    if (rank === 2) return masked;
    const shape = tf.shape(kept, { outType: dtype });
    const sizes = tf.cumprod(shape).add(1);
    for (let dim = rank - 3; dim >= 0; dim--) {
      const length = shape.at(dim + 1);
      masked = RaggedTensor.fromRowSplits(masked, tf.range(sizes.at(dim)).mul(length), { validate: false });
    }
    return masked;
  });

function byRaggedMask(values: RaggedTensor, mask: RaggedTensor): RaggedOrDense {
  const outer = values.nestedRowSplits.slice(0, mask.raggedRank);
  const message = "Inputs must have identical ragged splits";
  if (outer.length !== mask.raggedRank) throw new ValueError(message);
  const checks = mask.nestedRowSplits.map((splits, i) => assertEqual(splits, outer[i]!, { message }));
  return getDefaultGraph().controlDependencies(checks, () => {
    const splits: Tensor[] = [];
    let [kept, data]: [RaggedOrDense, RaggedOrDense] = [mask, values];
    while (isRagged(kept)) {
      if (isRagged(kept.values)) splits.push(kept.rowSplits);
      else {
        const counts = kept.withFlatValues(tf.cast(kept.flatValues, kept.rowSplits.dtype) as Tensor);
        splits.push(splitsOf(raggedReduceSum(counts, { axis: 1 }) as Tensor));
      }
      [kept, data] = [kept.values, (data as RaggedTensor).values];
    }
    return RaggedTensor.fromNestedRowSplits(raggedBooleanMask(data, kept), splits, { validate: false });
  });
}

/** The rows of data, gathered by partition: row i has those of partition i. */
export const stackDynamicPartitions = (
  data: RaggedLike,
  partitions: TensorLike,
  numPartitions: TensorLike,
  options: Named = {},
): RaggedTensor =>
  inScope(options.name, "SegmentStack", () => {
    const values = toTensorOrRagged(data, { name: "data" });
    let parts = toTensorOrRagged(partitions, { name: "partitions" }) as Tensor;
    if (isRagged(values)) parts = tf.cast(parts, values.rowSplits.dtype) as Tensor;
    const count = tf.cast(toTensorOrRagged(numPartitions, { name: "num_partitions" }) as Tensor, parts.dtype) as Tensor;
    if (parts.shape === null) throw new ValueError("partitions must have known rank.");
    if (parts.shape.length === 0) {
      const rows = tf.stack([values as Tensor]);
      return RaggedTensor.fromValueRowids(rows, tf.stack([parts]), { nrows: count, validate: false });
    }
    if (parts.shape.length > 1)
      throw new ValueError("partitions of more than one axis: flatten data and partitions first");
    const order = argsort(parts);
    const rowids = tf.gather(parts, order);
    const rows = isRagged(values) ? raggedGather(values, order) : tf.gather(values, order);
    const checks = [
      assertLess(rowids.at("-1:"), count, { message: "partitions must be less than num_partitions" }),
      assertNonNegative(parts, { message: "partitions must be non-negative." }),
    ];
    return getDefaultGraph().controlDependencies(checks, () =>
      RaggedTensor.fromValueRowids(rows, rowids, { nrows: count, validate: false }),
    );
  });
