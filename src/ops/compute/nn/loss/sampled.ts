/** Losses over many classes, of which a sample is compared with the true ones. Source: nn_impl.py. */
import { float32, int32, int64 } from "../../../../core/dtype.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import type { Candidates } from "../../random/sampling/batch.ts";

export interface SampledLossOptions extends Named {
  /** [classes, dim], or a list of tensors which together make that up. */
  readonly weights: TensorLike | readonly TensorLike[];
  /** [classes]. */
  readonly biases: TensorLike | readonly TensorLike[];
  /** The true classes, [batch, numTrue]. */
  readonly labels: TensorLike;
  /** [batch, dim]. */
  readonly inputs: TensorLike;
  /** Classes that are drawn for the whole batch. */
  readonly numSampled: number;
  readonly numClasses: number;
  /** True classes of each example; 1 if not given. */
  readonly numTrue?: number;
  /** What a candidate sampler returned; a log-uniform one is used if not given. */
  readonly sampledValues?: Candidates | null;
  /** Leaves out samples that are true classes. */
  readonly removeAccidentalHits?: boolean;
  readonly partitionStrategy?: "mod" | "div";
  readonly seed?: number | bigint | null;
}

/** The sum of each row, by a product with ones. */
function sumRows(x: Tensor): Tensor {
  const columns = tf.shape(x).at(1);
  const ones = tf.ones(tf.stack([columns, 1]), x.dtype.baseDtype);
  return tf.reshape(tf.matmul(x, ones), [-1]);
}

/** Logits [batch, numTrue + numSampled] of the true and the drawn classes, and their labels: 1 / numTrue and 0. */
function sampledLogits(options: SampledLossOptions, byDefault: string): [logits: Tensor, labels: Tensor] {
  const {
    numSampled,
    numClasses,
    numTrue = 1,
    removeAccidentalHits = false,
    partitionStrategy = "mod",
    seed,
  } = options;
  return inScope(options.name, byDefault, () => {
    const inputs = convertToTensor(options.inputs);
    const given = convertToTensor(options.labels);
    const labels = given.dtype.base === "int64" ? given : tf.cast(given, int64);
    const flat = tf.reshape(labels, [-1]);
    const drawn =
      options.sampledValues ??
      tf.logUniformCandidateSampler(labels, {
        numTrue,
        numSampled,
        unique: true,
        rangeMax: numClasses,
        seed: seed ?? null,
      });
    const candidates = tf.stopGradient(drawn.sampledCandidates);
    const trueCount = tf.stopGradient(drawn.trueExpectedCount);
    const sampledCount = tf.stopGradient(drawn.sampledExpectedCount);
    const sampled = tf.cast(candidates, int64);
    const ids = tf.concat([flat, sampled], 0);
    const lookup = (params: TensorLike | readonly TensorLike[]): Tensor => {
      const rows = tf.embeddingLookup(params, ids, { partitionStrategy });
      return rows.dtype.baseDtype === inputs.dtype.baseDtype ? rows : tf.cast(rows, inputs.dtype.baseDtype);
    };
    const allWeights = lookup(options.weights);
    const trueWeights = tf.slice(allWeights, [0, 0], tf.stack([tf.shape(flat).at(0), -1]));
    const sampledWeights = tf.slice(allWeights, tf.stack([tf.shape(flat).at(0), 0]), [-1, -1]);
    let sampledPart = tf.matmul(inputs, sampledWeights, { transposeB: true });
    const allBiases = lookup(options.biases);
    const trueBiases = tf.slice(allBiases, [0], tf.shape(flat));
    const sampledBiases = tf.slice(allBiases, tf.shape(flat), [-1]);
    const dim = tf.shape(trueWeights).at("1:2");
    const trueShape = tf.concat([[-1, numTrue], dim], 0);
    const products = tf.multiply(tf.expandDims(inputs, 1), tf.reshape(trueWeights, trueShape));
    const matrix = tf.reshape(products, tf.concat([[-1], dim], 0));
    const dots = tf.reshape(sumRows(matrix), [-1, numTrue]);
    let truePart = dots.add(tf.reshape(trueBiases, [-1, numTrue]));
    sampledPart = sampledPart.add(sampledBiases);
    if (removeAccidentalHits) sampledPart = sampledPart.add(hits(labels, sampled, numTrue, numSampled, sampledPart));
    truePart = truePart.sub(tf.log(trueCount));
    sampledPart = sampledPart.sub(tf.log(sampledCount));
    const logits = tf.concat([truePart, sampledPart], 1);
    const wanted = tf.concat([tf.onesLike(truePart).div(numTrue), tf.zerosLike(sampledPart)], 1);
    return [logits, wanted];
  });
}

/** [batch, numSampled]: the lowest float32 where a sample is a true class, else 0. */
function hits(labels: Tensor, sampled: Tensor, numTrue: number, numSampled: number, logits: Tensor): Tensor {
  const found = tf.computeAccidentalHits(labels, sampled, numTrue);
  const rows = tf.reshape(found.indices, [-1, 1]);
  const columns = tf.reshape(tf.cast(found.ids, int32), [-1, 1]);
  const places = tf.concat([rows, columns], 1, { name: "sparse_indices" });
  const shape = tf.concat([tf.shape(labels).at(":1"), tf.expandDims(numSampled, 0)], 0);
  const isSingle = logits.dtype.baseDtype === float32;
  return tf.sparseToDenseOp({
    sparse_indices: places,
    output_shape: shape,
    sparse_values: isSingle ? found.weights : tf.cast(found.weights, logits.dtype.baseDtype),
    default_value: 0,
    validate_indices: false,
  });
}

/** Python's order of the arguments. */
const places = ["weights", "biases", "labels", "inputs", "numSampled", "numClasses", "numTrue"] as const;

/** Noise-contrastive estimation: the loss of telling true classes from drawn ones, [batch]. */
export function nceLoss(...rest: Rest<SampledLossOptions, typeof places>): Tensor {
  const options: SampledLossOptions = byName(rest, places);
  const [logits, labels] = sampledLogits({ ...options, seed: null }, "nce_loss");
  return sumRows(tf.sigmoidCrossEntropyWithLogits({ labels, logits, name: "sampled_losses" }));
}

/** Softmax cross entropy over the true and the drawn classes, [batch]: for training; to evaluate, use all classes. */
export function sampledSoftmaxLoss(...rest: Rest<SampledLossOptions, typeof places>): Tensor {
  const options: SampledLossOptions = byName(rest, places);
  const all = { ...options, removeAccidentalHits: options.removeAccidentalHits ?? true };
  const [logits, wanted] = sampledLogits(all, "sampled_softmax_loss");
  const labels = tf.stopGradient(wanted, { name: "labels_stop_gradient" });
  return tf.softmaxCrossEntropyWithLogitsV2({ labels, logits });
}
