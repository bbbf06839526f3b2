/** tf.io. Written by scripts/api.mjs. */
export { decodeImage } from "../build/image/codec.ts";
export { parseExample, parseSingleExample } from "../build/parsing/example.ts";
export {
  FixedLenFeature,
  FixedLenSequenceFeature,
  RaggedFeature,
  SparseFeature,
  VarLenFeature,
} from "../build/parsing/features.ts";
export { parseSequenceExample, parseSingleSequenceExample } from "../build/parsing/sequence.ts";
export {
  decodeAndCropJpeg,
  decodeBmp,
  decodeGif,
  decodeJpeg,
  decodePng,
  extractJpegShape,
  isJpeg,
} from "../ops/compute/image/codec/decode.ts";
export { encodeJpeg, encodePng } from "../ops/compute/image/codec/encode.ts";
export { deserializeManySparse, serializeManySparse, serializeSparse } from "../ops/compute/sparse/serialize.ts";
export { decodeCsv } from "../ops/compute/string/csv.ts";
export { decodeBase64, encodeBase64 } from "../ops/compute/string/join.ts";
export { decodeJsonExample } from "../ops/compute/string/parse/json.ts";
export { decodeCompressed, decodeRaw, parseTensor, serializeTensor } from "../ops/compute/string/raw.ts";
export { matchingFiles, readFile, writeFile } from "../ops/host/file/ops.ts";
export { QueueBase } from "../ops/host/queue/classes/base.ts";
export { PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from "../ops/host/queue/classes/queues.ts";
export { writeGraph } from "../train/meta_graph.ts";
export { TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tfRecordIterator } from "../train/python_io.ts";
export { matchFilenamesOnce } from "../train/queue/producers.ts";
export * as gfile from "./io_gfile.ts";
