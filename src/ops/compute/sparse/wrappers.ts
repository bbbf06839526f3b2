/** Python's functions over sparse tensors. Source: sparse_ops.py. */
import { int32, int64 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { compatible, elementCount, formatShape, isFull, type Shape } from "../../../core/shape.ts";
import { constantValueAsShape } from "../../../graph/infer.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { unpackable } from "../../apply.ts";
import { constant } from "../../constant.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { identity } from "../array/basic/identity.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { reshape } from "../array/basic/reshape.ts";
import { rank as rankOf } from "../array/basic/shape.ts";
import { getStaticValue } from "../array/basic/static_value.ts";
import { concat } from "../array/join/concat.ts";
import { sparseFillEmptyRowsOp, sparseReorderOp, sparseReshapeOp, sparseSliceOp } from "./arrange.ts";
import { sparseAddOp, sparseConcatOp, sparseSparseMaximumOp, sparseSparseMinimumOp, sparseSplitOp } from "./combine.ts";
import { sparseTensorDenseAddOp } from "./dense.ts";
import {
  sparseDenseCwiseAddOp,
  sparseReduceMaxOp,
  sparseReduceMaxSparseOp,
  sparseReduceSumOp,
  sparseReduceSumSparseOp,
  sparseSoftmaxOp,
} from "./reduce.ts";
import { isSparse, type SparseLike, SparseTensor, toSparse } from "./tensor.ts";

/** The same elements in row-major order. */
export function sparseReorder(input: SparseLike, name?: Name): SparseParts {
  const sparse = toSparse(input);
  const ordered = sparseReorderOp(
    { input_indices: sparse.indices, input_values: sparse.values, input_shape: sparse.denseShape },
    nameOf(name),
  );
  const parts = { indices: ordered.output_indices, values: ordered.output_values };
  if (isFull(sparse.shape)) return new SparseTensor({ ...parts, denseShape: [...sparse.shape] });
  const result = new SparseTensor({ ...parts, denseShape: identity(sparse.denseShape) });
  result.setShape(sparse.shape);
  return result;
}

/** The same elements in another dense shape, in which one dimension may be -1. */
export function sparseReshape(input: SparseLike, shape: TensorLike, options: Named = {}): SparseParts {
  const sparse = toSparse(input);
  const wanted = ops.cast(shape, int64);
  return inScope(options.name, "SparseReshape", (scope) => {
    const { output_indices, output_shape } = sparseReshapeOp(
      { input_indices: sparse.indices, input_shape: sparse.denseShape, new_shape: wanted },
      scope,
    );
    const known = staticShape(wanted);
    let denseShape: Tensor = output_shape;
    if (known !== null && isFull(sparse.shape)) {
      const count = elementCount(sparse.shape);
      const open = known.filter((d) => d === null).length;
      const rest = elementCount(known.filter((d) => d !== null));
      const full = known.map((d) => d ?? Math.floor(count / rest));
      if (open === 0 || (open === 1 && !known.includes(0))) {
        if (elementCount(full) !== count) {
          throw new ValueError(
            `Cannot reshape a tensor with ${count} elements to shape ${formatShape(known)} (${elementCount(full)} elements).`,
          );
        }
        denseShape = constant(full, { dtype: int64 });
      }
    }
    return new SparseTensor({ indices: output_indices, values: identity(sparse.values), denseShape });
  });
}

/** The sizes that Python's wrapper knows of a shape: of a list those elements that it can tell by themselves. */
function staticShape(shape: Tensor): Shape {
  const { op } = shape;
  if (op.type === "Cast") return staticShape(op.inputs[0]!);
  if (op.type !== "Pack") return constantValueAsShape(shape);
  return op.inputs.map((part) => {
    const value = getStaticValue(part);
    const size = value ? Number(value.item()) : -1;
    return size < 0 ? null : size;
  });
}

type SparseAddOptions = { readonly threshold?: TensorLike };
const sparseAddPlaces = ["threshold"] as const;

/** a + b: two sparse tensors (elements below the threshold are dropped), or one of them dense. */
export const sparseAdd = byKeyword(
  ["a", "b"],
  function sparseAdd(
    a: SparseLike | TensorLike,
    b: SparseLike | TensorLike,
    ...rest: Rest<SparseAddOptions, typeof sparseAddPlaces>
  ): SparseParts | Tensor {
    const options = byName<SparseAddOptions>(rest, sparseAddPlaces);
    if (!isSparse(a) && !isSparse(b))
      throw new TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?");
    if (!isSparse(a) || !isSparse(b)) {
      const [sparse, dense] = isSparse(a) ? [a, b] : [b as SparseParts, a];
      return sparseTensorDenseAddOp({
        a_indices: sparse.indices,
        a_values: sparse.values,
        a_shape: sparse.denseShape,
        b: dense as TensorLike,
      });
    }
    const real =
      a.dtype.base === "complex64"
        ? ops.realDtype(a.dtype)
        : a.dtype.base === "complex128"
          ? ops.realDtype(a.dtype)
          : a.dtype.baseDtype;
    const thresh = convertToTensor(options.threshold ?? 0, { dtype: real, name: "threshold" });
    const sum = sparseAddOp({
      a_indices: a.indices,
      a_values: a.values,
      a_shape: a.denseShape,
      b_indices: b.indices,
      b_values: b.values,
      b_shape: b.denseShape,
      thresh,
    });
    if (!compatible(a.shape, b.shape))
      throw new ValueError(`Shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} are incompatible`);
    const full = isFull(a.shape) ? a.shape : isFull(b.shape) ? b.shape : null;
    return new SparseTensor({
      indices: sum.sum_indices,
      values: sum.sum_values,
      denseShape: full ? [...full] : sum.sum_shape,
    });
  },
);

type SparseConcatOptions = { readonly expandNonconcatDims?: boolean } & Named;
const sparseConcatPlaces = ["name", "expandNonconcatDims"] as const;

/** The sparse tensors one after the other along `axis`; the other dimensions may be widened to the largest. */
export function sparseConcat(
  axis: number,
  inputs: readonly SparseLike[],
  ...rest: Rest<SparseConcatOptions, typeof sparseConcatPlaces>
): SparseParts {
  const options = byName<SparseConcatOptions>(rest, sparseConcatPlaces);
  const sparse = inputs.map(toSparse);
  if (sparse.length === 1) return sparse[0]!;
  let shapes = sparse.map((input) => input.denseShape);
  if (options.expandNonconcatDims) {
    const rows = shapes.map((shape) => reshape(shape, [1, -1]));
    const max = ops.reduceMax(concat(rows, 0), { axis: 0 });
    shapes = shapes.map((shape) => {
      const before = max.at({ stop: axis });
      const own = axis === -1 ? shape.at("-1:") : shape.at({ start: axis, stop: axis + 1 });
      return concat([before, own, axis === -1 ? [] : max.at({ start: axis + 1 })], 0);
    });
  }
  const joined = sparseConcatOp(
    { indices: sparse.map((s) => s.indices), values: sparse.map((s) => s.values), shapes, concat_dim: axis },
    options.name,
  );
  const parts = { indices: joined.output_indices, values: joined.output_values };
  const known = sparse.map((input) => input.shape);
  if (known.every(isFull)) {
    const rank = known[0]!.length;
    const at = axis < 0 ? axis + rank : axis;
    const shape = known[0]!.map((n, d) => {
      const all = known.map((own) => own[d]!);
      if (d === at) return all.reduce((a, b) => a + b, 0);
      return options.expandNonconcatDims ? Math.max(...all) : n;
    });
    return new SparseTensor({ ...parts, denseShape: convertToTensor(shape, { dtype: int64 }) });
  }
  return new SparseTensor({ ...parts, denseShape: joined.output_shape });
}

const sparseSplitPlaces = ["name"] as const;

/** Parts of equal size along an axis. */
export const sparseSplit = byKeyword(
  ["spInput", "numSplit", "axis"],
  function sparseSplit(
    input: SparseLike,
    numSplit: number,
    axis: TensorLike,
    ...rest: Rest<Named, typeof sparseSplitPlaces>
  ): SparseParts[] {
    const options = byName<Named>(rest, sparseSplitPlaces);
    const sparse = toSparse(input);
    const pieces = sparseSplitOp(
      {
        split_dim: axis,
        indices: sparse.indices,
        values: sparse.values,
        shape: sparse.denseShape,
        num_split: numSplit,
      },
      options.name,
    );
    return Array.from(
      { length: numSplit },
      (_, i) =>
        new SparseTensor({
          indices: pieces.output_indices[i]!,
          values: pieces.output_values[i]!,
          denseShape: pieces.output_shape[i]!,
        }),
    );
  },
);

/** The elements inside the box of a size that begins at start. */
export function sparseSlice(input: SparseLike, start: TensorLike, size: TensorLike, name?: Name): SparseParts {
  const sparse = toSparse(input);
  const from = convertToTensor(start, { dtype: int64 });
  const count = convertToTensor(size, { dtype: int64 });
  return inScope(nameOf(name), "SparseSlice", (scope) => {
    const part = sparseSliceOp(
      { indices: sparse.indices, values: sparse.values, shape: sparse.denseShape, start: from, size: count },
      scope,
    );
    return new SparseTensor({
      indices: part.output_indices,
      values: part.output_values,
      denseShape: part.output_shape,
    });
  });
}

/** Rows without an element get the default in their first column; and which rows those were. */
export function sparseFillEmptyRows(
  input: SparseLike,
  defaultValue: TensorLike,
  name?: Name,
): { readonly sparse: SparseParts; readonly emptyRowIndicator: Tensor } & Iterable<SparseParts | Tensor> {
  const sparse = toSparse(input);
  return inScope(nameOf(name), "SparseFillEmptyRows", () => {
    const fallback = convertToTensor(defaultValue, { dtype: sparse.dtype.baseDtype });
    const filled = sparseFillEmptyRowsOp({
      indices: sparse.indices,
      values: sparse.values,
      dense_shape: sparse.denseShape,
      default_value: fallback,
    });
    return unpackable({
      sparse: new SparseTensor({
        indices: filled.output_indices,
        values: filled.output_values,
        denseShape: sparse.denseShape,
      }),
      emptyRowIndicator: filled.empty_row_indicator,
    });
  });
}

export interface SparseReduceOptions extends Named {
  readonly axis?: TensorLike | null;
  readonly keepdims?: boolean;
}

/** The axes of a reduction: all of a sparse tensor's when none are given. */
function axesOf(sparse: SparseParts, axis: TensorLike | null | undefined): TensorLike {
  if (axis !== undefined && axis !== null) return axis;
  const n = sparse.denseShape.shape?.[0];
  if (typeof n === "number")
    return constant(
      Int32Array.from({ length: n }, (_, d) => d),
      { dtype: int32 },
    );
  return ops.range(0, rankOf(sparse));
}

const reduceRecord = (sparse: SparseParts, options: SparseReduceOptions) => ({
  input_indices: sparse.indices,
  input_values: sparse.values,
  input_shape: sparse.denseShape,
  reduction_axes: axesOf(sparse, options.axis),
  keep_dims: options.keepdims ?? false,
});

/** Sums over axes as a dense tensor. */
export const sparseReduceSum = (
  input: SparseLike,
  ...rest: Rest<SparseReduceOptions, ["axis", "keepdims"]>
): Tensor => {
  const options: SparseReduceOptions = byName(rest, ["axis", "keepdims"]);
  return sparseReduceSumOp(reduceRecord(toSparse(input), options), options.name);
};

/** Largest elements over axes as a dense tensor; zero where there is none. */
export const sparseReduceMax = (
  input: SparseLike,
  ...rest: Rest<SparseReduceOptions, ["axis", "keepdims"]>
): Tensor => {
  const options: SparseReduceOptions = byName(rest, ["axis", "keepdims"]);
  return sparseReduceMaxOp(reduceRecord(toSparse(input), options), options.name);
};

export function sparseReduceSumSparse(
  input: SparseLike,
  ...rest: Rest<SparseReduceOptions, typeof sparseReduceMaxSparsePlaces>
): SparseParts {
  const options = byName<SparseReduceOptions>(rest, sparseReduceMaxSparsePlaces);
  const result = sparseReduceSumSparseOp(reduceRecord(toSparse(input), options), options.name);
  return new SparseTensor({
    indices: result.output_indices,
    values: result.output_values,
    denseShape: result.output_shape,
  });
}

const sparseReduceMaxSparsePlaces = ["axis", "keepdims"] as const;

export function sparseReduceMaxSparse(
  input: SparseLike,
  ...rest: Rest<SparseReduceOptions, typeof sparseReduceMaxSparsePlaces>
): SparseParts {
  const options = byName<SparseReduceOptions>(rest, sparseReduceMaxSparsePlaces);
  const result = sparseReduceMaxSparseOp(reduceRecord(toSparse(input), options), options.name);
  return new SparseTensor({
    indices: result.output_indices,
    values: result.output_values,
    denseShape: result.output_shape,
  });
}

/** The sparse tensor with the dense one, which broadcasts, added at its elements. */
export function sparseDenseCwiseAdd(input: SparseLike, dense: TensorLike): SparseParts {
  const sparse = toSparse(input);
  const values = sparseDenseCwiseAddOp({
    sp_indices: sparse.indices,
    sp_values: sparse.values,
    sp_shape: sparse.denseShape,
    dense,
  });
  return new SparseTensor({ indices: sparse.indices, values, denseShape: sparse.denseShape });
}

/** Softmax over the elements of each row. */
export function sparseSoftmax(input: SparseLike, name?: Name): SparseParts {
  const sparse = toSparse(input);
  return inScope(nameOf(name), "SparseSoftmax", () => {
    const values = sparseSoftmaxOp({
      sp_indices: sparse.indices,
      sp_values: sparse.values,
      sp_shape: sparse.denseShape,
    });
    return new SparseTensor({ indices: sparse.indices, values, denseShape: sparse.denseShape });
  });
}

function extreme(
  op: typeof sparseSparseMaximumOp | typeof sparseSparseMinimumOp,
  type: string,
  a: SparseLike,
  b: SparseLike,
  name?: string,
): SparseParts {
  const [x, y] = [toSparse(a), toSparse(b)];
  const { output_indices, output_values } = inScope(name, type, (scope) =>
    op(
      {
        a_indices: x.indices,
        a_values: x.values,
        a_shape: x.denseShape,
        b_indices: y.indices,
        b_values: y.values,
        b_shape: y.denseShape,
      },
      scope,
    ),
  );
  return new SparseTensor({ indices: output_indices, values: output_values, denseShape: x.denseShape });
}

/** The larger (smaller) of both at each place; what is missing counts as zero. */
export const sparseMaximum = (a: SparseLike, b: SparseLike, name?: Name): SparseParts =>
  extreme(sparseSparseMaximumOp, "SparseSparseMaximum", a, b, nameOf(name));
export const sparseMinimum = (a: SparseLike, b: SparseLike, name?: Name): SparseParts =>
  extreme(sparseSparseMinimumOp, "SparseSparseMinimum", a, b, nameOf(name));
