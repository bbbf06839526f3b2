/** Layers' values and models as JSON, against Keras in TensorFlow. Made by test/fixtures/keras/make_layers.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { keras, L, settle, uniform } from "./programs/shared.ts";

const expected = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/keras/layers.json"), "utf8")) as {
  readonly values: readonly unknown[];
  readonly json: readonly [string, string];
};

/** Keras numbers objects that several layers could share. */
const parsed = (json: string): unknown =>
  JSON.parse(json, (key, value) => (key === "shared_object_id" ? undefined : value));

const flat = (value: unknown): number[] => (Array.isArray(value) ? value.flatMap(flat) : [value as number]);

test("attention and narrow convolutions give Keras' values", async () => {
  await new tf.Graph().asDefault(async () => {
    const [q, v] = [keras.Input({ shape: [3, 4] }), keras.Input({ shape: [5, 4] })];
    const attention = new keras.Model({
      inputs: [q, v],
      outputs: [
        new L.Attention({ useScale: true }).apply([q, v]) as tf.Tensor,
        new L.AdditiveAttention().apply([q, v]) as tf.Tensor,
        new L.Rescaling(0.5, { offset: 1 }).apply(q),
      ],
    });
    await settle(attention);
    const x = keras.Input({ shape: [6, 2] });
    const narrow = new keras.Model({
      inputs: x,
      outputs: [
        new L.SeparableConv1D(3, 2).apply(x),
        new L.DepthwiseConv1D(2, { depthMultiplier: 2 }).apply(x),
        new L.Conv1DTranspose(3, 2, { strides: 2 }).apply(x),
        new L.LocallyConnected1D(2, 3).apply(x),
      ],
    });
    await settle(narrow);
    const values = [
      ...((await attention.predict([uniform(1, 2, 3, 4), uniform(2, 2, 5, 4)])) as tf.NdArray[]),
      ...((await narrow.predict(uniform(3, 2, 6, 2))) as tf.NdArray[]),
    ];
    for (const [i, value] of values.entries()) {
      const [got, want] = [flat(value.toList()), flat(expected.values[i])];
      expect(got.length).toBe(want.length);
      for (const [k, number] of want.entries()) expect(got[k]).toBeCloseTo(number, 5);
    }
  });
});

test("toJson writes what Keras writes, and modelFromJson makes a model of it that says the same", async () => {
  await new tf.Graph().asDefault(async () => {
    const images = new keras.Sequential([
      new L.Conv2D(4, 3, { activation: "relu", inputShape: [8, 8, 1] }),
      new L.MaxPooling2D(),
      new L.BatchNormalization(),
      new L.Flatten(),
      new L.Dropout(0.25),
      new L.Dense(3, { activation: "softmax", kernelRegularizer: "l2" }),
    ]);
    const x = keras.Input({ shape: [4], name: "x" });
    const words = new keras.Model({
      inputs: x,
      outputs: new L.Dense(2).apply(new L.LSTM(3).apply(new L.Embedding(5, 2).apply(x))),
    });
    for (const [i, model] of [images, words].entries()) {
      expect(JSON.parse(model.toJson())).toEqual(parsed(expected.json[i]!));
      const again = keras.models.modelFromJson(expected.json[i]!);
      expect(JSON.parse(again.toJson())).toEqual(parsed(expected.json[i]!));
      expect(keras.models.cloneModel(model).countParams()).toBe(model.countParams());
    }
  });
});
