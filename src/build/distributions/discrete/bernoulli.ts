/** `tf.distributions.Bernoulli`. Source: bernoulli.py. */
import { bool, type DType, int32 } from "../../../core/dtype.ts";
import { isFull, sameShape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import type { Seed } from "../computed.ts";
import { commonPlaces, NOT_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, inNamed, ScalarDistribution } from "../scalar.ts";
import { checkCasts, type LogitsOptions, logitsAndProbs } from "./checks.ts";

export interface LogitsWithDtype extends LogitsOptions {
  /** Of samples; int32 by default. */
  readonly dtype?: DType | undefined;
}

export const logitsPlaces = ["logits", "probs", "dtype", ...commonPlaces] as const;

/** 1 with a probability, else 0; batches are of the shape of logits or probs. */
export class Bernoulli extends ScalarDistribution {
  protected static override readonly shapedParameters = ["logits"];
  readonly logits: Tensor;
  readonly probs: Tensor;

  /** Throws ValueError when both or none of logits and probs is given, TypeError when they are not floating. */
  constructor(...given: Rest<LogitsWithDtype, typeof logitsPlaces>) {
    const parameters = argumentsOf<LogitsWithDtype>(given, logitsPlaces, { dtype: int32, name: "Bernoulli" });
    const scoped = (scope: string) => logitsAndProbs(parameters, scope, false);
    const { logits, probs, name } = inNamed(parameters.name, scoped);
    const dtype = parameters.dtype!;
    super({ ...parameters, dtype, reparameterizationType: NOT_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.logits = logits;
    this.probs = probs;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.logits];
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const uniform = tf.randomUniform(this.drawShape(n), { seed, dtype: this.probs.dtype });
    return tf.cast(tf.less(uniform, this.probs), this.dtype) as Tensor;
  }

  protected override computeLogProb(value: Tensor): Tensor {
    const given = this.validateArgs ? checkCasts(value, bool) : value;
    let labels = tf.cast(given, this.logits.dtype) as Tensor;
    let logits = this.logits;
    if (!(isFull(labels.shape) && isFull(logits.shape) && sameShape(labels.shape, logits.shape))) {
      const spread = tf.onesLike(labels).mul(logits);
      labels = tf.onesLike(logits).mul(labels);
      logits = spread;
    }
    return tf.sigmoidCrossEntropyWithLogits({ labels, logits }).neg();
  }

  protected override computeEntropy(): Tensor {
    const certain = this.logits.neg().mul(tf.sigmoid(this.logits).sub(1));
    return certain.add(tf.softplus(this.logits.neg()));
  }

  protected override computeMean(): Tensor {
    return tf.identity(this.probs);
  }

  protected override computeVariance(): Tensor {
    return this.computeMean().mul(this.probs.rsub(1));
  }

  protected override computeMode(): Tensor {
    return tf.cast(this.probs.greater(0.5), this.dtype) as Tensor;
  }
}

RegisterKL(
  Bernoulli,
  Bernoulli,
)((a: Bernoulli, b: Bernoulli, name = "kl_bernoulli_bernoulli") =>
  getDefaultGraph().nameScope(name, () => {
    const of0 = tf.softplus(b.logits.neg()).sub(tf.softplus(a.logits.neg()));
    const of1 = tf.softplus(b.logits).sub(tf.softplus(a.logits));
    const weighted = tf.sigmoid(a.logits).mul(of0);
    return weighted.add(tf.sigmoid(a.logits.neg()).mul(of1));
  }),
);
