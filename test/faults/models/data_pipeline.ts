/** Records through tf.data: decoded with noise in a function, shuffled anew each epoch, batched; dropout on top. */
import * as tf from "tsflow";

const features = {
  image_raw: new tf.FixedLenFeature([], tf.string),
  label: new tf.FixedLenFeature([], tf.int64),
};

export default tf.train.defineModel({
  name: "data_pipeline",
  about: "tf.data inside the graph",
  flags: { data: tf.train.flag.string(null, "TFRecords of digits") },
  build(flags) {
    const path = flags.data ?? tf.train.packageFile("data/digits-test.tfrecord");
    const decoded = new tf.data.TFRecordDataset([path]).map(((record: tf.Tensor) => {
      const example = tf.parseSingleExample(record, features as never) as unknown as Record<string, tf.Tensor>;
      const pixels = tf.cast(tf.decodeRaw(example.image_raw!, tf.uint8), tf.float32) as tf.Tensor;
      const noise = tf.randomUniform([64], { maxval: 0.1, seed: 4 });
      return [tf.reshape(pixels.div(16).add(noise), [64]), example.label!];
    }) as never);
    const batches = decoded.shuffle(100, { seed: 11 }).repeat().batch(16).prefetch(2);
    const [x, labels] = tf.data.makeOneShotIterator(batches as never).getNext() as unknown as [tf.Tensor, tf.Tensor];
    const w = tf.getVariable("w", [64, 10], { initializer: tf.truncatedNormalInitializer({ stddev: 0.1 }) });
    const logits = tf.matmul(tf.nn.dropout(tf.reshape(x, [-1, 64]), { keepProb: 0.8 }), w);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: tf.reshape(labels, [-1]), logits }));
    tf.summary.scalar("loss", loss);
    const globalStep = tf.train.getOrCreateGlobalStep();
    return { trainOp: new tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, { globalStep }), loss };
  },
});
