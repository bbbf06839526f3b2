/** Keras where ops run at once: layers below a tape, and fit as in a graph. */
import { expect, test } from "vitest";
import { eagerMode } from "../../../src/eager/mode.ts";
import * as tf from "../../../src/index.ts";

const { keras } = tf;
const { layers } = keras;
const xs = Array.from({ length: 12 }, (_, i) => [i / 12, (i % 4) / 4]);
const ys = xs.map(([a, b]) => [2 * a! - b!]);

const build = (): tf.keras.Sequential =>
  new keras.Sequential([
    new layers.Dense(4, { activation: "tanh", inputShape: [2], kernelRegularizer: "l2" }),
    new layers.BatchNormalization(),
    new layers.Dense(1),
  ]);

const ramp = (shape: readonly number[], i: number): tf.NdArray => {
  const n = shape.reduce((a, b) => a * b, 1);
  return new tf.NdArray(
    tf.float32,
    shape,
    Float32Array.from({ length: n }, (_, k) => ((k * 7 + i * 3) % 11) / 11 + 0.1),
  );
};

async function trained(): Promise<{ history: Record<string, number[]>; predicted: number[]; evaluated: number[] }> {
  const model = build();
  const shapes = model.weights.map(({ shape }) => shape as number[]);
  await model.setWeights(shapes.map(ramp));
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  const { history } = await model.fit(xs, ys, {
    epochs: 4,
    batchSize: 5,
    shuffle: false,
    verbose: 0,
    validationSplit: 0.25,
  });
  const evaluated = (await model.evaluate(xs, ys, { verbose: 0 })) as number[];
  const predicted = [...((await model.predict(xs)) as tf.NdArray).data] as number[];
  return { history, evaluated, predicted };
}

test("a model learns the same as in a graph", async () => {
  const inGraph = await new tf.Graph().asDefault(trained);
  const atOnce = await eagerMode(trained);
  expect(Object.keys(atOnce.history)).toEqual(Object.keys(inGraph.history));
  for (const [name, values] of Object.entries(inGraph.history)) {
    for (const [i, value] of values.entries()) expect(atOnce.history[name]![i]).toBeCloseTo(value, 4);
  }
  for (const [i, value] of inGraph.predicted.entries()) expect(atOnce.predicted[i]).toBeCloseTo(value, 4);
  for (const [i, value] of inGraph.evaluated.entries()) expect(atOnce.evaluated[i]).toBeCloseTo(value, 4);
});

test("a class of one's own learns below a tape, with optimizers of Keras and of tf.train", async () => {
  await eagerMode(async () => {
    class Reader extends keras.Model {
      readonly embed = new layers.Embedding(5, 3);
      readonly read = new layers.LSTM(4);
      readonly head = new layers.Dense(1);
      protected override call(x: tf.Tensor): tf.Tensor {
        return this.head.apply(this.read.apply(this.embed.apply(x)));
      }
    }
    const x = tf.constant([
      [0, 1, 2],
      [3, 4, 0],
    ]);
    for (const optimizer of [new keras.optimizers.RMSprop(0.05), new tf.train.AdamOptimizer(0.05)]) {
      const model = new Reader();
      const losses: number[] = [];
      for (let i = 0; i < 8; i++) {
        let loss!: tf.Tensor;
        const tape = new tf.GradientTape(() => {
          loss = tf.reduceMean(tf.square(model.apply(x).sub([[1], [-1]])));
        });
        const found = tape.gradient(loss, model.trainableWeights) as tf.Tensor[];
        optimizer.applyGradients(found.map((each, k) => [each, model.trainableWeights[k]!] as const));
        losses.push(Number(loss.numpy()));
      }
      expect(model.trainableWeights).toHaveLength(6);
      expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.8);
    }
  });
});

test("dropout is for training alone", async () => {
  await eagerMode(async () => {
    const x = tf.ones([1, 1000]);
    const layer = new layers.Dropout(0.5);
    expect(String(layer.apply(x).numpy())).toBe(String(x.numpy()));
    const kept = tf.reduceMean(tf.cast(tf.notEqual(layer.apply(x, { training: true }), 0), tf.float32)) as tf.Tensor;
    expect(Number(kept.numpy())).toBeGreaterThan(0.4);
    expect(Number(kept.numpy())).toBeLessThan(0.6);
  });
});
