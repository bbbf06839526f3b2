/** `tf.contrib.legacy_seq2seq`: lists of steps, their decoder, losses and buckets. Source: contrib/legacy_seq2seq seq2seq.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  addN,
  cast,
  reduceSum,
  reshape,
  shape as shapeOf,
  sparseSoftmaxCrossEntropyWithLogits,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Cell, State } from "../../rnn/state.ts";
import { getVariableScope, type VariableScope, variableScope } from "../../variables/scope.ts";

/** In place of the softmax cross entropy: from labels [n] and logits [n, classes] to losses [n]. */
export type SoftmaxLossFunction = (record: { labels: Tensor; logits: Tensor }) => Tensor;

export interface SequenceLossByExampleOptions {
  /** False: sums over the steps. */
  readonly averageAcrossTimesteps?: boolean | undefined;
  readonly softmaxLossFunction?: SoftmaxLossFunction | null | undefined;
  readonly name?: string | null | undefined;
}

const byExamplePlaces = ["averageAcrossTimesteps", "softmaxLossFunction", "name"] as const;

/**
 * The weighted cross entropy of each example [batch]: lists, a tensor for each step, of logits [batch, classes], targets int [batch] and weights
 * [batch]. Throws ValueError for lists of different lengths.
 */
export function sequenceLossByExample(
  logits: readonly Tensor[],
  targets: readonly Tensor[],
  weights: readonly Tensor[],
  ...rest: Rest<SequenceLossByExampleOptions, typeof byExamplePlaces>
): Tensor {
  const options: SequenceLossByExampleOptions = byName(rest, byExamplePlaces);
  if (targets.length !== logits.length || weights.length !== logits.length) {
    throw new ValueError(
      `Lengths of logits, weights, and targets must be the same ${logits.length}, ${weights.length}, ${targets.length}.`,
    );
  }
  return getDefaultGraph().nameScope(options.name ?? "sequence_loss_by_example", () => {
    const losses = logits.map((logit, i) => {
      const target = targets[i]!;
      const own = options.softmaxLossFunction;
      const loss = own
        ? own({ labels: target, logits: logit })
        : sparseSoftmaxCrossEntropyWithLogits({ labels: reshape(target, [-1]), logits: logit });
      return loss.mul(weights[i]!);
    });
    const sum = addN(losses);
    return (options.averageAcrossTimesteps ?? true) ? sum.truediv(addN([...weights]).add(1e-12)) : sum;
  });
}

export interface SequenceLossOptions extends SequenceLossByExampleOptions {
  /** False: sums over the examples. */
  readonly averageAcrossBatch?: boolean | undefined;
}

const lossPlaces = ["averageAcrossTimesteps", "averageAcrossBatch", "softmaxLossFunction", "name"] as const;

/** As sequenceLossByExample, the mean over the batch: a scalar. */
export function sequenceLoss(
  logits: readonly Tensor[],
  targets: readonly Tensor[],
  weights: readonly Tensor[],
  ...rest: Rest<SequenceLossOptions, typeof lossPlaces>
): Tensor {
  const options: SequenceLossOptions = byName(rest, lossPlaces);
  const { averageAcrossTimesteps, softmaxLossFunction } = options;
  return getDefaultGraph().nameScope(options.name ?? "sequence_loss", () => {
    const cost = reduceSum(
      sequenceLossByExample(logits, targets, weights, { averageAcrossTimesteps, softmaxLossFunction }),
    );
    if (options.averageAcrossBatch === false) return cost;
    const batch = shapeOf(targets[0]!).at(0);
    return cost.truediv(cast(batch, cost.dtype));
  });
}

export interface RnnDecoderOptions {
  /** Makes the next input from the output before and the number of the step. */
  readonly loopFunction?: ((previous: Tensor, step: number) => Tensor) | null | undefined;
  readonly scope?: string | VariableScope | null | undefined;
}

/** The outputs [batch, size] of a cell run over a list of inputs [batch, depth], and its last state. */
export function rnnDecoder(
  decoderInputs: Iterable<Tensor>,
  initialState: State,
  cell: Cell,
  ...rest: Rest<RnnDecoderOptions, ["loopFunction", "scope"]>
): [outputs: Tensor[], state: State] {
  const { loopFunction, scope }: RnnDecoderOptions = byName(rest, ["loopFunction", "scope"]);
  return variableScope(scope ?? "rnn_decoder", () => {
    let state = initialState;
    const outputs: Tensor[] = [];
    for (const [i, given] of [...decoderInputs].entries()) {
      const before = outputs.at(-1);
      const input =
        loopFunction && before ? variableScope("loop_function", { reuse: true }, () => loopFunction(before, i)) : given;
      if (i > 0) getVariableScope().reuseVariables();
      const [output, next] = cell.apply(input, state);
      outputs.push(output as Tensor);
      state = next;
    }
    return [outputs, state];
  });
}

/** Steps of the encoder and of the decoder. */
export type Bucket = readonly [encoder: number, decoder: number];

export interface BucketsOptions {
  readonly softmaxLossFunction?: SoftmaxLossFunction | null | undefined;
  /** True: a loss for each example. */
  readonly perExampleLoss?: boolean | undefined;
  readonly name?: string | null | undefined;
}

const bucketPlaces = ["softmaxLossFunction", "perExampleLoss", "name"] as const;

/**
 * A model for each bucket, with variables in common: its outputs and its loss. `seq2seq` gives outputs and states from as many inputs as the bucket
 * has. Throws ValueError for lists that are shorter than the last bucket.
 */
export function modelWithBuckets<S>(
  encoderInputs: readonly Tensor[],
  decoderInputs: readonly Tensor[],
  targets: readonly Tensor[],
  weights: readonly Tensor[],
  buckets: readonly Bucket[],
  seq2seq: (encoderInputs: readonly Tensor[], decoderInputs: readonly Tensor[]) => readonly [readonly Tensor[], S],
  ...rest: Rest<BucketsOptions, typeof bucketPlaces>
): [outputs: (readonly Tensor[])[], losses: Tensor[]] {
  const options: BucketsOptions = byName(rest, bucketPlaces);
  const { softmaxLossFunction, perExampleLoss = false } = options;
  const [encoder, decoder] = buckets.at(-1)!;
  const check = (what: string, list: readonly Tensor[], least: number): void => {
    if (list.length >= least) return;
    throw new ValueError(`Length of ${what} (${list.length}) must be at least that of last bucket (${least}).`);
  };
  check("encoder_inputs", encoderInputs, encoder);
  check("targets", targets, decoder);
  check("weights", weights, decoder);
  return getDefaultGraph().nameScope(options.name ?? "model_with_buckets", () => {
    const outputs: (readonly Tensor[])[] = [];
    const losses = buckets.map(([inputs, steps], i) =>
      variableScope(getVariableScope(), i > 0 ? { reuse: true } : {}, () => {
        const [logits] = seq2seq(encoderInputs.slice(0, inputs), decoderInputs.slice(0, steps));
        outputs.push(logits);
        const loss = perExampleLoss ? sequenceLossByExample : sequenceLoss;
        return loss(logits, targets.slice(0, steps), weights.slice(0, steps), { softmaxLossFunction });
      }),
    );
    return [outputs, losses];
  });
}
