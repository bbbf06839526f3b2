/** Arguments that a function needs come by place or by their names in Python: both make the same nodes. */
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { textsOf } from "./nodes.ts";

const x = () => tf.placeholder(tf.float32, [4, 8]);
const labels = () => tf.placeholder(tf.int32, [4]);
const image = () => tf.placeholder(tf.float32, [1, 8, 8, 3]);
const trained = (optimizer: tf.train.Optimizer) => optimizer.minimize(tf.reduceSum(new tf.Variable([1.5])));

/** A statement by place, and with names. */
const pairs: Readonly<Record<string, readonly [() => unknown, () => unknown]>> = {
  reshape: [() => tf.reshape(x(), [-1]), () => tf.reshape({ tensor: x(), shape: [-1] })],
  "reshape, the second by name": [() => tf.reshape(x(), [-1], "r"), () => tf.reshape(x(), { shape: [-1], name: "r" })],
  cast: [() => tf.cast(x(), tf.int32), () => tf.cast(x(), { dtype: tf.int32 })],
  matmul: [() => tf.matmul(x(), x(), true), () => tf.matmul({ a: x(), b: x(), transposeA: true })],
  dense: [
    () => tf.layers.dense(x(), 3, { activation: tf.nn.relu }),
    () => tf.layers.dense({ inputs: x(), units: 3, activation: tf.nn.relu }),
  ],
  conv2d: [
    () => tf.layers.conv2d(image(), 4, [5, 5], { padding: "same" }),
    () => tf.layers.conv2d({ inputs: image(), filters: 4, kernelSize: [5, 5], padding: "same" }),
  ],
  maxPooling2d: [
    () => tf.layers.maxPooling2d(image(), [2, 2], 2),
    () => tf.layers.maxPooling2d({ inputs: image(), poolSize: [2, 2], strides: 2 }),
  ],
  maxPool: [
    () => tf.nn.maxPool(image(), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
    () => tf.nn.maxPool({ value: image(), ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" }),
  ],
  oneHot: [() => tf.oneHot(labels(), 3), () => tf.oneHot({ indices: labels(), depth: 3 })],
  dropout: [() => tf.nn.dropout(x(), 0.5), () => tf.nn.dropout({ x: x(), keepProb: 0.5 })],
  randomNormal: [() => tf.randomNormal([2, 3]), () => tf.randomNormal({ shape: [2, 3] })],
  "losses.sparseSoftmaxCrossEntropy": [
    () => tf.losses.sparseSoftmaxCrossEntropy(labels(), x()),
    () => tf.losses.sparseSoftmaxCrossEntropy({ labels: labels(), logits: x() }),
  ],
  "metrics.accuracy": [
    () => tf.metrics.accuracy(labels(), labels()),
    () => tf.metrics.accuracy({ labels: labels(), predictions: labels() }),
  ],
  exponentialDecay: [
    () => tf.train.exponentialDecay(0.1, tf.train.createGlobalStep(), 100, 0.9),
    () => {
      const globalStep = tf.train.createGlobalStep();
      return tf.train.exponentialDecay({ learningRate: 0.1, globalStep, decaySteps: 100, decayRate: 0.9 });
    },
  ],
  GradientDescentOptimizer: [
    () => trained(new tf.train.GradientDescentOptimizer(0.1)),
    () => trained(new tf.train.GradientDescentOptimizer({ learningRate: 0.1 })),
  ],
  MomentumOptimizer: [
    () => trained(new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true })),
    () => trained(new tf.train.MomentumOptimizer({ learningRate: 0.1, momentum: 0.9, useNesterov: true })),
  ],
  AdamOptimizer: [
    () => trained(new tf.train.AdamOptimizer(0.1, 0.5)),
    () => trained(new tf.train.AdamOptimizer({ learningRate: 0.1, beta1: 0.5 })),
  ],
  minimize: [
    () => new tf.train.AdagradOptimizer(0.1).minimize(tf.reduceSum(new tf.Variable([1.5]))),
    () => new tf.train.AdagradOptimizer(0.1).minimize({ loss: tf.reduceSum(new tf.Variable([1.5])) }),
  ],
  BasicLSTMCell: [
    () => new tf.nn.rnnCell.BasicLSTMCell(3, { forgetBias: 0 }).zeroState(4, tf.float32),
    () => new tf.nn.rnnCell.BasicLSTMCell({ numUnits: 3, forgetBias: 0 }).zeroState(4, tf.float32),
  ],
};

const built = (make: () => unknown): string[] => {
  const graph = new Graph();
  graph.asDefault(make);
  return textsOf(graph);
};

describe("arguments by name", () => {
  test.each(Object.entries(pairs))("%s", (_, [byPlace, byName]) => {
    expect(built(byName)).toEqual(built(byPlace));
  });

  test("a dtype may come by its name", () => {
    const byName = () => tf.cast(tf.placeholder("float", [null, 3]), { dtype: "double" });
    const byDtype = () => tf.cast(tf.placeholder(tf.float32, [null, 3]), tf.float64);
    expect(built(byName)).toEqual(built(byDtype));
    const others = () => [tf.zeros([2], "int32"), tf.ones([2], { dtype: "half" }), tf.constant(1, "int64")];
    expect(others().map(({ dtype }) => dtype)).toEqual([tf.int32, tf.float16, tf.int64]);
    expect(() => tf.placeholder("real" as "float")).toThrow(
      "Cannot convert the argument `type_value`: 'real' to a TensorFlow DType.",
    );
  });

  test("a function keeps its name and the number of its arguments", () => {
    expect([tf.reshape.name, tf.reshape.length]).toEqual(["reshape", 3]);
  });
});
