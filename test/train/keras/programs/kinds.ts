/** Layers of many kinds, trained: the programs of test/fixtures/keras/make_kinds.py. */
import * as tf from "../../../../src/index.ts";
import {
  C,
  columns,
  error,
  K,
  keras,
  keys,
  L,
  names,
  onehot,
  type Program,
  printed,
  rows,
  settle,
  uniform,
  whole,
  X,
  Y,
} from "./shared.ts";

/** History, first predictions, names of weights and keys of the checkpoint. */
async function trained(model: tf.keras.Model, x: unknown, y: unknown): Promise<unknown[]> {
  await settle(model);
  model.compile("sgd", "mse");
  const { history } = await model.fit(x as tf.NdArray, y as tf.NdArray, 4, 2, { shuffle: false, verbose: 0 });
  const p = await model.predict(x as tf.NdArray);
  const first = Array.isArray(p) ? p.map((v) => rows(v, 0, 1)) : rows(p, 0, 1);
  return [history.loss, first, names(model.weights), await keys(model)];
}

/** A configuration with its keys in order. */
function config(model: tf.keras.Model): unknown {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, each]) => [key, sorted(each)]),
    );
  };
  return sorted(JSON.parse(model.toJson()));
}

const S = uniform(5, 8, 4, 3);
const T = uniform(6, 8, 2);
const FILM = uniform(7, 4, 3, 5, 5, 2);

class Mine extends L.AbstractRNNCell {
  kernel: tf.Variable | null = null;
  rk: tf.Variable | null = null;
  readonly stateSize: number;

  constructor(units: number) {
    super();
    this.stateSize = units;
  }

  protected override build(shape: readonly (number | null)[]): void {
    this.kernel = this.addWeight("kernel", { shape: [shape.at(-1)!, this.stateSize], initializer: "uniform" });
    this.rk = this.addWeight("rk", { shape: [this.stateSize, this.stateSize], initializer: "uniform" });
  }

  override step(x: tf.Tensor, [h]: readonly tf.Tensor[]) {
    const output = tf.add(K.dot(x, this.kernel!), K.dot(h!, this.rk!));
    return [output, [output]] as const;
  }
}

class Narrow extends L.Layer {
  constructor() {
    super({ name: "s" });
    this.inputSpec = new L.InputSpec({ minNdim: 2, axes: { [-1]: 4 } });
  }

  protected override call(x: tf.Tensor): tf.Tensor {
    return x;
  }
}

export const kinds: Readonly<Record<string, Program>> = {
  stacked_cells: async () => {
    const cells = new L.StackedRNNCells([new L.LSTMCell(3), new L.GRUCell(2)]);
    const one = new keras.Sequential([new L.RNN(cells, { inputShape: [4, 3] })]);
    const two = new keras.Sequential([
      new L.RNN([new L.SimpleRNNCell(3), new L.LSTMCell(2)], { returnSequences: true, inputShape: [4, 3] }),
      new L.Flatten(),
      new L.Dense(2),
    ]);
    return [await trained(one, S, T), await trained(two, S, T)];
  },
  convolutional_lstm: async () => {
    const read = (layer: tf.keras.layers.Layer) => new keras.Sequential([layer, new L.Flatten(), new L.Dense(2)]);
    const one = read(new L.ConvLSTM2D(2, 3, { inputShape: [3, 5, 5, 2], padding: "same" }));
    const two = read(new L.ConvLSTM2D(2, [2, 3], 2, { returnSequences: true, inputShape: [3, 5, 5, 2] }));
    const three = read(new L.ConvLSTM1D(2, 2, { inputShape: [4, 5, 3] }));
    const few = rows(T, 0, 4);
    return [
      await trained(one, FILM, few),
      await trained(two, FILM, few),
      await trained(three, uniform(8, 8, 4, 5, 3), T),
    ];
  },
  cell_of_ones_own: () => trained(new keras.Sequential([new L.RNN(new Mine(2), { inputShape: [4, 3] })]), S, T),
  both_directions: () =>
    trained(
      new keras.Sequential([
        new L.Bidirectional(new L.LSTM(2, { returnSequences: true }), { inputShape: [4, 3], mergeMode: "sum" }),
        new L.Bidirectional(new L.GRU(2), "concat", null, new L.GRU(3, { goBackwards: true })),
        new L.Dense(2),
      ]),
      S,
      T,
    ),
  heads: async () => {
    const [q, v] = [keras.Input([4, 6]), keras.Input([5, 3])];
    const x = uniform(5, 8, 4, 6);
    const attended = new L.MultiHeadAttention(2, 3, { valueDim: 4, dropout: 0 }).apply(q, { value: v });
    const model = new keras.Model([q, v], new L.Dense(2).apply(new L.Flatten().apply(attended)));
    const first = await trained(model, [x, uniform(7, 8, 5, 3)], T);
    const settings = { returnAttentionScores: true, useCausalMask: true };
    const made = new L.MultiHeadAttention(2, 2, { outputShape: 5 }).apply([q, q], settings) as unknown as tf.Tensor[];
    const scored = new keras.Model(q, made);
    await settle(scored);
    return [first, await scored.predict(rows(x, 0, 2)), names(scored.weights)];
  },
  einsums: async () => {
    const i = keras.Input([4, 6]);
    const model = new keras.Model(i, [
      new L.EinsumDense("abc,cd->abd", [null, 3], { biasAxes: "d", activation: "relu" }).apply(i),
      new L.EinsumDense("...x,xy->...y", 2, { biasAxes: "y" }).apply(i),
      new L.EinsumDense("ab...,bc->ac...", 3).apply(i),
      new L.EinsumDense("abc,cde->abde", [4, 2, 3], { biasAxes: "de" }).apply(i),
    ]);
    const y = [uniform(1, 8, 4, 3), uniform(2, 8, 4, 2), uniform(3, 8, 3, 6), uniform(4, 8, 4, 2, 3)];
    return [await trained(model, uniform(5, 8, 4, 6), y), config(model)];
  },
  transposes: async () => {
    const i = keras.Input([8, 8, 4]);
    const model = new keras.Model(i, [
      new L.Conv2DTranspose(2, 3, { strides: 2, padding: "same", outputPadding: 1 }).apply(i),
      new L.Conv2DTranspose(2, [3, 2], [2, 3], "valid", [1, 2]).apply(i),
      new L.DepthwiseConv2D(3, 1, "same", 2, { activation: "relu" }).apply(i),
      new L.SeparableConv2D(3, 2, {
        depthMultiplier: 2,
        depthwiseRegularizer: "l2",
        pointwiseConstraint: "unit_norm",
      }).apply(i),
    ]);
    const y = [uniform(1, 4, 16, 16, 2), uniform(2, 4, 18, 25, 2), uniform(3, 4, 8, 8, 8), uniform(4, 4, 7, 7, 3)];
    const line = keras.Input([6, 4]);
    const narrow = new keras.Model(line, [
      new L.Conv1DTranspose(2, 3, 2, "same", 1).apply(line),
      new L.SpatialDropout1D(0).apply(line),
      new L.LocallyConnected1D(2, 3, 2, { activation: "tanh" }).apply(line),
      new L.DepthwiseConv1D(2, 1, "valid", 2).apply(line),
    ]);
    const z = [uniform(1, 4, 12, 2), uniform(2, 4, 6, 4), uniform(3, 4, 2, 2), uniform(4, 4, 5, 8)];
    const [history] = await trained(model, uniform(9, 4, 8, 8, 4), y);
    return [history, config(model), await trained(narrow, uniform(2, 4, 6, 4), z), config(narrow)];
  },
  preprocessed: async () => {
    const image = keras.Input([9, 7, 3]);
    const images = new keras.Model(image, [
      new L.CenterCrop(4, 4).apply(image),
      new L.CenterCrop(12, 5).apply(image),
      new L.Resizing(4, 6, "nearest").apply(image),
      new L.Resizing(5, 4, { cropToAspectRatio: true }).apply(image),
    ]);
    const row = keras.Input([3]);
    const normal = new keras.Model(row, [
      new L.Normalization({ mean: [1, 2, 3], variance: [4, 1, 2] }).apply(row),
      new L.Normalization({ axis: null, mean: 2, variance: 4, invert: true }).apply(row),
      new L.Normalization().apply(row),
    ]);
    const ids = keras.Input([2], { dtype: tf.int64 });
    const hashed = new keras.Model(ids, [
      new L.Hashing(3).apply(ids),
      new L.Hashing(5, { salt: 7 }).apply(ids),
      new L.Hashing(4, 0, [1, 2]).apply(ids),
      new L.Hashing(4, { outputMode: "multi_hot" }).apply(ids),
      new L.CategoryEncoding(6, "count").apply(ids),
    ]);
    const pair = keras.Input([2]);
    const cut = new keras.Model(pair, [
      new L.Discretization([-0.5, 0, 0.5]).apply(pair),
      new L.Discretization([0], { outputMode: "multi_hot" }).apply(pair),
    ]);
    const word = keras.Input([1], { dtype: tf.string });
    const words = new keras.Model(word, new L.Hashing(7).apply(word));
    return [
      await images.predict(uniform(3, 1, 9, 7, 3)),
      await normal.predict(rows(X, 0, 3)),
      await keys(normal),
      await hashed.predict([
        [0, 1],
        [2, 3],
        [5, 5],
      ]),
      await cut.predict(columns(rows(X, 0, 4), 2)),
      await words.predict([["a"], ["bb"], [""]]),
    ];
  },
  columns_of_features: () => {
    const { featureColumn: fc } = tf;
    const ins = {
      age: keras.Input([1], { name: "age" }),
      kind: keras.Input([1], { name: "kind", dtype: tf.int32 }),
      word: keras.Input([1], { name: "word", dtype: tf.string }),
    };
    const layer = new L.DenseFeatures([
      fc.numericColumn("age"),
      fc.indicatorColumn(fc.categoricalColumnWithIdentity("kind", 3)),
      fc.embeddingColumn(fc.categoricalColumnWithHashBucket("word", 4), 2),
    ]);
    const model = new keras.Model(Object.values(ins), new L.Dense(1).apply(layer.apply(ins)));
    const data = {
      age: columns(rows(X, 0, 6), 1),
      kind: [[0], [1], [2], [0], [1], [2]],
      word: [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]],
    };
    return trained(model, data, rows(Y, 0, 6));
  },
  specifications: async () => [
    String(new L.InputSpec({ ndim: 3, axes: { [-1]: 2 } })),
    String(new L.InputSpec({ shape: [null, 3] })),
    await error(() => new Narrow().apply(keras.Input([3]))),
    await error(() => new L.EinsumDense("ab,c->ad", 3).apply(keras.Input([3]))),
    await error(() => new L.Hashing(0)),
    await error(() => new L.Conv2DTranspose(2, 3, 2, { outputPadding: 2 })),
  ],
  linear_and_deep: async () => {
    const [xa, xb, y] = [uniform(1, 12, 4), uniform(2, 12, 3), rows(Y, 0, 12)];
    const E = keras.experimental;
    const deep = new keras.Sequential([new L.Dense(3, "relu"), new L.Dense(1)]);
    const models: [tf.keras.Model, tf.NdArray | tf.NdArray[]][] = [
      [new E.LinearModel(), xa],
      [new E.LinearModel(1, "tanh", { kernelRegularizer: "l2" }), [xa, xb]],
      [new E.WideDeepModel(new E.LinearModel(), deep, "tanh"), xa],
    ];
    const out: unknown[] = [];
    for (const [m, x] of models) {
      m.compile("sgd", "mse");
      await m.predict(x);
      await settle(m);
      const { history } = await m.fit(x, y, 4, 2, 0, { shuffle: false });
      out.push(history, names(m.weights), await keys(m), rows((await m.predict(x)) as tf.NdArray, 0, 2));
    }
    return out;
  },
  options_by_place: async () => {
    const [x, y] = [uniform(21, 24, 6), whole(3, 22, 24)];
    const model = new keras.Sequential(null, "clf");
    model.add(new L.Dense(8, "relu", { inputDim: 6, kernelRegularizer: keras.regularizers.l2(0.01) }));
    model.add(new L.Dense(3, { activation: "softmax" }));
    await settle(model);
    model.compile(new keras.optimizers.legacy.Adam(0.01, 0.8), "sparse_categorical_crossentropy", ["accuracy"]);
    class Log extends C.Callback {
      override onEpochEnd(epoch: number): void {
        process.stdout.write(`epoch ${epoch}\n`);
      }
    }
    const out: unknown[] = [];
    let first: Record<string, number[]> = {};
    await printed(out, async () => {
      const callbacks = [new Log(), new C.ReduceLROnPlateau("loss", 0.5, 1, 1, { minDelta: 10 })];
      const classWeight = { 0: 1, 1: 2, 2: 0.5 };
      first = (await model.fit(x, y, 8, 3, 2, callbacks, { shuffle: false, classWeight })).history;
    });
    const [a, b] = [keras.Input([4], { name: "a" }), keras.Input([3], { name: "b" })];
    const t = L.concatenate([new L.Dense(4, "tanh").apply(a), b]);
    const heads = [
      new L.Dense(1, { name: "reg" }).apply(t),
      new L.Dense(2, { activation: "softmax", name: "cls" }).apply(t),
    ];
    const two = new keras.Model([a, b], heads);
    await settle(two);
    const loss = { reg: new keras.losses.Huber(0.5), cls: "categorical_crossentropy" };
    two.compile(new keras.optimizers.RMSprop(0.01, 0.8), loss, { reg: ["mae"] }, { reg: 1, cls: 0.3 });
    const [xa, xb, yr, yk] = [uniform(1, 12, 4), uniform(2, 12, 3), uniform(3, 12, 1), onehot(2, 4, 12)];
    const second = await two.fit({ a: xa, b: xb }, { reg: yr, cls: yk }, 5, 2, 0, { shuffle: false });
    return [...out, first, second.history, await two.evaluate([xa, xb], [yr, yk], 4, 0)];
  },
  progress: async () => {
    const out: unknown[] = [];
    await printed(out, () => {
      let p = new keras.utils.Progbar(10);
      for (let i = 0; i < 10; i++) {
        p.update(i + 1, [
          ["loss", 0.5 / (i + 1)],
          ["acc", i / 10],
        ]);
      }
      p = new keras.utils.Progbar(4, 20, 2, 0.05, ["acc"], "sample");
      for (let i = 0; i < 4; i++) {
        p.add(1, [
          ["loss", 0.5 / (i + 1)],
          ["acc", i / 4],
        ]);
      }
    });
    return [...out, await error(() => keras.models.modelFromYaml())];
  },
};
