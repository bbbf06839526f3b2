/** `tf.SparseTensor`: the class that converts what it is given. */
import { int64 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { type SparseParts, SparseTensor as SparseTensorParts } from "../../../graph/sparse_tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";

/**
 * A sparse tensor of tensors, lists or arrays: indices [n, rank] in row-major order, values [n], denseShape [rank], by place or by name.
 * Source: sparse_tensor.py.
 */
export class SparseTensor extends SparseTensorParts {
  constructor(...given: readonly [SparseParts<TensorLike>] | readonly [TensorLike, TensorLike, TensorLike]) {
    const parts = given.length === 1 ? given[0] : { indices: given[0], values: given[1], denseShape: given[2] };
    super(
      getDefaultGraph().nameScope("SparseTensor", () => {
        const indices = convertToTensor(parts.indices, { name: "indices", dtype: int64 });
        const values = convertToTensor(parts.values, { name: "values" });
        return {
          indices,
          values,
          denseShape: convertToTensor(parts.denseShape, { name: "dense_shape", dtype: int64 }),
        };
      }),
    );
  }
}

/** What stands where a sparse tensor is wanted: one, or its value. */
export type SparseLike = SparseTensorParts | SparseParts<TensorLike>;

/** Throws TypeError for anything that has no indices, values and dense shape. */
export function toSparse(input: SparseLike): SparseTensorParts {
  if (input instanceof SparseTensorParts) return input;
  if (typeof input !== "object" || input === null || !("denseShape" in input))
    throw new TypeError("Input must be a SparseTensor.");
  return new SparseTensor(input);
}

export const isSparse = (input: unknown): input is SparseTensorParts => input instanceof SparseTensorParts;
