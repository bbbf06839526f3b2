/** `tf.contrib.seq2seq.sequence_loss`. Source: contrib/seq2seq loss.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  countNonzero,
  divNoNan,
  reduceSum,
  reshape,
  shape as shapeOf,
  sparseSoftmaxCrossEntropyWithLogits,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { mul } from "../../operators.ts";

export interface SequenceLossOptions {
  readonly averageAcrossTimesteps?: boolean | undefined;
  readonly averageAcrossBatch?: boolean | undefined;
  readonly sumOverTimesteps?: boolean | undefined;
  readonly sumOverBatch?: boolean | undefined;
  /** In place of the softmax cross entropy: from labels [n] and logits [n, classes] to losses [n]. */
  readonly softmaxLossFunction?: ((record: { labels: Tensor; logits: Tensor }) => Tensor) | null | undefined;
  readonly name?: string | undefined;
}

const places = [
  "averageAcrossTimesteps",
  "averageAcrossBatch",
  "sumOverTimesteps",
  "sumOverBatch",
  "softmaxLossFunction",
  "name",
] as const;

/**
 * The weighted cross entropy of logits [batch, time, classes] against targets [batch, time], averaged over both unless told otherwise.
 * Throws ValueError for other ranks, and for both a mean and a sum over the same axis.
 */
export function sequenceLoss(
  givenLogits: TensorLike,
  givenTargets: TensorLike,
  givenWeights: TensorLike,
  ...rest: Rest<SequenceLossOptions, typeof places>
): Tensor {
  const options: SequenceLossOptions = byName(rest, places);
  const {
    averageAcrossTimesteps: overTime = true,
    averageAcrossBatch: overBatch = true,
    softmaxLossFunction,
  } = options;
  const { sumOverTimesteps: sumTime = false, sumOverBatch: sumBatch = false } = options;
  const [logits, targets, weights] = [givenLogits, givenTargets, givenWeights].map((each) => convertToTensor(each)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const refuse = (message: string): never => {
    throw new ValueError(message);
  };
  if (logits.shape?.length !== 3) refuse("Logits must be a [batch_size x sequence_length x logits] tensor");
  if (targets.shape?.length !== 2) refuse("Targets must be a [batch_size x sequence_length] tensor");
  if (weights.shape?.length !== 2) refuse("Weights must be a [batch_size x sequence_length] tensor");
  if (overTime && sumTime) {
    refuse("average_across_timesteps and sum_over_timesteps cannot be set to True at same time.");
  }
  if (overBatch && sumBatch) refuse("average_across_batch and sum_over_batch cannot be set to True at same time.");
  return getDefaultGraph().nameScope(options.name ?? "sequence_loss", () => {
    const classes = shapeOf(logits).at(2);
    const flat = reshape(logits, [-1, classes]);
    const labels = reshape(targets, [-1]);
    const entropy = softmaxLossFunction
      ? softmaxLossFunction({ labels, logits: flat })
      : sparseSoftmaxCrossEntropyWithLogits({ labels, logits: flat });
    const losses = mul(entropy, reshape(weights, [-1]));
    const counted = (axis?: number[]): Tensor =>
      cast(countNonzero(weights, axis ? { axis } : {}), losses.dtype) as Tensor;
    if (overTime && overBatch) {
      const sum = reduceSum(losses);
      return divNoNan(sum, reduceSum(weights));
    }
    if (sumTime && sumBatch) {
      const sum = reduceSum(losses);
      return divNoNan(sum, counted());
    }
    const each = reshape(losses, shapeOf(logits).at("0:2"));
    if (overTime || overBatch) {
      const axis = overBatch ? [0] : [1];
      const sum = reduceSum(each, { axis });
      return divNoNan(sum, reduceSum(weights, { axis }));
    }
    if (!sumTime && !sumBatch) return each;
    const axis = sumBatch ? [0] : [1];
    const sum = reduceSum(each, { axis });
    return divNoNan(sum, counted(axis));
  });
}
