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

export const networks: Readonly<Record<string, Program>> = { ...sequences, ...layers };
