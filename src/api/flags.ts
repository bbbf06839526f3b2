/** tf.flags. Written by scripts/api.mjs. */
export * from "./app_flags.ts";
