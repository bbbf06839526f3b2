/** tf.io. Written by scripts/api.mjs. */
export { readFile } from "../io/file_system.ts";
