/** Datasets in eager execution without waiting: files, generators and functions are done when the loop asks for an element. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eagerMode } from "../../src/eager/mode.ts";
import * as tf from "../../src/index.ts";

const { Dataset, TextLineDataset, TFRecordDataset, experimental: X } = tf.data;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsflow-at-once-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, bytes: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const items = (dataset: tf.data.Dataset): unknown[] => [...dataset].map((x) => x.numpy().toList());
const texts = (dataset: tf.data.Dataset): string[] => [...dataset].map((x) => String(x.numpy().item()));

test("lines of plain and compressed files", () =>
  eagerMode(() => {
    const plain = file("lines.txt", "one\ntwo\r\n\nlast");
    const packed = file("lines.gz", gzipSync("three\nfour\n"));
    expect(texts(new TextLineDataset(plain))).toEqual(["one", "two", "", "last"]);
    expect(texts(new TextLineDataset(packed, { compressionType: "GZIP" }))).toEqual(["three", "four"]);
  }));

test("records that a dataset was written to", () =>
  eagerMode(() => {
    const path = join(folder, "some.tfrecord");
    new X.TFRecordWriter(path).write(Dataset.fromTensorSlices(["a", "bc"]));
    expect(texts(new TFRecordDataset(path))).toEqual(["a", "bc"]);
    const packed = join(folder, "some.tfrecord.gz");
    new X.TFRecordWriter(packed, "GZIP").write(Dataset.fromTensorSlices(["a", "bc"]));
    expect(texts(new TFRecordDataset(packed, "GZIP"))).toEqual(["a", "bc"]);
  }));

test("rows of CSV files, with a header and without", () =>
  eagerMode(() => {
    const path = file("rows.csv", "n,name\n1,x\n2,y\n");
    const rows = new X.CsvDataset(path, [tf.int32, tf.string], { header: true });
    expect([...rows].map((row) => row.map(String))).toEqual(
      [...rows.map((n, name) => [n, name])].map((row) => row.map(String)),
    );
    expect([...rows].length).toBe(2);
    const batches = [...X.makeCsvDataset(path, 2, { labelName: "n", numEpochs: 1, shuffle: false })];
    expect(batches.map(([, n]) => n.numpy().toList())).toEqual([[1, 2]]);
  }));

test("records of one length", () =>
  eagerMode(() => {
    const path = file("fixed.bin", "HHaabbccF");
    expect(texts(new tf.data.FixedLengthRecordDataset(path, 2, 2, 1))).toEqual(["aa", "bb", "cc"]);
  }));

test("generators and functions of the program", () =>
  eagerMode(() => {
    const count = function* (n: tf.NdArray): Generator<number> {
      for (let i = 0; i < +n; i++) yield i;
    };
    const numbers = Dataset.fromGenerator(count, { outputTypes: tf.int32, outputShapes: [], args: [3] });
    expect(items(numbers.repeat(2).batch(4))).toEqual([
      [0, 1, 2, 0],
      [1, 2],
    ]);
    const doubled = numbers.map((x) => tf.pyFunction((y) => y.mul(2), [x], tf.int32));
    expect(items(doubled.prefetch(2))).toEqual([0, 2, 4]);
  }));

test("windows, interleaved datasets, groups, choices and what follows an error", () =>
  eagerMode(() => {
    const windows = Dataset.range(5).window(3, { shift: 2, dropRemainder: true });
    expect(items(windows.flatMap((w) => w.batch(3)))).toEqual([
      [0, 1, 2],
      [2, 3, 4],
    ]);
    const turns = Dataset.range(2).interleave((x) => Dataset.fromTensors(x).repeat(2), { cycleLength: 2 });
    expect(items(turns)).toEqual([0, 1, 0, 1]);
    const groups = Dataset.range(6).groupByWindow(
      (x) => x.mod(2),
      (_, w) => w.batch(3),
      { windowSize: 3 },
    );
    expect(items(groups)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
    const chosen = Dataset.chooseFromDatasets([Dataset.range(2), Dataset.range(5, 7)], Dataset.range(2).repeat(2));
    expect(items(chosen)).toEqual([0, 5, 1, 6]);
    const halves = Dataset.fromTensorSlices(tf.constant([1, 0, 4], tf.float32));
    const finite = halves.map((x) => tf.checkNumerics(x.rdiv(1), "error")).apply(X.ignoreErrors());
    expect(items(finite)).toEqual([1, 0.25]);
  }));

test("what has to be waited for asks for a loop that waits", async () => {
  const slow = () =>
    Dataset.range(2).map((x) =>
      tf.numpyFunction(async (y) => new Promise((done) => setImmediate(done, y)), [x], tf.int64),
    );
  eagerMode(() => {
    expect(() => [...slow()]).toThrow(/waits|for await/);
  });
  expect(
    await eagerMode(async () => {
      const found: unknown[] = [];
      for await (const x of slow()) found.push(x.numpy().toList());
      return found;
    }),
  ).toEqual([0, 1]);
});
