/**
 * 7. A classifier in one line, softmax(relu(xW + b)), trained in batches. Its loss is a vector, one number for each of the 100 images, and
 * what is minimized is the vector's sum: with the mean, the same learning rate is a hundredth of the step.
 */
import * as tf from "tsflow";
import { draws } from "./support/draws.ts";

tf.setRandomSeed(1);
const images = tf.placeholder(tf.float32, [100, 784], { name: "images" });
const labels = tf.placeholder(tf.float32, [100, 10], { name: "labels" });
const W = tf.getVariable("W", [784, 10], { initializer: tf.randomUniformInitializer({ minval: -0.05, maxval: 0.05 }) });
const b = tf.getVariable("b", [10], { initializer: tf.constantInitializer(1) });
const prediction = tf.nn.softmax(tf.nn.relu(tf.matmul(images, W).add(b)));
const loss = tf.reduceSum(labels.mul(tf.log(prediction)), { axis: 1 }).neg();
console.log(loss);
const right = tf.equal(tf.argmax(prediction, 1), tf.argmax(labels, 1));
const accuracy = tf.reduceMean(tf.cast(right, tf.float32));
const optimizer = new tf.train.GradientDescentOptimizer(0.5);
const sumOp = optimizer.minimize(loss);
const meanOp = optimizer.minimize(tf.reduceMean(loss));

/** Pictures of 784 points; those of digit d have a dozen of their points set in the d-th stretch of 78. */
function* batches(count: number): Generator<[Float32Array[], Float32Array[]]> {
  const next = draws(7);
  for (let n = 0; n < count; n++) {
    const xs = Array.from({ length: 100 }, () => new Float32Array(784));
    const ys = Array.from({ length: 100 }, () => new Float32Array(10));
    for (let i = 0; i < 100; i++) {
      const digit = i % 10;
      ys[i]![digit] = 1;
      for (let j = 0; j < 12; j++) xs[i]![digit * 78 + Math.floor(next() * 78)] = 1;
    }
    yield [xs, ys];
  }
}

for (const [name, trainOp] of [
  ["sum", sumOp],
  ["mean", meanOp],
] as const) {
  await using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  let step = 0;
  for (const [xs, ys] of batches(20)) {
    const feedDict = [
      [images, xs],
      [labels, ys],
    ] as const;
    const [losses, , share] = await sess.run([loss, trainOp, accuracy], { feedDict });
    const mean = (losses.data as Float32Array).reduce((total, value) => total + value, 0) / losses.size;
    if (step % 5 === 0 || step === 19) {
      const batch = String(step).padStart(2);
      console.log(`${name}, batch ${batch}: mean loss ${mean.toFixed(4)}, right ${Number(share).toFixed(2)}`);
    }
    step++;
  }
}
