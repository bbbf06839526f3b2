/** tf.lookup.experimental. Written by scripts/api.mjs. */
export { DenseHashTable, MutableHashTable } from "../build/lookup/mutable_table.ts";
