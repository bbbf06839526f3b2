/** fit, evaluate and predict over arrays, datasets and generators. */
import * as tf from "../../../../src/index.ts";
import {
  counted,
  floats,
  keras,
  L,
  LEFT,
  numbers,
  ONE,
  onehot,
  type Program,
  printed,
  quiet,
  RIGHT,
  rows,
  settle,
  small,
  TWO,
  twoHeads,
  uniform,
  whole,
  X,
  Y,
} from "./shared.ts";

const dataset = () => tf.data.Dataset.fromTensorSlices([tf.constant(X), tf.constant(Y)]).batch(4);

export const fittingPrograms: Readonly<Record<string, Program>> = {
  async words_of_fit() {
    const out: unknown[] = [];
    const model = await small({ metrics: ["mae"] });
    await printed(out, () => model.fit(X, Y, { batchSize: 5, epochs: 2, shuffle: false, validationSplit: 0.25 }));
    await printed(out, () => model.fit(X, Y, { batchSize: 5, epochs: 1, shuffle: false }));
    const validationData = [rows(X, 0, 4), rows(Y, 0, 4)] as const;
    await printed(out, () =>
      model.fit(X, Y, { batchSize: 5, epochs: 3, shuffle: false, validationData, verbose: 2, validationFreq: 2 }),
    );
    await printed(out, () => model.predict(X));
    return out;
  },

  async words_of_steps() {
    const out: unknown[] = [];
    const model = await small();
    const data = dataset();
    await printed(out, () => model.fit(data, { epochs: 2 }));
    const three = { epochs: 2, stepsPerEpoch: 3 };
    await printed(out, () => model.fit(data.repeat(), { ...three, validationData: data, verbose: 2 }));
    await printed(out, () => model.fit(data.repeat(), { ...three, validationData: data.repeat(), validationSteps: 2 }));
    out.push(await model.evaluate(data, { verbose: 0 }));
    out.push(await model.predict(data, { steps: 2 }));
    function* batches() {
      while (true) for (let i = 0; i < 20; i += 5) yield [rows(X, i, i + 5), rows(Y, i, i + 5)];
    }
    await printed(out, () => model.fit(batches(), { stepsPerEpoch: 4, epochs: 2 }));
    await printed(out, () =>
      model.fitGenerator(batches(), { stepsPerEpoch: 2, epochs: 2, verbose: 2, validationData: [X, Y] }),
    );
    out.push(await model.evaluateGenerator(batches(), { steps: 4 }));
    out.push([...((await model.predictGenerator(batches(), { steps: 2 })) as tf.NdArray).shape]);
    return out;
  },

  async sequences_of_batches() {
    class Batches extends keras.utils.Sequence {
      ends = 0;
      override get length(): number {
        return 4;
      }
      override getItem(i: number) {
        return [rows(X, i * 5, i * 5 + 5), rows(Y, i * 5, i * 5 + 5), counted(5)];
      }
      override onEpochEnd(): void {
        this.ends++;
      }
    }
    const out: unknown[] = [];
    const model = await small({ metrics: ["mae"], weightedMetrics: ["mse"] });
    const batches = new Batches();
    let history: unknown;
    await printed(out, async () => {
      history = (await model.fit(batches, { epochs: 2, shuffle: false, validationData: new Batches(), verbose: 2 }))
        .history;
    });
    return [out, history, batches.ends, await model.evaluate(batches, { verbose: 0 }), await model.predict(batches)];
  },

  async by_names() {
    const model = await twoHeads();
    model.compile({
      optimizer: "adam",
      loss: { one: "mse", two: "categorical_crossentropy" },
      lossWeights: { one: 0.25, two: 2 },
      metrics: { two: ["accuracy", new keras.metrics.Recall({ name: "r" })], one: "mae" },
    });
    const fit = { epochs: 2, batchSize: 4, ...quiet };
    const [x, y] = [
      { left: LEFT, right: RIGHT },
      { one: ONE, two: TWO },
    ];
    const history = await model.fit(x, y, fit);
    const weighted = await model.fit(x, y, {
      sampleWeight: { one: counted(8, 4), two: counted(8).map(() => 0.5) },
      validationData: [
        [LEFT, RIGHT],
        [ONE, TWO],
      ],
      ...fit,
    });
    const sampleWeight = [counted(8, 4), counted(8).map(() => 1)];
    const listed = await model.fit([LEFT, RIGHT], [ONE, TWO], { sampleWeight, ...fit });
    return [
      history.history,
      weighted.history,
      listed.history,
      model.metricsNames,
      model.outputNames,
      model.inputNames,
      await model.evaluate([LEFT, RIGHT], [ONE, TWO], { verbose: 0 }),
      await model.predict(x),
    ];
  },

  async one_head_of_two_has_a_loss() {
    const model = await twoHeads();
    const options = { optimizer: "sgd", loss: { two: "categorical_crossentropy" }, metrics: [[], ["accuracy", "mse"]] };
    model.compile(options);
    let untrained = "none";
    try {
      await model.fit([LEFT, RIGHT], { two: TWO }, { epochs: 2, ...quiet });
    } catch (e) {
      untrained = `${(e as Error).constructor.name}: ${(e as Error).message}`;
    }
    const tested = await model.evaluate([LEFT, RIGHT], { two: TWO }, { verbose: 0 });
    model.getLayer("one").trainable = false;
    model.compile(options);
    const history = await model.fit([LEFT, RIGHT], { two: TWO }, { epochs: 2, ...quiet });
    model.getLayer("one").trainable = true;
    model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae", "mse"] });
    const both = await model.fit([LEFT, RIGHT], [ONE, TWO], { epochs: 1, ...quiet });
    return [untrained, tested, history.history, both.history, model.metricsNames];
  },

  async weights_of_steps() {
    const model = new keras.Sequential([
      new L.LSTM(3, { returnSequences: true, inputShape: [4, 2] }),
      new L.TimeDistributed(new L.Dense(1)),
    ]);
    await settle(model);
    model.compile({
      optimizer: "sgd",
      loss: "mse",
      sampleWeightMode: "temporal",
      weightedMetrics: ["mae"],
      metrics: ["mse"],
    });
    const [x, y, sampleWeight] = [uniform(11, 6, 4, 2), uniform(51, 6, 4, 1), floats([6, 4], numbers(24, 3))];
    const { history } = await model.fit(x, y, { sampleWeight, epochs: 2, batchSize: 3, ...quiet });
    return [history, await model.evaluate(x, y, { sampleWeight, verbose: 0 })];
  },

  async single_batches() {
    const model = await small({ metrics: ["mae", "mse"] });
    const out: unknown[] = [
      await model.trainOnBatch(X, Y),
      await model.trainOnBatch(X, Y, { sampleWeight: counted(20, 10) }),
      await model.testOnBatch(rows(X, 0, 5), rows(Y, 0, 5)),
      await model.predictOnBatch(rows(X, 0, 2)),
      await model.trainOnBatch(X, Y, { resetMetrics: false }),
      await model.trainOnBatch(rows(X, 0, 4), rows(Y, 0, 4), { resetMetrics: false }),
      model.metricsNames,
    ];
    const labels = whole(3, 5, 20);
    const classes = new keras.Sequential([new L.Dense(3, { activation: "softmax", inputShape: [3] })]);
    await settle(classes);
    classes.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const classWeight = { 0: 1, 1: 2, 2: 0.5 };
    out.push(await classes.trainOnBatch(X, labels, { classWeight }), await classes.testOnBatch(X, labels));
    const { history } = await classes.fit(X, labels, { classWeight, epochs: 2, ...quiet });
    return [...out, history, null];
  },

  async targets_of_shapes() {
    const out: unknown[] = [];
    const x = uniform(1, 10, 4);
    const [losses, metrics] = [keras.losses, keras.metrics];
    const last = (units: number, activation: string | null) => ({ units, activation });
    const sigmoid = last(1, "sigmoid");
    const softmax = last(3, "softmax");
    // biome-ignore format: one line for each
    const cases: readonly (readonly [{ units: number; activation: string | null }, () => tf.keras.losses.Loss | string, tf.NdArray, () => readonly unknown[]])[] = [
      [sigmoid, () => "binary_crossentropy", whole(2, 2, 10), () => ["accuracy", "binary_accuracy", new metrics.BinaryCrossentropy()]],
      [softmax, () => "sparse_categorical_crossentropy", whole(3, 2, 10), () => ["acc", "sparse_top_k_categorical_accuracy"]],
      [softmax, () => "sparse_categorical_crossentropy", whole(3, 2, 10, 1), () => ["accuracy", "crossentropy"]],
      [softmax, () => "categorical_crossentropy", onehot(3, 2, 10), () => ["accuracy", "ce", "cosine_similarity", new metrics.CategoricalAccuracy()]],
      [softmax, () => "binary_crossentropy", onehot(3, 2, 10), () => ["accuracy"]],
      [last(1, null), () => "mse", uniform(2, 10), () => ["accuracy", "msle", "mape", "logcosh"]],
      [last(2, "sigmoid"), () => "huber", uniform(2, 10, 2), () => [new metrics.RootMeanSquaredError(), "hinge", "kullback_leibler_divergence"]],
      [last(1, null), () => new losses.BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1 }), whole(2, 2, 10), () => ["AUC", "Precision", "Recall"]],
      [softmax, () => new losses.CategoricalCrossentropy({ labelSmoothing: 0.2, reduction: "sum" }), onehot(3, 2, 10), () => ["TruePositives", "top_k_categorical_accuracy"]],
      [last(2, "sigmoid"), () => new losses.Huber({ delta: 0.3 }), uniform(2, 10, 2), () => [new metrics.MeanAbsoluteError(), new metrics.MeanSquaredError({ name: "again" }), "mae", "mse"]],
    ];
    for (const [{ units, activation }, loss, y, made] of cases) {
      const model = new keras.Sequential([new L.Dense(units, { activation, inputShape: [4] })]);
      await settle(model);
      model.compile({ optimizer: "sgd", loss: loss(), metrics: made() as string[] });
      out.push((await model.fit(x, y, { epochs: 2, batchSize: 4, ...quiet })).history, [...model.metricsNames]);
    }
    return out;
  },

  async own_functions() {
    type Two = (y: tf.Tensor, p: tf.Tensor) => tf.Tensor;
    const rmse: Two = (y, p) => tf.sqrt(tf.reduceMean(tf.square(p.sub(y)), { axis: -1 })) as tf.Tensor;
    const scaled: Two = (y, p) =>
      tf.reduceMean((tf.abs(y.sub(p)) as tf.Tensor).mul(tf.constant([[2]], tf.float32)), { axis: 1 });
    class Gap extends keras.metrics.Metric {
      readonly most: tf.Variable;
      constructor(name = "gap") {
        super({ name });
        this.most = this.addWeight("most");
      }
      override updateState(y: tf.Tensor, p: tf.Tensor) {
        return this.most.assign(tf.maximum(this.most, tf.reduceMax(tf.abs(y.sub(p)) as tf.Tensor))).op;
      }
      override result(): tf.Tensor {
        return this.most.value();
      }
    }
    class Power extends keras.losses.Loss {
      override call(y: tf.Tensor, p: tf.Tensor): tf.Tensor {
        return tf.reduceMean(tf.pow(tf.abs(y.sub(p)) as tf.Tensor, 3) as tf.Tensor, { axis: -1 });
      }
    }
    const out: unknown[] = [];
    const settings = { epochs: 2, batchSize: 8, ...quiet };
    const model = await small({ loss: scaled, metrics: [rmse, new Gap()] });
    const validationData = [rows(X, 0, 5), rows(Y, 0, 5)] as const;
    out.push((await model.fit(X, Y, { ...settings, validationData })).history, model.metricsNames);
    const other = await small({ loss: new Power({ name: "power" }), weightedMetrics: [new Gap("wide")] });
    out.push((await other.fit(X, Y, { ...settings, sampleWeight: counted(20, 10) })).history, other.metricsNames);
    out.push(await other.evaluate(X, Y, { verbose: 0 }));
    return out;
  },
};
