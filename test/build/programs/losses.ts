import { ndarray } from "../../../src/core/nd_array.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Programs } from "./program.ts";

interface Two {
  readonly x: Tensor;
  readonly l: Tensor;
}

const column = () => tf.constant(ndarray([[1], [0], [2]], "float32"));

export const losses: Programs = {
  loss_mean_squared_error: ({ x, l }: Two) => tf.losses.meanSquaredError(l, x),
  loss_weights_vector: ({ x, l }: Two) => tf.losses.meanSquaredError(l, x, { weights: column() }),
  loss_weights_fed: ({ x, l, w }: Two & { w: Tensor }) =>
    tf.losses.meanSquaredError(l, x, { weights: w, scope: "mine" }),
  loss_none: ({ x, l }: Two) =>
    tf.losses.absoluteDifference(l, x, { weights: 0.5, reduction: tf.losses.Reduction.NONE }),
  loss_sum: ({ x, l }: Two) => tf.losses.absoluteDifference(l, x, { reduction: tf.losses.Reduction.SUM }),
  loss_mean: ({ x, l }: Two) => tf.losses.absoluteDifference(l, x, { weights: 2, reduction: tf.losses.Reduction.MEAN }),
  loss_batch_size: ({ x, l }: Two) =>
    tf.losses.absoluteDifference(l, x, {
      reduction: tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
      lossCollection: null,
    }),
  loss_cosine: ({ x, l }: Two) =>
    tf.losses.cosineDistance(tf.nn.l2Normalize(l, { axis: 1 }), tf.nn.l2Normalize(x, { axis: 1 }), { axis: 1 }),
  loss_hinge: ({ x, l }: Two) => tf.losses.hingeLoss(l, x),
  loss_huber: ({ x, l }: Two) => tf.losses.huberLoss(l, x, { delta: 0.3 }),
  loss_log: ({ x, l }: Two) => tf.losses.logLoss(l, x),
  loss_pairwise: ({ x, l }: Two) => tf.losses.meanPairwiseSquaredError(l, x),
  loss_sigmoid: ({ x, l }: Two) => tf.losses.sigmoidCrossEntropy(l, x, { labelSmoothing: 0.1 }),
  loss_softmax: ({ x, l }: Two) => tf.losses.softmaxCrossEntropy(l, x),
  loss_softmax_smoothed: ({ x, l }: Two) => tf.losses.softmaxCrossEntropy(l, x, { labelSmoothing: 0.2, weights: 0.5 }),
  loss_sparse_softmax: ({ x, k }: { x: Tensor; k: Tensor }) => tf.losses.sparseSoftmaxCrossEntropy(k, x),
  loss_sparse_softmax_column: ({ x, k }: { x: Tensor; k: Tensor }) =>
    tf.losses.sparseSoftmaxCrossEntropy(k, x, { weights: column() }),
  loss_total({ x, l }: Two) {
    tf.losses.meanSquaredError(l, x);
    tf.losses.absoluteDifference(l, x);
    tf.getVariable("v", {
      shape: [2],
      initializer: tf.onesInitializer(),
      regularizer: (v) => tf.reduceSum(v.mul(0.1)),
    });
    return [tf.losses.getTotalLoss(), tf.losses.getRegularizationLoss()];
  },
};
