/**
 * 19. A regression that explodes: seen in the loss, found with tf.Print and tf.checkNumerics, cured by clipping the gradients.
 * The points are y = 3 x + 2 with x up to 18: at a learning rate of 0.05 every step overshoots by ten times.
 */
import * as tf from "tsflow";

function build(clip?: number) {
  tf.resetDefaultGraph();
  const x = tf.placeholder(tf.float32, [null], { name: "x" });
  const y = tf.placeholder(tf.float32, [null], { name: "y" });
  const w = tf.getVariable("w", [], { initializer: tf.constantInitializer(0) });
  const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
  const loss = tf.reduceMean(tf.square(w.mul(x).add(b).sub(y)), { name: "loss" });
  const optimizer = new tf.train.GradientDescentOptimizer(0.05);
  const pairs = optimizer.computeGradients(loss);
  const gradients = pairs.map(([gradient]) => gradient as tf.Tensor);
  const norm = tf.globalNorm(gradients);
  const used = clip === undefined ? gradients : tf.clipByGlobalNorm(gradients, clip, { useNorm: norm })[0];
  const trainOp = optimizer.applyGradients(pairs.map(([, variable], i) => [used[i] as tf.Tensor, variable]));
  const xs = Float32Array.from({ length: 10 }, (_, i) => 2 * i);
  const ys = xs.map((value) => 3 * value + 2);
  const feedDict = [
    [x, xs],
    [y, ys],
  ] as const;
  return { w, b, loss, norm, trainOp, feedDict };
}

/** A number as Python's %.3e. */
const exponent = (value: number): string =>
  Number.isFinite(value)
    ? value.toExponential(3).replace(/e([+-])(\d)$/, "e$10$2")
    : String(value).toLowerCase().replace("infinity", "inf");

// What one sees: the loss grows without end.
let { w, b, loss, norm, trainOp, feedDict } = build();
await tf.withSession(async (sess) => {
  await sess.run(tf.globalVariablesInitializer());
  for (let step = 0; step < 60; step++) {
    const [value] = await sess.run([loss, trainOp], { feedDict });
    if (step % 10 === 0) console.log(`step ${String(step).padStart(2)}: loss ${exponent(Number(value))}`);
  }
});

// Why: tf.Print shows the norm of the gradients beside the loss: it grows tenfold with every step, and the step with it.
({ w, b, loss, norm, trainOp, feedDict } = build());
const watched = tf.Print(loss, [loss, norm], { message: "loss and norm: ", firstN: 4 });
await tf.withSession(async (sess) => {
  await sess.run(tf.globalVariablesInitializer());
  for (let step = 0; step < 4; step++) await sess.run([watched, trainOp], { feedDict });
});

// Where it ends: checkNumerics stops at the first step whose loss is no number.
({ w, b, loss, norm, trainOp, feedDict } = build());
const checked = tf.checkNumerics(loss, "the loss is no number");
await tf.withSession(async (sess) => {
  await sess.run(tf.globalVariablesInitializer());
  for (let step = 0; step < 60; step++) {
    try {
      await sess.run([checked, trainOp], { feedDict });
    } catch (error) {
      if (!(error instanceof tf.errors.InvalidArgumentError)) throw error;
      console.log(`step ${step}: ${error.message.split("\n")[0]}`);
      break;
    }
  }
});

// The cure: no step is longer than the learning rate, whatever the gradients are.
({ w, b, loss, norm, trainOp, feedDict } = build(1));
await tf.withSession(async (sess) => {
  await sess.run(tf.globalVariablesInitializer());
  for (let step = 0; step < 2000; step++) {
    const [value] = await sess.run([loss, trainOp], { feedDict });
    if (step % 400 === 0) console.log(`step ${String(step).padStart(4)}: loss ${Number(value).toFixed(3)}`);
  }
  const [learnedW, learnedB] = await sess.run([w, b]);
  console.log(`w ${Number(learnedW).toFixed(2)}, b ${Number(learnedB).toFixed(2)}`);
});
