/** Programs of test/fixtures/build/networks.py. */
import type { BatchNormalizationLayerOptions } from "../../../src/build/layers/normalization.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type Rows = { readonly x: Tensor; readonly l: Tensor; readonly n: Tensor; readonly t: Tensor };
type Loss = (rows: Rows) => Tensor;

const withGradient =
  (f: Loss): Program =>
  (rows: Rows) => [f(rows), tf.gradients(f(rows).mul(tf.constant([1, 2, -1], tf.float32)), rows.x)[0] as Tensor];

const sparse =
  (blankIndex: number): Program =>
  ({ x, t }: Rows) => {
    const indices = [
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 0],
      [2, 1],
    ];
    const labels = new tf.SparseTensor({ indices, values: tf.constant([1, 2, 3, 4, 1]), denseShape: [3, 3] });
    return tf.nn.ctcLossV2(labels, x, null, t, { blankIndex });
  };

const sequences: Record<string, Program> = {
  ctc_dense: withGradient(({ x, l, n, t }) => tf.nn.ctcLossV2(l, x, n, t)),
  ctc_dense_batch: ({ x, l, n, t }: Rows) => tf.nn.ctcLossV2(l, x, n, t, { logitsTimeMajor: false, name: "c" }),
  ctc_dense_blank: withGradient(({ x, l, n, t }) =>
    tf.nn.ctcLossV2(tf.where(tf.equal(l, 5), tf.zerosLike(l), l), x, n, t, { blankIndex: -1 }),
  ),
  ctc_dense_unique: withGradient(({ x, l, n, t }) => tf.nn.ctcLossV2(l, x, n, t, { unique: tf.nn.ctcUniqueLabels(l) })),
  ctc_dense_unique_blank: ({ x, l, n, t }: Rows) => tf.nn.ctcLossV2(l, x, n, t, true, tf.nn.ctcUniqueLabels(l), 2),
  ctc_dense_unknown: ({ x, l, n, t }: Rows) => tf.nn.ctcLossV2(l, x, n, t),
  ctc_sparse: sparse(-1),
  ctc_sparse_blank: sparse(0),
  ctc_unique: ({ l }: Rows) => tf.nn.ctcUniqueLabels(l),
  collapse: ({ l, n }: Rows) => tf.nn.collapseRepeated(l, n),
  collapse_unknown: ({ l, n }: Rows) => tf.nn.collapseRepeated(l, n, { name: "r" }),
};

type X = { readonly x: Tensor };

function trained(x: Tensor, options: BatchNormalizationLayerOptions): Tensor[] {
  const y = tf.layers.batchNormalization(x, { training: true, ...options });
  const updates = tf.getCollection<Tensor>(tf.GraphKeys.UPDATE_OPS);
  tf.gradients(y, tf.trainableVariables());
  return tf.controlDependencies(updates, () => [tf.identity(y), ...tf.globalVariables().map((v) => v.readValue())]);
}

const renormClipping = { rmax: 3, rmin: 0.25, dmax: 2 };

const layers: Record<string, Program> = {
  renorm: ({ x }: X) => trained(x, { renorm: true }),
  renorm_clipped: ({ x }: X) => trained(x, { renorm: true, renormClipping, renormMomentum: 0.9 }),
  renorm_inference: ({ x }: X) => tf.layers.batchNormalization(x, { renorm: true }),
  renorm_channels: ({ x }: X) => trained(x, { axis: 1, renorm: true }),
  virtual_batch: ({ x }: X) => trained(x, { virtualBatchSize: 2 }),
  adjustment: ({ x }: X) =>
    trained(x, {
      adjustment: (shape) => [tf.ones([shape.at(-1)] as never).mul(2), tf.zeros([shape.at(-1)] as never).add(1)],
    }),
  renorm_either({ x }: X) {
    const training = tf.placeholderWithDefault(tf.constant(true, { name: "training/input" }), [], { name: "training" });
    return tf.layers.batchNormalization(x, { renorm: true, training });
  },
};

type Boxes = { readonly b: Tensor; readonly s: Tensor };
const nms = tf.image.nonMaxSuppressionPadded;
const padToMaxOutputSize = true;

const boxes: Record<string, Program> = {
  nms_padded: ({ b, s }: Boxes) => nms(b, s, 5),
  nms_padded_batch: ({ b, s }: Boxes) => nms(b, s, 6, { iouThreshold: 0.3, padToMaxOutputSize }),
  nms_padded_score: ({ b, s }: Boxes) => nms(b, s, 12, 0.4, { scoreThreshold: 0.5, padToMaxOutputSize, tileSize: 4 }),
  nms_padded_flipped: ({ b, s }: Boxes) => nms(tf.reverse(b, [1]), s, 6, { canonicalizedCoordinates: false }),
  nms_padded_sorted: ({ b, s }: Boxes) =>
    nms(b, tf.sort(s, { direction: "DESCENDING" }), 20, {
      padToMaxOutputSize,
      sortedInput: true,
      canonicalizedCoordinates: true,
    }),
};

const lossPrograms: Record<string, Program> = {
  average_loss: ({ x }: X) => [tf.nn.computeAverageLoss(x), tf.nn.computeAverageLoss(x, { globalBatchSize: 16 })],
  average_loss_weighted: ({ x }: X) => [
    tf.nn.computeAverageLoss(x, { sampleWeight: tf.constant(new Array(4).fill([1, 2, 0.5]), tf.float32) }),
    tf.nn.computeAverageLoss(x.at(":", 0), tf.ones([4, 1])),
  ],
  average_loss_unknown: ({ x }: X) => tf.nn.computeAverageLoss(x, tf.constant([[1], [2], [0], [1]], tf.float32)),
  scaled_regularization: ({ x }: X) => tf.nn.scaleRegularizationLoss(x),
};

const parts = ({ indices, values, denseShape }: tf.SparseTensor): Tensor[] => [indices, values, denseShape];
const places = [
  [0, 1],
  [0, 3],
  [1, 0],
];
const sparseInts = (): tf.SparseTensor =>
  new tf.SparseTensor({ indices: places, values: tf.constant([3, 3, 1]), denseShape: [2, 4] });
const half = () => tf.constant([0.5, 1.5, 2], tf.float32);
type N = { readonly n: Tensor };

const others: Record<string, Program> = {
  approx_top({ x }: X) {
    const found = [tf.nn.approxMaxK(x, 3, { name: "m" }), tf.approxTopK(x, 4)];
    return found.flatMap(({ values, indices }) => [values, indices]);
  },
  approx_top_gradient({ x }: X) {
    const { values } = tf.nn.approxMaxK(x, 3);
    return tf.gradients(tf.reduceSum(values.mul(tf.constant([1, 2, 3], tf.float32))), x) as Tensor[];
  },
  stateless_dropout: ({ x }: X) => tf.nn.experimental.statelessDropout(x, 0.4, [1, 2]),
  stateless_dropout_options: ({ x }: X) =>
    tf.nn.experimental.statelessDropout(x, 0.4, [1, 2], "auto_select", [4, 1], { name: "d" }),
  general_dropout: ({ x }: X) =>
    tf.nn.experimental.generalDropout(x, tf.constant(0.3), ({ shape, dtype }) =>
      tf.random.statelessUniform(shape, { seed: [3, 4], dtype }),
    ),
  quantized_layers({ i }: { readonly i: Tensor }) {
    const a = tf.bitcast(i, tf.quint8);
    const filter = tf.bitcast(tf.constant([0, 20, 40, 60], { dtype: tf.uint8, shape: [2, 2, 1, 1] }), tf.quint8);
    const y = tf.nn.quantizedConv2d(a, filter, 0, 1, 0, 1, { strides: [1, 1, 1, 1], padding: "VALID" });
    const window = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "VALID" } as const;
    const p = tf.nn.quantizedAvgPool(a, 0, 1, window);
    const m = tf.nn.quantizedMaxPool(a, 0, 1, [1, 2, 2, 1], [1, 2, 2, 1], "SAME", { name: "m" });
    const c = tf.quantizedConcat(1, [a, a], [0, 0], [1, 2]);
    return [
      [tf.bitcast(y.output, tf.int32), y.minOutput, y.maxOutput],
      [tf.bitcast(p.output, tf.uint8), p.minOutput, p.maxOutput],
      [tf.bitcast(m.output, tf.uint8), m.minOutput, m.maxOutput],
      [tf.bitcast(c.output, tf.uint8), c.outputMin, c.outputMax],
    ].flat();
  },
  sparse_bincount: ({ n }: N) => [
    ...parts(tf.sparse.bincount(n)),
    ...parts(tf.sparse.bincount(n, { axis: -1, name: "c" })),
  ],
  sparse_bincount_weights({ n }: N) {
    const weights = tf.constant(
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      tf.float32,
    );
    return parts(tf.sparse.bincount(n, weights, -1, 9, 9));
  },
  sparse_bincount_binary: ({ n }: N) => parts(tf.sparse.bincount(n, { binaryOutput: true, maxlength: 4 })),
  sparse_bincount_sparse: () => [
    ...parts(tf.sparse.bincount(sparseInts())),
    ...parts(tf.sparse.bincount(sparseInts(), { axis: -1 })),
  ],
  sparse_bincount_sparse_weights() {
    const s = sparseInts();
    const { indices, denseShape } = s;
    const w = new tf.SparseTensor({ indices, values: half(), denseShape });
    const u = new tf.SparseTensor({ indices: places, values: half(), denseShape: [2, 4] });
    return [...parts(tf.sparse.bincount(s, { weights: w, axis: -1 })), ...parts(tf.sparse.bincount(s, { weights: u }))];
  },
  ragged_fill() {
    const r = tf.raggedFillEmptyRows(tf.constant([0, 0, 3], tf.int64), tf.constant([1, 2, 3], tf.float32), 5, -1);
    const g = tf.raggedFillEmptyRowsGrad(r.reverseIndexMap, tf.ones([6]), { name: "g" });
    return [...Object.values(r), ...Object.values(g)];
  },
  tables_initializer: () => [tf.initializers.tablesInitializer(), tf.initializers.tablesInitializer("t")],
};

export const networks: Readonly<Record<string, Program>> = {
  ...sequences,
  ...layers,
  ...boxes,
  ...lossPrograms,
  ...others,
};
