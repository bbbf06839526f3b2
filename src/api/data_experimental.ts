/** tf.data.experimental. Written by scripts/api.mjs. */
export {
  AUTOTUNE,
  assertCardinality,
  cardinality,
  chooseFromDatasets,
  getSingleElement,
  groupByWindow,
  INFINITE_CARDINALITY,
  ignoreErrors,
  mapAndBatch,
  RandomDataset,
  shuffleAndRepeat,
  TFRecordWriter,
  UNKNOWN_CARDINALITY,
} from "../build/data/experimental.ts";
export {
  bucketBySequenceLength,
  Counter,
  enumerateDataset,
  getStructure,
  parallelInterleave,
  sampleFromDatasets,
  scan,
  takeWhile,
  unbatch,
  unique,
} from "../build/data/transforms.ts";
