/** What a session takes of the engine's memory, by the engine's own counter. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import * as tf from "../../src/index.ts";

interface Model {
  readonly loss: tf.Tensor;
  readonly train: tf.Operation;
  readonly feeds: readonly (readonly [tf.Tensor, tf.NdArray])[];
  /** Numbers that backpropagation needs of the forward pass, feeds among them. */
  readonly activations: number;
  /** Numbers of the gradients that the optimizer takes. */
  readonly gradients: number;
}

const floats = (...shape: number[]): tf.NdArray =>
  new tf.NdArray(tf.float32, shape, new Float32Array(shape.reduce((product, d) => product * d, 1)).fill(0.1));
const weights = (...shape: number[]): tf.Variable => new tf.Variable(tf.truncatedNormal(shape, { stddev: 0.1 }));
const zeros = (n: number): tf.Variable => new tf.Variable(tf.zeros([n]));
const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits }));

const models: Readonly<Record<string, () => Model>> = {
  "multilayer perceptron 784-128-10"() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 784]), tf.placeholder(tf.float32, [null, 10])];
    const hidden = tf.nn.relu(tf.matmul(x, weights(784, 128)).add(zeros(128)));
    const loss = crossEntropy(y, tf.matmul(hidden, weights(128, 10)).add(zeros(10)));
    return {
      loss,
      train: new tf.train.GradientDescentOptimizer(0.1).minimize(loss),
      feeds: [[x, floats(100, 784)] as const, [y, floats(100, 10)] as const],
      activations: 100 * (784 + 10 + 128 + 10),
      gradients: 785 * 128 + 129 * 10,
    };
  },
  "LeNet with Adam, batch 64"() {
    const [x, y] = [tf.placeholder(tf.float32, [null, 28, 28, 1]), tf.placeholder(tf.float32, [null, 10])];
    const pool = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" as const };
    const convolve = (input: tf.Tensor, filter: tf.Variable) =>
      tf.nn.conv2d(input, filter, { strides: [1, 1, 1, 1], padding: "SAME" });
    const first = tf.nn.maxPool(tf.nn.relu(convolve(x, weights(5, 5, 1, 32)).add(zeros(32))), pool);
    const second = tf.nn.maxPool(tf.nn.relu(convolve(first, weights(5, 5, 32, 64)).add(zeros(64))), pool);
    const flat = tf.reshape(second, [-1, 3136]);
    const features = tf.nn.relu(tf.matmul(flat, weights(3136, 1024)).add(zeros(1024)));
    const loss = crossEntropy(y, tf.matmul(features, weights(1024, 10)).add(zeros(10)));
    const pixels = 28 * 28;
    return {
      loss,
      train: new tf.train.AdamOptimizer(1e-4).minimize(loss),
      feeds: [[x, floats(64, 28, 28, 1)] as const, [y, floats(64, 10)] as const],
      // Images, both convolutions and their pools, features, logits; and the gradient of the largest of them.
      activations: 64 * (pixels + 10 + pixels * 32 * 1.25 + (pixels / 4) * 64 * 1.25 + 1024 + 10 + pixels * 32),
      gradients: 25 * 32 + 32 + 25 * 32 * 64 + 64 + 3137 * 1024 + 1025 * 10,
    };
  },
  "26 embeddings with Adagrad, batch 512"() {
    const [ids, dense] = [tf.placeholder(tf.int32, [null, 26]), tf.placeholder(tf.float32, [null, 13])];
    const y = tf.placeholder(tf.float32, [null, 1]);
    const columns = tf.unstack(ids, { axis: 1, num: 26 });
    const embedded = columns.map((column) => tf.nn.embeddingLookup(weights(10_000, 8), column));
    const layer = (input: tf.Tensor, from: number, to: number) => tf.matmul(input, weights(from, to)).add(zeros(to));
    const hidden = tf.nn.relu(layer(tf.nn.relu(layer(tf.concat([...embedded, dense], 1), 221, 128)), 128, 64));
    const logits = layer(hidden, 64, 1);
    const loss = tf.reduceMean(tf.nn.sigmoidCrossEntropyWithLogits({ labels: y, logits }));
    const keys = new tf.NdArray(
      tf.int32,
      [512, 26],
      Int32Array.from({ length: 512 * 26 }, (_, i) => (i * 7919) % 10_000),
    );
    return {
      loss,
      train: new tf.train.AdagradOptimizer(0.05).minimize(loss),
      feeds: [[ids, keys] as const, [dense, floats(512, 13)] as const, [y, floats(512, 1)] as const],
      activations: 512 * (26 + 13 + 1 + 221 + 128 + 64 + 1),
      gradients: 512 * 208 + 222 * 128 + 129 * 64 + 65,
    };
  },
  "LSTM of 128 units over 50 steps, batch 32"() {
    const [x, y] = [tf.placeholder(tf.float32, [32, 50, 128]), tf.placeholder(tf.float32, [32, 10])];
    const [, state] = tf.nn.dynamicRnn(new tf.nn.rnnCell.BasicLSTMCell(128), x, { dtype: tf.float32 });
    const { h } = state as tf.nn.rnnCell.LSTMStateTuple;
    const loss = crossEntropy(y, tf.matmul(h, weights(128, 10)).add(zeros(10)));
    return {
      loss,
      train: new tf.train.GradientDescentOptimizer(0.1).minimize(loss),
      feeds: [[x, floats(32, 50, 128)] as const, [y, floats(32, 10)] as const],
      // The input as it is fed, and by time, in its array; outputs in theirs; and of each step what the cell's gradient takes: input and state
      // side by side, four gates, the cell before, its tanh.
      activations: 50 * 32 * 128 * (1 + 1 + 1 + 1) + 50 * 32 * (256 + 6 * 128),
      // Of the cell's weights: the sum over steps so far, and the one that is being made of it.
      gradients: 2 * 257 * 512 + 129 * 10,
    };
  },
};

describe.each(Object.entries(models))("a training step of %s", (_, make) => {
  test.each([1, 4])(
    "takes at most 1.3 times its variables, gradients and live activations on %d threads",
    async (threads) => {
      const graph = new tf.Graph();
      await graph.asDefault(async () => {
        const { loss, train, feeds, activations, gradients } = make();
        const engine = createWasmEngine({ threads });
        await using sess = new tf.Session({ graph, engine });
        await sess.run(tf.globalVariablesInitializer());
        for (let step = 0; step < 4; step++) await sess.run([loss, train], { feedDict: feeds });

        const variables = sess.state.variables.reduce((sum, variable) => sum + variable.sizeBytes, 0);
        const needed = variables + 4 * (gradients + activations);
        expect(engine.usage.peakBytes).toBeLessThanOrEqual(1.3 * needed);
        expect(engine.usage.peakBytes).toBeGreaterThan(variables);
      });
    },
  );
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const heapBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

test("memory is the same after 50,000 steps and after 100,000", async () => {
  const graph = new tf.Graph();
  await graph.asDefault(async () => {
    const x = tf.placeholder(tf.float32, [4]);
    const w = new tf.Variable(tf.constant([1, 2, 3, 4], { dtype: tf.float32 }));
    const loss = tf.reduceSum(tf.square(w.sub(x)));
    const train = new tf.train.AdamOptimizer(1e-3).minimize(loss);
    const engine = createWasmEngine();
    await using sess = new tf.Session({ graph, engine });
    await sess.run(tf.globalVariablesInitializer());
    const steps = async (): Promise<void> => {
      for (let i = 0; i < 50_000; i++) {
        await sess.run([loss, train], { feedDict: [[x, Float32Array.of(i % 7, 1, 2, 3)]] });
      }
    };
    const measure = () => ({ engine: { ...engine.usage }, memory: engine.buffer.byteLength, heap: heapBytes() });

    await steps();
    const before = measure();
    await steps();
    const after = measure();

    expect({ ...after, heap: 0 }).toEqual({ ...before, heap: 0 });
    expect(after.heap - before.heap).toBeLessThan(400_000);
  });
});

test("workspaces of many shapes wait in a bounded number of bytes", async () => {
  const graph = new tf.Graph();
  await graph.asDefault(async () => {
    const x = tf.placeholder(tf.float32, [null, 1000]);
    const y = tf.reduceSum(tf.exp(tf.cumsum(x, { axis: 1 })));
    const engine = createWasmEngine();
    await using sess = new tf.Session({ graph, engine });
    for (let rows = 200; rows < 240; rows++) await sess.run(y, { feedDict: [[x, floats(rows, 1000)]] });
    expect(engine.usage.bytes).toBeLessThan(3 * 4 * 240 * 1000 + 2 ** 18);
  });
});

describe("arrays that a user holds", () => {
  test("are not changed by later runs, also of a callable", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const x = tf.placeholder(tf.float32, [3]);
      const v = new tf.Variable(tf.zeros([3]));
      const doubled = x.mul(2);
      const added = tf.assignAdd(v, x);
      await using sess = new tf.Session({ graph, engine: createWasmEngine() });
      await sess.run(tf.globalVariablesInitializer());
      const call = sess.makeCallable([doubled, added, tf.identity(x)], [x]);
      const fetched: number[][] = [];
      const held = [1, 2, 3, 4].map((value) => {
        const values = call(Float32Array.of(value, value, value)) as tf.NdArray[];
        fetched.push(values.flatMap((array) => [...(array.data as Float32Array)]));
        return values;
      });
      const [variable] = await sess.run([v]);
      await sess.run(added, { feedDict: [[x, Float32Array.of(9, 9, 9)]] });

      expect(held.map((values) => values.flatMap((array) => [...(array.data as Float32Array)]))).toEqual(fetched);
      expect(fetched[3]).toEqual([8, 8, 8, 10, 10, 10, 4, 4, 4]);
      expect([...(variable!.data as Float32Array)]).toEqual([10, 10, 10]);
    });
  });

  test("that were fed may change afterwards: what was fetched stays", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const x = tf.placeholder(tf.float32, [2]);
      await using sess = new tf.Session({ graph, engine: createWasmEngine() });
      const fed = Float32Array.of(1, 2);
      const results = await sess.run([tf.identity(x), tf.reshape(x, [2, 1]), tf.stopGradient(x)], {
        feedDict: [[x, fed]],
      });
      fed.fill(7);
      for (const result of results) expect([...(result.data as Float32Array)]).toEqual([1, 2]);
    });
  });
});
