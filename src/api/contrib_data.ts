/** tf.contrib.data. Written by scripts/api.mjs. */
export {
  AUTOTUNE,
  chooseFromDatasets,
  getSingleElement,
  groupByWindow,
  ignoreErrors,
  mapAndBatch,
  RandomDataset,
  shuffleAndRepeat,
  TFRecordWriter,
} from "../build/data/experimental.ts";
export {
  bucketBySequenceLength,
  Counter,
  enumerateDataset,
  parallelInterleave,
  sampleFromDatasets,
  scan,
  unbatch,
  unique,
} from "../build/data/transforms.ts";
