/** tf.io. Written by scripts/api.mjs. */
export { RaggedFeature } from "../build/parsing/features.ts";
export { parseSequenceExample } from "../build/parsing/sequence.ts";
export { QueueBase } from "../ops/host/queue/classes/base.ts";
export { PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from "../ops/host/queue/classes/queues.ts";
export { writeGraph } from "../train/meta_graph.ts";
export { TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tfRecordIterator } from "../train/python_io.ts";
export { matchFilenamesOnce } from "../train/queue/producers.ts";
export * from "./image_and_io.ts";
export * from "./io_and_tf.ts";
export * as gfile from "./io_gfile.ts";
