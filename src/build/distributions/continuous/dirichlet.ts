/** `tf.distributions.Dirichlet`. Source: dirichlet.py. */
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, literalToArray, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertLess, assertNear, assertPositive } from "../../checks/compare.ts";
import { assertRankAtLeast } from "../../checks/ranks.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, inNamed } from "../scalar.ts";
import { VectorDistribution } from "../vector.ts";

interface DirichletOptions extends CommonOptions {
  /** [...batch, k]; positive, floating. */
  readonly concentration: TensorLike;
}

const places = ["concentration", ...commonPlaces] as const;

function checked(concentration: Tensor): Tensor {
  const checks = [
    assertPositive(concentration, { message: "Concentration parameter must be positive." }),
    assertRankAtLeast(concentration, 1, { message: "Concentration parameter must have >=1 dimensions." }),
    assertLess(1, tf.shape(concentration).at(-1), { message: "Concentration parameter must have event_size >= 2." }),
  ];
  return tf.withDependencies(checks, concentration);
}

/** The Dirichlet distribution of k probabilities that add up to 1. */
export class Dirichlet extends VectorDistribution {
  readonly concentration: Tensor;
  /** [...batch]. */
  readonly totalConcentration: Tensor;

  constructor(...given: Rest<DirichletOptions, typeof places>) {
    const parameters = argumentsOf<DirichletOptions>(given, places, { name: "Dirichlet" });
    const { concentration, total, name } = inNamed(parameters.name, () => {
      const plain = convertToTensor(parameters.concentration, { name: "concentration", preferredDtype: float32 });
      const concentration = parameters.validateArgs ? checked(plain) : plain;
      return { concentration, total: tf.reduceSum(concentration, -1) };
    });
    const dtype = concentration.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.concentration = concentration;
    this.totalConcentration = total;
  }

  protected override whole(): Tensor {
    return this.concentration;
  }

  protected override dynamicBatchShape(): Tensor {
    return tf.shape(this.totalConcentration);
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const drawn = tf.randomGamma([n], this.concentration, { dtype: this.dtype, seed: seed ?? null });
    return drawn.div(tf.reduceSum(drawn, -1, { keepdims: true }));
  }

  protected override computeLogProb(given: Tensor): Tensor {
    const x = this.#checked(given);
    const unnormalized = tf.reduceSum(tf.xlogy(this.concentration.sub(1), x), -1);
    return unnormalized.sub(tf.lbeta(this.concentration));
  }

  #size(): Tensor {
    return tf.cast(this.eventShapeTensor().at(0), this.dtype) as Tensor;
  }

  protected override computeEntropy(): Tensor {
    const k = this.#size();
    const { concentration, totalConcentration: total } = this;
    const normalization = tf.lbeta(concentration);
    const first = normalization.add(total.sub(k).mul(tf.digamma(total)));
    return first.sub(tf.reduceSum(concentration.sub(1).mul(tf.digamma(concentration)), -1));
  }

  protected override computeMean(): Tensor {
    return this.concentration.div(this.totalConcentration.at("...", null));
  }

  #scale(): Tensor {
    return tf.rsqrt(this.totalConcentration.at("...", null).radd(1));
  }

  protected override computeCovariance(): Tensor {
    const x = this.#scale().mul(this.computeMean());
    return this.covarianceOf(x, x);
  }

  protected override computeVariance(): Tensor {
    const scale = this.#scale();
    const x = scale.mul(this.computeMean());
    return x.mul(scale.sub(x));
  }

  /** NaN, or an error, where a concentration is not above 1. */
  protected override computeMode(): Tensor {
    const k = this.#size();
    const above = this.concentration.sub(1);
    const mode = above.div(this.totalConcentration.at("...", null).sub(k));
    if (this.allowNanStats) {
      const nan = tf.fill(tf.shape(mode), literalToArray(Number.NaN, this.dtype.baseDtype), "nan");
      return tf.whereV2(tf.reduceAll(this.concentration.greater(1), -1), mode, nan);
    }
    const message = "Mode undefined when any concentration <= 1";
    return tf.withDependencies([assertLess(tf.ones([], this.dtype), this.concentration, { message })], mode);
  }

  #checked(x: Tensor): Tensor {
    if (!this.validateArgs) return x;
    const positive = assertPositive(x, { message: "samples must be positive" });
    const message = "sample last-dimension must sum to `1`";
    const near = assertNear(tf.ones([], this.dtype), tf.reduceSum(x, -1), { message });
    return tf.withDependencies([positive, near], x);
  }
}

RegisterKL(
  Dirichlet,
  Dirichlet,
)((a: Dirichlet, b: Dirichlet, name = "kl_dirichlet_dirichlet") =>
  getDefaultGraph().nameScope(name, () => {
    const ofSum = tf.digamma(tf.reduceSum(a.concentration, -1, { keepdims: true }));
    const apart = tf.digamma(a.concentration).sub(ofSum);
    const difference = a.concentration.sub(b.concentration);
    const first = tf.reduceSum(difference.mul(apart), -1).sub(tf.lbeta(a.concentration));
    return first.add(tf.lbeta(b.concentration));
  }),
);
