/** Optional arguments by their place, as Python's programs have them, make the nodes that they make by name. */
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { textsOf } from "./nodes.ts";

const nodes = (make: () => unknown): string[] =>
  new Graph().asDefault(() => {
    make();
    return textsOf(tf.getDefaultGraph());
  });
const f = tf.float32;
const x = (...shape: number[]) => tf.placeholder(f, shape);
const loss = () => tf.reduceSum(tf.square(tf.getVariable("w", [2])));
const step = () => tf.train.getOrCreateGlobalStep();
const sgd = () => new tf.train.GradientDescentOptimizer(0.1);

const pairs: Readonly<Record<string, readonly [() => unknown, () => unknown]>> = {
  stack: [() => tf.stack([x(2), x(2)], 1), () => tf.stack([x(2), x(2)], { axis: 1 })],
  "stack with a name": [() => tf.stack([x(2)], 1, "s"), () => tf.stack([x(2)], { axis: 1, name: "s" })],
  "stack with options behind": [() => tf.stack([x(2)], 1, { name: "s" }), () => tf.stack([x(2)], 1, "s")],
  unstack: [() => tf.unstack(x(2, 3), 3, 1), () => tf.unstack(x(2, 3), { num: 3, axis: 1 })],
  "unstack without a number": [() => tf.unstack(x(2, 3), null, 1), () => tf.unstack(x(2, 3), { axis: 1 })],
  split: [() => tf.split(x(4, 6), 3, 1), () => tf.split(x(4, 6), 3, { axis: 1 })],
  matmul: [() => tf.matmul(x(2, 3), x(2, 3), false, true), () => tf.matmul(x(2, 3), x(2, 3), { transposeB: true })],
  zerosLike: [() => tf.zerosLike(x(2), tf.int32), () => tf.zerosLike(x(2), { dtype: tf.int32 })],
  reduceSum: [() => tf.reduceSum(x(2, 3), 1, true), () => tf.reduceSum(x(2, 3), { axis: 1, keepdims: true })],
  topK: [() => tf.nn.topK(x(2, 3), 2, false), () => tf.nn.topK(x(2, 3), { k: 2, sorted: false })],
  "topK of one": [() => tf.nn.topK(x(2, 3), 1, { name: "t" }), () => tf.nn.topK(x(2, 3), { name: "t" })],
  stringToNumber: [
    () => tf.stringToNumber(["1"], tf.int32, "n"),
    () => tf.stringToNumber(["1"], { outType: tf.int32, name: "n" }),
  ],
  sparseEye: [() => tf.sparse.eye(2, 3, tf.int32), () => tf.sparse.eye(2, { numColumns: 3, dtype: tf.int32 })],
  reportUninitializedVariables: [
    () => tf.reportUninitializedVariables([tf.getVariable("w", [2])], "r"),
    () => tf.reportUninitializedVariables({ varList: [tf.getVariable("w", [2])], name: "r" }),
  ],
  "variableScope with a default name": [
    () => tf.variableScope(null, "s", [x(2)], () => tf.getVariable("w", [2])),
    () => [x(2), tf.variableScope(null, { defaultName: "s" }, () => tf.getVariable("w", [2]))],
  ],
  fixedSizePartitioner: [
    () => tf.getVariable("w", [4, 6], { partitioner: tf.fixedSizePartitioner(3, 1) }),
    () => tf.getVariable("w", [4, 6], { partitioner: tf.fixedSizePartitioner(3, { axis: 1 }) }),
  ],
  minMaxVariablePartitioner: [
    () => tf.getVariable("w", [6, 2], { partitioner: tf.minMaxVariablePartitioner(3, 0, 8) }),
    () =>
      tf.getVariable("w", [6, 2], { partitioner: tf.minMaxVariablePartitioner({ maxPartitions: 3, minSliceSize: 8 }) }),
  ],
  variableAxisSizePartitioner: [
    () => tf.getVariable("w", [2, 8], { partitioner: tf.variableAxisSizePartitioner(32, 1) }),
    () => tf.getVariable("w", [2, 8], { partitioner: tf.variableAxisSizePartitioner(32, { axis: 1 }) }),
  ],
  leakyRelu: [() => tf.nn.leakyRelu(x(2), 0.1), () => tf.nn.leakyRelu(x(2), { alpha: 0.1 })],
  batchNormalization: [
    () => tf.nn.batchNormalization(x(2, 3), x(3), x(3), null, x(3), 0.1),
    () =>
      tf.nn.batchNormalization(x(2, 3), {
        mean: x(3),
        variance: x(3),
        offset: null,
        scale: x(3),
        varianceEpsilon: 0.1,
      }),
  ],
  mapFn: [
    () => tf.mapFn((v) => tf.cast(v as tf.Tensor, f), tf.constant([1, 2]), f),
    () => tf.mapFn((v) => tf.cast(v as tf.Tensor, f), tf.constant([1, 2]), { dtype: f }),
  ],
  dense: [() => tf.layers.dense(x(2, 3), 4, tf.nn.relu), () => tf.layers.dense(x(2, 3), 4, { activation: tf.nn.relu })],
  conv2d: [
    () => tf.layers.conv2d(x(1, 4, 4, 1), 2, 3, 2, "same"),
    () => tf.layers.conv2d(x(1, 4, 4, 1), 2, 3, { strides: 2, padding: "same" }),
  ],
  pooling: [
    () => tf.layers.maxPooling2d(x(1, 4, 4, 1), 2, 2, "same"),
    () => tf.layers.maxPooling2d(x(1, 4, 4, 1), 2, 2, { padding: "same" }),
  ],
  getVariable: [
    () => tf.getVariable("v", [2], tf.float64, tf.onesInitializer()),
    () => tf.getVariable("v", { shape: [2], dtype: tf.float64, initializer: tf.onesInitializer() }),
  ],
  losses: [
    () => tf.losses.meanSquaredError(x(2), x(2), 0.5),
    () => tf.losses.meanSquaredError(x(2), x(2), { weights: 0.5 }),
  ],
  minimize: [() => sgd().minimize(loss(), step()), () => sgd().minimize(loss(), { globalStep: step() })],
  optimizer: [
    () => new tf.train.AdamOptimizer(0.1, 0.5).minimize(loss()),
    () => new tf.train.AdamOptimizer(0.1, { beta1: 0.5 }).minimize(loss()),
  ],
  average: [
    () => new tf.train.ExponentialMovingAverage(0.9, step()).apply([tf.getVariable("w", [2])]),
    () => new tf.train.ExponentialMovingAverage(0.9, { numUpdates: step() }).apply([tf.getVariable("w", [2])]),
  ],
  rate: [
    () => tf.train.exponentialDecay(0.1, step(), 10, 0.9, true),
    () => tf.train.exponentialDecay(0.1, step(), 10, 0.9, { staircase: true }),
  ],
  queue: [() => new tf.FIFOQueue(3, f, [[2]]), () => new tf.FIFOQueue(3, f, { shapes: [[2]] })],
  cell: [
    () => new tf.nn.rnnCell.BasicLSTMCell(2, 0.5).apply(x(1, 2), new tf.nn.rnnCell.BasicLSTMCell(2).zeroState(1, f)),
    () =>
      new tf.nn.rnnCell.BasicLSTMCell(2, { forgetBias: 0.5 }).apply(
        x(1, 2),
        new tf.nn.rnnCell.BasicLSTMCell(2).zeroState(1, f),
      ),
  ],
  sparse: [
    () => new tf.SparseTensor([[0, 1]], [2], [3, 4]),
    () => new tf.SparseTensor({ indices: [[0, 1]], values: [2], denseShape: [3, 4] }),
  ],
  dataset: [
    () => tf.data.Dataset.range(4).shuffle(2, 7).batch(2, true),
    () => tf.data.Dataset.range(4).shuffle(2, { seed: 7 }).batch(2, { dropRemainder: true }),
  ],
};

describe("optional arguments", () => {
  test.each(Object.entries(pairs))("%s takes them by place", (_, [byPlace, byName]) => {
    expect(nodes(byPlace)).toEqual(nodes(byName));
  });

  test("more than there are places for is a TypeError", () => {
    expect(() => nodes(() => tf.stack([x(2)], ...([1, "a", 2] as unknown as [number])))).toThrow(
      "at most 2 optional arguments by position, but 3 were given",
    );
  });

  test("a run and eval take feeds by place or by name", async () => {
    await new Graph().asDefault(async () => {
      const a = tf.placeholder(f, []);
      await tf.withSession(async (sess) => {
        expect(Number(await sess.run(a.mul(2), [[a, 3]]))).toBe(6);
        expect(Number(await sess.run(a.mul(2), new Map([[a, 4]])))).toBe(8);
        expect(Number(await a.eval([[a, 5]]))).toBe(5);
        expect(Number(await a.eval({ feedDict: [[a, 6]], session: sess }))).toBe(6);
      });
    });
  });
});

test("meshgrid takes vectors by place, as a list, and with options last", async () => {
  await tf.withSession(async (sess) => {
    const [x, y] = [tf.constant([1, 2]), tf.constant([3, 4, 5])];
    const said = async (grids: readonly tf.Tensor[]) =>
      (await sess.run(grids)).map((grid) => (grid as tf.NdArray).toList());
    const byPlace = await said(tf.meshgrid(x, y));
    expect(byPlace[1]).toEqual([
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
    expect(await said(tf.meshgrid([x, y]))).toEqual(byPlace);
    expect(await said(tf.meshgrid([1, 2], [3, 4, 5]))).toEqual(byPlace);
    expect((await said(tf.meshgrid(x, y, { indexing: "ij" })))[1]).toEqual([
      [3, 4, 5],
      [3, 4, 5],
    ]);
  });
});

describe("several outputs", () => {
  test("are taken by name and in their order", () => {
    new Graph().asDefault(() => {
      const reader = new tf.TextLineReader();
      const read = reader.read(tf.train.stringInputProducer(["a.csv"]));
      const [key, value] = read;
      expect(key === read.key && value === read.value).toBe(true);
      const [y, idx] = tf.unique([1, 1, 2]);
      expect([y!.name, idx!.name]).toEqual(["Unique:0", "Unique:1"]);
      const [values, indices] = tf.nn.topK([1, 3, 2], 2);
      expect([values!.name, indices!.name]).toEqual(["TopKV2:0", "TopKV2:1"]);
      expect(Object.keys(read)).toEqual(["key", "value"]);
      const sparse = new tf.SparseTensor([[0, 1]], [1.5], [2, 4]);
      const [, empty] = tf.sparseFillEmptyRows(sparse, 0);
      expect((empty as tf.Tensor).name).toBe("SparseFillEmptyRows/SparseFillEmptyRows:2");
      expect(tf.sparseSplit({ spInput: sparse, numSplit: 2, axis: 1 })).toHaveLength(2);
    });
  });
});
