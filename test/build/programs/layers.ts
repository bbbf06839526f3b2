import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type X = { readonly x: Tensor };
const L = tf.layers;
const l2 = (w: Parameters<typeof tf.nn.l2Loss>[0]): Tensor => tf.nn.l2Loss(w).mul(0.1);
const fed = (): Tensor => tf.placeholderWithDefault(true, [], { name: "t" });
const minimized = (loss: Tensor) => new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
const step = (y: Tensor) =>
  tf.controlDependencies(tf.getCollection(tf.GraphKeys.UPDATE_OPS), () => minimized(tf.reduceSum(tf.square(y))));

const dense: Record<string, Program> = {
  dense: ({ x }: X) => L.dense(x, 3, { activation: tf.nn.relu, kernelRegularizer: l2, biasRegularizer: l2 }),
  dense_rank3: ({ x }: X) => L.dense(x, 3, { useBias: false, name: "mine" }),
  dense_shared({ x }: X) {
    const a = L.dense(x, 3, {
      name: "a",
      kernelInitializer: tf.zerosInitializer(),
      biasInitializer: tf.onesInitializer(),
    });
    const b = L.dense(x, 3, { name: "a", reuse: true });
    return tf.variableScope("s", { initializer: tf.constantInitializer(0.5) }, () => [
      a,
      b,
      L.dense(x, 2),
      L.dense(x, 2, { trainable: false }),
    ]);
  },
  dense_class_twice({ x }: X) {
    const layer = new L.Dense(4, { activation: tf.tanh, activityRegularizer: tf.nn.l2Loss });
    return [layer.apply(layer.apply(x)), tf.losses.getTotalLoss({ addRegularizationLosses: true })];
  },
  dense_trained({ x }: X) {
    const y = L.dense(L.dense(x, 3, { activation: tf.nn.sigmoid }), 2);
    return [y, minimized(tf.reduceMean(y))];
  },
  dense_partitioned: ({ x }: X) =>
    tf.variableScope("p", { partitioner: tf.fixedSizePartitioner(2) }, () =>
      L.dense(x, 3, { kernelRegularizer: l2, useBias: false }),
    ),
};

const convolution: Record<string, Program> = {
  conv2d: ({ x }: X) => L.conv2d(x, 3, 3, { strides: 2, padding: "same", activation: tf.nn.relu }),
  conv2d_dilated: ({ x }: X) => L.conv2d(x, 3, [3, 3], { dilationRate: 2, activityRegularizer: tf.nn.l2Loss }),
  conv2d_trained: ({ x }: X) => minimized(tf.reduceMean(L.conv2d(x, 3, 3, { name: "c", useBias: true }))),
  conv1d: ({ x }: X) => L.conv1d(x, 3, 3),
  conv3d: ({ x }: X) => L.conv3d(x, 3, 3, { name: "c" }),
  separable2d: ({ x }: X) => L.separableConv2d(x, 3, 3, { depthMultiplier: 2 }),
  separable1d: ({ x }: X) =>
    L.separableConv1d(x, 3, 3, { padding: "same", activation: tf.nn.relu, pointwiseRegularizer: l2 }),
  transpose2d_same: ({ x }: X) => L.conv2dTranspose(x, 3, 3, { strides: 2, padding: "same" }),
  transpose2d_valid: ({ x }: X) => L.conv2dTranspose(x, 3, 3, { strides: 2, activation: tf.tanh }),
  transpose3d: ({ x }: X) => L.conv3dTranspose(x, 3, 3, { strides: 2, useBias: false }),
};

const pooling: Record<string, Program> = {
  pool2d: ({ x }: X) => [
    L.maxPooling2d(x, 2, 2),
    L.averagePooling2d(x, [2, 2], [1, 1], { padding: "same" }),
    L.maxPooling2d(x, 2, 2, { name: "again" }),
  ],
  pool1d: ({ x }: X) => [L.maxPooling1d(x, 2, 2), L.averagePooling1d(x, 2, 1, { name: "p" })],
  pool3d: ({ x }: X) => [L.maxPooling3d(x, 2, 2), L.averagePooling3d(x, 2, 1)],
};

const others: Record<string, Program> = {
  flatten: ({ x }: X) => [L.flatten(x), L.flatten(x, { name: "f" }), L.flatten(x, { dataFormat: "channels_first" })],
  flatten_unknown: ({ x }: X) => L.flatten(x),
  flatten_known_batch: ({ x }: X) => [L.flatten(x), L.flatten(x.at(":", 0, 0))],
  dropout: ({ x }: X) => [
    L.dropout(x, { rate: 0.4, training: true }),
    L.dropout(x, { rate: 0.4 }),
    L.dropout(x, { rate: 0.3, seed: 3, noiseShape: [3, 1], training: true }),
    L.dropout(x, { rate: 0.3, noiseShape: [null, 1], training: true }),
  ],
  dropout_fed: ({ x }: X) => L.dropout(x, { rate: 0.4, training: fed() }),
};

const normalization: Record<string, Program> = {
  norm_fused_training: ({ x }: X) => [step(L.batchNormalization(x, { training: true })), ...tf.globalVariables()],
  norm_fused_fed: ({ x }: X) => L.batchNormalization(x, { training: fed() }),
  norm_fused_inference: ({ x }: X) => L.batchNormalization(x, { center: false, scale: false }),
  norm_training: ({ x }: X) => [
    step(L.batchNormalization(x, { momentum: 0.9, training: true })),
    ...tf.globalVariables(),
  ],
  norm_fed: ({ x }: X) => L.batchNormalization(x, { training: fed() }),
  norm_inference: ({ x }: X) =>
    L.batchNormalization(x, { scale: false, name: "n", gammaRegularizer: l2, betaRegularizer: l2 }),
  norm_frozen: ({ x }: X) => L.batchNormalization(x, { axis: 1, trainable: false, training: true, fused: false }),
  norm_axes: ({ x }: X) => L.batchNormalization(x, { axis: [1, 3], training: true }),
};

export const layers: Readonly<Record<string, Program>> = {
  ...dense,
  ...convolution,
  ...pooling,
  ...others,
  ...normalization,
};
