/** What batches hold when they run: order, padding, sparse tensors, what is left out, the last small one. */
import { expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";

/** Fetches until the input ends; every value as nested lists. */
async function all(fetch: tf.Tensor | readonly tf.Tensor[]): Promise<unknown[]> {
  await using sess = new tf.Session();
  await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
  const coord = new tf.train.Coordinator();
  const threads = tf.train.startQueueRunners({ sess, coord });
  const seen: unknown[] = [];
  try {
    for (;;) {
      const value: unknown = await sess.run(fetch as tf.Tensor);
      seen.push(Array.isArray(value) ? value.map((each: tf.NdArray) => each.toList()) : (value as tf.NdArray).toList());
    }
  } catch (error) {
    if (!(error instanceof tf.errors.OutOfRangeError)) throw error;
  }
  coord.requestStop();
  await coord.join(threads);
  return seen;
}

const numbers = (n: number, options: { shuffle?: boolean; numEpochs?: number } = {}): tf.Tensor =>
  tf.train.rangeInputProducer(n, { shuffle: false, numEpochs: 1, ...options }).dequeue() as tf.Tensor;

const inGraph = (body: () => Promise<void>): Promise<void> => new Graph().asDefault(body);

test("batches keep the order, and leave out a last small one unless it is wanted", () =>
  inGraph(async () => {
    const x = numbers(5);
    expect(await all(tf.train.batch([x, x.mul(10)], 2) as tf.Tensor[])).toEqual([
      [
        [0, 1],
        [0, 10],
      ],
      [
        [2, 3],
        [20, 30],
      ],
    ]);
  }));

test("a last small batch comes when it is allowed", () =>
  inGraph(async () => {
    const batch = tf.train.batch({ x: numbers(5) }, 2, { allowSmallerFinalBatch: true }) as { x: tf.Tensor };
    expect(await all(batch.x)).toEqual([[0, 1], [2, 3], [4]]);
  }));

test("examples of several sizes are filled up with zeros", () =>
  inGraph(async () => {
    const n = numbers(3);
    const x = tf.range(tf.constant(0), n);
    expect(await all(tf.train.batch([x], 3, { dynamicPad: true }) as tf.Tensor)).toEqual([
      [
        [0, 0],
        [0, 0],
        [0, 1],
      ],
    ]);
  }));

test("examples that are not kept are left out", () =>
  inGraph(async () => {
    const x = numbers(6);
    expect(await all(tf.train.maybeBatch([x], tf.equal(tf.floormod(x, 2), 0), 3) as tf.Tensor)).toEqual([[0, 2, 4]]);
  }));

test("rows that are not kept are left out", () =>
  inGraph(async () => {
    const x = numbers(2);
    const rows = tf.stack([x, x.add(10), x.add(20)]);
    const keep = tf.constant([true, false, true]);
    const batch = tf.train.maybeBatch([rows], keep, 4, { enqueueMany: true, capacity: 4 }) as tf.Tensor;
    expect(await all(batch)).toEqual([[0, 20, 1, 21]]);
  }));

test("a shuffled batch has every example once, in an order that the seed decides", () =>
  inGraph(async () => {
    const sizes = { batchSize: 5, capacity: 40, minAfterDequeue: 10, allowSmallerFinalBatch: true };
    const seen = (
      await all(tf.train.shuffleBatch([numbers(20)], { ...sizes, seed: 7 }) as tf.Tensor)
    ).flat() as number[];
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(seen).not.toEqual([...seen].sort((a, b) => a - b));
  }));

test("epochs give every item as often, in another order each time", () =>
  inGraph(async () => {
    const x = tf.train.stringInputProducer(["a", "b", "c", "d", "e"], { numEpochs: 2, seed: 3 }).dequeue() as tf.Tensor;
    const seen = (await all(x)) as string[];
    const epochs = [seen.slice(0, 5), seen.slice(5)];
    expect(epochs.map((epoch) => [...epoch].sort().join(""))).toEqual(["abcde", "abcde"]);
    expect(epochs[0]).not.toEqual(epochs[1]);
  }));

test("sparse tensors come back as one, row by row", () =>
  inGraph(async () => {
    const n = numbers(4);
    const place = tf.cast(tf.reshape(n, [1, 1]), tf.int64);
    const sparse = new tf.SparseTensor({ indices: place, values: tf.reshape(n.mul(10), [1]), denseShape: [4] });
    const [batch, x] = tf.train.batch([sparse, n], 2) as [tf.SparseTensor, tf.Tensor];
    expect(await all([batch.indices, batch.values, batch.denseShape, x])).toEqual([
      [
        [
          [0, 0],
          [1, 1],
        ],
        [0, 10],
        [2, 4],
        [0, 1],
      ],
      [
        [
          [0, 2],
          [1, 3],
        ],
        [20, 30],
        [2, 4],
        [2, 3],
      ],
    ]);
  }));

test("inputs that do not go together are refused", () => {
  new Graph().asDefault(() => {
    expect(() => tf.train.batch([], 2)).toThrow("Expected at least one tensor in batch().");
    expect(() => tf.train.batchJoin([], 2)).toThrow("Expected at least one set of tensors");
    expect(() => tf.train.shuffleBatch([tf.constant(1)], 2, 5, 5)).toThrow(
      "capacity 5 must be bigger than min_after_dequeue 5.",
    );
    expect(() => tf.train.batch([tf.placeholder(tf.float32)], 2)).toThrow("Cannot infer Tensor's rank: ");
    expect(() => tf.train.stringInputProducer([])).toThrow("string_input_producer requires a non-null input tensor");
    expect(() => tf.train.limitEpochs(tf.constant(1), 0)).toThrow("num_epochs must be > 0 not 0.");
    expect(() => tf.train.maybeBatch([tf.constant(1)], [true], 2)).toThrow(
      "`keep_input` cannot be a vector when `enqueue_many=False`.",
    );
    const lists = [[tf.constant(1)], [tf.constant("a")]];
    expect(() => tf.train.batchJoin(lists, 2)).toThrow("Expected types to be consistent: int32 vs. string.");
  });
});
