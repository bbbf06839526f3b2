/** tf.data.experimental. Written by scripts/api.mjs. */

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
  getStructure,
  INFINITE_CARDINALITY,
  OptionalStructure,
  RaggedTensorStructure,
  SparseTensorStructure,
  Structure,
  TensorStructure,
  toVariant,
  UNKNOWN_CARDINALITY,
} from "../build/data/experimental.ts";
export {
  assertCardinality,
  denseToRaggedBatch,
  mapAndBatchWithLegacyFunction,
  takeWhile,
} from "../build/data/transforms.ts";
export * from "./contrib_data_and_data_experimental.ts";
