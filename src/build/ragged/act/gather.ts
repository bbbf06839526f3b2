/** Rows of ragged tensors by their numbers. Source: ragged_gather_ops.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../ops/index.ts";
import {
  isRagged,
  matchSplits,
  type RaggedLike,
  type RaggedOrDense,
  RaggedTensor,
  toTensorOrRagged,
} from "../ragged_tensor.ts";

/** The rows of params at the indices, whose shape comes first. */
export const raggedGather = (params: RaggedLike, indices: RaggedLike, options: Named = {}): RaggedOrDense =>
  inScope(options.name, "RaggedGather", () => {
    const [from, at] = [toTensorOrRagged(params, { name: "params" }), toTensorOrRagged(indices, { name: "indices" })];
    matchSplits(from, at);
    return rowsAt(from, at);
  });

function rowsAt(params: RaggedOrDense, indices: RaggedOrDense): RaggedOrDense {
  if (isRagged(indices)) return indices.withValues(rowsAt(params, indices.values));
  if (!isRagged(params)) return tf.gather(params, indices);
  if (indices.shape === null) throw new ValueError("rank(indices) must be known statically");
  const splits = params.nestedRowSplits;
  const result = tf.raggedGatherOp({
    indices,
    params_dense_values: params.flatValues,
    params_nested_splits: splits,
    OUTPUT_RAGGED_RANK: indices.shape.length + splits.length - 1,
  });
  const dense = result.output_dense_values as Tensor;
  const nested = result.output_nested_splits as readonly Tensor[];
  return nested.length ? RaggedTensor.fromNestedRowSplits(dense, nested, { validate: false }) : dense;
}
