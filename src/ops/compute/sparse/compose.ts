/** More of Python's functions over sparse tensors, composed of other ops. Source: sparse_ops.py. */

import { int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { elementAt } from "../../../core/nd_array.ts";
import { isFull } from "../../../core/shape.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { fill, ones } from "../array/basic/fill.ts";
import { identity } from "../array/basic/identity.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { expandDims, reshape } from "../array/basic/reshape.ts";
import { rank as rankOf, shape as shapeOf } from "../array/basic/shape.ts";
import { getStaticValue } from "../array/basic/static_value.ts";
import { gather } from "../array/index/gather.ts";
import { concat } from "../array/join/concat.ts";
import { whereV2 } from "../array/lookup/where.ts";
import { transpose } from "../array/order/transpose.ts";
import { sparseTensorToDense } from "./dense.ts";
import { type SparseLike, SparseTensor, toSparse } from "./tensor.ts";

import { sparseReorder } from "./wrappers.ts";

/** The elements for which the mask is true. */
export function sparseRetain(input: SparseLike, toRetain: TensorLike): SparseParts {
  const sparse = toSparse(input);
  const mask = convertToTensor(toRetain);
  const chosen = reshape(whereV2(mask), [-1]);
  const indices = gather(sparse.indices, chosen);
  const values = gather(sparse.values, chosen);
  return new SparseTensor({ indices, values, denseShape: identity(sparse.denseShape) });
}

type SparseTransposeOptions = { readonly perm?: TensorLike | null } & Named;
const sparseTransposePlaces = ["perm", "name"] as const;

/** The axes in another order; backwards when no permutation is given. */
export function sparseTranspose(
  input: SparseLike,
  ...rest: Rest<SparseTransposeOptions, typeof sparseTransposePlaces>
): SparseParts {
  const options = byName<SparseTransposeOptions>(rest, sparseTransposePlaces);
  const sparse = toSparse(input);
  return inScope(options.name, "SparseTranspose", () => {
    let { perm } = options;
    if (perm === undefined || perm === null) {
      const n = sparse.shape?.length;
      if (n !== undefined) perm = BigInt64Array.from({ length: n }, (_, d) => BigInt(n - 1 - d));
      else {
        const rank = rankOf(sparse);
        perm = ops.subtract(ops.subtract(rank, 1, { name: "sub" }), ops.range(0, rank, 1), { name: "sub" });
      }
    }
    const indices = transpose(gather(transpose(sparse.indices), perm));
    const order = convertToTensor(perm);
    const known = getStaticValue(order);
    const denseShape: TensorLike =
      known && isFull(sparse.shape)
        ? Array.from(
            { length: known.size },
            (_, i) => (sparse.shape as readonly number[])[Number(elementAt(known, i))]!,
          )
        : gather(sparse.denseShape, perm);
    return sparseReorder(new SparseTensor({ indices, values: sparse.values, denseShape }));
  });
}

type SparseMergeOptions = { readonly alreadySorted?: boolean } & Named;
const sparseMergePlaces = ["name", "alreadySorted"] as const;

/** Ids as columns of a wide tensor that holds the values. */
export function sparseMerge(
  ids: SparseLike | readonly SparseLike[],
  values: SparseLike,
  vocabSize: TensorLike | readonly TensorLike[],
  ...rest: Rest<SparseMergeOptions, typeof sparseMergePlaces>
): SparseParts {
  const options = byName<SparseMergeOptions>(rest, sparseMergePlaces);
  const list = (Array.isArray(ids) ? ids : [ids]) as readonly SparseLike[];
  const sizes = (Array.isArray(ids) ? vocabSize : [vocabSize]) as readonly TensorLike[];
  if (list.length !== sizes.length) throw new ValueError("sp_ids and vocab_size have to have equal lengths.");
  return inScope(options.name, "SparseMerge", () => {
    const all = list.map(toSparse);
    const sparseValues = toSparse(values);
    const columns = all.map((sparse) =>
      expandDims(sparse.dtype === int64 ? sparse.values : ops.cast(sparse.values, int64), 1),
    );
    const wide = sizes.map((size) => ops.cast(size, int64));
    const kept = all[0]!.indices.at(":", ":-1");
    const indices = concat([kept, ...columns], 1);
    const denseShape = concat([all[0]!.denseShape.at(":-1"), wide], 0);
    const result = new SparseTensor({ indices, values: sparseValues.values, denseShape });
    if (options.alreadySorted) return result;
    const sorted = sparseReorder(result);
    return new SparseTensor({ indices: sorted.indices, values: sorted.values, denseShape });
  });
}

/** True in a dense tensor at each id. */
export function sparseToIndicator(input: SparseLike, vocabSize: TensorLike, name?: Name): Tensor {
  const sparse = toSparse(input);
  return inScope(nameOf(name), "SparseToIndicator", (scope) => {
    const count = shapeOf(sparse.indices).at(0);
    const flags = fill(expandDims(count, 0), true);
    const marked = new SparseTensor({ indices: sparse.indices, values: flags, denseShape: sparse.denseShape });
    const merged = sparseMerge(sparse, marked, vocabSize, { name: scope });
    return sparseTensorToDense(merged, { defaultValue: false, validateIndices: false, name: scope });
  });
}

type SparseEyeOptions = { readonly numColumns?: TensorLike | null; readonly dtype?: Tensor["dtype"] } & Named;
const sparseEyePlaces = ["numColumns", "dtype", "name"] as const;

/** A sparse identity matrix, [rows, numColumns]: square by default. */
export function sparseEye(rows: TensorLike, ...rest: Rest<SparseEyeOptions, typeof sparseEyePlaces>): SparseParts {
  const options = byName<SparseEyeOptions>(rest, sparseEyePlaces);
  const columns = options.numColumns ?? null;
  return inScope(options.name, "eye", () => {
    const wide = (value: TensorLike, name: string): Tensor => {
      const tensor = convertToTensor(value, typeof value === "number" ? { name, dtype: int64 } : {});
      return tensor.dtype === int64 ? tensor : ops.cast(tensor, int64);
    };
    const m = wide(rows, "num_rows");
    const n = columns === null ? m : wide(columns, "num_columns");
    const size = ops.minimum(m, n);
    const places = ops.range(size, undefined, undefined, { dtype: int64 });
    const indices = ops.stack([places, places], { axis: 1 });
    return new SparseTensor({ indices, values: ones(size, options.dtype), denseShape: [m, n] });
  });
}
