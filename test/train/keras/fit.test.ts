/** What fit does beside arithmetic: batches, validation, callbacks, datasets, classes of one's own, and what it says to mistakes. */
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { keras } = tf;
const { layers } = keras;

const inGraph = (fn: () => Promise<void>): Promise<void> =>
  new tf.Graph().asDefault(async () => {
    tf.setRandomSeed(7);
    await fn();
    await keras.backend.getSession().close();
  });

const xs = Array.from({ length: 20 }, (_, i) => [i / 20, (i % 4) / 4]);
const ys = xs.map(([a, b]) => [2 * a! - b! + 0.5]);

const line = (options: { readonly learningRate?: number } = {}): tf.keras.Sequential => {
  const model = new keras.Sequential([new layers.Dense(1, { inputShape: [2] })]);
  model.compile({ optimizer: new keras.optimizers.SGD(options.learningRate ?? 0.1), loss: "mse" });
  return model;
};

describe("fit", () => {
  test("learns a plane; the same seed gives the same losses, shuffled too", async () => {
    const losses: number[][] = [];
    for (let i = 0; i < 2; i++) {
      await inGraph(async () => {
        const { history } = await line().fit(xs, ys, { epochs: 60, batchSize: 5, verbose: 0 });
        losses.push(history.loss!);
      });
    }
    expect(losses[0]!.at(-1)).toBeLessThan(0.02);
    expect(losses[1]).toEqual(losses[0]);
  });

  test("a Sequential without an input shape takes that of the data", () =>
    inGraph(async () => {
      const model = new keras.Sequential([new layers.Dense(3, { activation: "relu" }), new layers.Dense(1)]);
      model.compile({ optimizer: "sgd", loss: "mse" });
      await model.fit(xs, ys, { verbose: 0 });
      expect(model.weights.map(({ shape }) => shape)).toEqual([[2, 3], [3], [3, 1], [1]]);
      expect(((await model.predict(xs)) as tf.NdArray).shape).toEqual([20, 1]);
    }));

  test("a class of one's own finds its layers in its fields", () =>
    inGraph(async () => {
      class Twice extends keras.Model {
        readonly first = new layers.Dense(4, { activation: "tanh" });
        readonly heads = [new layers.Dense(1), new layers.Dense(1)];
        protected override call(x: tf.Tensor): tf.Tensor {
          const h = this.first.apply(x);
          return this.heads[0]!.apply(h).add(this.heads[1]!.apply(h));
        }
      }
      const model = new Twice();
      model.compile({ optimizer: "adam", loss: "mse" });
      const { history } = await model.fit(xs, ys, { epochs: 3, verbose: 0 });
      expect(history.loss).toHaveLength(3);
      expect(model.trainableWeights).toHaveLength(6);
    }));

  test("takes datasets, with and without a number of steps", () =>
    inGraph(async () => {
      const dataset = tf.data.Dataset.fromTensorSlices([tf.constant(xs), tf.constant(ys)]).batch(4);
      const model = line();
      const whole = await model.fit(dataset, { epochs: 2, verbose: 0 });
      expect(whole.history.loss).toHaveLength(2);
      const some = await model.fit(dataset.repeat(), { epochs: 2, stepsPerEpoch: 3, verbose: 0 });
      expect(some.history.loss).toHaveLength(2);
      expect(typeof (await model.evaluate(dataset, { verbose: 0 }))).toBe("number");
      const predicted = (await model.predict(tf.data.Dataset.fromTensorSlices(tf.constant(xs)).batch(8))) as tf.NdArray;
      expect(predicted.shape).toEqual([20, 1]);
    }));

  test("takes generators", () =>
    inGraph(async () => {
      function* batches() {
        for (let i = 0; ; i = (i + 4) % 20) yield [xs.slice(i, i + 4), ys.slice(i, i + 4)];
      }
      const { history } = await line().fit(batches(), { epochs: 2, stepsPerEpoch: 5, verbose: 0 });
      expect(history.loss![1]).toBeLessThan(history.loss![0]!);
    }));

  test("trains and tests single batches", () =>
    inGraph(async () => {
      const model = line();
      const before = (await model.testOnBatch(xs, ys)) as number;
      await model.trainOnBatch(xs, ys);
      expect(await model.testOnBatch(xs, ys)).toBeLessThan(before);
    }));

  test("layers that are not to be trained stay", () =>
    inGraph(async () => {
      const frozen = new layers.Dense(2, { inputShape: [2] });
      const model = new keras.Sequential([frozen, new layers.Dense(1)]);
      frozen.trainable = false;
      model.compile({ optimizer: "sgd", loss: "mse" });
      const before = (await model.getWeights()).map(String);
      await model.fit(xs, ys, { verbose: 0 });
      const after = (await model.getWeights()).map(String);
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
      expect(after.slice(2)).not.toEqual(before.slice(2));
    }));

  test("optimizers of tf.train serve as well", () =>
    inGraph(async () => {
      const model = new keras.Sequential([new layers.Dense(1, { inputShape: [2] })]);
      model.compile({ optimizer: new tf.train.AdamOptimizer(0.1), loss: "mse" });
      const { history } = await model.fit(xs, ys, { epochs: 5, verbose: 0 });
      expect(history.loss![4]).toBeLessThan(history.loss![0]!);
    }));

  test("a stateful layer goes on where the batch before ended, until its states are reset", () =>
    inGraph(async () => {
      const model = new keras.Sequential([new layers.LSTM(3, { stateful: true, batchInputShape: [2, 4, 1] })]);
      const x = new tf.NdArray(tf.float32, [2, 4, 1], new Float32Array(8).fill(0.5));
      const first = String(await model.predict(x, { batchSize: 2 }));
      const second = String(await model.predict(x, { batchSize: 2 }));
      expect(second).not.toBe(first);
      await model.resetStates();
      expect(String(await model.predict(x, { batchSize: 2 }))).toBe(first);
    }));
});

describe("callbacks", () => {
  test("EarlyStopping stops, and puts the best weights back", () =>
    inGraph(async () => {
      const model = line({ learningRate: 1.5 });
      const stop = new keras.callbacks.EarlyStopping({ monitor: "loss", patience: 2, restoreBestWeights: true });
      const { epoch } = await model.fit(xs, ys, { epochs: 30, verbose: 0, shuffle: false, callbacks: [stop] });
      expect(epoch.length).toBeLessThan(30);
      expect(stop.stoppedEpoch).toBe(epoch.at(-1));
    }));

  test("LearningRateScheduler and ReduceLROnPlateau set the rate", () =>
    inGraph(async () => {
      const model = line();
      const rates: number[] = [];
      const seen = new keras.callbacks.LambdaCallback({
        onEpochEnd: async () => void rates.push(await model.getLearningRate()),
      });
      const halve = new keras.callbacks.LearningRateScheduler((epoch) => 0.1 / 2 ** epoch);
      await model.fit(xs, ys, { epochs: 3, verbose: 0, callbacks: [halve, seen] });
      expect(rates.map((rate) => Math.round(rate * 1e4))).toEqual([1000, 500, 250]);
      const plateau = new keras.callbacks.ReduceLROnPlateau({
        monitor: "loss",
        factor: 0.1,
        patience: 1,
        minDelta: 100,
      });
      await model.fit(xs, ys, { epochs: 3, verbose: 0, callbacks: [plateau] });
      expect(await model.getLearningRate()).toBeLessThan(0.025);
    }));

  test("TerminateOnNaN ends a run that explodes", () =>
    inGraph(async () => {
      const model = line({ learningRate: 1e20 });
      const { epoch } = await model.fit(xs, ys, {
        epochs: 50,
        verbose: 0,
        callbacks: [new keras.callbacks.TerminateOnNaN()],
      });
      expect(epoch.length).toBeLessThan(50);
    }));
});

describe("mistakes", () => {
  test("names, shapes and numbers of arrays are checked in Keras' words", () =>
    inGraph(async () => {
      const model = line();
      await expect(model.fit([[1, 2, 3]], [[1]], { verbose: 0 })).rejects.toThrow(
        "Error when checking input: expected dense_input to have shape (2,) but got array with shape (3,)",
      );
      await expect(model.fit(xs, ys.slice(1), { verbose: 0 })).rejects.toThrow(
        "should have the same number of samples",
      );
      expect(() => model.compile({ optimizer: "adem", loss: "mse" })).toThrow("Unknown optimizer: 'adem'");
      expect(() => model.compile({ optimizer: "adam", loss: "msx" })).toThrow("Unknown loss function: 'msx'");
      expect(() => new layers.Dense(3, { activation: "rellu" })).toThrow("Unknown activation function: 'rellu'");
    }));

  test("a model that was not compiled cannot be trained", () =>
    inGraph(async () => {
      const model = new keras.Sequential([new layers.Dense(1, { inputShape: [2] })]);
      await expect(model.fit(xs, ys, { verbose: 0 })).rejects.toThrow(
        "You must compile your model before training/testing.",
      );
    }));

  test("outputs must come from the inputs", () =>
    inGraph(async () => {
      const [a, b] = [keras.Input({ shape: [2] }), keras.Input({ shape: [2] })];
      const y = new layers.Add().apply([a, b]) as tf.Tensor;
      expect(() => new keras.Model({ inputs: a, outputs: y })).toThrow("Graph disconnected");
    }));
});

test("toCategorical makes rows of ones", () => {
  expect(keras.utils.toCategorical([0, 2, 1]).toList()).toEqual([
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ]);
  expect(() => keras.utils.toCategorical([3], 2)).toThrow("index 3 is out of bounds for axis 1 with size 2");
});
