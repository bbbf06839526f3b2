/** The programs of test/fixtures/build/contrib/layers.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { slim, layers } = tf.contrib;
const t = tf.constant;
// biome-ignore lint/suspicious/noExplicitAny: options of many layers
type Options = any;

const optimized =
  (optimizer: Options, rate: number, { norm, ...more }: Options = {}): Program =>
  ({ x }) => {
    const step = tf.train.getOrCreateGlobalStep();
    const y = tf.variableScope("model", () =>
      slim.fullyConnected(x, 1, { activationFn: null, scope: "fc", normalizerFn: norm ?? null }),
    );
    const loss = tf.reduceMean(tf.square(y));
    return [layers.optimizeLoss(loss, step, rate, optimizer, more), loss, step] as never;
  };

export const programs: Record<string, Program> = {
  fully_connected: ({ x }) => slim.fullyConnected(x, 4),
  fully_connected_named: ({ x }) =>
    slim.fullyConnected(x, 4, {
      activationFn: null,
      scope: "fc1",
      weightsRegularizer: slim.l2Regularizer(0.1),
      biasesRegularizer: slim.l1Regularizer(0.2),
      outputsCollections: "ends",
      variablesCollections: ["mine"],
    }),
  fully_connected_place: ({ x }) =>
    slim.fullyConnected(x, 4, tf.nn.tanh as never, null, null, tf.onesInitializer(), null, null),
  fully_connected_normalized: ({ x }) =>
    slim.fullyConnected(x, 4, {
      normalizerFn: slim.batchNorm,
      normalizerParams: { isTraining: true, scale: true, decay: 0.9 },
    }),
  fully_connected_line: ({ x }) => slim.fullyConnected(x, 4, { trainable: false }),
  reuse: ({ x }) => {
    const a = slim.fullyConnected(x, 5, { scope: "fc" });
    const b = slim.fullyConnected(a, 5, { scope: "fc", reuse: true });
    return tf.variableScope("fc_outer", { reuse: tf.AUTO_REUSE }, () => [
      a,
      b,
      layers.linear(b, 3, { scope: "in" }),
      layers.linear(b, 3, { scope: "in" }),
    ]);
  },
  shorthands: ({ x }) => [layers.relu(x, 3), layers.relu6(x, 3), layers.elu(x, 3), layers.linear(x, 3)],
  conv2d: ({ x }) => slim.conv2d(x, 3, [3, 3]),
  conv2d_options: ({ x }) =>
    slim.conv2d(x, 3, 3, 2, "VALID", {
      scope: "c",
      weightsInitializer: slim.xavierInitializer({ uniform: false }),
      biasesInitializer: null,
    }),
  conv2d_rate: ({ x }) =>
    slim.conv2d(x, 3, 3, {
      rate: 2,
      activationFn: tf.nn.relu6 as never,
      normalizerFn: slim.batchNorm,
      normalizerParams: { isTraining: false },
    }),
  conv1d: ({ x }) => layers.conv1d(x, 3, 3),
  conv3d: ({ x }) => slim.conv3d(x, 3, 2, { stride: 2 }),
  convolution: ({ x }) => slim.convolution2d(x, 2, 1, { dataFormat: "NHWC" }),
  conv2d_transpose: ({ x }) => slim.conv2dTranspose(x, 3, 3, { stride: 2 }),
  conv3d_transpose: ({ x }) => layers.conv3dTranspose(x, 3, 2, { stride: 2 }),
  separable_conv2d: ({ x }) => slim.separableConv2d(x, 3, 3, 2),
  separable_conv2d_plain: ({ x }) =>
    slim.separableConv2d(x, null, [3, 3], { depthMultiplier: 2, stride: 2, normalizerFn: slim.batchNorm }),
  separable_conv2d_biases: ({ x }) => slim.separableConv2d(x, null, 3, 1),
  conv2d_in_plane: ({ x }) => slim.conv2dInPlane(x, 3),
  pools: ({ x }) => [
    slim.maxPool2d(x, [2, 2]),
    slim.avgPool2d(x, 2, 1, "SAME", { scope: "mean" }),
    slim.maxPool2d(x, 3, { stride: 1 }),
  ],
  pools3d: ({ x }) => [layers.maxPool3d(x, 2), layers.avgPool3d(x, 2)],
  pool: ({ x }) => [slim.pool(x, 2, "MAX"), slim.pool(x, [2, 2], "AVG", { padding: "SAME", stride: 2 })],
  flatten: ({ x }) => [slim.flatten(x), slim.flatten(x, { scope: "flat" })],
  dropout: ({ x }) => [
    slim.dropout(x, 0.7),
    slim.dropout(x, { isTraining: false }),
    slim.dropout(x, { keepProb: 0.5, seed: 3, scope: "drop" }),
  ],
  one_hot: ({ x }) => [slim.oneHotEncoding(x, 4), slim.oneHotEncoding(x, 4, { onValue: 2, offValue: -1 })],
  bias_add: ({ x }) => [slim.biasAdd(x), slim.biasAdd(x, tf.nn.relu as never, tf.onesInitializer())],
  batch_norm: ({ x }) => slim.batchNorm(x),
  batch_norm_matrix: ({ x }) => slim.batchNorm(x, { scale: true }),
  batch_norm_forced: ({ x }) => slim.batchNorm(x, { updatesCollections: null, isTraining: true }),
  batch_norm_forced_line: ({ x }) =>
    slim.batchNorm(x, { updatesCollections: null, decay: 0.5, activationFn: tf.nn.relu as never }),
  batch_norm_debias: ({ x }) => slim.batchNorm(x, { zeroDebiasMovingMean: true, center: false }),
  batch_norm_line: ({ x }) => slim.batchNorm(x, { isTraining: false }),
  batch_norm_placeholder: ({ x, t }) => slim.batchNorm(x, { isTraining: t, updatesCollections: "mine" }),
  batch_norm_placeholder_line: ({ x, t }) => slim.batchNorm(x, { isTraining: t, updatesCollections: "mine" }),
  batch_norm_weights: ({ x, w }) => slim.batchNorm(x, { batchWeights: w }),
  batch_norm_nchw: ({ x }) =>
    slim.batchNorm(x, { dataFormat: "NCHW", isTraining: false, fused: false, updatesCollections: null }),
  layer_norm: ({ x }) => [slim.layerNorm(x), slim.layerNorm(x, { center: false, beginNormAxis: 2, scope: "mine" })],
  instance_norm: ({ x }) => slim.instanceNorm(x),
  instance_norm_nchw: ({ x }) => slim.instanceNorm(x, { dataFormat: "NCHW", scale: false }),
  group_norm: ({ x }) => layers.groupNorm(x, { groups: 2 }),
  group_norm_close: ({ x }) => layers.groupNorm(x, { groups: 2, meanCloseToZero: true, center: false }),
  images_to_sequence: ({ x }) => layers.imagesToSequence(x),
  sequence_to_images: ({ x }) => layers.sequenceToImages(x, 3),
  dense_to_sparse: ({ x }) => layers.denseToSparse(x).values,
  repeat: ({ x }) => slim.repeat(x, 3, slim.conv2d, 4, [3, 3]),
  repeat_named: ({ x }) => slim.repeat(x, 2, slim.fullyConnected, 4, { scope: "block", activationFn: tf.nn.tanh }),
  stack: ({ x }) => slim.stack(x, slim.fullyConnected, [4, 3, 2]),
  stack_pairs: ({ x }) =>
    slim.stack(
      x,
      slim.conv2d,
      [
        [3, [1, 1]],
        [4, [3, 3]],
      ],
      { scope: "core" },
    ),
  scale_gradient: ({ x }) => tf.gradients(layers.scaleGradient(x, 0.5).mul(3), [x])[0] as never,
  softmax: ({ x }) => slim.softmax(x),
  unit_norm: ({ x }) => slim.unitNorm(x, 1),
  maxout: ({ x }) => layers.maxout(x, 2),
  spatial_softmax: ({ x }) => layers.spatialSoftmax(x),
  legacy_fully_connected: ({ x }) => layers.legacyRelu(x, 3),
  gdn: ({ x }) => layers.gdn(x),
  initializers: () => {
    const v = (name: string, initializer: Options) => tf.getVariable(name, [3, 4, 5], { initializer });
    return [
      v("a", slim.xavierInitializer()),
      v("b", slim.xavierInitializer(false, 3)),
      v("c", slim.varianceScalingInitializer()),
      v("d", slim.varianceScalingInitializer(1, "FAN_OUT", true)),
    ] as never;
  },
  regularizers: () => {
    const w = tf.getVariable("w", [5, 2], {
      initializer: tf.onesInitializer(),
      collections: [tf.GraphKeys.WEIGHTS, tf.GraphKeys.GLOBAL_VARIABLES],
    });
    return [
      slim.l1L2Regularizer(0.5, 0.25)(w),
      layers.applyRegularization(slim.l2Regularizer(0.5)),
      slim.l1Regularizer(0.5, "mine")(w),
      slim.sumRegularizer([slim.l1Regularizer(0.1), null])!(w),
    ] as never;
  },
  arg_scope: ({ x }) => {
    const [c, sc] = slim.argScope(
      [slim.conv2d, slim.fullyConnected],
      {
        activationFn: tf.nn.tanh,
        weightsInitializer: tf.truncatedNormalInitializer({ stddev: 0.1 }),
        weightsRegularizer: slim.l2Regularizer(0.5),
      },
      () => {
        const [b, sc] = slim.argScope([slim.conv2d], { padding: "VALID", stride: 2 }, (sc) => {
          const a = slim.conv2d(x, 4, [3, 3], { scope: "conv1" });
          return [slim.conv2d(a, 4, [1, 1], { padding: "SAME", stride: 1 }), sc] as const;
        });
        return [slim.fullyConnected(slim.flatten(b), 3), sc] as const;
      },
    );
    const d = slim.argScope(sc, () => slim.conv2d(x, 2, 3));
    const e = slim.argScope([slim.modelVariable, slim.variable], { device: "/cpu:0" }, () =>
      slim.fullyConnected(c, 2, { activationFn: null }),
    );
    return [c, d, e];
  },
  summaries: ({ x }) => {
    const y = layers.relu(x, 3);
    const z = slim.fullyConnected(x, 2, { activationFn: tf.nn.relu6 as never });
    layers.summarizeActivation(y);
    layers.summarizeActivation(z);
    layers.summarizeTensor(y);
    layers.summarizeTensors([tf.reduceSum(y), z]);
    layers.summarizeCollection(tf.GraphKeys.TRAINABLE_VARIABLES, "fully_connected/w");
    return tf.reduceSum(y);
  },
  optimize_loss: optimized("SGD", 0.1),
  optimize_loss_all: optimized("Adam", 0.01, {
    clipGradients: 1,
    gradientNoiseScale: 0.1,
    gradientMultipliers: { "model/fc/weights:0": 0.5 },
    summaries: ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"],
    name: "train",
  }),
  optimize_loss_class: optimized(tf.train.AdagradOptimizer, 0.1, { norm: slim.batchNorm }),
  optimize_loss_decay: optimized((rate: tf.Tensor) => new tf.train.MomentumOptimizer(rate, 0.5), 0.1, {
    learningRateDecayFn: (rate: tf.Tensor, step: tf.Tensor) => tf.train.exponentialDecay(rate, step, 10, 0.9),
    incrementGlobalStep: false,
  }),
  optimize_loss_adaptive: optimized("Momentum", 0.1, {
    get clipGradients() {
      return slim.adaptiveClippingFn({ reportSummary: true, staticMaxNorm: 2 });
    },
  }),
  variables: ({ x }) => {
    tf.variableScope("a", () => {
      slim.fullyConnected(x, 3, { scope: "fc1" });
      slim.fullyConnected(x, 3, { scope: "fc2" });
    });
    slim.localVariable(1.5, { name: "loc" });
    slim.globalVariable(2.5, { name: "glo" });
    slim.variable("own", {
      shape: [2],
      initializer: tf.zerosInitializer(),
      collections: ["mine", tf.GraphKeys.GLOBAL_VARIABLES],
    });
    const names = (variables: readonly tf.Variable[]): string => variables.map(({ op }) => op.name).join(",");
    return [
      names(slim.getVariables("a/fc1")),
      names(slim.getVariablesByName("weights")),
      names(slim.getVariablesBySuffix("biases", "a")),
      names(slim.getModelVariables()),
      names(slim.getVariablesToRestore({ exclude: ["a/fc1"] })),
      names(slim.getLocalVariables()),
      names(slim.getTrainableVariables({ suffix: "weights" })),
      slim.getUniqueVariable("a/fc1/weights").op.name,
      names(slim.filterVariables(slim.getVariables(), { includePatterns: ["fc"], excludePatterns: ["biases"] })),
    ].map((text) => t(text));
  },
  network: ({ x }) => {
    const logits = slim.argScope(
      [slim.conv2d, slim.fullyConnected],
      { normalizerFn: slim.batchNorm, weightsRegularizer: slim.l2Regularizer(0.1) },
      () =>
        slim.argScope([slim.batchNorm, slim.dropout], { isTraining: true }, () => {
          let y = slim.conv2d(x, 4, [3, 3], { scope: "conv1" });
          y = slim.maxPool2d(y, 2, { scope: "pool1" });
          y = slim.repeat(y, 2, slim.conv2d, 5, [3, 3], { scope: "conv2" });
          y = slim.flatten(y);
          y = slim.dropout(y, 0.7);
          return slim.fullyConnected(y, 10, { activationFn: null, normalizerFn: null });
        }),
    );
    const loss = tf.losses.sparseSoftmaxCrossEntropy(t([1, 2]), logits);
    const total = tf.losses.getTotalLoss();
    return [new tf.train.GradientDescentOptimizer(0.1).minimize(total), logits, loss];
  },
};
