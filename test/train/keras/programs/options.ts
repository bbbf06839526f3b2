/** Regularizers, constraints, initializers under seeds, schedules, optimizers of tf.train. */
import * as tf from "../../../../src/index.ts";
import { K, keras, L, names, onehot, type Program, quiet, settle, small, uniform, X, Y } from "./shared.ts";

const { SGD, Adam, schedules: S } = keras.optimizers;

async function valuesOf(schedule: (step: tf.Tensor) => tf.TensorLike): Promise<number[]> {
  await using session = new tf.Session();
  const values = [];
  for (const step of [0, 1, 5, 9, 10, 25]) {
    values.push(Number(((await session.run(tf.convertToTensor(schedule(tf.constant(step))))) as tf.NdArray).item()));
  }
  return values;
}

export const optionPrograms: Readonly<Record<string, Program>> = {
  async regularized() {
    const { regularizers, constraints } = keras;
    const model = new keras.Sequential([
      new L.Conv1D(3, 2, {
        activation: "relu",
        kernelRegularizer: "l1",
        biasRegularizer: regularizers.l1L2({ l1: 0.1, l2: 0.2 }),
        kernelConstraint: "unit_norm",
        inputShape: [6, 2],
      }),
      new L.Dropout(0),
      new L.Flatten(),
      new L.Dense(3, {
        kernelConstraint: new constraints.MaxNorm({ maxValue: 0.7 }),
        biasConstraint: "non_neg",
        activityRegularizer: regularizers.l2(0.05),
      }),
      new L.Dense(2, {
        kernelConstraint: new constraints.MinMaxNorm({ minValue: 0.2, maxValue: 0.6, rate: 0.5 }),
        activation: "softmax",
        kernelRegularizer: "l1_l2",
      }),
    ]);
    await settle(model);
    model.compile({
      optimizer: new SGD(0.1, { momentum: 0.5 }),
      loss: "categorical_crossentropy",
      metrics: ["categorical_accuracy"],
    });
    const { history } = await model.fit(uniform(1, 9, 6, 2), onehot(2, 2, 9), { epochs: 3, batchSize: 3, ...quiet });
    return [history, await model.getWeights(), model.losses.length];
  },

  async seeds() {
    const out: unknown[] = [];
    // biome-ignore format: one line
    for (const name of ["glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal", "random_normal", "random_uniform", "truncated_normal", "uniform", "normal"]) {
      await new tf.Graph().asDefault(async () => {
        tf.setRandomSeed(42);
        const biasInitializer = new keras.initializers.Constant(0.5);
        const model = new keras.Sequential([
          new L.Dense(3, { kernelInitializer: name, inputShape: [4] }),
          new L.Dense(2, { kernelInitializer: name, biasInitializer }),
        ]);
        out.push(await model.getWeights());
      });
    }
    await new tf.Graph().asDefault(async () => {
      tf.setRandomSeed(7);
      const kernelInitializer = new keras.initializers.VarianceScaling({
        scale: 2,
        mode: "fan_out",
        distribution: "uniform",
        seed: 3,
      });
      const layers = [new L.Embedding(5, 3, { inputLength: 4 }), new L.LSTM(2), new L.Dense(1, { kernelInitializer })];
      out.push(await new keras.Sequential(layers).getWeights());
    });
    return out;
  },

  async schedules() {
    const made = [
      new S.ExponentialDecay(0.1, 10, 0.5),
      new S.ExponentialDecay(0.1, 10, 0.5, { staircase: true }),
      new S.PiecewiseConstantDecay([5, 10], [1, 0.5, 0.1]),
      new S.PolynomialDecay(0.1, 10, { endLearningRate: 0.01, power: 2 }),
      new S.PolynomialDecay(0.1, 10, { endLearningRate: 0.01, cycle: true }),
      new S.InverseTimeDecay(0.1, 10, 0.5),
      new S.InverseTimeDecay(0.1, 10, 0.5, { staircase: true }),
      new S.CosineDecay(0.1, 10, { alpha: 0.1 }),
      new S.CosineDecayRestarts(0.1, 5, { tMul: 2, mMul: 0.9, alpha: 0.05 }),
    ];
    const out: unknown[] = [];
    for (const schedule of made) out.push(await valuesOf((step) => schedule.call(step)));
    out.push(...made.map((schedule) => schedule.getConfig()));
    const settings = { batchSize: 5, ...quiet };
    const falling = await small({ optimizer: new SGD(new S.ExponentialDecay(0.2, 3, 0.7), { momentum: 0.3 }) });
    out.push((await falling.fit(X, Y, { epochs: 3, ...settings })).history);
    const decayed = await small({ optimizer: new Adam(0.1, { decay: 0.05 }) });
    out.push((await decayed.fit(X, Y, { epochs: 2, ...settings })).history);
    return out;
  },

  async optimizers_of_train() {
    const out: unknown[] = [];
    const { AdamOptimizer, GradientDescentOptimizer, MomentumOptimizer, RMSPropOptimizer } = tf.train;
    for (const make of [
      () => new AdamOptimizer(0.05),
      () => new GradientDescentOptimizer(0.1),
      () => new MomentumOptimizer(0.1, 0.9),
      () => new RMSPropOptimizer(0.01),
    ]) {
      await new tf.Graph().asDefault(async () => {
        const model = await small({ optimizer: make() });
        out.push((await model.fit(X, Y, { epochs: 2, batchSize: 5, ...quiet })).history, names(tf.globalVariables()));
        await K.getSession().close();
      });
    }
    return out;
  },
};
