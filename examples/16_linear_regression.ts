/**
 * 16. Linear regression in scopes, with flags, summaries for TensorBoard and a Saver. The data are drawn anew in every run of the graph, so
 * what it prints as the error belongs to other points than the step before it. 100 steps are too few to find 0.8 and 0.7.
 */
import { readdirSync } from "node:fs";
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const logsDir = tf.app.flags.DEFINE_string("logs_dir", "linear_logs", "folder of the event file");
const maxStep = tf.app.flags.DEFINE_integer("max_step", 100, "steps of training");

await tf.app.run(async () => {
  tf.setRandomSeed(1);
  const [x, y] = tf.nameScope("original_data", () => {
    const x = tf.randomNormal([100, 1], { mean: 2, stddev: 2, name: "original_data_x" });
    return [x, tf.add(tf.matmul(x, [[0.8]], { name: "original_matmul" }), 0.7)] as const;
  });
  const [weights, bias, predicted] = tf.nameScope("linear_model", () => {
    const weights = new tf.Variable(tf.randomNormal([1, 1]), { name: "weights" });
    const bias = new tf.Variable(tf.randomNormal([1, 1]), { name: "bias" });
    return [weights, bias, tf.add(tf.matmul(x, weights, { name: "model_matmul" }), bias)] as const;
  });
  const error = tf.nameScope("loss", () => tf.reduceMean(tf.square(predicted.sub(y)), { name: "error_op" }));
  const trainOp = tf.nameScope("gd_optimizer", () =>
    new tf.train.GradientDescentOptimizer(0.01, { name: "optimizer" }).minimize(error),
  );
  tf.summary.scalar("error", error);
  tf.summary.histogram("weights", weights);
  tf.summary.histogram("bias", bias);
  const merged = tf.summary.mergeAll()!;
  const saver = new tf.train.Saver();

  await using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  const show = (value: tf.NdArray) => Number(value).toFixed(6);
  const [w0, b0] = await sess.run([weights, bias]);
  console.log(`initial: weight ${show(w0)}, bias ${show(b0)}`);
  const writer = new tf.summary.FileWriter(logsDir.value, sess.graph);
  for (let step = 0; step < maxStep.value; step++) {
    await sess.run(trainOp);
    const [summary, e, w, b] = await sess.run([merged, error, weights, bias]);
    writer.addSummary(summary, step);
    if (step % 20 === 0 || step === maxStep.value - 1)
      console.log(`step ${step}: error ${show(e)}, weight ${show(w)}, bias ${show(b)}`);
  }
  writer.close();
  const events = [...tf.train.summaryIterator(`${logsDir.value}/${readdirSync(logsDir.value)[0]}`)];
  console.log(`${events.length} events`);
  console.log(await saver.save(sess, `${logsDir.value}/model.ckpt`, { globalStep: maxStep.value }));
  console.log(await said(() => saver.save(sess, "no/such/folder/model.ckpt")));
});
