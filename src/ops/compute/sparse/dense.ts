/** Sparse tensors beside dense ones: to dense and back, added, multiplied. Source: sparse_ops.cc, sparse_ops.py, sparse_grad.py. */
import { int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import {
  type Dim,
  elementCount,
  type FullShape,
  formatShape,
  mergeDims,
  rowMajorStrides,
  type Shape,
  withRank,
} from "../../../core/shape.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { copyElements, emptyArray, toNumbers } from "../array/basic/elements.ts";
import { zeros, zerosLike } from "../array/basic/fill.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { shape as shapeOf } from "../array/basic/shape.ts";
import { shapeFromInput } from "../array/basic/shape_input.ts";
import { gatherNd } from "../array/index/gather_nd.ts";
import { whereV2 } from "../array/lookup/where.ts";
import { transpose } from "../array/order/transpose.ts";
import { checkOrder, type Entries, entriesOf, shapeOfArray } from "./entries.ts";
import { isSparse, type SparseLike, SparseTensor, toSparse } from "./tensor.ts";

/** The rows of indices of any rank: a scalar is one coordinate, a vector one a row. */
function anyEntries(indices: NdArray): Entries {
  if (indices.shape.length > 2)
    throw new InvalidArgumentError(
      `sparse_indices should be a scalar, vector, or matrix, got shape ${formatShape(indices.shape)}`,
    );
  const n = indices.shape[0] ?? 1;
  return { n, rank: indices.shape[1] ?? 1, coordinates: toNumbers(indices) };
}

/** dense = default_value everywhere but at the indices. Source: sparse_to_dense_op.cc. */
export const sparseToDenseOp = defineOp("SparseToDense", {
  inputs: ["sparse_indices: Tindices", "output_shape: Tindices", "sparse_values: T", "default_value: T"],
  outputs: ["dense: T"],
  attrs: ["validate_indices: bool = true", "T: type", "Tindices: {int32, int64}"],
  shape: ({ output_shape }, context) => [shapeFromInput(context, "output_shape", output_shape)],
  compute({ sparse_indices, output_shape, sparse_values, default_value, validate_indices }) {
    const entries = anyEntries(sparse_indices);
    if (output_shape.shape.length !== 1)
      throw new InvalidArgumentError(`output_shape must be rank 1, got shape ${formatShape(output_shape.shape)}`);
    const shape = shapeOfArray(output_shape);
    if (shape.length !== entries.rank)
      throw new InvalidArgumentError(
        `output_shape has incorrect number of elements: ${shape.length} should be: ${entries.rank}`,
      );
    const count = sparse_values.size;
    if (sparse_values.shape.length > 1 || (sparse_values.shape.length === 1 && count !== entries.n)) {
      throw new InvalidArgumentError(
        `sparse_values has incorrect shape ${formatShape(sparse_values.shape)}, should be [] or [${entries.n}]`,
      );
    }
    if (default_value.shape.length !== 0) throw new InvalidArgumentError("default_value should be a scalar.");
    if (validate_indices) checkOrder(entries, shape);
    const dense = emptyArray(sparse_values.dtype, shape);
    for (let i = 0; i < dense.size; i++) copyElements(dense.dtype, default_value.data, 0, dense.data, i, 1);
    const isScalar = sparse_values.shape.length === 0;
    for (let i = 0; i < entries.n; i++) {
      copyElements(dense.dtype, sparse_values.data, isScalar ? 0 : i, dense.data, flatIndex(entries, i, shape), 1);
    }
    return dense;
  },
  gradient(tf, { sparse_indices, output_shape }, dy) {
    const values = tf.gatherNd(dy!, sparse_indices);
    const all = tf.reduceSum(dy!);
    const rest = tf.subtract(all, tf.reduceSum(values), { name: "sub" });
    return {
      sparse_indices: tf.zerosLike(sparse_indices),
      output_shape: tf.zerosLike(output_shape),
      sparse_values: values,
      default_value: rest,
    };
  },
});

function flatIndex(entries: Entries, i: number, shape: FullShape): number {
  let flat = 0;
  for (let d = 0; d < entries.rank; d++) {
    const x = entries.coordinates[i * entries.rank + d]!;
    if (x < 0 || x >= shape[d]!)
      throw new InvalidArgumentError(`Indices are not valid (out of bounds).  Shape: [${shape.join(",")}]`);
    flat = flat * shape[d]! + x;
  }
  return flat;
}

/** output = a (sparse) + b (dense) of one shape. Source: sparse_tensor_dense_add_op.cc. */
export const sparseTensorDenseAddOp = defineOp("SparseTensorDenseAdd", {
  inputs: ["a_indices: Tindices", "a_values: T", "a_shape: Tindices", "b: T"],
  outputs: ["output: T"],
  attrs: ["T: numbertype", "Tindices: {int32, int64}"],
  shape: ({ b }) => [b],
  lower(p, { a_indices, a_values, a_shape, b }) {
    const shape = p.numbers(a_shape);
    if (shape.length !== b.shape.length) {
      throw new InvalidArgumentError(
        `Two operands have different ranks; received: ${shape.length} and ${b.shape.length}`,
      );
    }
    const bad = shape.findIndex((d, i) => d !== b.shape[i]);
    if (bad >= 0)
      throw new InvalidArgumentError(
        `Dimension ${bad} does not equal (no broadcasting is supported): sparse side ${shape[bad]} vs dense side ${b.shape[bad]}`,
      );
    const [n, rank] = a_indices.shape as [number, number];
    const strides = rowMajorStrides(b.shape);
    const wide = p.cast(a_indices, "int64");
    let flat = p.fill(0, "int64", [n]);
    for (let d = 0; d < rank; d++) {
      const column = p.reshape(p.slice(wide, [0, d], [n, 1]), [n]);
      const limit = p.fill(shape[d]!, "int64", [n]);
      p.check(p.logicalAnd(p.ge(column, p.fill(0, "int64", [n])), p.lt(column, limit)), ({ position }) => {
        throw new InvalidArgumentError(
          `Sparse tensor has some invalid index on dimension ${d}: the index of element ${position} is out of range [0, ${shape[d]})`,
        );
      });
      flat = p.add(flat, p.mul(column, p.fill(strides[d]!, "int64", [n])));
    }
    return p.reshape(p.scatter("add", p.reshape(b, [elementCount(b.shape)]), flat, a_values), b.shape);
  },
  gradient(tf, { a_indices }, dy) {
    return { a_values: tf.gatherNd(dy!, a_indices), b: dy! };
  },
});

/** The shape of op(a) @ op(b), a sparse. Source: sparse_ops.cc. */
function productShape(a: Shape, b: Shape, isAdjointA: boolean, isAdjointB: boolean): Shape {
  const [a0, a1] = withRank(a, 2);
  const [b0, b1] = withRank(b, 2);
  const inner: Dim = isAdjointA ? a0! : a1!;
  mergeDims(inner, isAdjointB ? b1! : b0!);
  return [isAdjointA ? a1! : a0!, isAdjointB ? b0! : b1!];
}

/** product = op(a) @ op(b) with a sparse [m, k] and b dense [k, n], each transposed (and conjugated) first if so asked. */
export const sparseTensorDenseMatMulOp = defineOp("SparseTensorDenseMatMul", {
  inputs: ["a_indices: Tindices", "a_values: T", "a_shape: int64", "b: T"],
  outputs: ["product: T"],
  attrs: ["T: type", "Tindices: {int32, int64} = DT_INT64", "adjoint_a: bool = false", "adjoint_b: bool = false"],
  shape({ a_shape, b, adjoint_a, adjoint_b }, context) {
    return [productShape(shapeFromInput(context, "a_shape", a_shape), b, adjoint_a, adjoint_b)];
  },
  lower(p, { a_indices, a_values, a_shape, b, adjoint_a, adjoint_b }) {
    if (b.shape.length !== 2) throw new InvalidArgumentError(`Tensor 'b' is not a matrix`);
    const [rows, columns] = p.numbers(a_shape) as [number, number];
    const [m, k] = adjoint_a ? [columns, rows] : [rows, columns];
    const right = adjoint_b ? p.transpose(b, [1, 0]) : b;
    if (right.shape[0] !== k) {
      throw new InvalidArgumentError(
        `Cannot multiply A and B because inner dimension does not match: ${k} vs. ${right.shape[0]}.  Did you forget a transpose?  Dimensions of A: [${rows}, ${columns}).  Dimensions of B: ${formatShape(b.shape)}`,
      );
    }
    const n = a_values.shape[0]!;
    const column = (d: number) => p.reshape(p.slice(a_indices, [0, d], [n, 1]), [n]);
    const [to, from] = adjoint_a ? [column(1), column(0)] : [column(0), column(1)];
    const taken = p.gather(right, from, {
      onError: ({ value, position }) =>
        new InvalidArgumentError(`k (${value}) from index[${position},${adjoint_a ? 0 : 1}] out of bounds (>=${k})`),
    });
    const terms = p.mul(taken, p.broadcast(p.reshape(a_values, [n, 1]), taken.shape));
    return p.scatter(
      "add",
      p.fill(0, b.dtype, [m, right.shape[1]!]),
      to,
      terms,
      ({ value, position }) =>
        new InvalidArgumentError(`m (${value}) from index[${position},${adjoint_a ? 1 : 0}] out of bounds (>=${m})`),
    );
  },
  lowers: ({ T, adjoint_a, adjoint_b }) => !T.isComplex || !(adjoint_a || adjoint_b),
  compute({ a_indices, a_values, a_shape, b, adjoint_a, adjoint_b }) {
    const [rows, columns] = shapeOfArray(a_shape) as [number, number];
    const entries = entriesOf(a_indices, "a_indices");
    const [b0, b1] = b.shape as [number, number];
    const n = adjoint_b ? b0 : b1;
    const product = emptyArray(a_values.dtype, [adjoint_a ? columns : rows, n]);
    const [x, y, out] = [a_values.data, b.data, product.data] as [Float64Array, Float64Array, Float64Array];
    const [signA, signB] = [adjoint_a ? -1 : 1, adjoint_b ? -1 : 1];
    for (let i = 0; i < entries.n; i++) {
      const [row, column] = [entries.coordinates[2 * i]!, entries.coordinates[2 * i + 1]!];
      const [m, k] = adjoint_a ? [column, row] : [row, column];
      if (k >= (adjoint_b ? b1 : b0))
        throw new InvalidArgumentError(
          `k (${k}) from index[${i},${adjoint_a ? 0 : 1}] out of bounds (>=${adjoint_b ? b1 : b0})`,
        );
      if (m >= product.shape[0]!)
        throw new InvalidArgumentError(
          `m (${m}) from index[${i},${adjoint_a ? 1 : 0}] out of bounds (>=${product.shape[0]})`,
        );
      const [re, im] = [x[2 * i]!, signA * x[2 * i + 1]!];
      for (let j = 0; j < n; j++) {
        const at = adjoint_b ? j * b1 + k : k * b1 + j;
        const [br, bi] = [y[2 * at]!, signB * y[2 * at + 1]!];
        out[2 * (m * n + j)]! += re * br - im * bi;
        out[2 * (m * n + j) + 1]! += re * bi + im * br;
      }
    }
    return product;
  },
  gradient(tf, op, dy) {
    const { a_indices, a_values, a_shape, b, adjoint_a, adjoint_b } = op;
    let bGradient = tf.sparseTensorDenseMatMulNode(
      { indices: a_indices, values: a_values, denseShape: a_shape },
      dy!,
      !adjoint_a,
      false,
    );
    if (adjoint_b) bGradient = tf.matrixTranspose(bGradient, { conjugate: true });
    const rows = tf.getItem(a_indices, ":", 0);
    const columns = tf.getItem(a_indices, ":", 1);
    const partsA = tf.gather(dy!, adjoint_a ? columns : rows);
    const partsB = tf.gather(adjoint_b ? tf.transpose(b) : b, adjoint_a ? rows : columns);
    const wideA = tf.expandDims(partsA, adjoint_a ? -1 : -2);
    const wideB = tf.expandDims(partsB, adjoint_a === adjoint_b ? -2 : -1);
    const product = tf.matmul(wideA, wideB, { adjointA: adjoint_a, adjointB: adjoint_a === adjoint_b });
    return { a_values: tf.squeeze(product, { axis: [-2, -1] }), b: bGradient };
  },
});

/** The bare node of a sparse product. */
export const sparseTensorDenseMatMulNode = (
  a: { readonly indices: TensorLike; readonly values: TensorLike; readonly denseShape: TensorLike },
  b: TensorLike,
  adjointA: boolean,
  adjointB: boolean,
  name?: string,
): Tensor =>
  sparseTensorDenseMatMulOp(
    { a_indices: a.indices, a_values: a.values, a_shape: a.denseShape, b, adjoint_a: adjointA, adjoint_b: adjointB },
    name,
  );

export interface SparseMatmulOptions extends Named {
  readonly adjointA?: boolean;
  readonly adjointB?: boolean;
}

const sparseTensorDenseMatmulPlaces = ["adjointA", "adjointB", "name"] as const;

/** A sparse matrix times a dense one (or the other way round), transposed first where asked. */
export const sparseTensorDenseMatmul = byKeyword(
  ["spA", "b"],
  function sparseTensorDenseMatmul(
    a: SparseLike | TensorLike,
    b: SparseLike | TensorLike,
    ...rest: Rest<SparseMatmulOptions, typeof sparseTensorDenseMatmulPlaces>
  ): Tensor {
    const options = byName<SparseMatmulOptions>(rest, sparseTensorDenseMatmulPlaces);
    const { adjointA = false, adjointB = false, name } = options;
    if (isSparse(b)) {
      const flip = adjointA === adjointB;
      return transpose(
        sparseTensorDenseMatmul(b, a, { adjointA: flip ? !adjointA : adjointA, adjointB: flip ? !adjointB : adjointB }),
      );
    }
    const left = toSparse(a as SparseLike);
    return inScope(name, "SparseTensorDenseMatMul", () => {
      const right = convertToTensor(b as TensorLike, { name: "b" });
      return sparseTensorDenseMatMulNode(left, right, adjointA, adjointB);
    });
  },
);

export interface ToDenseOptions extends Named {
  readonly defaultValue?: TensorLike | null;
  readonly validateIndices?: boolean;
}

const sparseToDensePlaces = ["defaultValue", "validateIndices", "name"] as const;

/** Dense tensor of a shape with the values at the indices and a default elsewhere. */
export const sparseToDense = byKeyword(
  ["sparseIndices", "outputShape", "sparseValues"],
  function sparseToDense(
    indices: TensorLike,
    outputShape: TensorLike,
    values: TensorLike,
    ...rest: Rest<ToDenseOptions, typeof sparseToDensePlaces>
  ): Tensor {
    const options = byName<ToDenseOptions>(rest, sparseToDensePlaces);
    const { defaultValue = 0, validateIndices = true, name } = options;
    return sparseToDenseOp(
      {
        sparse_indices: indices,
        output_shape: outputShape,
        sparse_values: values,
        default_value: defaultValue ?? 0,
        validate_indices: validateIndices,
      },
      name,
    );
  },
);

/** The sparse tensor with all its zeros (or the default) written out. */
export function sparseTensorToDense(
  input: SparseLike,
  ...rest: Rest<ToDenseOptions, ["defaultValue", "validateIndices", "name"]>
): Tensor {
  const options: ToDenseOptions = byName(rest, ["defaultValue", "validateIndices", "name"]);
  const sparse = toSparse(input);
  const { validateIndices = true, name } = options;
  const fallback = options.defaultValue ?? zeros([], sparse.dtype);
  return sparseToDenseOp(
    {
      sparse_indices: sparse.indices,
      output_shape: sparse.denseShape,
      sparse_values: sparse.values,
      default_value: fallback,
      validate_indices: validateIndices,
    },
    name,
  );
}

/** The elements of a dense tensor that are not zero. */
export function sparseFromDense(tensor: TensorLike, name?: Name): SparseParts {
  return inScope(nameOf(name), "dense_to_sparse", () => {
    const x = convertToTensor(tensor);
    const indices = whereV2(ops.notEqual(x, zerosLike(x)));
    const values = gatherNd(x, indices);
    return new SparseTensor({ indices, values, denseShape: shapeOf(x, { outType: int64 }) });
  });
}
