/** tf.contrib.data. Written by scripts/api.mjs. */
export {
  batchAndDropRemainder,
  paddedBatchAndDropRemainder,
  sloppyInterleave,
} from "../build/contrib/data/batching.ts";
export { AUTOTUNE } from "../build/data/experimental.ts";
export * from "./contrib_data_and_data_experimental.ts";
