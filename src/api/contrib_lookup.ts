/** tf.contrib.lookup. Written by scripts/api.mjs. */
export {
  indexToString,
  stringToIndex,
  stringToIndexTableFromFile,
  stringToIndexTableFromTensor,
} from "../build/contrib/lookup/strings.ts";
export { MutableHashTable } from "../build/lookup/mutable_table.ts";
export * from "./contrib_lookup_and_lookup.ts";
