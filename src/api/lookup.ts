/** tf.lookup. Written by scripts/api.mjs. */
export { DenseHashTable, MutableHashTable } from "../build/lookup/mutable_table.ts";
export { StaticHashTable } from "../build/lookup/static_table.ts";
export { type HasherSpec, StaticVocabularyTable } from "../build/lookup/vocabulary.ts";
export * from "./contrib_lookup_and_lookup.ts";
export * as experimental from "./lookup_experimental.ts";
