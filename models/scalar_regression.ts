/** y = m x + b, fed with one pair of numbers a step: the first regression of the TensorFlow 1.x tutorials. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "scalar_regression",
  about: "m*x + b fed with one pair of numbers a step",
  flags: {
    learning_rate: tf.train.flag.float(1e-3, "step size of gradient descent", { min: 0 }),
    m: tf.train.flag.float(2.5, "the slope to find"),
    b: tf.train.flag.float(-1.5, "the offset to find"),
  },
  defaults: { max_step: 100_000, log_every: 10_000, summary_every: 10_000 },
  build(flags, { seed }) {
    const m = tf.getVariable("m", [], { initializer: tf.constantInitializer(0) });
    const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
    const input = tf.placeholder(tf.float32, [], { name: "input" });
    const output = tf.placeholder(tf.float32, [], { name: "output" });
    const guess = tf.add(tf.multiply(m, input), b);
    const loss = tf.square(tf.subtract(output, guess), { name: "loss" });
    tf.summary.scalar("loss", loss);
    const trainOp = new tf.train.GradientDescentOptimizer(flags.learning_rate).minimize(loss, {
      globalStep: tf.train.getOrCreateGlobalStep(),
    });
    let step = 0;
    return {
      trainOp,
      loss,
      show: { m, b },
      learningRate: flags.learning_rate,
      batches: {
        batchSize: 1,
        next() {
          const x = pseudoRandom(seed, step++) * 10;
          return [
            [input, x],
            [output, flags.m * x + flags.b],
          ];
        },
        state: () => step,
        restore(state) {
          step = state as number;
        },
      },
    };
  },
});

/** A number in [0, 1) that depends on seed and step alone. Source: the mixing function of SplitMix32. */
function pseudoRandom(seed: number, step: number): number {
  let z = (seed + Math.imul(step + 1, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}
