/** tf.pythonIo. Written by scripts/api.mjs. */
export { TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tfRecordIterator } from "../train/python_io.ts";
