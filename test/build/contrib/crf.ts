/** The programs of test/fixtures/build/contrib/crf.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { crf, slim, training } = tf.contrib;
// biome-ignore lint/suspicious/noExplicitAny: options of two modules
type Options = any;

const trained =
  (make: Options, options: Options = {}): Program =>
  ({ x }) => {
    const y = slim.fullyConnected(x, 1, { normalizerFn: slim.batchNorm });
    const loss = tf.reduceMean(tf.square(y));
    return [make(loss, new tf.train.GradientDescentOptimizer(0.1), options), loss];
  };

/** The scores and transitions of the fixture's sequences. */
export const programs = (scores: Options, moves: Options): Record<string, Program> => ({
  log_likelihood: ({ x, t, n }) => {
    const [value, params] = crf.crfLogLikelihood(x, t, n);
    return [value, tf.gradients(tf.reduceMean(value.neg()), [params as tf.Tensor])[0]] as never;
  },
  sequence_score: ({ x, t, n, p }) => [crf.crfSequenceScore(x, t, n, p), crf.crfLogNorm(x, n, p)],
  parts: ({ x, t, n, p }) => [crf.crfUnaryScore(t, n, x), crf.crfBinaryScore(t, n, p)],
  multitag: ({ x, b, n, p }) => crf.crfMultitagSequenceScore(x, b, n, p),
  decode: ({ x, n, p }) => crf.crfDecode(x, p, n),
  decode_one: ({ x, n, p }) => crf.crfDecode(x, p, n),
  score_one: ({ x, t, n, p }) => [crf.crfSequenceScore(x, t, n, p), crf.crfLogNorm(x, n, p)],
  decode_unknown: ({ x, n, p }) => crf.crfDecode(x, p, n),
  train_op: trained(training.createTrainOp),
  train_op_options: trained(training.createTrainOp, {
    summarizeGradients: true,
    checkNumerics: false,
    globalStep: null,
    transformGradsFn: training.clipGradientNormsFn(0.1),
  }),
  slim_train_op: trained(slim.learning.createTrainOp, {
    clipGradientNorm: 0.5,
    summarizeGradients: true,
    gradientMultipliers: { "fully_connected/weights": 0.5 },
  }),
  viterbi: () => {
    const [tags, score] = crf.viterbiDecode(scores, moves);
    return [tf.constant(tags), tf.constant(score, tf.float32)];
  },
});
