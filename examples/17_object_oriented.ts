/** 17. The regression as a class: what goes in, what comes out, how wrong it is, how it learns. */
import { readdirSync } from "node:fs";
import * as tf from "tsflow";

class LinearRegression {
  readonly learningRate: number;
  readonly weights: tf.Variable;
  readonly biases: tf.Variable;

  constructor(learningRate = 0.1) {
    this.learningRate = learningRate;
    [this.weights, this.biases] = tf.variableScope("linea_model", () => [
      new tf.Variable(tf.randomNormal([1, 1], { mean: 0, stddev: 1 }), { name: "weights" }),
      new tf.Variable(0, { name: "biases" }),
    ]);
  }

  inputs(): [tf.Tensor, tf.Tensor] {
    const x = tf.randomNormal([100, 1], { mean: 1, stddev: 1, name: "x_data" });
    return [x, tf.matmul(x, [[0.7]]).add(0.8)];
  }

  inference(x: tf.Tensor): tf.Tensor {
    return tf.matmul(x, this.weights).add(this.biases);
  }

  loss(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    return tf.reduceMean(tf.square(this.inference(x).sub(y)));
  }

  mergeSummary(loss: tf.Tensor): tf.Tensor {
    tf.summary.scalar("losses", loss);
    tf.summary.scalar("w", tf.reduceMean(this.weights));
    tf.summary.scalar("b", this.biases);
    return tf.summary.mergeAll()!;
  }

  sgdOp(loss: tf.Tensor): tf.Operation {
    return new tf.train.GradientDescentOptimizer(this.learningRate).minimize(loss);
  }

  async train(steps: number): Promise<void> {
    const [x, y] = this.inputs();
    const loss = this.loss(x, y);
    const trainOp = this.sgdOp(loss);
    const merged = this.mergeSummary(loss);
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());
    for (let step = 0; step < steps; step++) {
      const [, summary] = await sess.run([trainOp, merged]);
      const writer = new tf.summary.FileWriter("oo_logs"); // one for all steps would do; TensorBoard reads both
      writer.addSummary(summary, step);
      writer.close();
    }
    const [w, b] = await sess.run([this.weights, this.biases]);
    console.log(`learned: weights ${Number(w).toFixed(4)}, biases ${Number(b).toFixed(4)}`);
  }
}

tf.setRandomSeed(1);
await new LinearRegression().train(1000);
const tags = new Set<string>();
for (const file of readdirSync("oo_logs"))
  for (const event of tf.train.summaryIterator(`oo_logs/${file}`))
    for (const { tag } of event.summary.value) tags.add(`'${tag}'`);
console.log(`[${[...tags].join(", ")}]`);
