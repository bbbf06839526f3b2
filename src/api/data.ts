/** tf.data. Written by scripts/api.mjs. */
export { Dataset } from "../build/data/dataset.ts";
export {
  AUTOTUNE,
  getOutputShapes,
  getOutputTypes,
  INFINITE_CARDINALITY,
  makeInitializableIterator,
  makeOneShotIterator,
  UNKNOWN_CARDINALITY,
} from "../build/data/experimental.ts";
export { Iterator } from "../build/data/iterator.ts";
export { FixedLengthRecordDataset, TextLineDataset, TFRecordDataset } from "../build/data/readers.ts";
export * as experimental from "./data_experimental.ts";
