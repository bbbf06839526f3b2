/** Pipelines: files of digits through queues and tf.data into a training step, and records alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "tsflow";
import { type EngineChoice, openSession } from "./works.ts";

/** Files that ours and the peer read. */
export interface RecordFiles {
  readonly folder: string;
  /** 784 floats and a label. */
  readonly floats: string;
  /** 784 bytes and a label. */
  readonly bytes: string;
  remove(): void;
}

function writeExamples(path: string, count: number, feature: (i: number) => Record<string, tf.train.Feature>): void {
  const writer = new tf.pythonIo.TFRecordWriter(path);
  for (let i = 0; i < count; i++) {
    const example = new tf.train.Example({ features: new tf.train.Features({ feature: feature(i) }) });
    writer.write(example.serializeToString());
  }
  writer.close();
}

export function writeRecordFiles(): RecordFiles {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  const [floats, bytes] = [join(folder, "floats.tfrecord"), join(folder, "bytes.tfrecord")];
  const label = (i: number) => new tf.train.Feature({ int64List: new tf.train.Int64List({ value: [i % 10] }) });
  writeExamples(floats, 3000, (i) => {
    const value = Float32Array.from({ length: 784 }, () => Math.random());
    return {
      image: new tf.train.Feature({ floatList: new tf.train.FloatList({ value: value as never }) }),
      label: label(i),
    };
  });
  writeExamples(bytes, 5000, (i) => {
    const value = Uint8Array.from({ length: 784 }, () => Math.floor(Math.random() * 256));
    return {
      image_raw: new tf.train.Feature({ bytesList: new tf.train.BytesList({ value: [value] }) }),
      label: label(i),
    };
  });
  return { folder, floats, bytes, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Pipeline {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

const digit = { image_raw: new tf.FixedLenFeature([], tf.string), label: new tf.FixedLenFeature([], tf.int64) };

function parsedDigit(record: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const { image_raw, label } = tf.parseSingleExample(record, digit) as Record<string, tf.Tensor>;
  const pixels = tf.reshape(tf.decodeRaw(image_raw!, tf.uint8), [784]);
  return [tf.cast(pixels, tf.float32).mul(1 / 255), label!];
}

/** MLP 784-128-10 with SGD. */
function trainedOn(x: tf.Tensor, labels: tf.Tensor): [tf.Tensor, tf.Operation] {
  const weights = (shape: number[], stddev: number) => new tf.Variable(tf.truncatedNormal(shape, { stddev }));
  const zeros = (n: number) => new tf.Variable(tf.zeros([n]));
  const hidden = tf.nn.relu(tf.matmul(x, weights([784, 128], 0.05)).add(zeros(128)));
  const logits = tf.matmul(hidden, weights([128, 10], 0.1)).add(zeros(10));
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
  return [loss, new tf.train.GradientDescentOptimizer(0.1).minimize(loss)];
}

/** Files → records → examples → batches of 100, shuffled among 1000 to 2000 by queue runners → a training step. */
export function queueWork(path: string, choice: EngineChoice): Promise<Pipeline> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const files = tf.train.stringInputProducer([path], { shuffle: false });
    const [image, label] = parsedDigit(new tf.TFRecordReader().read(files).value);
    const sizes = { batchSize: 100, capacity: 2000, minAfterDequeue: 1000 };
    const [x, labels] = tf.train.shuffleBatch([image, label], sizes) as [tf.Tensor, tf.Tensor];
    const [loss, train] = trainedOn(x, labels);
    const sess = openSession(graph, choice);
    await sess.run(tf.globalVariablesInitializer());
    const coord = new tf.train.Coordinator();
    const threads = tf.train.startQueueRunners({ sess, coord });
    return {
      run: () => sess.run([loss, train]),
      async close() {
        coord.requestStop();
        await coord.join(threads);
        sess.close();
      },
    };
  });
}

/** The same by tf.data. */
export function dataWork(path: string, choice: EngineChoice): Promise<Pipeline> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const records = new tf.data.TFRecordDataset(path).repeat().map((record) => parsedDigit(record as tf.Tensor));
    const batches = records.shuffle(1000).batch(100).prefetch(1);
    const [x, labels] = batches.makeOneShotIterator().getNext() as unknown as [tf.Tensor, tf.Tensor];
    const [loss, train] = trainedOn(tf.reshape(x, [100, 784]), labels);
    const sess = openSession(graph, choice);
    await sess.run(tf.globalVariablesInitializer());
    return { run: () => sess.run([loss, train]), close: async () => sess.close() };
  });
}

/** Batches of 128 Examples, read and parsed, nothing else. */
export async function recordsWork(path: string, kind: "floats" | "bytes", choice: EngineChoice): Promise<Pipeline> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const floats = { image: new tf.FixedLenFeature([784], tf.float32), label: new tf.FixedLenFeature([], tf.int64) };
    const spec = kind === "floats" ? floats : digit;
    const batches = new tf.data.TFRecordDataset(path).repeat().batch(128);
    const next = batches
      .map((batch) => tf.parseExample(batch as tf.Tensor, spec) as never)
      .makeOneShotIterator()
      .getNext();
    const sess = openSession(graph, choice);
    return { run: () => sess.run(next as never), close: async () => sess.close() };
  });
}
