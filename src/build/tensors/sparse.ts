/** Sparse tensors in other forms: `tf.sparseResetShape`, `tf.sparse.expandDims`, `tf.sparseMask`. Source: sparse_ops.py, array_ops.py. */

import { int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { SparseTensor as SparseParts } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  add,
  cast,
  concat,
  constant,
  gather,
  getStaticValue,
  identity,
  listDiffOp,
  maximum,
  onesLike,
  reduceMax,
  SparseTensor,
  shape as shapeOf,
  slice,
  whereV2,
  withDependencies,
  zeros,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertEqual, assertLessEqual } from "../checks/compare.ts";

/** The same elements in another shape: the smallest that holds them, or a larger one. Throws ValueError where it is too small. */
export function sparseResetShape(sparse: SparseParts, newShape?: TensorLike | null): SparseParts {
  const indices = identity(sparse.indices);
  const values = identity(sparse.values);
  const own = identity(sparse.denseShape);
  if (newShape === undefined || newShape === null) {
    const last = reduceMax(indices, { axis: 0 });
    const zero = constant(0, { dtype: int64 });
    return new SparseTensor({ indices, values, denseShape: maximum(zero, add(last, onesLike(own))) });
  }
  let shape = cast(convertToTensor(newShape), int64) as Tensor;
  const known = getStaticValue(shape);
  const before = sparse.shape;
  if (known && before && isFull(before)) {
    const sizes = Array.from(known.data as ArrayLike<bigint>, Number);
    if (before.some((size, i) => size > sizes[i]!)) {
      throw new ValueError(
        `Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape ([${before.join(" ")}]), sp_input.shape ([${sizes.join(" ")}]).`,
      );
    }
    return new SparseTensor({ indices, values, denseShape: known });
  }
  shape = withDependencies([assertEqual(shapeOf(own), shapeOf(shape))], shape);
  shape = withDependencies([assertLessEqual(own, shape)], shape);
  return new SparseTensor({ indices, values, denseShape: shape });
}

type SparseExpandDimsOptions = { readonly axis?: number | Tensor; readonly name?: string | undefined };
const sparseExpandDimsPlaces = ["axis", "name"] as const;

/** With an axis of size 1 more; behind all others by default. */
export function sparseExpandDims(
  sparse: SparseParts,
  ...rest: Rest<SparseExpandDimsOptions, typeof sparseExpandDimsPlaces>
): SparseParts {
  const options = byName<SparseExpandDimsOptions>(rest, sparseExpandDimsPlaces);
  const rank: TensorLike = sparse.denseShape.shape?.[0] ?? shapeOf(sparse.denseShape).at(0);
  return getDefaultGraph().nameScope(options.name ?? "expand_dims", () => {
    const given = convertToTensor(options.axis ?? -1, { dtype: int32, name: "axis" });
    const axis = whereV2(given.greaterEqual(0), given, given.add(rank).add(1)) as Tensor;
    const count = shapeOf(sparse.indices).at(0);
    const column = zeros([count, 1] as TensorLike, int64);
    const before = slice(sparse.indices, [0, 0], [-1, axis] as TensorLike);
    const after = slice(sparse.indices, [0, axis] as TensorLike, [-1, -1]);
    const indices = concat([before, column, after], 1);
    const shapeBefore = slice(sparse.denseShape, [0], [axis] as TensorLike);
    const shapeAfter = slice(sparse.denseShape, [axis] as TensorLike, [-1]);
    const one = convertToTensor([1], { name: "new_shape", dtype: int64 });
    return new SparseTensor({
      indices,
      values: sparse.values,
      denseShape: concat([shapeBefore, one, shapeAfter], 0),
    });
  });
}

type SparseMaskOptions = { readonly name?: string | undefined };
const sparseMaskPlaces = ["name"] as const;

/** The slices whose indices are not in maskIndices. */
export function sparseMask(
  slices: IndexedSlices,
  maskIndices: TensorLike,
  ...rest: Rest<SparseMaskOptions, typeof sparseMaskPlaces>
): IndexedSlices {
  const options = byName<SparseMaskOptions>(rest, sparseMaskPlaces);
  return getDefaultGraph().nameScope(options.name ?? "sparse_mask", (name) => {
    const { out, idx } = listDiffOp({ x: slices.indices, y: maskIndices });
    return new IndexedSlices(gather(slices.values, idx, { name }), out, slices.denseShape);
  });
}
