/** tf.data.experimental. Written by scripts/api.mjs. */

export { groupByReducer, Reducer } from "../build/data/experimental/groups.ts";
export { getNextAsOptional, Optional } from "../build/data/experimental/optional.ts";
export {
  AutoShardPolicy,
  AutotuneAlgorithm,
  AutotuneOptions,
  DistributeOptions,
  ExternalStatePolicy,
  OptimizationOptions,
  ServiceOptions,
  SHARD_HINT,
  ThreadingOptions,
} from "../build/data/experimental/options.ts";
export { padToCardinality } from "../build/data/experimental/pad.ts";
export { fromList } from "../build/data/experimental/sources.ts";
export { DatasetInitializer, indexTableFromDataset, tableFromDataset } from "../build/data/experimental/tables.ts";
export {
  AUTOTUNE,
  cardinality,
  DatasetStructure,
  fromVariant,
  getSingleElement,
  getStructure,
  INFINITE_CARDINALITY,
  OptionalStructure,
  RaggedTensorStructure,
  SparseTensorStructure,
  Structure,
  TensorStructure,
  TFRecordWriter,
  toVariant,
  UNKNOWN_CARDINALITY,
} from "../build/data/experimental.ts";
export { CsvDataset } from "../build/data/source/csv.ts";
export { makeBatchedFeaturesDataset, parseExampleDataset } from "../build/data/source/features.ts";
export {
  assertCardinality,
  bucketBySequenceLength,
  Counter,
  chooseFromDatasets,
  denseToRaggedBatch,
  denseToSparseBatch,
  enumerateDataset,
  groupByWindow,
  ignoreErrors,
  mapAndBatch,
  mapAndBatchWithLegacyFunction,
  parallelInterleave,
  RandomDataset,
  rejectionResample,
  sampleFromDatasets,
  scan,
  shuffleAndRepeat,
  takeWhile,
  unbatch,
  unique,
} from "../build/data/transforms.ts";
export { makeCsvDataset } from "../train/data/csv.ts";
