/** Ops that take a dataset and give no dataset: its one element, its size, its records in a file, a table's entries. Source: to_single_element, cardinality, to_tf_record ops */
import { int64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { after, flow, now, type Steps } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { RecordWriter } from "../../../../io/record/writer.ts";
import { defineOp } from "../../../define.ts";
import { heldBy, variantOf } from "../../../variant/value.ts";
import { joinRows, textOf } from "../../arrays.ts";
import type { HashTable } from "../../table/hash_table.ts";
import { tableOf } from "../../table/make.ts";
import { type Element, forEachElement, infinite, unknown } from "../runtime/dataset.ts";
import { datasetOf, metadata, typed } from "../runtime/define.ts";
import { owned } from "../runtime/element.ts";
import { compressionOf } from "../source/records.ts";
import { iteratorRuntime } from "./runtime.ts";

export const datasetToSingleElementOp = defineOp("DatasetToSingleElement", {
  inputs: ["dataset: variant"],
  outputs: ["components: output_types"],
  attrs: [...typed, metadata],
  stateful: true,
  shape: ({ output_shapes }) => output_shapes,
  run({ dataset }, context) {
    let only: Element | null = null;
    const done = forEachElement(datasetOf(dataset), iteratorRuntime(context), (element) => {
      if (only) throw invalidArgument("Dataset had more than one element.");
      only = owned(element);
    });
    return after(done, () => {
      if (!only) throw invalidArgument("Dataset was empty.");
      return only;
    });
  },
  gradient: "unregistered",
});

const numbers: Record<number, bigint> = { [infinite]: -1n, [unknown]: -2n };

const count = (n: number): NdArray => new NdArray(int64, [], BigInt64Array.of(numbers[n] ?? BigInt(n)));

export const datasetCardinalityOp = defineOp("DatasetCardinality", {
  inputs: ["input_dataset: variant"],
  outputs: ["cardinality: int64"],
  attrs: ["cardinality_options: string = ''"],
  shape: () => [[]],
  compute: ({ input_dataset }) => count(datasetOf(input_dataset).cardinality()),
  gradient: "unregistered",
});

export const experimentalDatasetCardinalityOp = defineOp("ExperimentalDatasetCardinality", {
  inputs: ["input_dataset: variant"],
  outputs: ["cardinality: int64"],
  shape: () => [[]],
  compute: ({ input_dataset }) => count(datasetOf(input_dataset).cardinality()),
  gradient: "unregistered",
});

const toRecords = <const T extends string>(type: T) =>
  defineOp(type, {
    inputs: ["input_dataset: variant", "filename: string", "compression_type: string"],
    stateful: true,
    access: "file",
    shape: () => [],
    run({ input_dataset, filename, compression_type }, context) {
      const path = textOf(filename);
      const compression = compressionOf(compression_type);
      context.permit(path);
      const writer = new RecordWriter(path, { compression });
      return flow(function* (): Steps<void> {
        try {
          yield* now(
            forEachElement(datasetOf(input_dataset), iteratorRuntime(context), (element) => {
              writer.write((element[0]!.data as readonly Uint8Array[])[0]!);
            }),
          );
        } finally {
          writer.close();
        }
      });
    },
    gradient: "unregistered",
  });

export const datasetToTFRecordOp = toRecords("DatasetToTFRecord");
export const experimentalDatasetToTFRecordOp = toRecords("ExperimentalDatasetToTFRecord");

/** Fills a table with pairs of key and value. */
export const initializeTableFromDatasetOp = defineOp("InitializeTableFromDataset", {
  inputs: ["table_handle: resource", "dataset: variant"],
  stateful: true,
  shape: () => [],
  run({ table_handle, dataset }, context) {
    const table = tableOf<HashTable>(context, table_handle);
    if (table.isInitialized) return;
    const pairs: Element[] = [];
    const read = forEachElement(datasetOf(dataset), iteratorRuntime(context), (element) => {
      pairs.push(element);
    });
    const column = (c: number, dtype = pairs[0]?.[c]?.dtype): NdArray =>
      joinRows(
        dtype ?? (c === 0 ? table.keyDtype : table.valueDtype),
        [],
        pairs.map((pair) => new NdArray(pair[c]!.dtype, [pair[c]!.size], pair[c]!.data)),
      );
    return after(read, () => table.initialize(column(0), column(1)));
  },
  gradient: "unregistered",
});

export const wrapDatasetVariantOp = defineOp("WrapDatasetVariant", {
  inputs: ["input_handle: variant"],
  outputs: ["output_handle: variant"],
  shape: () => [[]],
  compute: ({ input_handle }) => variantOf({ wrapped: datasetOf(input_handle) }),
  gradient: "unregistered",
});

export const unwrapDatasetVariantOp = defineOp("UnwrapDatasetVariant", {
  inputs: ["input_handle: variant"],
  outputs: ["output_handle: variant"],
  shape: () => [[]],
  compute({ input_handle }) {
    const object = heldBy(input_handle) as { wrapped?: unknown };
    if (object.wrapped === undefined) throw invalidArgument("Tensor must be a WrappedDataset variant.");
    return variantOf(object.wrapped);
  },
  gradient: "unregistered",
});
