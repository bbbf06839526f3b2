/** Rows together: batch, padded batch, map and batch. Source: batch_dataset_op.cc, padded_batch_dataset_op.cc, map_and_batch_dataset_op.cc, batch_util.cc */
import { DataLossError, invalidArgument } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type FullShape, formatShape, type Shape } from "../../../../core/shape.ts";
import { stackPadded } from "../../arrays.ts";
import { mapIterator, parallelism } from "../call/apply.ts";
import { captured } from "../runtime/captured.ts";
import { type Dataset, type Element, type Runtime, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { flag, scalar } from "../runtime/element.ts";
import { batches, countOfBatches, stacked, stackedResults } from "./rows.ts";

function batched(input: Dataset, size: NdArray, drop: boolean): Behaviour {
  const n = scalar(size, "batch_size");
  if (n <= 0) throw invalidArgument("Batch size must be greater than zero.");
  const join = input.isMapped ? stackedResults : stacked; // TensorFlow makes one dataset of a map and its batch
  return {
    cardinality: () => countOfBatches(input.cardinality(), n, drop),
    iterate: (runtime) => batches(input.iterate(runtime), { n, drop, join }),
    ...(input.at
      ? {
          at: async (runtime: Runtime, index: number) => {
            const rows: Element[] = [];
            const end = Math.min((index + 1) * n, input.cardinality());
            for (let i = index * n; i < end; i++) rows.push(await input.at!(runtime, i));
            return join(rows);
          },
        }
      : {}),
  };
}

const parallelCopy = "parallel_copy: bool = false" as const;

export const batchDatasetOp = defineDataset("BatchDataset", {
  inputs: ["input_dataset: variant", "batch_size: int64"],
  attrs: [...typed, metadata],
  make: (op) => batched(datasetOf(op.input_dataset), op.batch_size, false),
});

export const batchDatasetV2Op = defineDataset("BatchDatasetV2", {
  inputs: ["input_dataset: variant", "batch_size: int64", "drop_remainder: bool"],
  attrs: [parallelCopy, ...typed, metadata],
  make: (op) => batched(datasetOf(op.input_dataset), op.batch_size, flag(op.drop_remainder)),
});

export const parallelBatchDatasetOp = defineDataset("ParallelBatchDataset", {
  inputs: ["input_dataset: variant", "batch_size: int64", "num_parallel_calls: int64", "drop_remainder: bool"],
  attrs: [parallelCopy, ...typed, "deterministic: string = 'default'", metadata],
  make: (op) => batched(datasetOf(op.input_dataset), op.batch_size, flag(op.drop_remainder)),
});

interface MapAndBatch {
  readonly input_dataset: NdArray;
  readonly other_arguments: Element;
  readonly batch_size: NdArray;
  readonly num_parallel_calls: NdArray;
  readonly drop_remainder: NdArray;
  readonly f: Parameters<typeof captured>[0];
  readonly preserve_cardinality: boolean;
}

function mappedAndBatched(op: MapAndBatch): Behaviour {
  const input = datasetOf(op.input_dataset);
  const n = scalar(op.batch_size, "batch_size");
  if (n <= 0) throw invalidArgument("batch_size must be greater than zero.");
  const drop = flag(op.drop_remainder);
  const atOnce = parallelism(scalar(op.num_parallel_calls, "num_parallel_calls"));
  const call = captured(op.f, op.other_arguments);
  const keepsCount = op.preserve_cardinality;
  return {
    cardinality: () => (keepsCount ? countOfBatches(input.cardinality(), n, drop) : unknown),
    iterate: (runtime) =>
      batches(mapIterator(input, call, runtime, { keepsCount, atOnce }), { n, drop, join: stackedResults }),
  };
}

const mapAndBatchInputs = [
  "input_dataset: variant",
  "other_arguments: Targuments",
  "batch_size: int64",
  "num_parallel_calls: int64",
  "drop_remainder: bool",
] as const;

const mapAndBatchAttrs = [
  "f: func",
  "Targuments: list(type) >= 0",
  ...typed,
  "preserve_cardinality: bool = false",
] as const;

export const mapAndBatchDatasetOp = defineDataset("MapAndBatchDataset", {
  inputs: mapAndBatchInputs,
  attrs: [...mapAndBatchAttrs, metadata],
  make: mappedAndBatched,
});

export const experimentalMapAndBatchDatasetOp = defineDataset("ExperimentalMapAndBatchDataset", {
  inputs: mapAndBatchInputs,
  attrs: mapAndBatchAttrs,
  make: mappedAndBatched,
});

/** Rows of one rank in boxes: of `wanted` where it says so, else of the largest row. */
function paddedRows(rows: readonly Element[], wanted: readonly Shape[], values: Element): Element {
  return wanted.map((target, c) => {
    const column = rows.map((row) => row[c]!);
    const box: number[] = (target ?? []).map((size) => size ?? 0);
    for (const { shape } of column) {
      if (shape.length !== box.length)
        throw invalidArgument(
          `All elements in a batch must have the same rank as the padded shape for component${c}: expected rank ${box.length} but got element with rank ${shape.length}`,
        );
      for (const [d, size] of shape.entries()) {
        if (target![d] === null) box[d] = Math.max(box[d]!, size);
        else if (size > target![d]!)
          throw new DataLossError("Attempted to pad to a smaller size than the input element.");
      }
    }
    return stackPadded(column[0]!.dtype, box as FullShape, column, values[c]);
  });
}

interface Padded {
  readonly input_dataset: NdArray;
  readonly batch_size: NdArray;
  readonly padded_shapes: Element;
  readonly padding_values: Element;
}

function paddedBatched(op: Padded, drop: boolean): Behaviour {
  const input = datasetOf(op.input_dataset);
  const n = scalar(op.batch_size, "batch_size");
  if (n <= 0) throw invalidArgument("Batch size must be greater than zero.");
  if (op.padded_shapes.length !== input.shapes.length)
    throw invalidArgument(
      `Number of padded shapes (${op.padded_shapes.length}) must match the number of components in the input dataset's elements (${input.shapes.length})`,
    );
  const wanted = op.padded_shapes.map((sizes, c): Shape => {
    if (sizes.shape.length !== 1) throw invalidArgument("All padded shapes must be vectors");
    const dims = Array.from(sizes.data as BigInt64Array, (size) => (size < 0n ? null : Number(size)));
    const known = input.shapes[c]!;
    if (known !== null && known.length !== dims.length)
      throw invalidArgument(
        `The padded shape ${formatShape(dims)} is not compatible with the corresponding input component shape ${formatShape(known)}.`,
      );
    return dims;
  });
  for (const [c, value] of op.padding_values.entries()) {
    if (value.shape.length !== 0) throw invalidArgument("All padding values must be scalars");
    if (value.dtype !== input.dtypes[c])
      throw invalidArgument(
        `Mismatched type between padding value ${c} and input dataset's component ${c}: ${value.dtype.name} vs. ${input.dtypes[c]!.name}`,
      );
  }
  return {
    cardinality: () => countOfBatches(input.cardinality(), n, drop),
    iterate: (runtime) =>
      batches(input.iterate(runtime), { n, drop, join: (rows) => paddedRows(rows, wanted, op.padding_values) }),
  };
}

const paddedInputs = [
  "input_dataset: variant",
  "batch_size: int64",
  "padded_shapes: N * int64",
  "padding_values: Toutput_types",
] as const;
const paddedTypes = ["Toutput_types: list(type) >= 1", "output_shapes: list(shape) >= 1", "N: int >= 1"] as const;

export const paddedBatchDatasetOp = defineDataset("PaddedBatchDataset", {
  inputs: paddedInputs,
  attrs: [...paddedTypes, metadata],
  make: (op) => ({ ...paddedBatched(op, false), dtypes: op.Toutput_types }),
});

export const paddedBatchDatasetV2Op = defineDataset("PaddedBatchDatasetV2", {
  inputs: [...paddedInputs, "drop_remainder: bool"],
  attrs: [parallelCopy, ...paddedTypes, metadata],
  make: (op) => ({ ...paddedBatched(op, flag(op.drop_remainder)), dtypes: op.Toutput_types }),
});
