/** Two convolutions, pooling, dropout, Adam: a LeNet for 8x8 digits. */
import * as tf from "tsflow";
import { classification, digitsData, digitsFlags, digitsInputs } from "./digits.ts";

/** relu(conv2d(x, filters) + biases), 3x3, the same size. */
function convolution(name: string, x: tf.Tensor, inputs: number, outputs: number): tf.Tensor {
  return tf.variableScope(name, () => {
    const filters = tf.getVariable("filters", [3, 3, inputs, outputs], {
      initializer: tf.truncatedNormalInitializer({ stddev: Math.sqrt(2 / (9 * inputs)) }),
    });
    const biases = tf.getVariable("biases", [outputs], { initializer: tf.zerosInitializer() });
    const y = tf.nn.conv2d(x, filters, { strides: [1, 1, 1, 1], padding: "SAME" });
    return tf.nn.relu(tf.nn.biasAdd(y, biases));
  });
}

const halve = (x: tf.Tensor): tf.Tensor =>
  tf.nn.maxPool(x, { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" });

export default tf.train.defineModel({
  name: "digits_cnn",
  about: "two convolutions, dropout, Adam on 8x8 digits, about 98 % right",
  flags: {
    ...digitsFlags,
    batch_size: tf.train.flag.int(64, "examples per step", { min: 1 }),
    learning_rate: tf.train.flag.float(1e-3, "step size of Adam", { min: 0 }),
    keep_prob: tf.train.flag.float(0.6, "part of the units that dropout keeps while training", { min: 0.01, max: 1 }),
  },
  defaults: { max_step: 1500 },
  build(flags, { seed }) {
    const inputs = digitsInputs();
    const keep = tf.placeholderWithDefault(tf.constant(1.0, { dtype: tf.float32 }), [], { name: "keep_prob" });
    const image = tf.reshape(inputs.x, [-1, 8, 8, 1]);
    tf.summary.image("digits", image, { maxOutputs: 3 });
    const first = halve(convolution("conv1", image, 1, 16));
    const second = halve(convolution("conv2", first, 16, 32));
    const flat = tf.reshape(second, [-1, 2 * 2 * 32]);
    const features = tf.variableScope("features", () => {
      const w = tf.getVariable("weights", [128, 128], {
        initializer: tf.truncatedNormalInitializer({ stddev: Math.sqrt(2 / 128) }),
      });
      const b = tf.getVariable("biases", [128], { initializer: tf.zerosInitializer() });
      return tf.nn.dropout(tf.nn.relu(tf.matmul(flat, w).add(b)), { keepProb: keep });
    });
    const logits = tf.variableScope("logits", () => {
      const w = tf.getVariable("weights", [128, 10], { initializer: tf.truncatedNormalInitializer({ stddev: 0.1 }) });
      const b = tf.getVariable("biases", [10], { initializer: tf.zerosInitializer() });
      tf.summary.histogram("weights", w);
      return tf.matmul(features, w).add(b);
    });
    const { loss, accuracy } = classification(logits, inputs.labels);
    const trainOp = new tf.train.AdamOptimizer(flags.learning_rate).minimize(loss, {
      globalStep: tf.train.getOrCreateGlobalStep(),
    });
    const { batches, evaluation } = digitsData(flags, inputs, seed);
    const dropping = tf.train.withFeed(batches, [[keep, flags.keep_prob]]);
    return { trainOp, loss, metrics: { accuracy }, learningRate: flags.learning_rate, batches: dropping, evaluation };
  },
});
