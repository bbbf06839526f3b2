/** The programs of test/fixtures/build/contrib/losses.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { losses, legacySeq2seq: seq2seq } = tf.contrib;
// biome-ignore lint/suspicious/noExplicitAny: options and tensors of many losses
type Any = any;

/** The loss bare, and with weights in a scope. */
const three = (name: string, fn: (x: Any, l: Any, options: Any) => tf.Tensor, options: Any = {}) => ({
  [name]: (({ x, l }) => fn(x, l, options)) as Program,
  [`${name}_weights`]: (({ x, l, w }) => fn(x, l, { weights: w, scope: "mine", ...options })) as Program,
});

export const programs: Readonly<Record<string, Program>> = {
  ...three("absolute_difference", losses.absoluteDifference),
  ...three("log_loss", losses.logLoss),
  ...three("mean_squared_error", losses.meanSquaredError),
  ...three("mean_pairwise_squared_error", losses.meanPairwiseSquaredError),
  ...three("cosine_distance", losses.cosineDistance, { axis: 1 }),
  ...three("sigmoid_cross_entropy", losses.sigmoidCrossEntropy),
  ...three("softmax_cross_entropy", losses.softmaxCrossEntropy),
  sigmoid_smoothed: ({ x, l }) => losses.sigmoidCrossEntropy(x, l, 2, 0.1),
  softmax_smoothed: ({ x, l }) => losses.softmaxCrossEntropy(x, l, 0.5, 0.1, "mine"),
  sparse_softmax: ({ x, l, w }) => [
    losses.sparseSoftmaxCrossEntropy(x, l),
    losses.sparseSoftmaxCrossEntropy(x, l, w, "mine"),
  ],
  hinge: ({ x, l }) => losses.hingeLoss(x, l),
  weighted: ({ x, w }) => [
    losses.computeWeightedLoss(x),
    losses.computeWeightedLoss(x, 0),
    losses.computeWeightedLoss(x, w, "mine"),
  ],
  total: ({ x, l }) => {
    const first = losses.meanSquaredError(x, l);
    losses.addLoss(tf.reduceSum(x));
    tf.addToCollection(tf.GraphKeys.REGULARIZATION_LOSSES, first);
    const totals = [losses.getTotalLoss(), losses.getTotalLoss(false, "bare")];
    return [...totals, ...losses.getLosses(), ...losses.getRegularizationLosses()];
  },
  sequences: ({ x, a, b }) => {
    const [logits, targets, weights] = [
      [x, x.rmul(2)],
      [a, a],
      [b, tf.ones([4])],
    ];
    const own = (record: { labels: tf.Tensor; logits: tf.Tensor }) => tf.nn.sparseSoftmaxCrossEntropyWithLogits(record);
    return [
      seq2seq.sequenceLossByExample(logits, targets, weights),
      seq2seq.sequenceLossByExample(logits, targets, weights, false, own, "mine"),
      seq2seq.sequenceLoss(logits, targets, weights),
      seq2seq.sequenceLoss(logits, targets, weights, false, false),
    ];
  },
  buckets: ({ x, a, b }) => {
    const sizes = [
      [1, 1],
      [2, 2],
    ] as const;
    const model = (_: readonly tf.Tensor[], decoder: readonly tf.Tensor[]) => {
      const kernel = tf.getVariable("kernel", [3, 3]);
      return [decoder.map((each) => tf.matmul(each, kernel)), null] as const;
    };
    const [outputs, found] = seq2seq.modelWithBuckets([x, x], [x, x], [a, a], [b, b], sizes, model);
    const bare = (_: readonly tf.Tensor[], decoder: readonly tf.Tensor[]) => [[...decoder], null] as const;
    const [, each] = seq2seq.modelWithBuckets([x, x], [x, x], [a, a], [b, b], sizes, bare, {
      perExampleLoss: true,
      name: "each",
    });
    return [...outputs[1]!, ...found, ...each];
  },
};
