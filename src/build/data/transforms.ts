/** Transformations of `tf.data.experimental`, for `dataset.apply`: most are methods by now. Source: python/data/experimental/ops. */
import { int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  assertCardinalityDatasetOp,
  legacyParallelInterleaveDatasetV2Op,
  mapAndBatchDatasetOp,
  shuffleAndRepeatDatasetOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { Dataset } from "./dataset.ts";
import { batchedSpec } from "./element/component.ts";
import type { BucketOptions, Buckets, bucketNames } from "./experimental/buckets.ts";
import type { ChooseRest, SampleRest } from "./experimental/choose.ts";
import type { GroupFunctions, GroupOptions } from "./experimental/groups.ts";
import type { Resampled, ResampleOptions, ResampleRest } from "./experimental/resample.ts";
import { type CounterRest, randomNumbers } from "./experimental/sources.ts";
import { trace } from "./function.ts";
import { type Count, count, rowsOf, type ShuffleOptions, seeds, truth } from "./inputs.ts";
import { made } from "./nodes/base.ts";
import type { RaggedBatchOptions } from "./nodes/batches.ts";
import { elementsOf } from "./shapes.ts";
import { type Any, attrsOf, mapSpecs } from "./structure.ts";

type Transformation = (dataset: Dataset) => Dataset;
type Callback<R = unknown> = (...args: Any[]) => R;

const inputOf = (dataset: Dataset) => ({ input_dataset: dataset.variantTensor, ...attrsOf(dataset.elementSpec) });
const renewed = (variant: Tensor, like: Dataset): Dataset => made(variant, like.elementSpec, { isFirst: false });

/** start, start + step, … without end. */
export const Counter = (...rest: CounterRest): Dataset => older(Dataset.counter(...rest));

/** Pairs of number and element. */
export const enumerateDataset =
  (start: Count = 0): Transformation =>
  (dataset) =>
    dataset.enumerate(start);

export const scan =
  (initialState: Any, scanFunc: (state: Any, element: Any) => readonly [Any, Any]): Transformation =>
  (dataset) =>
    dataset.scan(initialState, scanFunc);

export const takeWhile =
  (predicate: Callback): Transformation =>
  (dataset) =>
    dataset.takeWhile(predicate);

export const unbatch = (): Transformation => (dataset) => dataset.unbatch();

export const unique = (): Transformation => (dataset) => dataset.unique();

/** Leaves out elements that fail. */
export const ignoreErrors =
  (...rest: Rest<{ readonly logWarning?: boolean }, ["logWarning"]>): Transformation =>
  (dataset) =>
    dataset.ignoreErrors(byName<{ readonly logWarning?: boolean }>(rest, ["logWarning"]));

/** Fails when the number of elements is another one. */
export const assertCardinality =
  (expected: Count): Transformation =>
  (dataset) => {
    const inputs = { ...inputOf(dataset), cardinality: count(expected, "expected_cardinality") };
    return renewed(assertCardinalityDatasetOp(inputs), dataset);
  };

/** Shuffles in each of `times` repetitions, over their borders. */
export const shuffleAndRepeat =
  (bufferSize: Count, times: Count | null = -1, seed?: ShuffleOptions["seed"]): Transformation =>
  (dataset) => {
    const [buffer, repetitions] = [count(bufferSize, "buffer_size"), count(times ?? -1, "count")];
    const inputs = { ...inputOf(dataset), buffer_size: buffer, ...seeds(seed), count: repetitions };
    return renewed(shuffleAndRepeatDatasetOp(inputs), dataset);
  };

export interface MapAndBatchOptions {
  readonly numParallelBatches?: number | undefined;
  readonly dropRemainder?: boolean | undefined;
  readonly numParallelCalls?: Count | undefined;
}
const mapAndBatchNames = ["numParallelBatches", "dropRemainder", "numParallelCalls"] as const;
type MapAndBatchRest = Rest<MapAndBatchOptions, typeof mapAndBatchNames>;

function mappedInBatches(title: string, f: Callback, batchSize: Count, rest: readonly unknown[]): Transformation {
  const options: MapAndBatchOptions = byName(rest, mapAndBatchNames);
  const { numParallelBatches, numParallelCalls, dropRemainder = false } = options;
  if (numParallelBatches !== undefined && numParallelCalls !== undefined) {
    throw new ValueError(
      `\`${title}\` allows only one of \`num_parallel_batches\` and \`num_parallel_calls\` to be set, but \`num_parallel_batches\` was set to ${numParallelBatches} and \`num_parallel_calls\` as set to ${numParallelCalls}.`,
    );
  }
  return (dataset) => {
    const { fn, captured, output } = trace(f, dataset.elementSpec, "tf_data_experimental_map_and_batch");
    const size = count(batchSize, "batch_size");
    const calls =
      numParallelCalls ??
      (numParallelBatches === undefined
        ? batchSize
        : batchSize instanceof Tensor
          ? batchSize.mul(numParallelBatches)
          : Number(batchSize) * numParallelBatches);
    const num_parallel_calls = count(calls, "num_parallel_calls");
    const drop = truth(dropRemainder, "drop_remainder");
    const rows = rowsOf(size, drop);
    const elements = mapSpecs(output, (spec) => batchedSpec(spec, rows));
    const variant = mapAndBatchDatasetOp({
      input_dataset: dataset.variantTensor,
      other_arguments: captured,
      f: fn,
      batch_size: size,
      num_parallel_calls,
      drop_remainder: drop,
      preserve_cardinality: true,
      ...attrsOf(elements),
    });
    return made(variant, elements, { isFirst: false });
  };
}

/** `map` and `batch` in one. Throws ValueError where both ways to say how many calls run at once are used. */
export const mapAndBatch = (f: Callback, batchSize: Count, ...rest: MapAndBatchRest): Transformation =>
  mappedInBatches("map_and_batch", f, batchSize, rest);

/** As `mapAndBatch`. */
export const mapAndBatchWithLegacyFunction = (
  f: Callback,
  batchSize: Count,
  ...rest: MapAndBatchRest
): Transformation => mappedInBatches("map_and_batch_with_legacy_function", f, batchSize, rest);

/** Groups elements by a key; as soon as a group has its size, `reduceFunc` makes a dataset of it. */
export const groupByWindow =
  (
    keyFunc: GroupFunctions["keyFunc"],
    reduceFunc: GroupFunctions["reduceFunc"],
    window?: Count | ((key: Tensor) => TensorLike) | GroupOptions | null,
    windowSizeFunc?: (key: Tensor) => TensorLike,
  ): Transformation =>
  (dataset) =>
    dataset.groupByWindow(keyFunc, reduceFunc, windowOf(window, windowSizeFunc));

function windowOf(window: unknown, windowSizeFunc?: (key: Tensor) => TensorLike): GroupOptions {
  if (typeof window === "function") return { windowSizeFunc: window as (key: Tensor) => TensorLike };
  const isOptions = typeof window === "object" && window !== null && !(window instanceof Tensor);
  if (isOptions) return window;
  const windowSize = (window ?? undefined) as Count | undefined;
  return { windowSize, windowSizeFunc };
}

/** Batches of elements of about the same length. */
export const bucketBySequenceLength =
  (
    elementLengthFunc: Buckets["elementLengthFunc"],
    bucketBoundaries: readonly number[],
    bucketBatchSizes: readonly number[],
    ...rest: Rest<BucketOptions, typeof bucketNames>
  ): Transformation =>
  (dataset) =>
    dataset.bucketBySequenceLength(elementLengthFunc, bucketBoundaries, bucketBatchSizes, ...rest);

/** Elements of the datasets in the order that the numbers of another one say. */
export function chooseFromDatasets(datasets: readonly Dataset[], choices: Dataset, ...rest: ChooseRest): Dataset {
  const { stopOnEmptyDataset = false } = byName<{ readonly stopOnEmptyDataset?: boolean }>(rest, [
    "stopOnEmptyDataset",
  ]);
  return older(Dataset.chooseFromDatasets(datasets, choices, { stopOnEmptyDataset }));
}

/** Elements of the datasets, each time of one drawn by its weight. Throws ValueError and TypeError for wrong weights. */
export const sampleFromDatasets = (datasets: readonly Dataset[], ...rest: SampleRest): Dataset =>
  older(Dataset.sampleFromDatasets(datasets, ...rest));

const older = (dataset: Dataset): Dataset => made(dataset.variantTensor, dataset.elementSpec);

/** Pairs of class and element, classes as often as the target distribution says. */
export const rejectionResample =
  (
    classFunc: Resampled["classFunc"],
    targetDist: TensorLike,
    ...rest: Rest<ResampleOptions, ["initialDist", "seed"]>
  ): Transformation =>
  (dataset) =>
    dataset.rejectionResample(classFunc, targetDist, ...(rest as ResampleRest));

/** As `batch`; components with axes of unknown size become ragged tensors. */
export const denseToRaggedBatch =
  (batchSize: Count, ...rest: Rest<RaggedBatchOptions, ["dropRemainder", "rowSplitsDtype"]>): Transformation =>
  (dataset) =>
    dataset.raggedBatch(batchSize, byName<RaggedBatchOptions>(rest, ["dropRemainder", "rowSplitsDtype"]));

/** n elements, tensors of any sizes up to the row shape, as one sparse tensor. */
export const denseToSparseBatch =
  (batchSize: Count, rowShape: Shape | Tensor): Transformation =>
  (dataset) =>
    dataset.sparseBatch(batchSize, rowShape);

export interface ParallelInterleaveOptions {
  readonly blockLength?: Count | undefined;
  /** Elements may come in any order. */
  readonly sloppy?: boolean | undefined;
  readonly bufferOutputElements?: Count | undefined;
  readonly prefetchInputElements?: Count | undefined;
}
const parallelNames = ["blockLength", "sloppy", "bufferOutputElements", "prefetchInputElements"] as const;

/** The elements of `cycleLength` datasets at a time, `blockLength` of each in turn. */
export const parallelInterleave =
  (
    mapFunc: Callback<Dataset>,
    cycleLength: Count,
    ...rest: Rest<ParallelInterleaveOptions, typeof parallelNames>
  ): Transformation =>
  (dataset) => {
    const options: ParallelInterleaveOptions = byName(rest, parallelNames);
    const { blockLength = 1, sloppy = false, bufferOutputElements, prefetchInputElements } = options;
    const { fn, captured, output } = trace(mapFunc, dataset.elementSpec, "tf_data_experimental_parallel_interleave");
    const elements = elementsOf(output);
    const variant = legacyParallelInterleaveDatasetV2Op({
      input_dataset: dataset.variantTensor,
      other_arguments: captured,
      cycle_length: count(cycleLength, "cycle_length"),
      block_length: count(blockLength, "block_length"),
      buffer_output_elements: count(bufferOutputElements ?? 2 * Number(blockLength), "buffer_output_elements"),
      prefetch_input_elements: count(prefetchInputElements ?? 2 * Number(cycleLength), "prefetch_input_elements"),
      f: fn,
      deterministic: String(!sloppy),
      ...attrsOf(elements),
    });
    return made(variant, elements, { isFirst: false });
  };

/** 32 random bits each. */
export class RandomDataset extends Dataset {
  constructor(seed?: number | bigint | null) {
    super(randomNumbers({ seed }), { dtype: int64, shape: [] });
  }
}
