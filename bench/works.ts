/**
 * The works W1 to W5, LSTM and an eager step, the same as in bench/peers: models, sizes, optimizers. Each gives a step through `sess.run` and one
 * through `makeCallable`.
 */
import * as tf from "tsflow";

/** What computes, and with how many threads. */
export interface EngineChoice {
  readonly engine: "auto" | "wasm" | "native";
  readonly threads: number;
}

export const openSession = (graph: tf.Graph, { engine, threads }: EngineChoice): tf.Session =>
  new tf.Session({ graph, engine, config: { intraOpParallelismThreads: threads } });

export interface Work {
  readonly about: string;
  readonly sess: tf.Session;
  run(): Promise<unknown>;
  call(): unknown;
}

const uniform = (shape: readonly number[], scale = 1): tf.NdArray => {
  const n = shape.reduce((product, d) => product * d, 1);
  return new tf.NdArray(
    tf.float32,
    shape,
    Float32Array.from({ length: n }, () => Math.random() * scale),
  );
};

const oneHot = (rows: number, classes: number): tf.NdArray => {
  const data = new Float32Array(rows * classes);
  for (let i = 0; i < rows; i++) data[i * classes + Math.floor(Math.random() * classes)] = 1;
  return new tf.NdArray(tf.float32, [rows, classes], data);
};

async function trained(
  choice: EngineChoice,
  about: string,
  build: () => { loss: tf.Tensor; train: tf.Operation; feeds: [tf.Tensor, () => tf.NdArray | number][] },
): Promise<Work> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const { loss, train, feeds } = build();
    const sess = openSession(graph, choice);
    await sess.run(tf.globalVariablesInitializer());
    const step = sess.makeCallable(
      [loss, train],
      feeds.map(([tensor]) => tensor),
    );
    return {
      about,
      sess,
      run: () => sess.run([loss, train], { feedDict: feeds.map(([tensor, value]) => [tensor, value()] as const) }),
      call: () => step(...feeds.map(([, value]) => value())),
    };
  });
}

const weights = (shape: readonly number[], stddev = 0.1): tf.Variable =>
  new tf.Variable(tf.truncatedNormal(shape, { stddev }));
const filled = (n: number, value: number): tf.Variable =>
  new tf.Variable(tf.constant(value, { dtype: tf.float32, shape: [n] }));

const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits }));

export const works: Readonly<Record<string, (choice: EngineChoice) => Promise<Work>>> = {
  W1: (choice) =>
    trained(choice, "scalar regression, two scalars fed", () => {
      const m = tf.getVariable("m", [], { initializer: tf.constantInitializer(0) });
      const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
      const x = tf.placeholder(tf.float32, []);
      const y = tf.placeholder(tf.float32, []);
      const loss = tf.square(y.sub(tf.multiply(m, x).add(b)));
      const train = new tf.train.GradientDescentOptimizer(1e-3).minimize(loss);
      let v = 0;
      return {
        loss,
        train,
        feeds: [
          [
            x,
            () => {
              v = Math.random();
              return v;
            },
          ],
          [y, () => 0.3 * v + 0.7],
        ],
      };
    }),
  W2: (choice) =>
    trained(choice, "MLP 784-128-10, batch 100", () => {
      const x = tf.placeholder(tf.float32, [null, 784]);
      const y = tf.placeholder(tf.float32, [null, 10]);
      const hidden = tf.nn.relu(tf.matmul(x, weights([784, 128], 0.05)).add(filled(128, 0)));
      const loss = crossEntropy(y, tf.matmul(hidden, weights([128, 10])).add(filled(10, 0)));
      const [images, labels] = [uniform([100, 784]), oneHot(100, 10)];
      return {
        loss,
        train: new tf.train.GradientDescentOptimizer(0.1).minimize(loss),
        feeds: [
          [x, () => images],
          [y, () => labels],
        ],
      };
    }),
  W3: (choice) =>
    trained(choice, "LeNet 28x28, batch 64, Adam", () => {
      const x = tf.placeholder(tf.float32, [null, 28, 28, 1]);
      const y = tf.placeholder(tf.float32, [null, 10]);
      const convolve = (input: tf.Tensor, filter: tf.Variable): tf.Tensor =>
        tf.nn.conv2d(input, filter, { strides: [1, 1, 1, 1], padding: "SAME" });
      const pool = (input: tf.Tensor): tf.Tensor =>
        tf.nn.maxPool(input, { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" });
      const first = pool(tf.nn.relu(convolve(x, weights([5, 5, 1, 32])).add(filled(32, 0.1))));
      const second = pool(tf.nn.relu(convolve(first, weights([5, 5, 32, 64], 0.05)).add(filled(64, 0.1))));
      const flat = tf.reshape(second, [-1, 7 * 7 * 64]);
      const features = tf.nn.relu(tf.matmul(flat, weights([3136, 1024], 0.02)).add(filled(1024, 0.1)));
      const loss = crossEntropy(y, tf.matmul(features, weights([1024, 10])).add(filled(10, 0.1)));
      const [images, labels] = [uniform([64, 28, 28, 1]), oneHot(64, 10)];
      return {
        loss,
        train: new tf.train.AdamOptimizer(1e-4).minimize(loss),
        feeds: [
          [x, () => images],
          [y, () => labels],
        ],
      };
    }),
  W4: (choice) =>
    trained(choice, "CTR, 26 embeddings, batch 512, Adagrad", () => {
      const ids = tf.placeholder(tf.int32, [null, 26]);
      const dense = tf.placeholder(tf.float32, [null, 13]);
      const y = tf.placeholder(tf.float32, [null, 1]);
      const columns = tf.unstack(ids, { axis: 1, num: 26 });
      const tables = columns.map(() => new tf.Variable(tf.randomUniform([10_000, 8], { minval: -0.05, maxval: 0.05 })));
      const embedded = columns.map((column, i) => tf.nn.embeddingLookup(tables[i]!, column));
      const layer = (input: tf.Tensor, from: number, to: number): tf.Tensor =>
        tf.matmul(input, weights([from, to])).add(filled(to, 0));
      const joined = tf.concat([...embedded, dense], 1);
      const logits = layer(tf.nn.relu(layer(tf.nn.relu(layer(joined, 221, 128)), 128, 64)), 64, 1);
      const loss = tf.reduceMean(tf.nn.sigmoidCrossEntropyWithLogits({ labels: y, logits }));
      const keys = new tf.NdArray(
        tf.int32,
        [512, 26],
        Int32Array.from({ length: 512 * 26 }, () => Math.floor(Math.random() * 10_000)),
      );
      const [numbers, clicks] = [
        uniform([512, 13]),
        new tf.NdArray(
          tf.float32,
          [512, 1],
          Float32Array.from({ length: 512 }, () => (Math.random() < 0.3 ? 1 : 0)),
        ),
      ];
      return {
        loss,
        train: new tf.train.AdagradOptimizer(0.05).minimize(loss),
        feeds: [
          [ids, () => keys],
          [dense, () => numbers],
          [y, () => clicks],
        ],
      };
    }),
  LSTM: (choice) =>
    trained(choice, "LSTM of 128 units over 50 steps in a while loop, batch 32", () => {
      const x = tf.placeholder(tf.float32, [32, 50, 128]);
      const y = tf.placeholder(tf.float32, [32, 10]);
      const cell = new tf.nn.rnnCell.BasicLSTMCell(128);
      const [, state] = tf.nn.dynamicRnn(cell, x, { dtype: tf.float32 });
      const { h } = state as tf.nn.rnnCell.LSTMStateTuple;
      const loss = crossEntropy(y, tf.matmul(h, weights([128, 10])).add(filled(10, 0)));
      const [sequences, labels] = [uniform([32, 50, 128]), oneHot(32, 10)];
      return {
        loss,
        train: new tf.train.GradientDescentOptimizer(0.1).minimize(loss),
        feeds: [
          [x, () => sequences],
          [y, () => labels],
        ],
      };
    }),
};

/** One n x n product a step, of variables and into one: a product that nobody takes is not computed. GFLOP/s = 2 n³ / time. */
export async function matmulWork(n: number, choice: EngineChoice): Promise<Work> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const a = new tf.Variable(tf.randomUniform([n, n]));
    const b = new tf.Variable(tf.randomUniform([n, n]));
    const c = new tf.Variable(tf.zeros([n, n]));
    const product = tf.assign(c, tf.matmul(a, b)).op;
    const sess = openSession(graph, choice);
    await sess.run(tf.globalVariablesInitializer());
    const step = sess.makeCallable(product);
    return { about: `matmul ${n} x ${n}`, sess, run: () => sess.run(product), call: () => step() };
  });
}

/** A step of linear regression, op by op: forward, tape, update. Only inside of `tf.enableEagerExecution()`. */
export function eagerStep(): () => unknown {
  const [x, y] = [tf.constant(uniform([100, 1])), tf.constant(uniform([100, 1]))];
  const [w, b] = [new tf.Variable(0), new tf.Variable(0)];
  return () => {
    const tape = new tf.GradientTape();
    const loss = tf.reduceMean(tf.square(tf.multiply(w, x).add(b).sub(y)));
    const [ofW, ofB] = tape.gradient(loss, [w, b]);
    w.assignSub(ofW!.mul(0.1));
    b.assignSub(ofB!.mul(0.1));
    return loss;
  };
}
