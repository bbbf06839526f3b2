/** tf.contrib.data. Written by scripts/api.mjs. */
export { AUTOTUNE } from "../build/data/experimental.ts";
export * from "./contrib_data_and_data_experimental.ts";
