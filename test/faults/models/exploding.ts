/** A logarithm whose tenth input is 0: the loss of that step is not finite, nor are the variables after its update. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "exploding",
  about: "one bad example",
  flags: {},
  build() {
    const x = tf.placeholder(tf.float32, [], { name: "x" });
    const w = tf.getVariable("w", [], { initializer: tf.onesInitializer() });
    const loss = tf.nameScope("cross_entropy", () => tf.negative(tf.log(tf.multiply(w, x))));
    const globalStep = tf.train.getOrCreateGlobalStep();
    let position = 0;
    return {
      trainOp: new tf.train.GradientDescentOptimizer(0.01).minimize(loss, { globalStep }),
      loss,
      learningRate: 0.01,
      batches: {
        next: () => [[x, ++position === 10 ? 0 : 1]] as never,
        state: () => ({ position }),
        restore: (state) => {
          position = (state as { position: number }).position;
        },
      },
    };
  },
});
