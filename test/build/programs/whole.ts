/** Whole programs with training steps, as test/fixtures/build/whole.py has them. */
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type T = tf.Tensor;
const sgd = (rate: tf.TensorLike) => new tf.train.GradientDescentOptimizer(rate as number);
const constant = (value: number) => ({ initializer: tf.constantInitializer(value) });

/** The loss, a training step, the loss … */
const steps = (loss: T, op: tf.Operation, n = 3): (T | tf.Operation)[] => [
  ...Array.from({ length: n }, () => [loss, op]).flat(),
  loss,
];

const squared = (x: T, w: tf.TensorLike, y: T): T => tf.reduceMean(tf.square(tf.matmul(x, w).sub(y)));

export const whole: Record<string, Program> = {
  mlp({ x, l }) {
    const h = tf.layers.dense(x, 5, {
      activation: tf.nn.relu,
      name: "h",
      kernelRegularizer: (w) => tf.reduceSum(tf.square(w)).rmul(0.01),
    });
    const logits = tf.layers.dense(h, 3, { name: "out" });
    const loss = tf.losses.sparseSoftmaxCrossEntropy(l, logits).add(tf.losses.getRegularizationLoss());
    const [accuracy, update] = tf.metrics.accuracy(l, tf.argmax(logits, 1));
    const op = new tf.train.AdamOptimizer(0.05).minimize(loss, { globalStep: tf.train.getOrCreateGlobalStep() });
    return [...steps(loss, op), update, accuracy];
  },
  clipped({ x, y }) {
    const w = tf.getVariable("w", [4, 1]);
    const loss = tf.reduceMean(tf.squaredDifference(tf.matmul(x, w), y));
    const optimizer = new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true });
    const pairs = optimizer.computeGradients(loss);
    const [clipped, norm] = tf.clipByGlobalNorm(
      pairs.map(([g]) => g as T),
      0.5,
    );
    const op = optimizer.applyGradients(pairs.map(([, v], i) => [clipped[i] as T, v]));
    return [...steps(loss, op), norm];
  },
  clip_each({ x, y }) {
    const w = tf.getVariable("w", [4, 1]);
    const b = tf.getVariable("b", [1], { initializer: tf.zerosInitializer() });
    const loss = tf.losses.huberLoss(y, tf.matmul(x, w).add(b), { delta: 0.3 });
    const optimizer = new tf.train.RMSPropOptimizer(0.01, { momentum: 0.5, centered: true });
    const pairs = optimizer.computeGradients(loss).map(([g, v]) => [tf.clipByValue(g as T, -0.1, 0.1), v] as const);
    return steps(loss, optimizer.applyGradients(pairs));
  },
  decayed({ x, y }) {
    const step = new tf.Variable(tf.constant(0, { name: "step/initial_value" }), { trainable: false, name: "step" });
    const rate = tf.train.exponentialDecay(0.5, step, 2, 0.5, { staircase: true });
    const w = new tf.Variable(tf.truncatedNormal([4, 1], { stddev: 0.1 }), { name: "w" });
    const loss = tf.nn.l2Loss(tf.matmul(x, w).sub(y));
    const op = sgd(rate).minimize(loss, { globalStep: step });
    tf.summary.scalar("rate", rate);
    tf.summary.histogram("w", w);
    tf.summary.mergeAll();
    return [...steps(loss, op), rate];
  },
  averaged({ x, y }) {
    const w = tf.getVariable("w", [4, 1]);
    const loss = tf.reduceMean(tf.abs(tf.matmul(x, w).sub(y)));
    const step = tf.train.createGlobalStep();
    const op = new tf.train.AdagradOptimizer(0.2).minimize(loss, { globalStep: step });
    const ema = new tf.train.ExponentialMovingAverage(0.9, { numUpdates: step });
    const train = tf.controlDependencies([op], () => ema.apply(tf.trainableVariables()));
    new tf.train.Saver(ema.variablesToRestore());
    return [...steps(loss, train), ema.average(w)!];
  },
  polynomial({ x, y }) {
    const step = tf.train.getOrCreateGlobalStep();
    const rate = tf.train.polynomialDecay(0.1, step, 5, { endLearningRate: 0.01, power: 2 });
    const w = tf.getVariable("w", [4, 1], { initializer: tf.onesInitializer() });
    const loss = tf.losses.logLoss(tf.sigmoid(y), tf.sigmoid(tf.matmul(x, w)));
    const optimizer = new tf.train.FtrlOptimizer(rate, { l1RegularizationStrength: 0.01 });
    return steps(loss, optimizer.minimize(loss, { globalStep: step }));
  },
  warm({ x, y }) {
    const step = tf.train.getOrCreateGlobalStep();
    const rate = tf.cond(
      tf.less(step, 2),
      () => tf.cast(step, tf.float32).mul(0.05),
      () => tf.train.piecewiseConstant(step, [3, 5], [0.1, 0.05, 0.01]),
    );
    const w = tf.getVariable("w", [4, 1], constant(0.5));
    const loss = squared(x, w, y);
    return steps(loss, new tf.train.AdadeltaOptimizer(rate, { rho: 0.9 }).minimize(loss, { globalStep: step }));
  },
  network({ img }) {
    let y = tf.layers.conv2d(img, 4, 3, { padding: "same", activation: tf.nn.relu, name: "c1" });
    y = tf.layers.maxPooling2d(y, 2, 2, { name: "p1" });
    y = tf.layers.batchNormalization(y, { training: true, name: "bn" });
    y = tf.layers.flatten(tf.layers.conv2d(y, 2, 3, { strides: 2, name: "c2", useBias: false }));
    const logits = tf.layers.dense(y, 2);
    const labels = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    const loss = tf.losses.softmaxCrossEntropy(labels, logits, { labelSmoothing: 0.1 });
    const updates = tf.getCollection<tf.Operation>(tf.GraphKeys.UPDATE_OPS);
    const op = tf.controlDependencies(updates, () => new tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss));
    return steps(loss, op, 2);
  },
  residual({ img }) {
    const block = (y: T, n: number, scope: string): T =>
      tf.variableScope(scope, () => {
        const kernelInitializer = tf.varianceScalingInitializer();
        const z = tf.layers.conv2d(tf.nn.relu(y), n, 3, { padding: "same", kernelInitializer });
        return z.add(tf.layers.conv2d(y, n, 1, { padding: "same" }));
      });
    let y = img as T;
    for (const [i, n] of [3, 4].entries()) y = block(y, n, `block_${i}`);
    y = tf.reduceMean(y, { axis: [1, 2] });
    const loss = tf.reduceSum(tf.square(y));
    return steps(loss, sgd(0.01).minimize(loss), 2);
  },
  lstm({ s }) {
    const cell = new tf.nn.rnnCell.BasicLSTMCell(4);
    const [outputs, state] = tf.nn.dynamicRnn(cell, s, { dtype: tf.float32 }) as unknown as [T, { h: T }];
    const loss = tf.reduceMean(tf.square(outputs)).add(tf.reduceMean(state.h));
    return steps(loss, new tf.train.AdamOptimizer(0.01).minimize(loss), 2);
  },
  gru({ s }) {
    const cell = new tf.nn.rnnCell.GRUCell(3);
    const lengths = { sequenceLength: [5, 2], dtype: tf.float32 };
    const [outputs, state] = tf.nn.dynamicRnn(cell, s, lengths) as unknown as [T, T];
    const logits = tf.layers.dense(state, 2);
    const labels = tf.constant([0, 1]);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
    const variables = tf.trainableVariables();
    const [grads] = tf.clipByGlobalNorm(tf.gradients(loss, variables) as T[], 5);
    const op = sgd(0.5).applyGradients(variables.map((v, i) => [grads[i] as T, v] as const));
    return [...steps(loss, op, 2), outputs];
  },
  unrolled({ s }) {
    const cells = [0, 1].map(() => new tf.nn.rnnCell.BasicRNNCell(3));
    const cell = new tf.nn.rnnCell.MultiRNNCell(cells);
    const [outputs] = tf.nn.staticRnn(cell, tf.unstack(s, { axis: 1 }), { dtype: tf.float32 });
    const loss = tf.addN((outputs as T[]).map((o) => tf.reduceSum(tf.square(o))));
    return steps(loss, sgd(0.01).minimize(loss), 2);
  },
  words({ i }) {
    const initializer = tf.randomUniformInitializer({ minval: -1, maxval: 1, seed: 3 });
    const table = tf.getVariable("embeddings", [7, 3], { initializer });
    const vectors = tf.nn.embeddingLookup(table, i);
    const loss = tf.reduceMean(tf.square(tf.reduceSum(vectors, { axis: 1 }).sub(1)));
    return [...steps(loss, new tf.train.AdamOptimizer(0.1).minimize(loss)), table];
  },
  parts({ i }) {
    const table = tf.getVariable("table", [8, 2], {
      partitioner: tf.fixedSizePartitioner(3),
      ...constant(0.25),
    });
    const vectors = tf.nn.embeddingLookup(table, i, { partitionStrategy: "div" });
    const loss = tf.reduceSum(tf.square(vectors.sub(1)));
    return steps(loss, new tf.train.AdagradOptimizer(0.1).minimize(loss), 2);
  },
  getter({ x }) {
    const customGetter = ((inner: (...args: unknown[]) => tf.Variable, ...args: unknown[]) =>
      inner(...args).mul(2)) as never;
    const regularizer = ((v: tf.TensorLike) => tf.reduceSum(v)) as never;
    const [w, b] = tf.variableScope("scope", { customGetter, ...constant(0.5) }, () => [
      tf.getVariable("w", [4, 2]),
      tf.variableScope("inner", { regularizer }, () => tf.getVariable("b", [2])),
    ]);
    return [tf.matmul(x, w!).add(b!), tf.losses.getRegularizationLoss()];
  },
  shared({ x }) {
    const net = tf.makeTemplate("net", (v: T) => tf.layers.dense(v, 4, { activation: tf.tanh, name: "fc" }));
    const [a, b] = [net(x), net(net(x).mul(0.5))];
    const loss = tf.reduceMean(tf.square(a.sub(b)));
    return steps(loss, sgd(0.1).minimize(loss));
  },
  adversaries({ x }) {
    const generator = (z: T): T =>
      tf.variableScope("g", () =>
        tf.layers.dense(tf.layers.dense(z, 5, { activation: tf.nn.leakyRelu }), 4, { activation: tf.sigmoid }),
      );
    const judge = (v: T, reuse?: boolean): T =>
      tf.variableScope("d", reuse ? { reuse } : {}, () =>
        tf.layers.dense(tf.layers.dense(v, 5, { activation: tf.nn.elu, name: "a" }), 1, { name: "b" }),
      );
    const entropy = (logits: T, labels: T): T => tf.reduceMean(tf.nn.sigmoidCrossEntropyWithLogits({ logits, labels }));
    const fake = generator(tf.randomNormal([6, 2], { seed: 5 }));
    const [real, made] = [judge(x), judge(fake, true)];
    const dLoss = entropy(real, tf.onesLike(real)).add(entropy(made, tf.zerosLike(made)));
    const gLoss = entropy(made, tf.onesLike(made));
    const varList = (scope: string) => tf.getCollection<tf.Variable>(tf.GraphKeys.TRAINABLE_VARIABLES, scope);
    const dOp = new tf.train.AdamOptimizer(0.01, { beta1: 0.5 }).minimize(dLoss, { varList: varList("d") });
    const gOp = new tf.train.AdamOptimizer(0.01, { beta1: 0.5 }).minimize(gLoss, { varList: varList("g") });
    return [dLoss, dOp, gLoss, gOp, dLoss, gLoss];
  },
  autoencoder({ x }) {
    const noisy = tf.nn.dropout(x, { keepProb: 0.8, seed: 7 });
    const w = tf.getVariable("w", [4, 2], { initializer: tf.glorotNormalInitializer({ seed: 1 }) });
    const code = tf.nn.softplus(tf.matmul(noisy, w));
    const back = tf.matmul(code, w, { transposeB: true });
    const loss = tf.reduceMean(tf.reduceSum(tf.pow(back.sub(x), 2), { axis: 1 }));
    return steps(loss, sgd(0.05).minimize(loss), 2);
  },
  conditions({ x, y }) {
    const w = tf.getVariable("w", [4, 1], { initializer: tf.onesInitializer() });
    const error = tf.matmul(x, w).sub(y);
    const loss = tf.cond(
      tf.reduceMax(tf.abs(error)).greater(1),
      () => tf.reduceMean(tf.abs(error)),
      () => tf.reduceMean(tf.square(error)),
    );
    return steps(loss, sgd(0.3).minimize(loss));
  },
  loops({ x }) {
    const w = tf.getVariable("w", [4, 4], { initializer: tf.orthogonalInitializer({ gain: 0.5, seed: 2 }) });
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, v) => [i.add(1), tf.tanh(tf.matmul(v, w))],
      [tf.constant(0), x as T],
    );
    const loss = tf.reduceSum(tf.square(y));
    return steps(loss, new tf.train.MomentumOptimizer(0.01, 0.5).minimize(loss), 2);
  },
  scanned({ x }) {
    const total = tf.scan((a: T, v: T) => a.mul(0.5).add(v), x) as T;
    const mapped = tf.mapFn((v: T) => tf.reduceSum(v).mul(2), x) as T;
    const folded = tf.foldl((a: T, v: T) => a.add(v), x) as T;
    const [gradient] = tf.gradients(tf.reduceSum(total).add(tf.reduceSum(mapped)), [x]);
    return [total, mapped, folded, gradient as T];
  },
  pictures({ img }) {
    let y = tf.image.randomFlipLeftRight(img.at(0), { seed: 1 });
    y = tf.image.randomBrightness(y, 0.2, { seed: 2 });
    y = tf.image.randomContrast(y, 0.5, 1.5, { seed: 3 });
    y = tf.randomCrop(y, [6, 6, 3], { seed: 4 });
    y = tf.image.perImageStandardization(tf.image.resizeImages(y, [4, 4]));
    return [y, tf.image.rgbToGrayscale(img), tf.image.centralCrop(img.at(1), 0.5)];
  },
  towers({ x, y }) {
    const optimizer = sgd(0.1);
    const [xs, ys] = [tf.split(x, 2), tf.split(y, 2)];
    const losses: T[] = [];
    const grads = [0, 1].map((i) =>
      tf.device("/cpu:0", () =>
        tf.nameScope(`tower_${i}`, () =>
          tf.variableScope("model", { reuse: tf.AUTO_REUSE }, () => {
            const w = tf.getVariable("w", [4, 1], { initializer: tf.zerosInitializer() });
            losses.push(squared(xs[i]!, w, ys[i]!));
            return optimizer.computeGradients(losses.at(-1)!);
          }),
        ),
      ),
    );
    const mean = grads[0]!.map(
      ([, v], k) => [tf.reduceMean(tf.stack(grads.map((pairs) => pairs[k]![0] as T)), { axis: 0 }), v] as const,
    );
    return steps(tf.addN(losses, { name: "total" }), optimizer.applyGradients(mean), 2);
  },
  resource({ x, y }) {
    const [w, b] = tf.variableScope("r", { useResource: true }, () => [
      tf.getVariable("w", [4, 1], constant(0.1)),
      tf.getVariable("b", [1], { initializer: tf.zerosInitializer() }),
    ]);
    const loss = tf.reduceMean(tf.square(tf.matmul(x, w!).add(b!).sub(y)));
    const trained = steps(loss, new tf.train.AdamOptimizer(0.1).minimize(loss));
    return [...trained, tf.assignAdd(b!, [1]) as T];
  },
  weighted({ x, l }) {
    const kernelInitializer = tf.truncatedNormalInitializer({ stddev: 0.1, seed: 1 });
    const logits = tf.layers.dense(x, 3, { kernelInitializer, biasConstraint: (b) => b as T });
    const weights = tf.gather(tf.constant([1, 2, 0.5]), l);
    const { MEAN: reduction } = tf.losses.Reduction;
    const loss = tf.losses.sparseSoftmaxCrossEntropy(l, logits, { weights, reduction });
    const precision = tf.metrics.precision(tf.equal(l, 1), tf.equal(tf.argmax(logits, 1), 1));
    const auc = tf.metrics.auc(tf.cast(l, tf.bool) as T, tf.nn.softmax(logits).at(":", 1), { numThresholds: 20 });
    const optimizer = new tf.train.ProximalGradientDescentOptimizer(0.1, { l2RegularizationStrength: 0.1 });
    return [loss, precision[1], auc[1], optimizer.minimize(loss), loss];
  },
};
