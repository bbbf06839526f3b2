/** Names of tf.contrib.lookup and tf.lookup. Written by scripts/api.mjs. */
export {
  indexTableFromFile,
  indexTableFromTensor,
  indexToStringTableFromFile,
  indexToStringTableFromTensor,
} from "../build/lookup/index_tables.ts";
export {
  KeyValueTensorInitializer,
  TextFileIdTableInitializer,
  TextFileIndex,
  TextFileInitializer,
  TextFileStringTableInitializer,
} from "../build/lookup/initializers.ts";
export { MutableDenseHashTable } from "../build/lookup/mutable_table.ts";
export { HashTable } from "../build/lookup/static_table.ts";
export { FastHashSpec, IdTableWithHashBuckets, StrongHashSpec } from "../build/lookup/vocabulary.ts";
