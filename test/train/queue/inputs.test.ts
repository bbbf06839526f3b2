/** Producers and batches make Python's nodes, runners and summaries. */
import * as tf from "../../../src/index.ts";
import { compareNodes } from "./nodes.ts";

const x = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape);
const named = (name: string, ...shape: number[]) => tf.placeholder(tf.float32, shape, { name });
const ints = (...shape: (number | null)[]) => tf.placeholder(tf.int32, shape);
const bools = (...shape: (number | null)[]) => tf.placeholder(tf.bool, shape);

const sparse = (name: string, rank = 1): tf.SparseTensor =>
  tf.nameScope(
    name,
    () =>
      new tf.SparseTensor({
        indices: tf.placeholder(tf.int64, [null, rank], { name: "i" }),
        values: tf.placeholder(tf.float32, [null], { name: "v" }),
        denseShape: tf.placeholder(tf.int64, [rank], { name: "s" }),
      }),
  );

compareNodes("inputs", {
  limit() {
    tf.train.limitEpochs(x(2), 3);
    tf.train.limitEpochs(x(2), 3, { name: "l" });
    tf.train.limitEpochs(named("same", 2));
  },
  strings() {
    tf.setRandomSeed(9);
    tf.train.stringInputProducer(["a", "b"]);
    const strings = tf.placeholder(tf.string, [null]);
    tf.train.stringInputProducer(strings, { numEpochs: 2, shuffle: false, capacity: 5, name: "s" });
    tf.train.stringInputProducer(["a"], { seed: 3, sharedName: "files", numEpochs: 1 });
  },
  ranges() {
    tf.train.rangeInputProducer(5, { shuffle: false });
    tf.train.rangeInputProducer(ints(), { numEpochs: 2, capacity: 7, seed: 1, name: "r" });
  },
  slices() {
    const rows = x(3, 2);
    tf.train.sliceInputProducer([[1, 2, 3], rows], { shuffle: false });
    tf.train.sliceInputProducer([x(null, 2)], { numEpochs: 3, name: "sl" });
  },
  inputs() {
    tf.train.inputProducer(x(4, 2), { shuffle: false }).dequeue();
    tf.train.inputProducer(x(null, null), { elementShape: [3], numEpochs: 1, summaryName: "full", name: "p" });
    tf.train.inputProducer(tf.placeholder(tf.float32), { elementShape: [3] });
  },
  files() {
    tf.train.stringInputProducer(tf.train.matchFilenamesOnce("/tmp/a*"), { shuffle: false });
    tf.train.matchFilenamesOnce(["a", "b"], { name: "m" });
  },
  plain() {
    const [a, b] = [x(3), ints()];
    tf.train.batch([a, b], 4);
    tf.train.batch([a], 4, { name: "one" });
    tf.train.batch({ b, a }, ints(), { numThreads: 3, capacity: 50, allowSmallerFinalBatch: true });
    tf.train.batch([x(null, 3), ints(null)], { batchSize: 4, enqueueMany: true, sharedName: "s" });
    tf.train.batch([tf.placeholder(tf.float32)], 4, { shapes: [[2]] });
    tf.train.batch([x(null)], 4, { dynamicPad: true });
    tf.train.batch([[1.5, 2.5], 3], 2);
  },
  join() {
    const lists = [
      [x(3), 1],
      [x(3), 2],
    ];
    tf.train.batchJoin(lists, 4);
    tf.train.batchJoin([{ a: x(2) }, { a: x(2) }], 4, { capacity: 9, dynamicPad: true, name: "j" });
    tf.train.batchJoin([[x(null, 2)], [x(4, 2)]], { batchSize: 4, enqueueMany: true, allowSmallerFinalBatch: true });
  },
  shuffle() {
    tf.setRandomSeed(2);
    tf.train.shuffleBatch([x(3), 1], 4, 50, 10);
    const sizes = { batchSize: 4, capacity: 50, minAfterDequeue: 10 };
    tf.train.shuffleBatch({ a: x(3) }, { ...sizes, numThreads: 2, seed: 8, allowSmallerFinalBatch: true, name: "sh" });
    tf.train.shuffleBatch([x(null, 3)], 4, 50, 0, { enqueueMany: true, shapes: [[3]] });
    const lists = [
      [x(3), 1],
      [x(3), 2],
    ];
    tf.train.shuffleBatchJoin(lists, 4, 50, 10);
  },
  maybe() {
    const keep = bools();
    tf.train.maybeBatch([x(3), 1], keep, 4);
    tf.train.maybeBatch([x(3)], true, 4);
    const rows = x(null, 3);
    tf.train.maybeBatch([rows], bools(null), 4, { enqueueMany: true });
    tf.train.maybeBatchJoin([[x(3)], [x(3)]], keep, 4);
    tf.train.maybeShuffleBatch([x(3)], 4, 50, 10, keep);
    const sizes = { batchSize: 4, capacity: 50, minAfterDequeue: 10 };
    tf.train.maybeShuffleBatchJoin([[x(3)], [x(3)]], { ...sizes, keepInput: keep, seed: 1 });
    tf.train.maybeBatch([x(3)], false, 4);
  },
  sparse_inputs() {
    tf.train.batch([sparse("a"), x(2)], 3);
    tf.train.batch([sparse("b")], 3, { numThreads: 2 });
    tf.train.batch([sparse("c", 2)], 3, { enqueueMany: true });
    const lists = [
      [sparse("d"), 1],
      [sparse("e"), 2],
    ];
    tf.train.batchJoin(lists, 3);
    tf.train.shuffleBatch({ s: sparse("f"), x: x(2) }, 3, 10, 2);
  },
  sparse_maybe() {
    const keep = bools();
    tf.train.maybeBatch([sparse("a"), x(2)], keep, 3);
    tf.train.maybeBatch([sparse("c", 2)], keep, 3, { enqueueMany: true });
    const rows = sparse("g", 2);
    tf.train.maybeBatch([rows], bools(null), 3, { enqueueMany: true });
  },
});
