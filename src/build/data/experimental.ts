/** `tf.data.experimental` and the functions that TensorFlow 2 keeps for programs of version 1. Source: python/data/experimental/ops */
import type { DType } from "../../core/dtype.ts";
import { int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  assertCardinalityDatasetOp,
  datasetCardinalityOp,
  datasetToSingleElementOp,
  datasetToTFRecordOp,
  directedInterleaveDatasetOp,
  groupByWindowDatasetOp,
  ignoreErrorsDatasetOp,
  mapAndBatchDatasetOp,
  randomDatasetOp,
  shuffleAndRepeatDatasetOp,
} from "../../ops/index.ts";
import { Dataset } from "./dataset.ts";
import { elementOf, trace } from "./function.ts";
import { type Count, count, replicated, rowsOf, seeds, text, truth } from "./inputs.ts";
import type { Iterator } from "./iterator.ts";
import { type Any, attrsOf, datasetSpec, mapSpecs, type Nested, type Spec } from "./structure.ts";

export const AUTOTUNE = -1;
export const INFINITE_CARDINALITY = -1;
export const UNKNOWN_CARDINALITY = -2;

type Transformation = (dataset: Dataset) => Dataset;
type Seed = number | bigint | undefined;

export const makeOneShotIterator = (dataset: Dataset): Iterator => dataset.makeOneShotIterator();
export const makeInitializableIterator = (dataset: Dataset, options: { readonly sharedName?: string } = {}): Iterator =>
  dataset.makeInitializableIterator(options);

export const getOutputTypes = (of: Dataset | Iterator): Nested<DType> => of.outputTypes;
export const getOutputShapes = (of: Dataset | Iterator): Nested<Shape> => of.outputShapes;

/** The number of elements, where it is known: -1 without end, -2 unknown. */
export const cardinality = (dataset: Dataset): Tensor => datasetCardinalityOp({ input_dataset: dataset.variantTensor });

/** The one element of a dataset. */
export const getSingleElement = (dataset: Dataset): Any =>
  elementOf(
    dataset.elementSpec,
    datasetToSingleElementOp({ dataset: dataset.variantTensor, ...attrsOf(dataset.elementSpec) }),
  );

const inputOf = (dataset: Dataset) => ({ input_dataset: dataset.variantTensor, ...attrsOf(dataset.elementSpec) });

/** Fails when the number of elements is another one. */
export const assertCardinality =
  (expected: Count): Transformation =>
  (dataset) =>
    new Dataset(
      assertCardinalityDatasetOp({ ...inputOf(dataset), cardinality: count(expected, "expected_cardinality") }),
      dataset.elementSpec,
    );

/** Leaves out elements that fail. */
export const ignoreErrors =
  ({ logWarning = false }: { readonly logWarning?: boolean } = {}): Transformation =>
  (dataset) =>
    new Dataset(ignoreErrorsDatasetOp({ ...inputOf(dataset), log_warning: logWarning }), dataset.elementSpec);

/** Shuffles in each of `times` repetitions, over their borders. */
export const shuffleAndRepeat =
  (bufferSize: Count, times: Count = -1, seed?: Seed): Transformation =>
  (dataset) => {
    const [buffer, repetitions] = [count(bufferSize, "buffer_size"), count(times, "count")];
    const inputs = { ...inputOf(dataset), buffer_size: buffer, ...seeds(seed), count: repetitions };
    return new Dataset(shuffleAndRepeatDatasetOp(inputs), dataset.elementSpec);
  };

export interface MapAndBatchOptions {
  readonly numParallelBatches?: number;
  readonly numParallelCalls?: Count;
  readonly dropRemainder?: boolean;
}

/** `map` and `batch` in one. */
export const mapAndBatch =
  (f: (...args: Any[]) => unknown, batchSize: Count, options: MapAndBatchOptions = {}): Transformation =>
  (dataset) => {
    const { numParallelBatches = 1, dropRemainder = false } = options;
    const { fn, captured, output } = trace(f, dataset.elementSpec, "tf_data_experimental_map_and_batch");
    const size = count(batchSize, "batch_size");
    const calls = count(options.numParallelCalls ?? Number(batchSize) * numParallelBatches, "num_parallel_calls");
    const drop = truth(dropRemainder, "drop_remainder");
    const rows = rowsOf(size, drop);
    const elements = mapSpecs(output, (spec): Spec => ({ ...spec, shape: spec.shape && [rows, ...spec.shape] }));
    const inputs = { input_dataset: dataset.variantTensor, other_arguments: captured, f: fn, batch_size: size };
    return new Dataset(
      mapAndBatchDatasetOp({
        ...inputs,
        num_parallel_calls: calls,
        drop_remainder: drop,
        preserve_cardinality: true,
        ...attrsOf(elements),
      }),
      elements,
    );
  };

/** Groups elements by a key; as soon as a group has its size, `reduceFunc` makes a dataset of it. */
export const groupByWindow =
  (
    keyFunc: (...args: Any[]) => Tensor,
    reduceFunc: (key: Tensor, window: Dataset) => Dataset,
    window: Count | ((key: Tensor) => TensorLike),
  ): Transformation =>
  (dataset) => {
    const scalar: Spec = { dtype: int64, shape: [] };
    const whole = (value: TensorLike): Tensor => convertToTensor(value, { dtype: int64 });
    const key = trace(
      function keyFuncWrapper(...args: Any[]) {
        return whole(keyFunc(...args));
      },
      dataset.elementSpec,
      "Dataset_group_by_window",
    );
    const reduce = trace(reduceFunc, [scalar, datasetSpec(dataset.elementSpec)], "Dataset_group_by_window");
    const size = trace(
      function windowSizeFuncWrapper(k: Tensor) {
        return whole(typeof window === "function" ? window(k) : window);
      },
      scalar,
      "Dataset_group_by_window",
    );
    const elements = (reduce.output as Spec).elements;
    if (!elements) throw new ValueError("`reduce_func` must return a single dataset.");
    return new Dataset(
      groupByWindowDatasetOp({
        input_dataset: dataset.variantTensor,
        key_func_other_arguments: key.captured,
        reduce_func_other_arguments: reduce.captured,
        window_size_func_other_arguments: size.captured,
        key_func: key.fn,
        reduce_func: reduce.fn,
        window_size_func: size.fn,
        ...attrsOf(elements),
      }),
      elements,
    );
  };

/** Elements of the datasets in the order that the numbers of another one say. */
export function chooseFromDatasets(
  list: readonly Dataset[],
  choices: Dataset,
  { stopOnEmptyDataset = false }: { readonly stopOnEmptyDataset?: boolean } = {},
): Dataset {
  if (list.length === 0) throw new ValueError("Invalid `datasets`. `datasets` should not be empty.");
  return new Dataset(
    directedInterleaveDatasetOp({
      selector_input_dataset: replicated(choices),
      data_input_datasets: list.map((dataset) => dataset.variantTensor),
      stop_on_empty_dataset: stopOnEmptyDataset,
      ...attrsOf(list[0]!.elementSpec),
    }),
    list[0]!.elementSpec,
  );
}

/** 32 random bits each. */
export class RandomDataset extends Dataset {
  constructor(seed?: Seed) {
    const spec: Spec = { dtype: int64, shape: [] };
    super(randomDatasetOp({ ...seeds(seed), ...attrsOf(spec) }), spec);
  }
}

/** Writes the strings of a dataset as TFRecords. */
export class TFRecordWriter {
  readonly #filename: TensorLike;
  readonly #compressionType: string;

  constructor(filename: TensorLike, compressionType = "") {
    this.#filename = filename;
    this.#compressionType = compressionType;
  }

  write(dataset: Dataset): Operation {
    return datasetToTFRecordOp({
      input_dataset: dataset.variantTensor,
      filename: text(this.#filename, "filename"),
      compression_type: text(this.#compressionType, "compression_type"),
    });
  }
}
