/** What Keras says to wrong use. */
import * as tf from "../../../../src/index.ts";
import {
  columns,
  error,
  keras,
  L,
  LEFT,
  ONE,
  quiet,
  RIGHT,
  rows,
  small,
  TWO,
  twoHeads,
  uniform,
  X,
  Y,
} from "./shared.ts";

export async function mistakes(): Promise<unknown> {
  const model = await small();
  const plainly = new keras.Sequential([new L.Dense(1, { inputShape: [2] })]);
  const heads = await twoHeads();
  heads.compile({ optimizer: "sgd", loss: "mse" });
  const input = (...shape: (number | null)[]) => keras.Input({ shape });
  const x = input(3);
  const { SGD } = keras.optimizers;
  const data = () => tf.data.Dataset.fromTensorSlices([tf.constant(X), tf.constant(Y)]).batch(4);
  const compiled = (options: object) => () => heads.compile({ optimizer: "sgd", ...options });
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
  const any = (value: unknown): any => value;
  // biome-ignore format: one line for each line of make_programs.py
  const fns: readonly (() => unknown)[] = [
    () => model.fit(columns(X, 2), Y, quiet), () => model.fit(X, uniform(1, 20, 2), quiet), () => model.fit(X, rows(Y, 0, 7), quiet),
    () => model.predict(columns(X, 1)), () => model.fit(uniform(1, 20, 3, 2), Y, quiet), () => model.evaluate(columns(X, 2), Y, { verbose: 0 }),
    () => plainly.fit(X, Y), () => plainly.evaluate(X, Y), () => plainly.trainOnBatch(X, Y),
    () => plainly.compile({ optimizer: "sgx", loss: "mse" }), () => plainly.compile({ optimizer: "sgd", loss: "msf" }), () => plainly.compile({ optimizer: "sgd", loss: "mse", metrics: ["acu"] }),
    () => heads.fit([LEFT, RIGHT], [ONE], quiet), () => heads.fit(LEFT, [ONE, TWO], quiet), () => heads.fit({ left: LEFT }, [ONE, TWO], quiet),
    compiled({ loss: { three: "mse" } }), compiled({ loss: ["mse"] }), compiled({ loss: "mse", lossWeights: [1] }),
    compiled({ loss: "mse", lossWeights: { three: 1 } }), compiled({ loss: "mse", metrics: { three: "mae" } }),
    () => new L.Dense(3).apply(input(null)), () => new L.Conv2D(3, 3).apply(input(5)), () => new L.LSTM(3).apply(input(5)), () => new L.Dense(2, { activation: "relux" }), () => new L.Dense(2, { kernelInitializer: "glorot" }),
    () => new L.Dense(2, { kernelRegularizer: "l3" }), () => new L.Dense(2, { kernelConstraint: "maxi" }), () => new L.Dense(-1), () => new L.Dropout(2), () => new L.Embedding(0, 3), () => new L.Conv2D(0, 3),
    () => new L.Concatenate({ axis: 1 }).apply([input(3, 2), input(4, 3)]), () => new L.Add().apply(x), () => new L.Add().apply([input(3), input(4)]), () => new L.Subtract().apply([x, x, x]),
    () => new L.Dot({ axes: 1 }).apply([input(3), input(4)]), () => new L.Reshape([2, 2]).apply(x), () => new L.Permute([1, 3]).apply(x), () => new L.Activation("nope"),
    () => model.getLayer("nowhere"), () => model.getLayer(7), () => model.getLayer(any(undefined)), () => model.setWeights([X]), () => model.layers[0]!.setWeights([X, X]),
    () => model.add(any(3)), () => new keras.Sequential([new L.Dense(2, { name: "a" }), new L.Dense(2, { name: "a" })]), () => new keras.Sequential().pop(), () => new keras.Sequential([new L.Dense(2)]).summary(),
    () => new keras.Model({ inputs: tf.zeros([3]), outputs: x }), () => new keras.Model({ inputs: x, outputs: new L.Dense(1).apply(keras.Input({ shape: [2], name: "other" })) }), () => new L.Dense(2).input, () => new L.Dense(2).outputShape, () => new L.Dense(2).countParams(),
    () => model.fit(X, Y, { validationSplit: 0.999, verbose: 0 }), () => model.fit(X, Y, { sampleWeight: [1, 1, 1], verbose: 0 }), () => model.fit(X, Y, { classWeight: { 0: 1 }, verbose: 0 }),
    () => model.fit(data().repeat(), { verbose: 0 }), () => model.fit(data(), Y, { verbose: 0 }),
    () => model.loadWeights("/nowhere/w"), () => new L.MaxPooling2D({ padding: any("some") }), () => new L.Conv1D(3, 2, { dataFormat: any("middle") }), () => new L.Bidirectional(new L.LSTM(2), { mergeMode: any("mix") }), () => new L.TimeDistributed(any(3)),
    () => new L.LSTM(2, { stateful: true }).apply(input(3, 2)), () => new SGD(0.1, { clipnorm: -1 }), () => new SGD(0.1, { momentum: 2 }), () => new SGD(0.1, { clipvalue: -1 }), () => keras.optimizers.get("nope"), () => keras.losses.get("nope"), () => keras.metrics.get("nope"), () => keras.Input({}),
    () => keras.utils.toCategorical([3], 2), () => model.fit(any(undefined), any(undefined), { verbose: 0 }), () => model.compile({ loss: "mse", optimizer: any(3) }),
  ];
  const out: string[] = [];
  for (const fn of fns) out.push(await error(fn));
  return out;
}
