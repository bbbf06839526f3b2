/** `tf.distributions.Multinomial`. Source: multinomial.py. */
import { float32, int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { mapFn } from "../../control_flow/functional.ts";
import type { Seed } from "../computed.ts";
import { commonPlaces, NOT_REPARAMETERIZED } from "../distribution.ts";
import { argumentsOf, inNamed } from "../scalar.ts";
import { VectorDistribution } from "../vector.ts";
import { checkCounts, checkTotal, type LogitsOptions, logCombinations, logitsAndProbs } from "./checks.ts";

interface MultinomialOptions extends LogitsOptions {
  /** [...batch]: how many draws; floating, whole. */
  readonly totalCount: TensorLike;
}

const places = ["totalCount", "logits", "probs", ...commonPlaces] as const;

/** How often each of k classes comes in totalCount draws: vectors [...batch, k]. */
export class Multinomial extends VectorDistribution {
  readonly totalCount: Tensor;
  readonly logits: Tensor;
  readonly probs: Tensor;
  readonly #mean: Tensor;

  /** Throws ValueError when both or none of logits and probs is given, TypeError when they are not floating. */
  constructor(...given: Rest<MultinomialOptions, typeof places>) {
    const parameters = argumentsOf<MultinomialOptions>(given, places, { name: "Multinomial" });
    const { count, logits, probs, mean, name } = inNamed(parameters.name, (scope) => {
      const plain = convertToTensor(parameters.totalCount, { name: "total_count", preferredDtype: float32 });
      const count = parameters.validateArgs ? checkCounts(plain) : plain;
      const both = logitsAndProbs(parameters, scope, true);
      return { count, ...both, mean: count.at("...", null).mul(both.probs) };
    });
    const dtype = probs.dtype;
    super({ ...parameters, dtype, reparameterizationType: NOT_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.totalCount = count;
    this.logits = logits;
    this.probs = probs;
    this.#mean = mean;
  }

  protected override whole(): Tensor {
    return this.#mean;
  }

  protected override dynamicBatchShape(): Tensor {
    return tf.shape(this.#mean).at(":-1");
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const count = tf.cast(this.totalCount, int32) as Tensor;
    const k = this.eventShapeTensor().at(0);
    const counts = tf.onesLike(this.logits.at("...", 0), { dtype: int32 }).mul(count);
    const logits = tf.onesLike(counts.at("...", null), { dtype: this.logits.dtype }).mul(this.logits);
    const flatLogits = tf.reshape(logits, [-1, k]);
    const flatCounts = tf.reshape(counts, [-1]).rmul(n);
    const one = (row: unknown): Tensor => {
      const [ofRow, draws] = row as [Tensor, Tensor];
      const drawn = tf.reshape(tf.multinomial(ofRow.at(null, "..."), draws, { seed }), [n, -1]);
      return tf.reduceSum(tf.oneHot(drawn, k), -2);
    };
    const rows = mapFn(one as never, [flatLogits, flatCounts], { dtype: this.dtype }) as Tensor;
    const samples = tf.transpose(rows, [1, 0, 2]);
    return tf.reshape(samples, tf.concat([[n], this.batchShapeTensor(), [k]], 0));
  }

  #checked(counts: Tensor): Tensor {
    return this.validateArgs ? checkTotal(counts, this.totalCount, "counts must sum to `self.total_count`") : counts;
  }

  protected override computeLogProb(given: Tensor): Tensor {
    const counts = this.#checked(given);
    const unnormalized = tf.reduceSum(counts.mul(tf.logSoftmax(this.logits)), -1);
    return unnormalized.sub(logCombinations(this.totalCount, this.#checked(given)).neg());
  }

  protected override computeMean(): Tensor {
    return tf.identity(this.#mean);
  }

  #spread(): Tensor {
    return this.probs.mul(tf.onesLike(this.totalCount).at("...", null));
  }

  protected override computeCovariance(): Tensor {
    const p = this.#spread();
    return this.covarianceOf(this.#mean, p);
  }

  protected override computeVariance(): Tensor {
    const p = this.#spread();
    return this.#mean.sub(this.#mean.mul(p));
  }
}
