/** Records through queues: names of files in random order, a reader, noise, a queue that shuffles, several threads. */
import * as tf from "tsflow";

const features = {
  image_raw: new tf.FixedLenFeature([], tf.string),
  label: new tf.FixedLenFeature([], tf.int64),
};

export default tf.train.defineModel({
  name: "reader_queue",
  about: "a reader that fills a queue",
  flags: { epochs: tf.train.flag.int(0, "times through the data; 0: without end") },
  build({ epochs }) {
    const paths = ["train", "test"].map((part) => tf.train.packageFile(`data/digits-${part}.tfrecord`));
    const names = tf.train.stringInputProducer(paths, { numEpochs: epochs || null });
    const { value } = new tf.TFRecordReader().read(names) as unknown as { value: tf.Tensor };
    const example = tf.parseSingleExample(value, features as never) as unknown as Record<string, tf.Tensor>;
    const pixels = tf.cast(tf.decodeRaw(example.image_raw!, tf.uint8), tf.float32) as tf.Tensor;
    const image = tf.reshape(pixels.div(16).add(tf.randomUniform([64], { maxval: 0.1 })), [64]);
    const sizes = { batchSize: 16, capacity: 200, minAfterDequeue: 60, numThreads: 3 };
    const [x, labels] = tf.train.shuffleBatch([image, example.label!], sizes) as [tf.Tensor, tf.Tensor];
    const w = tf.getVariable("w", [64, 10], { initializer: tf.truncatedNormalInitializer({ stddev: 0.1 }) });
    const logits = tf.matmul(tf.nn.dropout(x, { keepProb: 0.8 }), w);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
    tf.summary.scalar("loss", loss);
    const globalStep = tf.train.getOrCreateGlobalStep();
    return { trainOp: new tf.train.AdamOptimizer(0.01).minimize(loss, { globalStep }), loss };
  },
});
