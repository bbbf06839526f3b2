/** A timer that throws while the run goes on. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "throwing",
  about: "an error that nobody catches",
  flags: {},
  build() {
    const w = tf.getVariable("w", [], { initializer: tf.onesInitializer() });
    const loss = tf.square(w);
    tf.summary.scalar("loss", loss);
    setTimeout(() => {
      throw new Error("nobody caught this");
    }, 300);
    const globalStep = tf.train.getOrCreateGlobalStep();
    return { trainOp: new tf.train.GradientDescentOptimizer(1e-3).minimize(loss, { globalStep }), loss };
  },
});
