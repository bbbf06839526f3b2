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
export { DatasetSpec } from "../build/tensors/composite_specs.ts";
export { NumpyIterator } from "../eager/data.ts";
export * as experimental from "./data_experimental.ts";
