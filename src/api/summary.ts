/** tf.summary. Written by scripts/api.mjs. */
export {
  audio,
  getSummaryDescription,
  histogram,
  image,
  merge,
  mergeAll,
  scalar,
  tensorSummary,
  text,
} from "../build/summary.ts";
export { Event, SessionLog, Summary, SummaryDescription, TaggedRunMetadata } from "../proto/classes.ts";
export { FileWriter } from "../train/file_writer.ts";
export { FileWriterCache } from "../train/monitored/hooks/file_writer_cache.ts";
