/** tf.summary. Written by scripts/api.mjs. */
export { audio, histogram, image, merge, mergeAll, scalar, tensorSummary, text } from "../build/summary.ts";
export { FileWriter } from "../train/file_writer.ts";
export { FileWriterCache } from "../train/monitored/hooks/file_writer_cache.ts";
