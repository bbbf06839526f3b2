/** tf.lookup.experimental. Written by scripts/api.mjs. */
export { DenseHashTable } from "../ops/host/table/dense_table.ts";
export { MutableHashTable } from "../ops/host/table/hash_table.ts";
