/** tf.lookup. Written by scripts/api.mjs. */
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
export { DenseHashTable, MutableDenseHashTable, MutableHashTable } from "../build/lookup/mutable_table.ts";
export { HashTable, StaticHashTable } from "../build/lookup/static_table.ts";
export {
  FastHashSpec,
  type HasherSpec,
  IdTableWithHashBuckets,
  StaticVocabularyTable,
  StrongHashSpec,
} from "../build/lookup/vocabulary.ts";
export * as experimental from "./lookup_experimental.ts";
