/** A hidden layer of relu between pixels and classes, trained by Momentum with a decaying rate. */
import * as tf from "tsflow";
import { classification, digitsData, digitsFlags, digitsInputs } from "./digits.ts";

/** relu(x w + b), or x w + b. */
function dense(
  name: string,
  x: tf.Tensor,
  inputs: number,
  outputs: number,
  activation?: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  return tf.variableScope(name, () => {
    const w = tf.getVariable("weights", [inputs, outputs], {
      initializer: tf.truncatedNormalInitializer({ stddev: Math.sqrt(2 / inputs) }),
    });
    const b = tf.getVariable("biases", [outputs], { initializer: tf.zerosInitializer() });
    tf.summary.histogram("weights", w);
    const y = tf.matmul(x, w).add(b);
    return activation ? activation(y) : y;
  });
}

export default tf.train.defineModel({
  name: "digits_mlp",
  about: "one hidden layer on 8x8 digits, about 98 % right",
  flags: {
    ...digitsFlags,
    batch_size: tf.train.flag.int(64, "examples per step", { min: 1 }),
    learning_rate: tf.train.flag.float(0.1, "first step size; halves every 500 steps", { min: 0 }),
    hidden: tf.train.flag.int(128, "units of the hidden layer", { min: 1 }),
  },
  build(flags, { seed }) {
    const inputs = digitsInputs();
    const hidden = dense("hidden", inputs.x, 64, flags.hidden, tf.nn.relu);
    const logits = dense("logits", hidden, flags.hidden, 10);
    const { loss, accuracy } = classification(logits, inputs.labels);
    const globalStep = tf.train.getOrCreateGlobalStep();
    const rate = tf.train.exponentialDecay(flags.learning_rate, globalStep, 500, 0.5, { staircase: true });
    tf.summary.scalar("learning_rate", rate);
    const trainOp = new tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, { globalStep });
    return { trainOp, loss, metrics: { accuracy }, learningRate: rate, ...digitsData(flags, inputs, seed) };
  },
});
