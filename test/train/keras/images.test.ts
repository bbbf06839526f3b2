/** Keras' images: files, arrays, random changes, against Keras, Pillow and scipy (test/fixtures/keras/images). */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { literalToArray } from "../../../src/ops/convert.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/keras/images");
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8"));
const { image } = tf.keras.preprocessing;

const camel = (options: Record<string, unknown>): Record<string, never> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value as never,
    ]),
  );
const flat = (value: unknown): number[] =>
  value instanceof tf.NdArray
    ? Array.from(value.data as ArrayLike<number | bigint>, Number)
    : Array.isArray(value)
      ? value.flatMap(flat)
      : [value as number];

/** Float32 rounding in another order, relative to the greatest value. */
function close(actual: unknown, wanted: unknown, tolerance = 2e-6): void {
  const [a, b] = [flat(actual), flat(wanted)];
  expect(a.length).toBe(b.length);
  const greatest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  expect(worst / greatest).toBeLessThan(tolerance);
}

describe("tf.keras.preprocessing.image", () => {
  test.each(expected.load as [Record<string, unknown>, unknown][])(
    "loads a file with %j as Pillow does",
    (options, wanted) => {
      const picture = image.loadImg(join(fixtures, "pets/cats/a.png"), camel(options));
      expect(image.imgToArray(picture).toList()).toEqual(wanted);
    },
  );

  test("stretches an array to an image", () => {
    const [x, wanted] = expected.array_to_img;
    const picture = image.arrayToImg(x);
    expect([picture.mode, picture.size]).toEqual(["RGB", [3, 2]]);
    expect(image.imgToArray(picture).toList()).toEqual(wanted);
  });

  test("writes what it reads", () => {
    const folder = mkdtempSync(join(tmpdir(), "keras-images-"));
    try {
      const path = join(folder, "a.png");
      const array = image.imgToArray(image.loadImg(join(fixtures, "pets/dogs/c.png")));
      image.saveImg(path, array, { scale: false });
      expect(image.imgToArray(image.loadImg(path)).toList()).toEqual(array.toList());
      expect(() => image.saveImg(join(folder, "a.tiff"), array)).toThrow("unknown file extension: .tiff");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("refuses shapes that are no images", () => {
    expect(() => image.arrayToImg([[1, 2]])).toThrow(
      "Expected image array to have rank 3 (single image). Got array with shape: (1, 2)",
    );
    expect(() => image.arrayToImg([[[1, 2]]])).toThrow("Unsupported channel number: 2");
  });

  test.each(expected.affine as [Record<string, unknown>, unknown][])(
    "changes an image by %j as scipy does",
    (options, wanted) => {
      close(
        image.applyAffineTransform(expected.image, { ...camel(options), rowAxis: 0, colAxis: 1, channelAxis: 2 }),
        wanted,
      );
    },
  );

  test("takes channels first", () => {
    const { shape, data } = literalToArray(expected.image);
    const planes = new Float32Array(data.length);
    for (const [i, value] of (data as Float32Array).entries()) planes[(i % 3) * 35 + Math.floor(i / 3)] = value;
    expect(shape).toEqual([5, 7, 3]);
    close(
      image.applyAffineTransform(new tf.NdArray(tf.float32, [3, 5, 7], planes), 30, { zx: 0.5 }),
      expected.affine_first,
    );
  });

  test("makes images brighter", () => {
    for (const [brightness, scale, wanted, low] of expected.brightness) {
      const given = literalToArray(expected.image).data as Float32Array;
      const x = new tf.NdArray(
        tf.float32,
        [5, 7, 3],
        given.map((value) => value - low),
      );
      close(image.applyBrightnessShift(x, brightness, scale), wanted);
    }
  });

  test.each(expected.flows as [Record<string, unknown>, Record<string, unknown>, unknown[]][])(
    "a generator with %j flows with %j in Keras' order",
    (options, flow, wanted) => {
      const generator = new image.ImageDataGenerator(camel(options));
      generator.fit(expected.images);
      const batches = generator.flow(expected.images, [0, 1, 0, 1, 1], camel(flow));
      // whitening goes through a singular value decomposition
      const tolerance = options.zca_whitening ? 1e-3 : 1e-5;
      for (const [x, y] of wanted as [unknown, unknown][]) {
        const [ourX, ourY] = batches.next() as [tf.NdArray, tf.NdArray];
        close(ourX, x, tolerance);
        expect(flat(ourY)).toEqual(y);
      }
    },
  );

  test("a folder's folders are classes", () => {
    const generator = new image.ImageDataGenerator({ rescale: 1 / 255, validationSplit: 0.34 });
    const batches = generator.flowFromDirectory(join(fixtures, "pets"), [4, 4], {
      batchSize: 2,
      seed: 2,
      subset: "training",
      colorMode: "grayscale",
    });
    const [indices, names, wanted] = expected.directory;
    expect([batches.classIndices, batches.filenames]).toEqual([indices, names]);
    for (const batch of wanted) close(batches.next(), batch);
  });

  test("a model is fitted to a generator's batches", async () => {
    tf.resetDefaultGraph();
    const model = new tf.keras.Sequential([
      new tf.keras.layers.Flatten({ inputShape: [4, 4, 1] }),
      new tf.keras.layers.Dense(2, { activation: "softmax" }),
    ]);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    const flow = new image.ImageDataGenerator({ rescale: 1 / 255 }).flow(expected.images, [0, 1, 0, 1, 1], {
      batchSize: 2,
      seed: 1,
    });
    const history = await model.fit(flow, { epochs: 2, verbose: 0 });
    expect(history.history.loss).toHaveLength(2);
    tf.resetDefaultGraph();
  });
});
