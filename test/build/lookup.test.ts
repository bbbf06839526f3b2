/** Lookup tables make Python's nodes, and answer. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { int32, int64, string } from "../../src/core/dtype.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { compareNodes } from "../train/queue/nodes.ts";

const L = tf.lookup;
const words = (...list: string[]) => tf.constant(list);
const ids = (...list: number[]) => tf.constant(list, { dtype: int64 });
const pairs = () => new L.KeyValueTensorInitializer(["a", "b"], [1, 2], { keyDtype: string, valueDtype: int64 });
const sparse = () => tf.sparsePlaceholder(string, null, { name: "sp" });
const { WHOLE_LINE, LINE_NUMBER } = L.TextFileIndex;

compareNodes("tables", {
  static() {
    const t = new L.StaticHashTable(pairs(), -1);
    t.lookup(words("a", "c"));
    t.size();
    t.export();
    t.lookup(sparse());
    tf.tablesInitializer();
    t.lookup(tf.constant("b"), { name: "l" });
    const init = new L.KeyValueTensorInitializer(ids(1, 2), ["x", "y"], { name: "init" });
    new L.StaticHashTable(init, "none", { name: "named" });
  },
  text_file() {
    const init = new L.TextFileInitializer("vocab.txt", string, WHOLE_LINE, int64, LINE_NUMBER);
    const t = new L.StaticHashTable(init, -1);
    t.lookup(words("a"));
    const columns = new L.TextFileInitializer("vocab.txt", string, 0, int64, 1, {
      vocabSize: 5,
      delimiter: ",",
      name: "n",
    });
    new L.StaticHashTable(columns, -1, { name: "cols" });
    new L.HashTable(new L.TextFileIdTableInitializer("v", { vocabSize: 3 }), -1);
    new L.HashTable(new L.TextFileStringTableInitializer("v"), "unk");
    tf.tablesInitializer("all");
  },
  vocabulary() {
    const t = new L.StaticVocabularyTable(new L.KeyValueTensorInitializer(["a", "b"], ids(0, 1)), 3);
    t.lookup(words("a", "z"));
    t.size();
    t.lookup(sparse());
    const only = new L.StaticVocabularyTable(null, 4, { lookupKeyDtype: string });
    only.lookup(words("q"));
    only.size();
    const [five, zero] = [ids(5, 6), ids(0, 1)];
    const ints = new L.StaticVocabularyTable(new L.KeyValueTensorInitializer(five, zero), 2, { name: "ints" });
    ints.lookup(ids(5, 9));
  },
  index_tables() {
    L.indexTableFromFile("v.txt", { numOovBuckets: 1 });
    L.indexTableFromFile("v.txt", { vocabSize: 4, defaultValue: 0, name: "f" });
    const hasherSpec = new L.StrongHashSpec([1, 2]);
    L.indexTableFromFile("v.txt", { keyDtype: int64, numOovBuckets: 2, hasherSpec, name: "strong" }).lookup(ids(3));
    const t = L.indexTableFromTensor(["a", "b", "c"], { numOovBuckets: 2 });
    t.lookup(words("a"));
    L.indexTableFromTensor(ids(4, 5), { dtype: int64 }).lookup(ids(4));
    L.indexTableFromTensor([1, 2], { dtype: int32, numOovBuckets: 1, name: "i" }).lookup(tf.constant([1]));
    L.indexToStringTableFromFile("v.txt", { defaultValue: "?" }).lookup(ids(0));
    L.indexToStringTableFromFile("v.txt", { vocabSize: 2, name: "w" });
    L.indexToStringTableFromTensor(["a", "b"]).lookup(ids(0));
    L.indexToStringTableFromTensor(["a", "b"], { defaultValue: "?", name: "ts" });
  },
  mutable() {
    const t = new L.MutableHashTable(string, int64, -1);
    t.insert(["a"], ids(1));
    t.lookup(words("a"));
    t.size();
    t.export();
    t.remove(words("a"));
    new L.MutableHashTable(int64, tf.float32, [0, 0], { name: "vectors", checkpoint: false }).insert(ids(1), [[1, 2]]);
    new tf.train.Saver();
  },
  dense() {
    const t = new L.DenseHashTable(int64, tf.float32, 0, -1, -2, { name: "d" });
    t.insert(ids(1), [2]);
    t.lookup(ids(1));
    t.erase(ids(1));
    t.size();
    t.export();
    new tf.train.Saver();
  },
});

const inSession = (body: (sess: tf.Session) => Promise<void>): Promise<void> => {
  const graph = new Graph();
  return graph.asDefault(async () => {
    await using sess = new tf.Session({ graph });
    await body(sess);
  });
};

const textsOf = (array: tf.NdArray): string[] =>
  (array.data as readonly Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));

describe("tables", () => {
  test("answer once they are filled, also for sparse keys", () =>
    inSession(async (sess) => {
      const table = new L.StaticHashTable(pairs(), -1);
      const found = table.lookup(words("a", "z", "b"));
      const parts = new tf.SparseTensor({ indices: [[1, 0]], values: ["b"], denseShape: [2, 2] });
      const sparseFound = table.lookup(parts as never) as unknown as tf.SparseTensor;
      await expect(sess.run(found)).rejects.toThrow("Table not initialized.");
      await sess.run(tf.tablesInitializer());
      expect((await sess.run(found)).toList()).toEqual([1, -1, 2]);
      expect((await sess.run(sparseFound.values)).toList()).toEqual([2]);
    }));

  test("hash unknown keys into buckets behind the known ones", () =>
    inSession(async (sess) => {
      const table = L.indexTableFromTensor(["emerson", "lake", "palmer"], { numOovBuckets: 2 });
      const ids = table.lookup(words("lake", "palmer", "king", "crimson")) as tf.Tensor;
      await sess.run(tf.tablesInitializer());
      const [lake, palmer, ...unknown] = (await sess.run(ids)).toList() as number[];
      expect([lake, palmer]).toEqual([1, 2]);
      expect(unknown.every((id) => id === 3 || id === 4)).toBe(true);
      expect((await sess.run(table.size())).item()).toBe(5);
    }));

  test("read words and numbers from a file", () =>
    inSession(async (sess) => {
      const folder = mkdtempSync(join(tmpdir(), "tsflow-table-"));
      const file = join(folder, "words.txt");
      writeFileSync(file, "alpha\nbeta\ngamma\n");
      const toId = L.indexTableFromFile(file).lookup(words("gamma", "delta")) as tf.Tensor;
      const toWord = L.indexToStringTableFromFile(file).lookup(ids(1, 9));
      await sess.run(tf.tablesInitializer());
      expect((await sess.run(toId)).toList()).toEqual([2, -1]);
      expect(textsOf(await sess.run(toWord))).toEqual(["beta", "UNK"]);
      rmSync(folder, { recursive: true });
    }));

  test("that change are kept in checkpoints and come back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsflow-table-"));
    const build = () => {
      const table = new L.MutableHashTable(string, int64, -1, { name: "counts" });
      const dense = new L.DenseHashTable(int64, tf.float32, 0, -1, -2, { name: "dense" });
      return { table, dense, saver: new tf.train.Saver() };
    };
    let prefix = "";
    await inSession(async (sess) => {
      const { table, dense, saver } = build();
      await sess.run([table.insert(["x", "y"], ids(5, 6)), dense.insert(ids(3), [0.5])]);
      prefix = (await saver.save(sess, join(folder, "model")))!;
    });
    await inSession(async (sess) => {
      const { table, dense, saver } = build();
      await saver.restore(sess, prefix);
      expect((await sess.run(table.lookup(words("x", "y", "z")))).toList()).toEqual([5, 6, -1]);
      expect((await sess.run(dense.lookup(ids(3, 4)))).toList()).toEqual([0.5, 0]);
    });
    rmSync(folder, { recursive: true });
  });

  test("refuse keys of another dtype, and initializers that do not fit", () => {
    new Graph().asDefault(() => {
      const table = new L.StaticHashTable(pairs(), -1);
      expect(() => table.lookup(ids(1))).toThrow(
        "Dtype of argument `keys` must be <dtype: 'string'>, received: <dtype: 'int64'>",
      );
      expect(() => new L.TextFileInitializer("f", tf.float32, WHOLE_LINE, int64, LINE_NUMBER)).toThrow(
        "`key_dtype` should be either integer or string for `key_index` -2, received: <dtype: 'float32'>",
      );
      expect(() => new L.StaticVocabularyTable(pairs(), 0)).toThrow(
        "`num_oov_buckets` must be > 0; use StaticHashTable.",
      );
      expect(() => L.indexTableFromFile("")).toThrow("`vocabulary_file` must be specified and must not be empty.");
    });
  });
});
