/** Transformations of `tf.data.experimental`, for `dataset.apply`: most are methods by now. Source: python/data/experimental/ops. */
import { type DType, float32, float64, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import type { Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  constant,
  directedInterleaveDatasetOp,
  expandDims,
  legacyParallelInterleaveDatasetV2Op,
  less,
  lessEqual,
  log,
  logicalAnd,
  mapDatasetOp,
  reduceMin,
  squeeze,
  statelessMultinomialOp,
  where,
} from "../../ops/index.ts";
import { assertLess } from "../checks/compare.ts";
import { Dataset } from "./dataset.ts";
import { groupByWindow, RandomDataset } from "./experimental.ts";
import { trace } from "./function.ts";
import { type Count, count } from "./inputs.ts";
import type { Iterator } from "./iterator.ts";
import { elementsOf } from "./shapes.ts";
import { type Any, attrsOf, flatten, mapSpecs, type Nested, type Spec, specsOf } from "./structure.ts";

type Transformation = (dataset: Dataset) => Dataset;

/** What is known of the elements of a dataset or an iterator. */
export const getStructure = (of: Dataset | Iterator): Nested<Spec> => of.elementSpec;

/** start, start + step, … without end. */
export function Counter(start: TensorLike = 0, step: TensorLike = 1, dtype: DType = int64): Dataset {
  return getDefaultGraph().nameScope("counter", () => {
    const first = convertToTensor(start, { dtype, name: "start" });
    const by = convertToTensor(step, { dtype, name: "step" });
    return Dataset.fromTensors(0)
      .repeat()
      .scan(first, (state: Tensor) => [state.add(by), state]);
  });
}

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
  (predicate: (...args: Any[]) => Any): Transformation =>
  (dataset) =>
    dataset.takeWhile(predicate);

export const unbatch = (): Transformation => (dataset) => dataset.unbatch();

export const unique = (): Transformation => (dataset) => dataset.unique();

export interface ParallelInterleaveOptions {
  readonly blockLength?: Count | undefined;
  /** Elements may come in any order. */
  readonly sloppy?: boolean | undefined;
  readonly bufferOutputElements?: Count | undefined;
  readonly prefetchInputElements?: Count | undefined;
}

/** The elements of `cycleLength` datasets at a time, `blockLength` of each in turn. */
export const parallelInterleave =
  (
    mapFunc: (...args: Any[]) => Dataset,
    cycleLength: Count,
    { blockLength = 1, sloppy = false, bufferOutputElements, prefetchInputElements }: ParallelInterleaveOptions = {},
  ): Transformation =>
  (dataset) => {
    const { fn, captured, output } = trace(mapFunc, dataset.elementSpec, "tf_data_experimental_parallel_interleave");
    const elements = elementsOf(output, "parallel_interleave");
    return new Dataset(
      legacyParallelInterleaveDatasetV2Op({
        input_dataset: dataset.variantTensor,
        other_arguments: captured,
        cycle_length: count(cycleLength, "cycle_length"),
        block_length: count(blockLength, "block_length"),
        buffer_output_elements: count(bufferOutputElements ?? 2 * Number(blockLength), "buffer_output_elements"),
        prefetch_input_elements: count(prefetchInputElements ?? 2 * Number(cycleLength), "prefetch_input_elements"),
        f: fn,
        deterministic: String(!sloppy),
        ...attrsOf(elements),
      }),
      elements,
    );
  };

export interface BucketOptions {
  readonly paddedShapes?: readonly Shape[] | Shape | undefined;
  readonly paddingValues?: Any;
  /** Pads to the end of the bucket, less one; else to the longest element of a batch. */
  readonly padToBucketBoundary?: boolean | undefined;
  /** Elements of a bucket have one length: no padding is needed. */
  readonly noPadding?: boolean | undefined;
  readonly dropRemainder?: boolean | undefined;
}

const int32Limits = [-(2 ** 31), 2 ** 31 - 1] as const;

/**
 * Batches of elements of about the same length: those of length bucketBoundaries[i-1] <= n < bucketBoundaries[i] in batches of
 * bucketBatchSizes[i]. Throws ValueError unless there is one batch size more than boundaries.
 */
export function bucketBySequenceLength(
  elementLengthFunc: (...args: Any[]) => Tensor,
  bucketBoundaries: readonly number[],
  bucketBatchSizes: readonly number[],
  options: BucketOptions = {},
): Transformation {
  return (dataset) => {
    const { paddedShapes, paddingValues, padToBucketBoundary, noPadding, dropRemainder = false } = options;
    if (bucketBatchSizes.length !== bucketBoundaries.length + 1) {
      throw new ValueError(
        `\`len(bucket_batch_sizes)\` must equal \`len(bucket_boundaries) + 1\` but \`len(bucket_batch_sizes)=${bucketBatchSizes.length}\` and \`len(bucket_boundaries)=${bucketBoundaries.length}\`.`,
      );
    }
    const sizes = constant([...bucketBatchSizes], { dtype: int64 });
    const [low, high] = int32Limits;
    const bucketOf = Object.defineProperty(
      (...args: Any[]) => {
        const length = elementLengthFunc(...args);
        const isIn = logicalAnd(
          lessEqual([low, ...bucketBoundaries], length),
          less(length, [...bucketBoundaries, high]),
        );
        return reduceMin(where(isIn));
      },
      "name",
      { value: "element_to_bucket_id" },
    );
    const sizeOf = (bucket: Tensor): Tensor => sizes.at(bucket);
    const batchingFn = (bucket: Tensor, group: Dataset): Dataset => {
      const size = sizeOf(bucket);
      if (noPadding) return group.batch(size, { dropRemainder });
      const end = padToBucketBoundary ? lastLength(bucket, bucketBoundaries) : null;
      const shapes = (
        paddedShapes ? flatShapes(paddedShapes) : specsOf(group.elementSpec).map(({ shape }) => shape)
      ).map((shape) => shape!.map((n) => n ?? end));
      return group.paddedBatch(size, {
        paddedShapes: (shapes.length === 1 ? shapes[0] : shapes) as never,
        ...(paddingValues === undefined ? {} : { paddingValues }),
        dropRemainder,
      });
    };
    return dataset.apply(groupByWindow(bucketOf, batchingFn, sizeOf));
  };
}

const flatShapes = (shapes: readonly Shape[] | Shape): Shape[] =>
  (shapes as readonly unknown[]).every((n) => n === null || typeof n === "number")
    ? [shapes as Shape]
    : (flatten(shapes) as Shape[]);

/** The greatest length of a bucket; the last bucket has none. */
function lastLength(bucket: Tensor, boundaries: readonly number[]): Tensor {
  const check = assertLess(bucket, constant(boundaries.length, { dtype: int64 }), {
    message: "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries).",
  });
  return getDefaultGraph().controlDependencies([check as never], () =>
    constant([...boundaries], { dtype: int64 })
      .at(bucket)
      .sub(1),
  );
}

export interface SampleOptions {
  readonly weights?: readonly number[] | Tensor | Dataset | undefined;
  readonly seed?: number | bigint | undefined;
  /** Ends with the first dataset that ends; else goes on with the others. */
  readonly stopOnEmptyDataset?: boolean | undefined;
}

/** Elements of the datasets, each time of one drawn by its weight. Throws ValueError and TypeError for wrong weights. */
export function sampleFromDatasets(
  datasets: readonly Dataset[],
  weights?: SampleOptions["weights"] | SampleOptions | null,
  seed?: number | bigint | null,
  stopOnEmptyDataset = false,
): Dataset {
  if (weights && !Array.isArray(weights) && !(weights instanceof Tensor) && !(weights instanceof Dataset)) {
    const options = weights as SampleOptions;
    return sampleFromDatasets(datasets, options.weights, options.seed, options.stopOnEmptyDataset);
  }
  if (datasets.length === 0) throw new ValueError("Invalid `datasets`. `datasets` should not be empty.");
  const { list, logits } = weightedBy(datasets, weights as Exclude<typeof weights, SampleOptions>);
  if (list.length === 1 && logits) return list[0]!;
  const chosen = weights instanceof Dataset ? weights.map((...p: Any[]) => log(p, { name: "logits" })) : null;
  const draws = new RandomDataset(seed ?? undefined).batch(2);
  const drawn = (chances: TensorLike, pair: Tensor): Tensor =>
    squeeze(statelessMultinomialOp({ logits: chances as Tensor, num_samples: 1, seed: pair }), [0, 1]);
  const [from, select] = chosen
    ? [Dataset.zip([chosen, draws]), drawn]
    : [draws, (pair: Tensor) => drawn(logits!, pair)];
  const name = chosen ? "select_dataset_varying_logits" : "select_dataset_constant_logits";
  const { fn, captured, output } = trace(
    Object.defineProperty(select as (...args: Any[]) => Tensor, "name", { value: name }),
    from.elementSpec,
    "Dataset_map",
  );
  const selector = mapDatasetOp({
    input_dataset: from.variantTensor,
    other_arguments: captured,
    f: fn,
    use_inter_op_parallelism: false,
    preserve_cardinality: true,
    ...attrsOf(output),
  });
  const { elementSpec } = list[0]!;
  return new Dataset(
    directedInterleaveDatasetOp({
      selector_input_dataset: selector,
      data_input_datasets: list.map((dataset) => dataset.variantTensor),
      stop_on_empty_dataset: stopOnEmptyDataset,
      ...attrsOf(elementSpec),
    }),
    mapSpecs(elementSpec, (spec) => spec) as Nested<Spec>,
  );
}

/** The datasets that have a weight, and the logarithms of these. */
function weightedBy(
  datasets: readonly Dataset[],
  weights: readonly number[] | Tensor | Dataset | null | undefined,
): { list: readonly Dataset[]; logits: TensorLike | null } {
  if (weights instanceof Dataset) return { list: datasets, logits: null };
  if (weights === undefined || weights === null)
    return { list: datasets, logits: ndarray([datasets.map(() => 1)], "float32") };
  let list = datasets;
  let chances: TensorLike = weights as TensorLike;
  if (!(weights instanceof Tensor)) {
    const numbers = weights as readonly number[];
    if (numbers.length !== datasets.length) {
      throw new ValueError(
        `Invalid \`weights\`. \`weights\` should have the same length as \`datasets\` but got \`len(weights)=${numbers.length}\` vs. \`len(datasets)=${datasets.length}\`.`,
      );
    }
    list = datasets.filter((_, i) => numbers[i]! > 0);
    chances = numbers.filter((weight) => weight > 0);
    if (list.length === 0) [list, chances] = [[datasets[0]!.take(0)], [1]];
  }
  const tensor = convertToTensor(chances, {
    name: "weights",
    ...(weights instanceof Tensor ? {} : { dtype: float32 }),
  });
  if (tensor.dtype !== float32 && tensor.dtype !== float64) {
    throw new TypeError(
      `Invalid \`weights\`. \`weights\` type must be either \`tf.float32\` or \`tf.float64\` but is <dtype: '${tensor.dtype.name}'>.`,
    );
  }
  return { list, logits: expandDims(log(tensor, { name: "logits" }), 0) };
}
