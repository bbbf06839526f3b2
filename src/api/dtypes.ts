/** tf.dtypes. Written by scripts/api.mjs. */
export { asString } from "../ops/compute/string/number.ts";
export * from "./dtypes_and_tf.ts";
