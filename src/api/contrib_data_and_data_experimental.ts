/** Names of tf.data.experimental and tf.contrib.data. Written by scripts/api.mjs. */

export { groupByReducer, Reducer } from "../build/data/experimental/groups.ts";
export { getNextAsOptional, Optional } from "../build/data/experimental/optional.ts";
export { getSingleElement, TFRecordWriter } from "../build/data/experimental.ts";
export { CsvDataset } from "../build/data/source/csv.ts";
export { makeBatchedFeaturesDataset, parseExampleDataset } from "../build/data/source/features.ts";
export {
  bucketBySequenceLength,
  Counter,
  chooseFromDatasets,
  denseToSparseBatch,
  enumerateDataset,
  groupByWindow,
  ignoreErrors,
  mapAndBatch,
  parallelInterleave,
  RandomDataset,
  rejectionResample,
  sampleFromDatasets,
  scan,
  shuffleAndRepeat,
  unbatch,
  unique,
} from "../build/data/transforms.ts";
export { makeCsvDataset } from "../train/data/csv.ts";
