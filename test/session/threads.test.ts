import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import * as tf from "../../src/index.ts";

interface Work {
  readonly loss: tf.Tensor;
  readonly train?: tf.Operation;
  readonly feeds?: readonly (readonly [tf.Tensor, tf.NdArray])[];
}

/** Numbers that look random, and are the same each time. */
const waves = (shape: readonly number[], seed = 1): tf.NdArray => {
  const n = shape.reduce((product, d) => product * d, 1);
  return new tf.NdArray(
    tf.float32,
    shape,
    Float32Array.from({ length: n }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233) * 0.5),
  );
};
const ids = (shape: readonly number[], limit: number): tf.NdArray => {
  const n = shape.reduce((product, d) => product * d, 1);
  return new tf.NdArray(
    tf.int32,
    shape,
    Int32Array.from({ length: n }, (_, i) => (i * 7919) % limit),
  );
};
const oneHot = (rows: number, classes: number): tf.NdArray =>
  new tf.NdArray(
    tf.float32,
    [rows, classes],
    Float32Array.from({ length: rows * classes }, (_, i) => Number(i % classes === Math.floor(i / classes) % classes)),
  );

let variables = 0;
const weights = (shape: readonly number[]): tf.Variable => new tf.Variable(tf.constant(waves(shape, ++variables)));
const zeros = (n: number): tf.Variable => new tf.Variable(tf.zeros([n]));
const entropy = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits }));
const sgd = (loss: tf.Tensor): tf.Operation => new tf.train.GradientDescentOptimizer(0.05).minimize(loss);

const works: Readonly<Record<string, () => Work>> = {
  "scalar regression"() {
    const [x, y] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])];
    const loss = tf.square(y.sub(weights([]).mul(x).add(weights([]))));
    const scalar = (value: number) => new tf.NdArray(tf.float32, [], Float32Array.of(value));
    return { loss, train: sgd(loss), feeds: [[x, scalar(0.4)] as const, [y, scalar(0.8)] as const] };
  },
  "multilayer perceptron"() {
    const x = tf.placeholder(tf.float32, [null, 784]);
    const hidden = tf.nn.relu(tf.matmul(x, weights([784, 128])).add(zeros(128)));
    const loss = entropy(tf.constant(oneHot(100, 10)), tf.matmul(hidden, weights([128, 10])).add(zeros(10)));
    return { loss, train: sgd(loss), feeds: [[x, waves([100, 784])]] };
  },
  "convolutional network with Adam"() {
    const x = tf.placeholder(tf.float32, [null, 28, 28, 1]);
    const pool = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" as const };
    const convolve = (input: tf.Tensor, shape: number[]) =>
      tf.nn.relu(tf.nn.conv2d(input, weights(shape), { strides: [1, 1, 1, 1], padding: "SAME" }).add(zeros(shape[3]!)));
    const second = tf.nn.maxPool(convolve(tf.nn.maxPool(convolve(x, [5, 5, 1, 16]), pool), [5, 5, 16, 24]), pool);
    const flat = tf.reshape(second, [-1, 7 * 7 * 24]);
    const loss = entropy(tf.constant(oneHot(8, 10)), tf.matmul(flat, weights([7 * 7 * 24, 10])));
    return { loss, train: new tf.train.AdamOptimizer(1e-3).minimize(loss), feeds: [[x, waves([8, 28, 28, 1])]] };
  },
  "embeddings with Adagrad"() {
    const keys = tf.placeholder(tf.int32, [null, 6]);
    const columns = tf.unstack(keys, { axis: 1, num: 6 });
    const embedded = columns.map((column) => tf.nn.embeddingLookup(weights([3000, 16]), column));
    const hidden = tf.nn.relu(tf.matmul(tf.concat(embedded, 1), weights([96, 64])));
    const loss = tf.reduceMean(tf.square(tf.matmul(hidden, weights([64, 1]))));
    return { loss, train: new tf.train.AdagradOptimizer(0.05).minimize(loss), feeds: [[keys, ids([1024, 6], 3000)]] };
  },
  "LSTM in a while loop"() {
    const x = tf.placeholder(tf.float32, [16, 10, 64]);
    const [, state] = tf.nn.dynamicRnn(new tf.nn.rnnCell.BasicLSTMCell(64), x, { dtype: tf.float32 });
    const { h } = state as tf.nn.rnnCell.LSTMStateTuple;
    const loss = entropy(tf.constant(oneHot(16, 10)), tf.matmul(h, weights([64, 10])));
    return { loss, train: sgd(loss), feeds: [[x, waves([16, 10, 64])]] };
  },
  "large sums, means and extremes"() {
    const x = tf.placeholder(tf.float32, [null, 700]);
    const sums = [tf.reduceSum(x), tf.reduceSum(tf.reduceMean(tf.exp(x), 0)), tf.reduceMax(x.mul(x))];
    return { loss: tf.addN([...sums, tf.reduceSum(tf.reduceLogsumexp(x, 1))]), feeds: [[x, waves([900, 700])]] };
  },
  "gathers and scattered sums"() {
    const keys = tf.placeholder(tf.int32, [null]);
    const rows = tf.gather(weights([5000, 64]), keys);
    const summed = tf.unsortedSegmentSum(rows, keys.mod(97), 97);
    return { loss: tf.reduceSum(tf.square(summed)), feeds: [[keys, ids([20_000], 5000)]] };
  },
};

/** Losses of some steps, then all variables, as bytes in base64: so far without threads, then with all of them at work. */
async function bitsOf(make: () => Work, threads: number): Promise<string[]> {
  variables = 0;
  const graph = new tf.Graph();
  graph.seed = 1;
  return graph.asDefault(async () => {
    const { loss, train, feeds = [] } = make();
    await using sess = new tf.Session({ graph, engine: createWasmEngine({ threads }) });
    await sess.run(tf.globalVariablesInitializer());
    const bits: string[] = [];
    for (let step = 0; step < 8; step++) {
      const values = await sess.run(train ? [loss, train] : [loss], { feedDict: feeds });
      bits.push(Buffer.from((values[0] as tf.NdArray).tobytes()).toString("base64"));
      if (step === 4 && threads > 1) await sleep(80);
    }
    for (const variable of tf.globalVariables()) {
      bits.push(Buffer.from(((await sess.run(variable)) as tf.NdArray).tobytes()).toString("base64"));
    }
    return bits;
  });
}

describe.each(Object.entries(works))("a step of %s", (_, make) => {
  test("leaves the same bits on 1, 2, 3 and 5 threads", async () => {
    const alone = await bitsOf(make, 1);
    expect(new Set(alone).size).toBeGreaterThan(0);
    for (const threads of [2, 3, 5]) expect(await bitsOf(make, threads)).toEqual(alone);
  });
});

test("threads start with the first large work, not before", async () => {
  let started = 0;
  const count = (): void => void started++;
  process.on("worker", count);
  try {
    await bitsOf(works["scalar regression"]!, 4);
    expect(started).toBe(0);
    await bitsOf(works["multilayer perceptron"]!, 4);
    expect(started).toBe(3);
  } finally {
    process.off("worker", count);
  }
});
