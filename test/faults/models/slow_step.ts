/** Steps that last as good as for ever: a loop that counts. */
import * as tf from "tsflow";

export default tf.train.defineModel({
  name: "slow_step",
  about: "steps without an end",
  flags: {},
  build() {
    const w = tf.getVariable("w", [4], { initializer: tf.onesInitializer() });
    const counted = tf.whileLoop(
      (i) => tf.less(i as tf.Tensor, 2_000_000_000),
      ((i: tf.Tensor) => [i.add(1)]) as never,
      [tf.constant(0)],
      { backProp: false },
    ) as tf.Tensor | readonly tf.Tensor[];
    const count = Array.isArray(counted) ? counted[0]! : (counted as tf.Tensor);
    const loss = tf.reduceMean(tf.square(w)).add(tf.multiply(tf.cast(count, tf.float32) as tf.Tensor, 0));
    const globalStep = tf.train.getOrCreateGlobalStep();
    const update = tf.controlDependencies([loss], () =>
      new tf.train.GradientDescentOptimizer(0.1).minimize(loss, { globalStep }),
    );
    return { trainOp: update, loss };
  },
});
