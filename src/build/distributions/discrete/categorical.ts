/** `tf.distributions.Categorical`. Source: categorical.py. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { isFull, type Shape, sameShape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import type { Seed } from "../computed.ts";
import { NOT_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, inNamed, ScalarDistribution } from "../scalar.ts";
import { type LogitsWithDtype, logitsPlaces } from "./bernoulli.ts";
import { checkCasts, checkClasses, logitsAndProbs } from "./checks.ts";

/** Events and parameters [...batch, classes] of the same leading shape. Throws TypeError for events that are no numbers. */
function together(given: Tensor, parameters: Tensor, dtype: DType): { k: Tensor; parameters: Tensor } {
  if (!given.dtype.isInteger && !given.dtype.isFloating)
    throw new TypeError(`\`value\` should have integer \`dtype\` or \`self.dtype\` (${dtype})`);
  const k = given.dtype.isInteger ? given : (tf.cast(given, int32) as Tensor);
  const batch = parameters.shape?.slice(0, -1) ?? null;
  if (isFull(batch) && isFull(k.shape) && sameShape(batch, k.shape)) return { k, parameters };
  const spread = parameters.mul(tf.onesLike(k.at("...", null), { dtype: parameters.dtype }));
  const shape = tf.shape(spread).at(":-1");
  const events = k.mul(tf.ones(shape, k.dtype));
  if (spread.shape !== null) events.setShape(spread.shape.slice(0, -1));
  return { k: events, parameters: spread };
}

/** One of the classes along the last axis of logits or probs; the axes before are the batch. */
export class Categorical extends ScalarDistribution {
  readonly logits: Tensor;
  readonly probs: Tensor;
  /** How many classes: an int32. */
  readonly eventSize: Tensor;
  readonly #batchRank: Tensor;
  readonly #batch: Tensor;

  /** Throws ValueError when both or none of logits and probs is given, TypeError when they are not floating. */
  constructor(...given: Rest<LogitsWithDtype, typeof logitsPlaces>) {
    const parameters = argumentsOf<LogitsWithDtype>(given, logitsPlaces, { dtype: int32, name: "Categorical" });
    const { logits, probs, eventSize, batchRank, batch, name } = inNamed(parameters.name, (scope) => {
      const both = logitsAndProbs(parameters, scope, true);
      const logits = parameters.validateArgs ? checkClasses(both.logits) : both.logits;
      return { logits, probs: both.probs, ...sizesOf(logits) };
    });
    const dtype = parameters.dtype!;
    super({ ...parameters, dtype, reparameterizationType: NOT_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.logits = logits;
    this.probs = probs;
    this.eventSize = eventSize;
    this.#batchRank = batchRank;
    this.#batch = batch;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.logits];
  }

  protected override staticBatchShape(): Shape {
    return this.logits.shape?.slice(0, -1) ?? null;
  }

  protected override dynamicBatchShape(): Tensor {
    return tf.identity(this.#batch);
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const isMatrix = this.logits.shape?.length === 2;
    const logits = isMatrix ? this.logits : tf.reshape(this.logits, [-1, this.eventSize]);
    const outputDtype = this.dtype.sizeBytes > 4 ? int64 : int32;
    const drawn = tf.multinomial(logits, n, { seed, outputDtype });
    const draws = tf.transpose(drawn);
    return tf.cast(tf.reshape(draws, this.drawShape(n)), this.dtype) as Tensor;
  }

  #checked(value: Tensor): Tensor {
    const k = convertToTensor(value, { name: "k" });
    return this.validateArgs ? checkCasts(k, int32) : k;
  }

  protected override computeCdf(value: Tensor): Tensor {
    const { k, parameters } = together(this.#checked(value), this.probs, this.dtype);
    const probs = tf.reshape(parameters, [-1, this.eventSize]);
    const flat = tf.reshape(k, [-1]);
    const mask = tf.sequenceMask(flat, this.eventSize);
    const summed = tf.reduceSum(tf.where(mask, probs, tf.zerosLike(probs)), -1);
    return tf.reshape(summed, tf.shape(k));
  }

  protected override computeLogProb(value: Tensor): Tensor {
    const { k, parameters } = together(this.#checked(value), this.logits, this.dtype);
    return tf.sparseSoftmaxCrossEntropyWithLogits({ labels: k, logits: parameters }).neg();
  }

  protected override computeEntropy(): Tensor {
    return tf.reduceSum(tf.logSoftmax(this.logits).mul(this.probs), -1).neg();
  }

  protected override computeMode(): Tensor {
    const classes = tf.argmax(this.logits, { axis: this.#batchRank });
    const mode = tf.cast(classes, this.dtype) as Tensor;
    mode.setShape(this.batchShape);
    return mode;
  }
}

function sizesOf(logits: Tensor): { batchRank: Tensor; eventSize: Tensor; batch: Tensor } {
  const graph = getDefaultGraph();
  const shape = logits.getShape().withRankAtLeast(1);
  const known = (value: number | readonly number[], name: string) => tf.constant(value, { dtype: int32, name });
  const batchRank =
    shape.ndims === null
      ? graph.nameScope("batch_rank", () => tf.rank(logits).sub(1))
      : known(shape.ndims - 1, "batch_rank");
  const dynamic = tf.shape(logits, { name: "logits_shape" });
  const classes = logits.shape?.at(-1) ?? null;
  const eventSize =
    classes === null ? graph.nameScope("event_size", () => dynamic.at(batchRank)) : known(classes, "event_size");
  const leading = logits.shape?.slice(0, -1) ?? null;
  const batch = isFull(leading)
    ? known([...leading], "batch_shape")
    : graph.nameScope("batch_shape", () => dynamic.at(":-1"));
  return { batchRank, eventSize, batch };
}

RegisterKL(
  Categorical,
  Categorical,
)((a: Categorical, b: Categorical, name = "kl_categorical_categorical") =>
  getDefaultGraph().nameScope(name, () => {
    const apart = tf.logSoftmax(a.logits).sub(tf.logSoftmax(b.logits));
    return tf.reduceSum(tf.softmax(a.logits).mul(apart), -1);
  }),
);
