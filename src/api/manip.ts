/** tf.manip. Written by scripts/api.mjs. */
export * from "./manip_and_tf.ts";
