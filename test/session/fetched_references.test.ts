/** Variables that are fetched themselves, beside what reads and updates them: values as TensorFlow 2.21 gives them. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";

test("a fetched reference has the value after the run's updates", async () => {
  await new tf.Graph().asDefault(async () => {
    const step = tf.train.createGlobalStep();
    const w = tf.getVariable("w", { initializer: 1 });
    const loss = tf.square(w.sub(3));
    const trainOp = new tf.train.GradientDescentOptimizer(0.1).minimize(loss, { globalStep: step });
    const isInitialized = tf.isVariableInitialized(step);
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());

    expect(String(await sess.run([trainOp, loss, step]))).toBe("[None, 4.0, 1]");
    expect(String(await sess.run([step, trainOp]))).toBe("[2, None]");
    expect(String(await sess.run([step, isInitialized]))).toBe("[2, True]");
  });
});
