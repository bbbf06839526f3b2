/** Datasets of tensors that are there: whole, in slices, one by one, and slices of a sparse tensor. Source: tensor_dataset_op.cc, tensor_slice_dataset_op.cc, sparse_tensor_slice_dataset_op.cc, list_dataset_op.cc */
import { int64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { sliceRows } from "../../arrays.ts";
import type { Element } from "../runtime/dataset.ts";
import { defineDataset, metadata, typed } from "../runtime/define.ts";
import { copies, rowCutter } from "../runtime/element.ts";
import { checkIndex, indexed } from "../runtime/indexed.ts";

export const tensorDatasetOp = defineDataset("TensorDataset", {
  inputs: ["components: Toutput_types"],
  attrs: ["Toutput_types: list(type) >= 1", "output_shapes: list(shape) >= 1", metadata],
  stateful: true,
  make: ({ components, Toutput_types, output_shapes }) => ({
    dtypes: Toutput_types,
    shapes: output_shapes,
    cardinality: () => 1,
    iterate: () => indexed(1, () => copies(components)),
    at(_, index) {
      checkIndex(index, 1);
      return copies(components);
    },
  }),
});

export const tensorSliceDatasetOp = defineDataset("TensorSliceDataset", {
  inputs: ["components: Toutput_types"],
  attrs: [
    "Toutput_types: list(type) >= 1",
    "output_shapes: list(shape) >= 1",
    "is_files: bool = false",
    metadata,
    "replicate_on_split: bool = false",
  ],
  stateful: true,
  make({ components, Toutput_types, output_shapes }) {
    for (const { shape } of components) {
      if (shape.length === 0) throw invalidArgument("All components must be at least 1-dimensional");
    }
    const n = components[0]!.shape[0]!;
    if (components.some(({ shape }) => shape[0] !== n))
      throw invalidArgument("All components must have the same size in the 0th dimension");
    const row = rowCutter(components);
    return {
      dtypes: Toutput_types,
      shapes: output_shapes,
      cardinality: () => n,
      iterate: () => indexed(n, row),
      at(_, index) {
        checkIndex(index, n);
        return row(index);
      },
    };
  },
});

export const listDatasetOp = defineDataset("ListDataset", {
  inputs: ["tensors: Tinput_types"],
  attrs: ["Tinput_types: list(type) >= 1", ...typed, metadata],
  stateful: true,
  make({ tensors, output_types }) {
    const width = output_types.length;
    const n = tensors.length / width;
    const element = (i: number): Element => copies(tensors.slice(i * width, (i + 1) * width));
    return {
      cardinality: () => n,
      iterate: () => indexed(n, element),
      at(_, index) {
        checkIndex(index, n);
        return element(index);
      },
    };
  },
});

export const sparseTensorSliceDatasetOp = defineDataset("SparseTensorSliceDataset", {
  inputs: ["indices: int64", "values: Tvalues", "dense_shape: int64"],
  attrs: ["Tvalues: type"],
  stateful: true,
  make({ indices, values, dense_shape, Tvalues }) {
    if (indices.shape.length !== 2)
      throw invalidArgument(`Input indices must be a matrix. Got: [${indices.shape.join(",")}]`);
    if (values.shape.length !== 1)
      throw invalidArgument(`Input values must be a vector. Got: [${values.shape.join(",")}]`);
    if (dense_shape.shape.length !== 1)
      throw invalidArgument(`Input shape must be a vector. Got: [${dense_shape.shape.join(",")}]`);
    const dims = Array.from(dense_shape.data as BigInt64Array, Number);
    const [count, rank] = indices.shape as [number, number];
    if (count !== values.shape[0])
      throw invalidArgument(
        `Number of values must match first dimension of indices. Got ${values.shape[0]} values, indices shape: [${indices.shape.join(",")}]`,
      );
    if (rank !== dims.length)
      throw invalidArgument(
        `Number of dimensions must match second dimension of indices. Got ${dims.length} dimensions, indices shape: [${indices.shape.join(",")}]`,
      );
    if (dims.length === 0) throw invalidArgument("The shape argument requires at least one element.");
    const places = indices.data as BigInt64Array;
    for (let i = 1; i < count; i++) {
      if (places[i * rank]! < places[(i - 1) * rank]!)
        throw invalidArgument(
          `indices must be sorted by the first dimension: SparseTensor needs to be ordered in dimension 0`,
        );
    }
    const inner = rank - 1;
    const row = (from: number, to: number): Element => {
      const own = new BigInt64Array((to - from) * inner);
      for (let i = from; i < to; i++)
        for (let d = 0; d < inner; d++) own[(i - from) * inner + d] = places[i * rank + d + 1]!;
      return [
        new NdArray(int64, [to - from, inner], own),
        sliceRows(values, from, to),
        new NdArray(int64, [inner], BigInt64Array.from(dims.slice(1), BigInt)),
      ];
    };
    return {
      dtypes: [int64, Tvalues, int64],
      shapes: [[null, inner], [null], [inner]],
      cardinality: () => dims[0]!,
      iterate() {
        let at = 0;
        return indexed(dims[0]!, (slice) => {
          const from = at;
          while (at < count && Number(places[at * rank]) === slice) at++;
          return row(from, at);
        });
      },
    };
  },
});
