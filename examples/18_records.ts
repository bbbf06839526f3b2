/** 18. Records: clicks into a TFRecord file and back, then pictures of CIFAR-10's binary version into records and from there into batches. */
import { readFileSync, statSync } from "node:fs";
import * as tf from "tsflow";
import { draws } from "./support/draws.ts";

const { Example, Feature, Features, BytesList, Int64List } = tf.train;
const int64Feature = (value: number) => new Feature({ int64List: new Int64List({ value: [value] }) });
const bytesFeature = (value: Uint8Array) => new Feature({ bytesList: new BytesList({ value: [value] }) });
const bytesOf = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const next = draws(5);
const clicks = Array.from({ length: 6 }, () => ({
  label: next() < 0.3 ? 1 : 0,
  feature: Float64Array.from({ length: 4 }, next),
}));
const path = "train_ctr_201905.tfrecords";
const clickWriter = new tf.pythonIo.TFRecordWriter(path);
for (const { label, feature } of clicks) {
  const features = new Features({ feature: { label: int64Feature(label), feature: bytesFeature(bytesOf(feature)) } });
  clickWriter.write(new Example({ features }).serializeToString());
}
clickWriter.close();
console.log(`${[...tf.pythonIo.tfRecordIterator(path)].length} records of ${statSync(path).size} bytes`);

await tf.withSession(async (sess) => {
  const record = tf.placeholder(tf.string, []);
  const parsed = tf.parseSingleExample(record, {
    label: new tf.FixedLenFeature([], tf.int64),
    feature: new tf.FixedLenFeature([], tf.string),
  });
  const vector = tf.decodeRaw(parsed.feature as tf.Tensor, tf.float64);
  const coord = new tf.train.Coordinator();
  const threads = tf.train.startQueueRunners({ sess, coord }); // there is no queue here: a warning, and no thread
  console.log(threads);
  for (const serialized of tf.pythonIo.tfRecordIterator(path)) {
    const fetches = [parsed.label as tf.Tensor, vector];
    const [label, feature] = await sess.run(fetches, { feedDict: [[record, serialized]] });
    console.log(`${label} ${feature}`);
  }
  coord.requestStop();
  await coord.join(threads);
});

// A record of CIFAR-10 is a label and the red, green and blue planes of 32 by 32 points.
tf.resetDefaultGraph();
const sample = readFileSync(new URL("./support/cifar_sample.bin", import.meta.url));
const writer = new tf.pythonIo.TFRecordWriter("cifar.tfrecords");
for (let at = 0; at < sample.length; at += 3073) {
  const image = bytesFeature(sample.subarray(at + 1, at + 3073));
  const features = new Features({ feature: { image, label: int64Feature(sample[at]!) } });
  writer.write(new Example({ features }).serializeToString());
}
writer.close();

const queue = tf.train.stringInputProducer(["cifar.tfrecords"], { numEpochs: 1, shuffle: false });
const { value: serialized } = new tf.TFRecordReader().read(queue);
const features = tf.parseSingleExample(serialized, {
  image: new tf.FixedLenFeature([], tf.string),
  label: new tf.FixedLenFeature([], tf.int64),
});
const planes = tf.reshape(tf.decodeRaw(features.image as tf.Tensor, tf.uint8), [3, 32, 32]);
const image = tf.cast(tf.transpose(planes, [1, 2, 0]), tf.float32).div(255);
const [images, labels] = tf.train.batch([image, features.label as tf.Tensor], {
  batchSize: 4,
  allowSmallerFinalBatch: true,
}) as [tf.Tensor, tf.Tensor];
console.log(images);
await tf.withSession(async (sess) => {
  await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
  const coord = new tf.train.Coordinator();
  const threads = tf.train.startQueueRunners({ sess, coord });
  try {
    while (!coord.shouldStop()) {
      const [xs, ys] = await sess.run([images, labels]);
      const mean = (xs.data as Float32Array).reduce((total, value) => total + value, 0) / xs.size;
      console.log(`(${xs.shape.join(", ")}) ${ys} ${mean.toFixed(4)}`);
    }
  } catch (error) {
    if (!(error instanceof tf.errors.OutOfRangeError)) throw error;
    console.log("no more records");
  } finally {
    coord.requestStop();
  }
  await coord.join(threads);
});
