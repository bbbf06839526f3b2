/** 8. One set of filters for two images: with new variables at each call, with a record of them, and with variable scopes. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const print = () => {
  const names = tf.globalVariables().map(({ name }) => `'${name}'`);
  console.log(`${names.length} [${names.join(", ")}]`);
};

function fresh(): [tf.Tensor, tf.Tensor] {
  tf.resetDefaultGraph();
  const image = (name: string) => tf.placeholder(tf.float32, [1, 16, 16, 32], { name });
  return [image("image1"), image("image2")];
}

const layer = (x: tf.Tensor, weights: tf.Variable, biases: tf.Variable): tf.Tensor =>
  tf.nn.relu(tf.nn.conv2d(x, weights, { strides: [1, 1, 1, 1], padding: "SAME" }).add(biases));

// A function that makes its variables makes them again at the second call.
let [image1, image2] = fresh();
function filterWithVariables(x: tf.Tensor): tf.Tensor {
  const w1 = new tf.Variable(tf.randomNormal([5, 5, 32, 32]), { name: "conv1_weights" });
  const b1 = new tf.Variable(tf.zeros([32]), { name: "conv1_biases" });
  const w2 = new tf.Variable(tf.randomNormal([5, 5, 32, 32]), { name: "conv2_weights" });
  const b2 = new tf.Variable(tf.zeros([32]), { name: "conv2_biases" });
  return layer(layer(x, w1, b1), w2, b2);
}
filterWithVariables(image1);
filterWithVariables(image2);
print();

// Made outside and handed in, they are shared; but then whoever calls has to know all of them.
[image1, image2] = fresh();
const shared = {
  conv1Weights: new tf.Variable(tf.randomNormal([5, 5, 32, 32]), { name: "conv1_weights" }),
  conv1Biases: new tf.Variable(tf.zeros([32]), { name: "conv1_biases" }),
  conv2Weights: new tf.Variable(tf.randomNormal([5, 5, 32, 32]), { name: "conv2_weights" }),
  conv2Biases: new tf.Variable(tf.zeros([32]), { name: "conv2_biases" }),
};
const filterWithRecord = (x: tf.Tensor, v: typeof shared): tf.Tensor =>
  layer(layer(x, v.conv1Weights, v.conv1Biases), v.conv2Weights, v.conv2Biases);
filterWithRecord(image1, shared);
filterWithRecord(image2, shared);
print();

// With getVariable, the scope decides whether a name is new or an old one.
function convRelu(x: tf.Tensor, kernelShape: number[], biasShape: number[]): tf.Tensor {
  const weights = tf.getVariable("weights", kernelShape, { initializer: tf.randomNormalInitializer({ stddev: 1 }) });
  const biases = tf.getVariable("biases", biasShape, { initializer: tf.constantInitializer(0) });
  return layer(x, weights, biases);
}
function imageFilter(x: tf.Tensor): tf.Tensor {
  const y = tf.variableScope("conv1", () => convRelu(x, [5, 5, 32, 32], [32]));
  return tf.variableScope("conv2", () => convRelu(y, [5, 5, 32, 32], [32]));
}

[image1, image2] = fresh();
imageFilter(image1);
print();
console.log(await said(() => imageFilter(image2)));

[image1, image2] = fresh();
const result = tf.variableScope("image_filters", (scope) => {
  imageFilter(image1);
  scope.reuseVariables();
  return imageFilter(image2);
});
print();
console.log(result);

[image1, image2] = fresh();
tf.variableScope("foo", () => imageFilter(image1));
tf.variableScope("foo", { reuse: true }, () => imageFilter(image2));
print();
