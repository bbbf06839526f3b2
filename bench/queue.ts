/** The queue pipeline of TensorFlow 1's tutorials: files → records → examples → shuffled batches → a training step, beside runners. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "tsflow";
import { newSession } from "./works.ts";

const records = 5000;

/** A file of digits as Examples: `image_raw` (784 bytes) and `label`. */
function writeDigits(path: string): void {
  const writer = new tf.pythonIo.TFRecordWriter(path);
  for (let i = 0; i < records; i++) {
    const image = Uint8Array.from({ length: 784 }, () => Math.floor(Math.random() * 256));
    const example = new tf.train.Example({
      features: new tf.train.Features({
        feature: {
          image_raw: new tf.train.Feature({ bytesList: new tf.train.BytesList({ value: [image] }) }),
          label: new tf.train.Feature({ int64List: new tf.train.Int64List({ value: [i % 10] }) }),
        },
      }),
    });
    writer.write(example.serializeToString());
  }
  writer.close();
}

export interface QueueWork {
  /** The file that the peer reads as well. */
  readonly path: string;
  run(): Promise<unknown>;
  close(): Promise<void>;
}

/** Batches of 100 shuffled among 1000 to 2000, MLP 784-128-10, SGD. */
export async function queueWork(): Promise<QueueWork> {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  const path = join(folder, "digits.tfrecords");
  writeDigits(path);
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const files = tf.train.stringInputProducer([path], { shuffle: false });
    const { value } = new tf.TFRecordReader().read(files);
    const parsed = tf.parseSingleExample(value, {
      image_raw: new tf.FixedLenFeature([], tf.string),
      label: new tf.FixedLenFeature([], tf.int64),
    }) as Record<string, tf.Tensor>;
    const bytes = tf.reshape(tf.decodeRaw(parsed.image_raw!, tf.uint8), [784]);
    const image = tf.cast(bytes, tf.float32).mul(1 / 255);
    const sizes = { batchSize: 100, capacity: 2000, minAfterDequeue: 1000 };
    const [x, labels] = tf.train.shuffleBatch([image, parsed.label!], sizes) as [tf.Tensor, tf.Tensor];
    const weights = (shape: number[], stddev: number) => new tf.Variable(tf.truncatedNormal(shape, { stddev }));
    const zeros = (n: number) => new tf.Variable(tf.zeros([n]));
    const hidden = tf.nn.relu(tf.matmul(x, weights([784, 128], 0.05)).add(zeros(128)));
    const logits = tf.matmul(hidden, weights([128, 10], 0.1)).add(zeros(10));
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
    const train = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    const sess = newSession(graph);
    await sess.run(tf.globalVariablesInitializer());
    const coord = new tf.train.Coordinator();
    const threads = tf.train.startQueueRunners({ sess, coord });
    return {
      path,
      run: () => sess.run([loss, train]),
      async close() {
        coord.requestStop();
        await coord.join(threads);
        sess.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
}
