/** The programs of test/fixtures/build/data.py. */
import { float32, int32, int64 } from "../../../src/core/dtype.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";

const { Dataset: D, experimental: X } = tf.data;
const R = D.range;
type T = Tensor;

// biome-ignore lint/suspicious/noExplicitAny: a dataset, fetches, or an initializer and fetches
type Made = any;

const matrix = () =>
  ndarray(
    [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
    "float64",
  );
const named = (x: T) => x.add(1);
const whole = (n: number) => tf.constant(n, int64);

export const programs: Readonly<Record<string, () => Made>> = {
  from_tensors: () => D.fromTensors({ b: ndarray([1, 2], "float32"), a: 3 }),
  structured: () =>
    D.fromTensorSlices({
      b: matrix(),
      a: [1, 2, 3],
      c: [ndarray(["x", "y", "z"], "string"), ndarray([true, false, true], "bool")],
    }).map((e) => ({ s: e.a, t: [e.c[0], e.b.mul(2)] })),
  range: () => D.zip([R(5), R(2, 9), R(9, 0, -2), R(3, { outputType: int32 })]),
  sequence: () => R(4).concatenate(R(2)).repeat(2).skip(1).take(9).shard(2, 1),
  map: () =>
    R(3)
      .map(named)
      .map((x: T) => x.mul(x), { numParallelCalls: 2 })
      .filter((x: T) => tf.greater(x, 1)),
  captures() {
    const c = whole(5);
    return R(4).flatMap((x: T) => R(x).map((y: T) => y.add(x).add(c)));
  },
  interleave: () => R(1, 4).interleave((x: T) => D.fromTensors(x).repeat(3), { cycleLength: 2, blockLength: 2 }),
  interleave_parallel: () => R(1, 4).interleave((x: T) => D.fromTensors(x), { cycleLength: 2, numParallelCalls: 2 }),
  batch: () =>
    R(5)
      .batch(2)
      .concatenate(R(4).batch(2, { dropRemainder: true }))
      .prefetch(1),
  padded_batch: () =>
    R(1, 5)
      .map((x: T) => [tf.fill([x] as never, x), tf.asString(x)])
      .paddedBatch(2, { paddedShapes: [[null], []] }),
  padded_values: () =>
    R(1, 5)
      .map((x: T) => tf.fill([x] as never, x))
      .paddedBatch(3, { paddedShapes: [5], paddingValues: whole(-1), dropRemainder: true }),
  unbatch: () => R(5).batch(2).unbatch(),
  window: () =>
    R(5)
      .window(3, { shift: 2, stride: 1 })
      .flatMap((w) => w.batch(3)),
  shuffle: () => R(9).shuffle(4, { seed: 3 }).repeat(2).batch(9),
  shuffle_graph_seed() {
    tf.setRandomSeed(7);
    return D.zip([R(9).shuffle(4), R(9).shuffle(3, { reshuffleEachIteration: false })]).batch(9);
  },
  take_while: () =>
    R(9)
      .takeWhile((x: T) => tf.less(x, 3))
      .cache(),
  scan: () => R(4).scan(whole(1), (s: T, x: T) => [s.add(x), s.mul(10)]),
  reduce: () => R(5).reduce(whole(0), (a: T, b: T) => a.add(b)),
  unique: () => D.fromTensorSlices([1, 2, 1]).unique(),
  random_map: () => R(3).map(() => tf.randomUniform([2], { seed: 4 })),
  one_shot: () => tf.data.makeOneShotIterator(D.zip([R(3), R(3).batch(2)])).getNext(),
  from_structure() {
    const iterator = tf.data.Iterator.fromStructure([int64, float32], [[], [null]]);
    const next = iterator.getNext();
    return [iterator.makeInitializer(R(3).map((x: T) => [x, tf.fill([x] as never, 1.5)])), next];
  },
  feedable() {
    const a = R(3).makeOneShotIterator();
    return tf.data.Iterator.fromStringHandle(a.stringHandle(), int64, []).getNext();
  },
  shared() {
    const iterator = R(2).makeInitializableIterator({ sharedName: "same" });
    return [iterator.initializer, [iterator.getNext({ name: "first" })]];
  },
  variable() {
    const v = tf.getVariable("v", { initializer: whole(5), useResource: true } as never) as never as T & {
      initializer: never;
    };
    const iterator = R(3)
      .map((x: T) => x.add(v))
      .makeInitializableIterator();
    const begin = tf.controlDependencies([v.initializer], () =>
      tf.group([iterator.initializer], { name: "begin" } as never),
    );
    return [begin, iterator.getNext()];
  },
  shuffle_and_repeat: () => R(4).apply(X.shuffleAndRepeat(3, 2, 1)),
  map_and_batch: () => R(5).apply(X.mapAndBatch((x: T) => x.mul(2), 2)),
  group_by_window: () =>
    R(6).apply(
      X.groupByWindow(
        (x: T) => x.mod(2),
        (_, window) => window.batch(2),
        2,
      ),
    ),
  ignore_errors: () =>
    R(3)
      .map((x: T) => tf.checkNumerics(tf.truediv(1, tf.cast(x, float32).sub(1)), "bad"))
      .apply(X.ignoreErrors()),
  choose: () => X.chooseFromDatasets([R(2), R(5, 9)], D.fromTensorSlices(tf.constant([0, 1, 1, 0], int64))),
  cardinality: () => R(5).apply(X.assertCardinality(5)),
  random: () => new X.RandomDataset(3).take(4),
  record_files: () => new tf.data.TFRecordDataset(["a", "b"]),
  record_files_parallel: () =>
    new tf.data.TFRecordDataset(["a", "b"], { compressionType: "GZIP", bufferSize: 100, numParallelReads: 2 }),
  text_files: () => new tf.data.TextLineDataset("a"),
  fixed_length_files: () => new tf.data.FixedLengthRecordDataset("a", 3, { headerBytes: 2 }),
  list_files: () => D.listFiles("/nonexistent/*", { seed: 3 }),
  list_files_in_order: () => D.listFiles(["/nonexistent/*", "b"], { shuffle: false }),
  enumerate: () => R(3, 5).enumerate(1),
};
