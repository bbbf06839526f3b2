/** tf.app. Written by scripts/api.mjs. */
export { run } from "../train/app.ts";
export * as flags from "./app_flags.ts";
