/** tf.contrib.data and tf.contrib.lookup: what has another name since. */
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { data, lookup, util } = tf.contrib;

const texts = (value: unknown): string[] =>
  ((value as tf.NdArray).data as readonly Uint8Array[]).map((each) => new TextDecoder().decode(each));
const numbers = (value: unknown): number[] => Array.from((value as tf.NdArray).data as ArrayLike<bigint>, Number);

async function allOf(dataset: tf.data.Dataset): Promise<number[][]> {
  const next = dataset.makeOneShotIterator().getNext() as tf.Tensor;
  const found: number[][] = [];
  await tf.withSession(async (sess) => {
    try {
      for (;;) found.push(numbers(await sess.run(next)));
    } catch (error) {
      if (!(error instanceof tf.errors.OutOfRangeError)) throw error;
    }
  });
  return found;
}

test("batches are full ones only, padded if wanted", () =>
  new tf.Graph().asDefault(async () => {
    const seven = tf.data.Dataset.range(7);
    expect(await allOf(seven.apply(data.batchAndDropRemainder(3)))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const ragged = tf.data.Dataset.range(1, 4).map((n: tf.Tensor) => tf.fill([n], n));
    expect(await allOf(ragged.apply(data.paddedBatchAndDropRemainder(2, [null])))).toEqual([[1, 0, 2, 2]]);
    const each = (n: tf.Tensor) => tf.data.Dataset.fromTensors(n).repeat(2);
    const mixed = await allOf(tf.data.Dataset.range(3).apply(data.sloppyInterleave(each, 2)));
    expect(mixed.flat().sort()).toEqual([0, 0, 1, 1, 2, 2]);
  }));

test("words have places, and places words", () =>
  new tf.Graph().asDefault(async () => {
    const words = tf.constant(["emerson", "lake", "palmer"]);
    const places = lookup.stringToIndex(tf.constant(["lake", "none"]), words);
    const table = lookup.stringToIndexTableFromTensor(words, { numOovBuckets: 1 });
    const found = lookup.indexToString(tf.constant([2, 7], tf.int64), words, "UNKNOWN");
    expect(() => lookup.stringToIndexTableFromTensor([1, 2])).toThrow(
      "string_to_index_table_from_tensor requires string.",
    );
    await tf.withSession(async (sess) => {
      await sess.run(tf.tablesInitializer());
      expect(numbers(await sess.run(places))).toEqual([1, -1]);
      expect(numbers(await sess.run(table.lookup(tf.constant(["palmer", "none"])) as tf.Tensor))).toEqual([2, 3]);
      expect(texts(await sess.run(found))).toEqual(["palmer", "UNKNOWN"]);
    });
    expect(util.constantValue(tf.constant([3, 4]).add(1))?.size ?? null).toBe(2);
    expect(util.constantValue(tf.placeholder(tf.float32))).toBeNull();
  }));
