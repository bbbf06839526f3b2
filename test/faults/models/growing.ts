/** A model that has another variable than before, where that is asked for. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "growing",
  about: "one variable, or two",
  flags: { more: tf.train.flag.bool(false, "another variable") },
  build({ more }) {
    const w = tf.getVariable("w", [], { initializer: tf.onesInitializer() });
    const extra = more ? tf.getVariable("extra", [], { initializer: tf.onesInitializer() }) : w;
    const loss = tf.square(tf.add(w, extra));
    const globalStep = tf.train.getOrCreateGlobalStep();
    return { trainOp: new tf.train.GradientDescentOptimizer(1e-3).minimize(loss, { globalStep }), loss };
  },
});
