/** A product of 144 MB. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "large",
  about: "a large product",
  flags: {},
  build() {
    const w = tf.getVariable("w", [6000, 2], { initializer: tf.onesInitializer() });
    const loss = tf.nameScope("large", () => {
      const product = tf.matmul(w, w, { transposeB: true, name: "product" });
      return tf.reduceMean(tf.matmul(product, product, { name: "square" }));
    });
    const globalStep = tf.train.getOrCreateGlobalStep();
    return { trainOp: new tf.train.GradientDescentOptimizer(1e-9).minimize(loss, { globalStep }), loss };
  },
});
