/** tf.app. Written by scripts/api.mjs. */
export * as flags from "./app_flags.ts";
