/** Softmax regression on 8x8 digits, 64 -> 10: the first classifier of the TensorFlow 1.x tutorial. */
import * as tf from "tsflow";
import { classification, digitsData, digitsFlags, digitsInputs } from "./digits.ts";

export default tf.train.defineModel({
  name: "digits_softmax",
  about: "softmax regression on 8x8 digits, about 95 % right",
  flags: {
    ...digitsFlags,
    batch_size: tf.train.flag.int(100, "examples per step", { min: 1 }),
    learning_rate: tf.train.flag.float(0.5, "step size of gradient descent", { min: 0 }),
  },
  build(flags, { seed }) {
    const inputs = digitsInputs();
    const w = tf.getVariable("W", [64, 10], { initializer: tf.zerosInitializer() });
    const b = tf.getVariable("b", [10], { initializer: tf.zerosInitializer() });
    const logits = tf.matmul(inputs.x, w).add(b);
    tf.nn.softmax(logits, { name: "softmax" });
    const { loss, accuracy } = classification(logits, inputs.labels);
    tf.summary.histogram("W", w);
    const trainOp = new tf.train.GradientDescentOptimizer(flags.learning_rate).minimize(loss, {
      globalStep: tf.train.getOrCreateGlobalStep(),
    });
    return {
      trainOp,
      loss,
      metrics: { accuracy },
      learningRate: flags.learning_rate,
      ...digitsData(flags, inputs, seed),
    };
  },
});
