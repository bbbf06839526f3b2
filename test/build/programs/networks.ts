/** Programs of test/fixtures/build/networks.py. */
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

export const networks: Readonly<Record<string, Program>> = { ...sequences };
