/** tf.contrib.summary. Written by scripts/api.mjs. */
export {
  allSummaryOps,
  audio,
  generic,
  graph,
  histogram,
  image,
  importEvent,
  initialize,
  scalar,
} from "../build/contrib/summary/record.ts";
export {
  alwaysRecordSummaries,
  createFileWriter,
  createSummaryFileWriter,
  evalDir,
  flush,
  neverRecordSummaries,
  recordSummariesEveryNGlobalSteps,
  SummaryWriter,
  shouldRecordSummaries,
  summaryWriterInitializerOp,
} from "../build/contrib/summary/writer.ts";
