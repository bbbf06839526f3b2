/** Datasets of features of Examples: `tf.data.experimental.parseExampleDataset`, `makeBatchedFeaturesDataset`. Source: experimental/ops/parsing_ops.py, readers.py */
import { string } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { parseExampleDatasetV2Op } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { composed, withLength } from "../../parsing/example.ts";
import {
  type FeatureSpec,
  FixedLenFeature,
  FixedLenSequenceFeature,
  RaggedFeature,
  SparseFeature,
  VarLenFeature,
} from "../../parsing/features.ts";
import { Params } from "../../parsing/params.ts";
import { RaggedTensorSpec, structureText } from "../../tensors/composite_specs.ts";
import { SparseTensorSpec, TensorSpec } from "../../tensors/specs.ts";
import { Dataset } from "../dataset.ts";
import { Options } from "../experimental/options.ts";
import type { Count } from "../inputs.ts";
import { made } from "../nodes/base.ts";
import { determinism } from "../nodes/each.ts";
import { type Any, attrsOf, fits, type Nested, type Spec } from "../structure.ts";
import { parallelInterleave } from "../transforms.ts";
import { TFRecordDataset } from "./readers.ts";

type Transformation = (dataset: Dataset) => Dataset;

export interface ParseOptions {
  readonly numParallelCalls?: Count | undefined;
  readonly deterministic?: boolean | undefined;
}
const parseNames = ["numParallelCalls", "deterministic"] as const;

/** Vectors of serialized Examples as records of their features. Throws ValueError without features, TypeError for other elements. */
export function parseExampleDataset(
  features: FeatureSpec,
  ...rest: Rest<ParseOptions, typeof parseNames>
): Transformation {
  if (!features) throw new ValueError("Argument `features` is required, but not specified.");
  const { numParallelCalls = 1, deterministic }: ParseOptions = byName(rest, parseNames);
  return (dataset) => {
    const parsed = parsedDataset(dataset, features, numParallelCalls, deterministic);
    const isComposite = Object.values(features).some(
      (feature) => feature instanceof SparseFeature || feature instanceof RaggedFeature,
    );
    return isComposite ? parsed.map((x: Any) => composed(features, x), { numParallelCalls }) : parsed;
  };
}

function parsedDataset(dataset: Dataset, features: FeatureSpec, calls: Count, deterministic?: boolean): Dataset {
  if (!fits(new TensorSpec([null], string), dataset.elementSpec))
    throw new TypeError(
      `Input dataset should be a dataset of vectors of strings. Instead it is \`${structureText(dataset.elementSpec)}\`.`,
    );
  const kinds = [VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature, RaggedFeature];
  const params = new Params(withLength(features), kinds);
  const own = (dataset.elementSpec as unknown as Spec).shape;
  const behind = (shape: readonly (number | null)[]) => own && [...own, ...shape];
  const specs: Record<string, Spec> = {};
  for (const [i, key] of params.sparseKeys.entries())
    specs[key] = new SparseTensorSpec(behind([null]), params.sparseTypes[i]!);
  for (const [i, key] of params.denseKeys.entries())
    specs[key] = new TensorSpec(behind(params.denseShapes[i]!), params.denseTypes[i]!);
  for (const [i, key] of params.raggedKeys.entries())
    specs[key] = new RaggedTensorSpec(behind([null]), params.raggedTypes[i]!, 1, params.raggedSplits[i]!);
  const variant = parseExampleDatasetV2Op({
    input_dataset: dataset.variantTensor,
    num_parallel_calls: calls as TensorLike,
    dense_defaults: params.defaultTensors(),
    sparse_keys: params.sparseKeys,
    dense_keys: params.denseKeys,
    sparse_types: params.sparseTypes,
    dense_shapes: params.denseShapes,
    deterministic: determinism(deterministic),
    ragged_keys: params.raggedKeys,
    ragged_value_types: params.raggedTypes,
    ragged_split_types: params.raggedSplits,
    ...attrsOf(specs),
  });
  return made(variant, specs as Nested<Spec>, { isFirst: false });
}

export interface ShuffleAndRepeat {
  /** Again and again without end by default. */
  readonly numEpochs?: number | null | undefined;
  readonly shuffle?: boolean | undefined;
  readonly shuffleBufferSize?: number | undefined;
  readonly shuffleSeed?: number | undefined;
  readonly prefetchBufferSize?: number | null | undefined;
}

export function shuffledAndRepeated(dataset: Dataset, options: ShuffleAndRepeat): Dataset {
  const { numEpochs, shuffle = true, shuffleBufferSize = 10_000, shuffleSeed } = options;
  const shuffled = shuffle ? dataset.shuffle(shuffleBufferSize, { seed: shuffleSeed }) : dataset;
  return numEpochs === 1 ? shuffled : shuffled.repeat(numEpochs);
}

/** The datasets of files, read side by side. */
export function readSideBySide(
  files: Dataset,
  read: (filename: Tensor) => Dataset,
  { threads, sloppy }: { readonly threads: number; readonly sloppy: boolean },
): Dataset {
  if (threads !== -1) return files.apply(parallelInterleave(read, threads, { sloppy }));
  const options = new Options();
  options.deterministic = !sloppy;
  return files.interleave(read, { numParallelCalls: threads }).withOptions(options);
}

export interface BatchedFeaturesOptions extends ShuffleAndRepeat {
  /** From a file's name to a dataset of its records: a class of datasets, or a function. */
  readonly reader?: (new (filename: Tensor, ...args: never[]) => Dataset) | undefined;
  readonly labelKey?: string | null | undefined;
  readonly readerArgs?: readonly unknown[] | undefined;
  readonly readerNumThreads?: number | undefined;
  readonly parserNumThreads?: number | undefined;
  readonly sloppyOrdering?: boolean | undefined;
  readonly dropFinalBatch?: boolean | undefined;
}
const batchedNames = [
  "reader",
  "labelKey",
  "readerArgs",
  "numEpochs",
  "shuffle",
  "shuffleBufferSize",
  "shuffleSeed",
  "prefetchBufferSize",
  "readerNumThreads",
  "parserNumThreads",
  "sloppyOrdering",
  "dropFinalBatch",
] as const;

/** Batches of features of the Examples in files; with a label's key, pairs of features and labels. Throws ValueError for an unknown key. */
export function makeBatchedFeaturesDataset(
  filePattern: TensorLike,
  batchSize: number,
  features: FeatureSpec,
  ...rest: Rest<BatchedFeaturesOptions, typeof batchedNames>
): Dataset {
  const options: BatchedFeaturesOptions = byName(rest, batchedNames);
  const { reader = TFRecordDataset, readerArgs = [], labelKey, numEpochs, shuffle = true, shuffleSeed } = options;
  const { readerNumThreads = 1, parserNumThreads = 2, sloppyOrdering = false, dropFinalBatch = false } = options;
  const files = Dataset.listFiles(filePattern, { shuffle, seed: shuffleSeed });
  const Reader = reader as new (...args: unknown[]) => Dataset;
  const records = readSideBySide(files, (filename) => new Reader(filename, ...readerArgs), {
    threads: readerNumThreads,
    sloppy: sloppyOrdering,
  });
  const isEndless = numEpochs === undefined || numEpochs === null;
  const batches = shuffledAndRepeated(records, options)
    .batch(batchSize, { dropRemainder: dropFinalBatch || isEndless })
    .apply(parseExampleDataset(features, { numParallelCalls: parserNumThreads }));
  return withLabel(batches, features, labelKey).prefetch(options.prefetchBufferSize ?? -1);
}

function withLabel(batches: Dataset, features: FeatureSpec, labelKey: string | null | undefined): Dataset {
  if (!labelKey) return batches;
  if (!(labelKey in features)) {
    const keys = Object.keys(features).map((key) => `'${key}'`);
    throw new ValueError(
      `The \`label_key\` provided (${labelKey}) must be one of the \`features\` keys: dict_keys([${keys.join(", ")}]).`,
    );
  }
  return batches.map((x: Any) => {
    const { [labelKey]: label, ...others } = x;
    return [others, label];
  });
}
