/** tf.contrib.lookup. Written by scripts/api.mjs. */
export { MutableHashTable } from "../build/lookup/mutable_table.ts";
export * from "./contrib_lookup_and_lookup.ts";
