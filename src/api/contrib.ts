/** tf.contrib. Written by scripts/api.mjs. */
export * as eager from "./contrib_eager.ts";
