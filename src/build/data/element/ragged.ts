/** What is known of a ragged tensor's axes before it is there. Source: RaggedTensor._set_shape. */
import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import { constant, getStaticValue, size } from "../../../ops/index.ts";
import { RowPartition } from "../../ragged/partition/row_partition.ts";
import { isRagged, RaggedTensor } from "../../ragged/ragged_tensor.ts";

/** The same rows; axes of a known size are uniform. Throws ValueError for an axis of another known size. */
export function withStaticShape(ragged: RaggedTensor, shape: Shape): RaggedTensor {
  if (shape === null) return ragged;
  if (shape[0] !== null) ragged.rowSplits.setShape([shape[0]! + 1]);
  ragged.flatValues.setShape([null, ...shape.slice(ragged.raggedRank + 1)]);
  const level = (each: RaggedTensor, axis: number): RaggedTensor => {
    const partition = withRowLength(each.rowPartition, shape[axis] ?? null, axis);
    const values = isRagged(each.values) ? level(each.values, axis + 1) : each.values;
    return new RaggedTensor(values, partition);
  };
  return level(ragged, 1);
}

function withRowLength(partition: RowPartition, length: number | null, axis: number): RowPartition {
  if (length === null) return partition;
  const { uniformRowLength, nrows } = partition.given;
  const known = uniformRowLength ? getStaticValue(uniformRowLength) : null;
  if (known) {
    if (Number(known.data[0]) === length) return partition;
    throw new ValueError(`Inconsistent size for axis ${axis}: ${known.data[0]} vs. ${length}.`);
  }
  const { dtype } = partition;
  return new RowPartition(partition.rowSplits, {
    ...partition.given,
    uniformRowLength: constant(length, { dtype }),
    nrows: nrows ?? size(partition.rowSplits, { outType: dtype }).sub(1),
  });
}
