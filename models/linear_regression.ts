/** A line through made-up points, as the object-oriented regression of the TensorFlow 1.x tutorials: inputs, inference, loss, training. */
import * as tf from "tsflow";

class LinearRegression {
  readonly weights: tf.Variable;
  readonly biases: tf.Variable;

  constructor() {
    [this.weights, this.biases] = tf.variableScope("linea_model", () => [
      new tf.Variable(tf.randomNormal([1, 1], { mean: 0, stddev: 1 }), { name: "weights" }),
      new tf.Variable(0.0, { name: "biases" }),
    ]);
  }

  /** x ~ normal(1, 1) and y = 0.7 x + 0.8, drawn anew at every step. */
  inputs(): { x: tf.Tensor; y: tf.Tensor } {
    const x = tf.randomNormal([100, 1], { mean: 1, stddev: 1, name: "x_data" });
    return { x, y: tf.matmul(x, [[0.7]]).add(0.8) };
  }

  inference(x: tf.Tensor): tf.Tensor {
    return tf.matmul(x, this.weights).add(this.biases);
  }

  loss(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    return tf.reduceMean(tf.square(this.inference(x).sub(y)));
  }

  summaries(loss: tf.Tensor): void {
    tf.summary.scalar("losses", loss);
    tf.summary.scalar("w", tf.reduceMean(this.weights));
    tf.summary.scalar("b", this.biases);
  }
}

export default tf.train.defineModel({
  name: "linear_regression",
  about: "a line through made-up points: finds 0.7 and 0.8",
  flags: {
    learning_rate: tf.train.flag.float(0.1, "step size of gradient descent", { min: 0 }),
  },
  build({ learning_rate }) {
    const model = new LinearRegression();
    const { x, y } = model.inputs();
    const loss = model.loss(x, y);
    model.summaries(loss);
    const trainOp = new tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, {
      globalStep: tf.train.getOrCreateGlobalStep(),
    });
    return { trainOp, loss, show: { w: model.weights, b: model.biases }, learningRate: learning_rate };
  },
});
