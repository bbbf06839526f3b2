/** Models of shared layers, models in models, classes of one's own, states, masks, parts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "../../../../src/index.ts";
import { temporaryFolder } from "../../../io/temporary.ts";
import {
  error,
  K,
  keras,
  keys,
  L,
  names,
  type Program,
  quiet,
  rows,
  settle,
  small,
  summary,
  uniform,
  whole,
  X,
  Y,
} from "./shared.ts";

class Linear extends L.Layer {
  w: tf.Variable | null = null;
  b: tf.Variable | null = null;
  readonly units: number;
  constructor(units = 2, options: { name?: string } = {}) {
    super(options);
    this.units = units;
  }
  protected override build(shape: readonly number[]): void {
    const regularizer = keras.regularizers.l2(0.1);
    this.w = this.addWeight("w", { shape: [shape.at(-1)!, this.units], initializer: "ones", regularizer });
    this.b = this.addWeight("b", { shape: [this.units], initializer: "zeros", trainable: false });
  }
  protected override call(x: tf.Tensor): tf.Tensor {
    this.addLoss(tf.reduceSum(tf.abs(x) as tf.Tensor).mul(0.01));
    return tf.matmul(x, this.w!).add(this.b!);
  }
}

class Net extends keras.Model {
  readonly first = new Linear(3);
  readonly norm = new L.BatchNormalization();
  readonly last = new L.Dense(1);
  constructor() {
    super({ name: "net" });
  }
  protected override call(x: tf.Tensor, { training }: { training?: boolean | tf.Tensor | null }): tf.Tensor {
    return this.last.apply(this.norm.apply(tf.nn.relu(this.first.apply(x)), { training }));
  }
}

const all = (a: tf.NdArray, b: tf.NdArray): boolean =>
  [...(a.data as Float32Array)].every((v, i) => Math.abs(v - (b.data[i] as number)) <= 1e-8 + 1e-5 * Math.abs(v));

export const modelPrograms: Readonly<Record<string, Program>> = {
  async shared_layers() {
    const [a, b] = [keras.Input({ shape: [5], name: "a" }), keras.Input({ shape: [5], name: "b" })];
    const inner = [new L.Dense(4, { activation: "relu", inputShape: [5] }), new L.Dense(3)];
    const tower = new keras.Sequential(inner, { name: "tower" });
    const [left, right] = [tower.apply(a), tower.apply(b)];
    const distance = new L.Lambda((pair: readonly tf.Tensor[]) =>
      K.sqrt(K.sum(K.square(pair[0]!.sub(pair[1]!)), { axis: 1, keepdims: true })),
    ).apply([left, right]);
    const model = new keras.Model({ inputs: [a, b], outputs: distance as tf.Tensor });
    await settle(model);
    const contrastive = (y: tf.Tensor, d: tf.Tensor): tf.Tensor =>
      K.mean(y.mul(K.square(d)).add(y.rsub(1).mul(K.square(K.maximum(d.rsub(1), 0)))));
    const close = (y: tf.Tensor, d: tf.Tensor): tf.Tensor => K.mean(K.equal(y, K.cast(d.less(0.5), y.dtype)));
    model.compile({ optimizer: "rmsprop", loss: contrastive, metrics: [close] });
    const x = [uniform(1, 9, 5), uniform(2, 9, 5)];
    const { history } = await model.fit(x, whole(2, 3, 9), { epochs: 2, ...quiet });
    const [at0, at1] = [tower.getOutputAt(0) as tf.Tensor, tower.getOutputAt(1) as tf.Tensor];
    return [
      summary(model),
      history,
      names(model.weights),
      await keys(model),
      at1.name !== at0.name,
      await error(() => tower.output),
      tower.getOutputShapeAt(0),
      2,
    ];
  },

  async models_in_models() {
    const layers = [new L.Dense(4, { activation: "relu", inputShape: [3] }), new L.BatchNormalization()];
    const inner = new keras.Sequential(layers, { name: "inner" });
    const x = keras.Input({ shape: [3] });
    const h = inner.apply(x);
    const side = new keras.Model({ inputs: x, outputs: new L.Dense(2, { name: "head" }).apply(h), name: "side" });
    const model = new keras.Sequential([side, new L.Dropout(0.5), new L.Dense(1)]);
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit(X, Y, { epochs: 2, ...quiet });
    return [
      summary(model),
      summary(side),
      summary(model, { expandNested: true }),
      names(model.weights),
      names(model.trainableWeights),
      names(model.nonTrainableWeights),
      await keys(model),
      names(model.layers),
    ];
  },

  async classes_of_ones_own() {
    const x = keras.Input({ shape: [3] });
    const outputs = new Linear(1).apply(new Linear(2, { name: "lin" }).apply(x));
    const functional = new keras.Model({ inputs: x, outputs });
    await settle(functional);
    functional.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await functional.fit(X, Y, { epochs: 2, ...quiet });
    const net = new Net();
    const before = await error(() => net.summary());
    net.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    await net.trainOnBatch(X, Y);
    await settle(net);
    const fitted = await net.fit(X, Y, { epochs: 2, ...quiet });
    return [
      history,
      summary(functional),
      names(functional.weights),
      functional.losses.length,
      before,
      summary(net),
      fitted.history,
      names(net.weights),
      names(net.trainableWeights),
      await net.predict(X),
      await keys(net),
      net.losses.length,
    ];
  },

  async losses_and_metrics_added() {
    const x = keras.Input({ shape: [3], name: "x" });
    const h = new L.Dense(4, { activation: "sigmoid", activityRegularizer: "l2", name: "h" }).apply(x);
    const model = new keras.Model({ inputs: x, outputs: new L.Dense(1, { name: "y" }).apply(h) });
    model.addLoss(K.mean(K.abs(h)).mul(0.5));
    model.addMetric(K.mean(h), { name: "mean_h", aggregation: "mean" });
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    const { history } = await model.fit(X, Y, { epochs: 2, batchSize: 7, ...quiet });
    const auto = new keras.Model({ inputs: x, outputs: new L.Dense(3, { name: "back" }).apply(h) });
    auto.addLoss(K.mean(K.square((auto.output as tf.Tensor).sub(x))));
    auto.compile({ optimizer: "sgd" });
    await settle(auto);
    const own = await auto.fit(X, null, { epochs: 2, ...quiet });
    return [
      history,
      own.history,
      model.metricsNames,
      auto.metricsNames,
      await auto.evaluate(X, null, { verbose: 0 }),
      await auto.predict(rows(X, 0, 2)),
    ];
  },

  async states_between_batches() {
    const model = new keras.Sequential([
      new L.LSTM(3, { stateful: true, batchInputShape: [2, 4, 1], returnSequences: true }),
      new L.GRU(2, { stateful: true }),
      new L.Dense(1),
    ]);
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const [x, y] = [uniform(1, 8, 4, 1), uniform(2, 8, 1)];
    const histories: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      histories.push((await model.fit(x, y, { epochs: 1, batchSize: 2, ...quiet })).history);
      await model.resetStates();
    }
    const first = await model.predict(x, { batchSize: 2 });
    const second = await model.predict(x, { batchSize: 2 });
    await model.resetStates();
    return [histories, first, second, await model.predict(x, { batchSize: 2 }), summary(model)];
  },

  async masks() {
    const x = keras.Input({ shape: [5], dtype: tf.int32 });
    const words = new L.Embedding(7, 4, { maskZero: true }).apply(x);
    const h = new L.Bidirectional(new L.GRU(3, { returnSequences: true })).apply(words);
    const y = new L.TimeDistributed(new L.Dense(2, { activation: "softmax" })).apply(h);
    const model = new keras.Model({ inputs: x, outputs: y });
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const [xs, ys] = [whole(7, 1, 6, 5), whole(2, 2, 6, 5, 1)];
    const { history } = await model.fit(xs, ys, { epochs: 2, batchSize: 4, ...quiet });
    const z = keras.Input({ shape: [4, 2] });
    const pooled = new L.GlobalAveragePooling1D().apply(new L.Masking({ maskValue: 1 }).apply(z));
    const net = new keras.Model({ inputs: z, outputs: new L.Dense(1).apply(pooled) });
    await settle(net);
    const data = uniform(5, 3, 4, 2);
    const values = data.data as Float32Array;
    values.fill(1, 4, 8);
    values.fill(1, 18, 24);
    const lstm = new L.LSTM(2, { returnSequences: true, returnState: true });
    const outputs = lstm.apply([
      new L.Masking({ maskValue: 1 }).apply(z),
    ] as readonly tf.Tensor[]) as unknown as readonly tf.Tensor[];
    const sums = new keras.Model({ inputs: z, outputs });
    await settle(sums);
    return [
      history,
      await model.predict(xs),
      names(model.weights).map((name) => name.replace("/dense/", "/")), // Keras leaves the name of a wrapped layer out
      summary(model),
      await net.predict(data),
      await sums.predict(data),
    ];
  },

  async frozen() {
    const model = new keras.Sequential([
      new L.Dense(4, { inputShape: [3], name: "a" }),
      new L.BatchNormalization({ name: "n" }),
      new L.Dense(1, { name: "b" }),
    ]);
    await settle(model);
    model.getLayer("a").trainable = false;
    model.compile({ optimizer: "sgd", loss: "mse" });
    const before = await model.getWeights();
    await model.fit(X, Y, { epochs: 1, verbose: 0 });
    const after = await model.getWeights();
    const out: unknown[] = [before.map((p, i) => all(p, after[i]!)), summary(model), names(model.trainableWeights)];
    model.trainable = false;
    out.push(names(model.trainableWeights), names(model.nonTrainableWeights), model.updates.length);
    model.trainable = true;
    model.layers[1]!.trainable = false;
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit(X, Y, { epochs: 1, verbose: 0 });
    const last = await model.getWeights();
    out.push(
      after.map((p, i) => all(p, last[i]!)),
      model.countParams(),
      model.layers.map(({ trainable }) => trainable),
    );
    return out;
  },

  async operators_on_tensors() {
    const [a, b] = [keras.Input({ shape: [3], name: "a" }), keras.Input({ shape: [3], name: "b" })];
    const h = new L.Dense(3, { name: "h" }).apply(a).mul(2).add(b);
    const y = K.mean(tf.nn.relu(h), { axis: 1, keepdims: true });
    const model = new keras.Model({ inputs: [a, b], outputs: y });
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await model.fit([X, uniform(12, 20, 3)], Y, { epochs: 2, ...quiet });
    return [summary(model), history, names(model.layers), model.layers.map((layer) => layer.constructor.name)];
  },

  async parts_of_models() {
    const model = new keras.Sequential([
      new L.Dense(5, { activation: "relu", inputShape: [3], name: "one" }),
      new L.Dense(4, { name: "two" }),
      new L.Dense(1, { name: "three" }),
    ]);
    await settle(model);
    const features = new keras.Model({
      inputs: model.input as tf.Tensor,
      outputs: model.getLayer("two").output as tf.Tensor,
    });
    const out: unknown[] = [await features.predict(rows(X, 0, 3)), summary(features)];
    model.pop();
    out.push(names(model.layers), model.outputShape, summary(model));
    model.add(new L.Dense(2, { activation: "softmax", name: "new" }));
    await settle(model);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    const { history } = await model.fit(X, whole(2, 9, 20), { epochs: 1, ...quiet });
    out.push(history, model.inputShape, model.layers[0]!.getConfig().units, model.layers[1]!.inputShape);
    out.push((model.layers[0]!.output as tf.Tensor).name);
    K.setLearningPhase(1);
    const noisy = new keras.Sequential([new L.BatchNormalization({ inputShape: [3] }), new L.Dense(1)]);
    await settle(noisy);
    out.push(await noisy.predict(X));
    K.setLearningPhase(0);
    const x = keras.Input({ shape: [3] });
    const always = new keras.Model({
      inputs: x,
      outputs: new L.BatchNormalization().apply(x, { training: true }),
    });
    await settle(always);
    out.push(await always.predict(rows(X, 0, 6)));
    return out;
  },

  async checkpoints() {
    const folder = temporaryFolder();
    const path = join(folder, "w");
    const adam = () => new keras.optimizers.Adam(0.01);
    const model = await small({ optimizer: adam() });
    await model.fit(X, Y, { epochs: 1, ...quiet });
    await model.saveWeights(path);
    const out: unknown[] = [await keys(model)];
    const other = await small({ optimizer: adam() });
    out.push((await other.loadWeights(path)) !== null);
    const [p, q] = [await model.predict(X), await other.predict(X)] as [tf.NdArray, tf.NdArray];
    out.push(all(p, q), readdirSync(folder).sort(), readFileSync(join(folder, "checkpoint"), "utf8"));
    const wide = new keras.Sequential([new L.Dense(5, { inputShape: [3] }), new L.Dense(1)]);
    const refused = await error(() => wide.loadWeights(path));
    out.push(refused.startsWith("ValueError") ? "none" : refused); // Keras in Python defers the restoration, which fails later
    const x = keras.Input({ shape: [2], name: "q" });
    const shared = new L.Dense(2, { name: "shared" });
    const deep = new keras.Model({ inputs: x, outputs: L.add([shared.apply(x), shared.apply(shared.apply(x))]) });
    out.push(await keys(deep), summary(deep));
    return out;
  },
};
