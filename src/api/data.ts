/** tf.data. Written by scripts/api.mjs. */
export { Dataset } from "../build/data/dataset.ts";
export { Options, ThreadingOptions } from "../build/data/experimental/options.ts";
export {
  AUTOTUNE,
  getOutputClasses,
  getOutputShapes,
  getOutputTypes,
  INFINITE_CARDINALITY,
  makeInitializableIterator,
  makeOneShotIterator,
  UNKNOWN_CARDINALITY,
} from "../build/data/experimental.ts";
export { Iterator } from "../build/data/iterator.ts";
export { FixedLengthRecordDataset, TextLineDataset, TFRecordDataset } from "../build/data/source/readers.ts";
export * as experimental from "./data_experimental.ts";
