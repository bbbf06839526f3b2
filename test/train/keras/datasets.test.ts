/** Keras' data sets from small files of their forms, against what Keras makes of the same files (test/fixtures/keras/datasets). */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { readPickle } from "../../../src/io/pickle/pickle.ts";
import { PythonRandom, RandomState } from "../../../src/train/keras/data/random_state.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/keras/datasets");
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "keras-datasets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const camel = (options: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
const plain = (value: unknown): unknown =>
  value instanceof tf.NdArray ? value.toList() : Array.isArray(value) ? value.map(plain) : value;

const { datasets, utils } = tf.keras;

describe("tf.keras.datasets", () => {
  test.each([
    ["mnist", datasets.mnist.loadData],
    ["boston_housing", datasets.bostonHousing.loadData],
    ["imdb", datasets.imdb.loadData],
    ["reuters", datasets.reuters.loadData],
  ] as const)("%s comes in Keras' order and form", (name, loadData) => {
    for (const [options, result] of expected[name]) {
      const load = loadData as (options: object) => unknown;
      expect(plain(load({ path: join(fixtures, `${name}.npz`), ...camel(options) }))).toEqual(result);
    }
  });

  test("cifar10 is unpacked from its archive in the cache", () => {
    const cacheDir = join(folder, "cifar");
    const origin = pathToFileURL(join(fixtures, "cifar-10-batches-py.tar.gz")).href;
    utils.getFile("cifar-10-batches-py", origin, true, { cacheDir });
    const [[x, y], [xTest, yTest]] = datasets.cifar10.loadData({ cacheDir });
    expect(x.shape).toEqual([5, 32, 32, 3]);
    expect(plain(y)).toEqual(expected.cifar10.slice(0, 5).map(([, labels]: [unknown, number[]]) => labels));
    expect(plain(yTest)).toEqual([expected.cifar10[5][1]]);
    const pixels = plain(xTest) as number[][][][];
    const few = pixels[0]!.filter((_, i) => i % 8 === 0).map((row) => row.filter((_, i) => i % 8 === 0));
    expect(few).toEqual(expected.cifar10[5][0]);
  });

  test("fashion_mnist reads four packed files", () => {
    const place = join(folder, "datasets", "fashion-mnist");
    mkdirSync(place, { recursive: true });
    for (const name of ["train-labels-idx1", "train-images-idx3", "t10k-labels-idx1", "t10k-images-idx3"])
      copyFileSync(join(fixtures, `${name}-ubyte.gz`), join(place, `${name}-ubyte.gz`));
    const [[x, y], [, yTest]] = datasets.fashionMnist.loadData({ cacheDir: folder });
    expect([x.shape, x.data[784 + 5]]).toEqual([[3, 28, 28], (784 + 5) % 251]);
    expect([plain(y), plain(yTest)]).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
  });

  test("a file that is nowhere is named with its place and the command that fetches it", () => {
    expect(() => datasets.mnist.loadData({ cacheDir: folder })).toThrow(
      `curl -L -o '${join(folder, "datasets", "mnist.npz")}' 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'`,
    );
  });

  test("reuters knows its 46 kinds", () => {
    const names = datasets.reuters.getLabelNames();
    expect([names.length, names[0], names[45]]).toEqual([46, "cocoa", "lead"]);
  });
});

describe("tf.keras.utils.getFile", () => {
  const origin = pathToFileURL(join(fixtures, "mnist.npz")).href;
  const path = join(folder, "datasets", "small.npz");

  test("copies a file into the cache, once", () => {
    expect(utils.getFile("small.npz", origin, { cacheDir: folder })).toBe(path);
    expect(readFileSync(path)).toEqual(readFileSync(join(fixtures, "mnist.npz")));
    expect(utils.getFile({ fname: "small.npz", origin: "file:///nowhere", cacheDir: folder })).toBe(path);
  });

  test("refuses a file of another hash", () => {
    const given = { fname: "hashed.npz", origin, cacheDir: folder, fileHash: "0".repeat(64) };
    expect(() => utils.getFile(given)).toThrow("The auto file hash does not match the provided value of 0000");
  });

  test("needs an origin", () => {
    expect(() => utils.getFile("a.txt")).toThrow('Please specify the "origin" argument (URL of the file to download).');
  });
});

describe("draws of numpy and Python", () => {
  const { draws } = expected;
  test("RandomState draws what numpy's does", () => {
    const state = new RandomState(42);
    expect(draws.uniform.map(() => state.uniform(-1, 2))).toEqual(draws.uniform);
    expect(draws.randint.map(() => state.randint(3, 1000))).toEqual(draws.randint);
    // the last bit is that of the C library's logarithm
    for (const value of draws.normal) expect(state.normal()).toBeCloseTo(value, 14);
    expect([...state.permutation(11)]).toEqual(draws.permutation);
    expect(draws.choice.map(() => state.choice([5, 6, 7]))).toEqual(draws.choice);
  });

  test("Python's random draws the same for a seed of more than 32 bits", () => {
    const random = new PythonRandom(2 ** 40 + 5);
    expect(draws.random.map(() => random.random())).toEqual(draws.random);
    expect(draws.python_randint.map(() => random.randint(1, 70))).toEqual(draws.python_randint);
    const letters = [..."abcdefgh"];
    random.shuffle(letters);
    expect(letters).toEqual(draws.shuffle);
  });
});

test("skipgrams come in the order of a seed", () => {
  const { skipgrams } = tf.keras.preprocessing.sequence;
  expect(skipgrams([1, 4, 2, 3, 5], 10, 2, 0, true, false, null, 5)).toEqual(expected.skipgrams);
});

describe("pickles", () => {
  test.each([0, 1, 2, 3, 4, 5])("of protocol %d hold numbers, texts, containers and arrays", (protocol) => {
    const value = readPickle(new Uint8Array(Buffer.from(expected.pickles[protocol], "hex")), "p") as Map<
      string,
      unknown
    >;
    expect(value.get("a")).toEqual([1, -2, 2n ** 70n, 1.5, null, true, "é"]);
    expect(value.get("b")).toEqual([Uint8Array.of(0, 255), [1, 2]]);
    expect(value.get("c")).toBe(2.5);
    const arrays = ["d", "e", "f"].map((name) => plain(value.get(name)));
    expect(arrays).toEqual([
      [
        [0, 2],
        [1, 3],
      ],
      [[1, 2]],
      ["x", "yz"],
    ]);
  });

  test("that would call other functions are refused", () => {
    const bytes = new TextEncoder().encode("cposix\nsystem\n(S'echo'\ntR.");
    expect(() => readPickle(bytes, "p.pkl")).toThrow("p.pkl: a pickle that calls posix.system is not read");
  });

  test("that are cut off are DATA_LOSS", () => {
    const bytes = Buffer.from(expected.pickles[4], "hex");
    for (const size of [1, 20, 60, bytes.length - 1])
      expect(() => readPickle(bytes.subarray(0, size), "p.pkl")).toThrow(tf.errors.DataLossError);
  });
});
