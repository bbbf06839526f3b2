/** Dense rows as one sparse batch: [batch, ...row], kept as a variant of three tensors. Source: dense_to_sparse_batch_dataset_op.cc */
import { type DType, int64, variant } from "../../../../core/dtype.ts";
import { DataLossError, invalidArgument } from "../../../../core/error.ts";
import { allocateElements, type Elements, NdArray } from "../../../../core/nd_array.ts";
import { formatShape, rowMajorStrides, type Shape } from "../../../../core/shape.ts";
import { copyElements } from "../../arrays.ts";
import type { Element } from "../runtime/dataset.ts";
import { datasetOf, defineDataset, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { batches, countOfBatches } from "./rows.ts";

/** Indices [n, 1 + rank], values [n] and shape [1 + rank] of rows one below the other. */
function sparseBatch(rows: readonly Element[], wanted: Shape, dtype: DType): NdArray {
  const arrays = rows.map((row) => row[0]!);
  const rank = wanted!.length;
  const total = arrays.reduce((n, array) => n + array.size, 0);
  const indices = new BigInt64Array(total * (rank + 1));
  const values = allocateElements(dtype, total) as Elements;
  const box = wanted!.map((size) => size ?? 0);
  let at = 0;
  for (const [r, array] of arrays.entries()) {
    if (array.shape.some((size, d) => d < rank && wanted![d] !== null && size > wanted![d]!))
      throw new DataLossError(
        `Input element had shape (${formatShape(array.shape)}) that is larger than the row shape (${formatShape(wanted)}).`,
      );
    if (array.shape.length !== rank)
      throw invalidArgument(
        `Input element had shape (${formatShape(array.shape)}) that is incompatible with the row shape (${formatShape(wanted)}).`,
      );
    for (const [d, size] of array.shape.entries()) box[d] = Math.max(box[d]!, size);
    copyElements(array, values, at);
    const strides = rowMajorStrides(array.shape);
    for (let i = 0; i < array.size; i++, at++) {
      indices[at * (rank + 1)] = BigInt(r);
      for (let d = 0; d < rank; d++)
        indices[at * (rank + 1) + d + 1] = BigInt(Math.floor(i / strides[d]!) % array.shape[d]!);
    }
  }
  const parts = [
    new NdArray(int64, [total, rank + 1], indices),
    new NdArray(dtype, [total], values),
    new NdArray(int64, [rank + 1], BigInt64Array.from([arrays.length, ...box], BigInt)),
  ];
  return new NdArray(variant, [3], parts as never);
}

const denseToSparse = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: ["input_dataset: variant", "batch_size: int64", "row_shape: int64"],
    attrs: typed,
    make(op) {
      const input = datasetOf(op.input_dataset);
      if (input.dtypes.length !== 1)
        throw invalidArgument("DenseToSparseBatchDataset only supports inputs with a single component.");
      const n = scalar(op.batch_size, "batch_size");
      if (n <= 0) throw invalidArgument("Batch size must be greater than zero.");
      if (op.row_shape.shape.length !== 1) throw invalidArgument("row_shape must be a vector");
      const wanted = Array.from(op.row_shape.data as BigInt64Array, (size) => (size < 0n ? null : Number(size)));
      return {
        dtypes: [variant],
        shapes: [[3]],
        cardinality: () => countOfBatches(input.cardinality(), n, false),
        iterate: (runtime) =>
          batches(input.iterate(runtime), {
            n,
            drop: false,
            join: (rows) => [sparseBatch(rows, wanted, input.dtypes[0]!)],
          }),
      };
    },
  });

export const denseToSparseBatchDatasetOp = denseToSparse("DenseToSparseBatchDataset");
export const experimentalDenseToSparseBatchDatasetOp = denseToSparse("ExperimentalDenseToSparseBatchDataset");
