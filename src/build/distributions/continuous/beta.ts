/** `tf.distributions.Beta`. Source: beta.py. */
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertLess, assertPositive } from "../../checks/compare.ts";
import { assertSameFloatDtype } from "../../checks/ranks.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, definedMode, derivedSeed, inNamed, ScalarDistribution } from "../scalar.ts";

interface BetaOptions extends CommonOptions {
  /** Positive, floating: how often 1 was seen. */
  readonly concentration1: TensorLike;
  /** Positive, floating: how often 0 was seen. */
  readonly concentration0: TensorLike;
}

const places = ["concentration1", "concentration0", ...commonPlaces] as const;

/** The beta distribution of numbers between 0 and 1; batches are of the shape that both concentrations broadcast to. */
export class Beta extends ScalarDistribution {
  protected static override readonly shapedParameters: readonly string[] = ["concentration1", "concentration0"];
  readonly concentration1: Tensor;
  readonly concentration0: Tensor;
  readonly totalConcentration: Tensor;

  /** Throws ValueError unless both concentrations are of one floating dtype. */
  constructor(...given: Rest<BetaOptions, typeof places>) {
    const parameters = argumentsOf<BetaOptions>(given, places, { name: "Beta" });
    const concentration = (which: "concentration1" | "concentration0"): Tensor => {
      const tensor = convertToTensor(parameters[which], { name: which, preferredDtype: float32 });
      const message = "Concentration parameter must be positive.";
      return parameters.validateArgs ? tf.withDependencies([assertPositive(tensor, { message })], tensor) : tensor;
    };
    const { of1, of0, total, name } = inNamed(parameters.name, () => {
      const of1 = concentration("concentration1");
      const of0 = concentration("concentration0");
      assertSameFloatDtype([of1, of0]);
      return { of1, of0, total: of1.add(of0) };
    });
    const dtype = total.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.concentration1 = of1;
    this.concentration0 = of0;
    this.totalConcentration = total;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.totalConcentration];
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const { dtype, totalConcentration: total } = this;
    const alpha1 = tf.onesLike(total, { dtype }).mul(this.concentration1);
    const alpha0 = tf.onesLike(total, { dtype }).mul(this.concentration0);
    const of1 = tf.randomGamma([n], alpha1, { dtype, seed: seed ?? null });
    const of0 = tf.randomGamma([n], alpha0, { dtype, seed: derivedSeed(seed, "beta") });
    return of1.div(of1.add(of0));
  }

  protected override computeLogProb(given: Tensor): Tensor {
    const x = this.#checked(given);
    const of1 = tf.xlogy(this.concentration1.sub(1), x);
    const unnormalized = of1.add(this.concentration0.sub(1).mul(tf.log1p(x.neg())));
    return unnormalized.sub(this.logNormalization());
  }

  protected override computeCdf(x: Tensor): Tensor {
    return tf.betainc(this.concentration1, this.concentration0, x);
  }

  /** log B(concentration1, concentration0). */
  logNormalization(): Tensor {
    const both = tf.lgamma(this.concentration1).add(tf.lgamma(this.concentration0));
    return both.sub(tf.lgamma(this.totalConcentration));
  }

  protected override computeEntropy(): Tensor {
    const { concentration1, concentration0, totalConcentration } = this;
    const first = this.logNormalization().sub(concentration1.sub(1).mul(tf.digamma(concentration1)));
    const second = first.sub(concentration0.sub(1).mul(tf.digamma(concentration0)));
    return second.add(totalConcentration.sub(2).mul(tf.digamma(totalConcentration)));
  }

  protected override computeMean(): Tensor {
    return this.concentration1.div(this.totalConcentration);
  }

  protected override computeVariance(): Tensor {
    const mean = this.computeMean();
    const product = mean.mul(this.computeMean().rsub(1));
    return product.div(this.totalConcentration.radd(1));
  }

  /** NaN, or an error, where one concentration is not above 1. */
  protected override computeMode(): Tensor {
    const mode = this.concentration1.sub(1).div(this.totalConcentration.sub(2));
    const messages = [1, 0].map((i) => `Mode undefined for concentration${i} <= 1.`);
    const both = [this.concentration1, this.concentration0];
    return definedMode(this, mode, both, messages, () => this.batchShapeTensor());
  }

  #checked(x: Tensor): Tensor {
    if (!this.validateArgs) return x;
    const positive = assertPositive(x, { message: "sample must be positive" });
    const small = assertLess(x, tf.ones([], this.dtype), { message: "sample must be less than `1`." });
    return tf.withDependencies([positive, small], x);
  }
}

RegisterKL(
  Beta,
  Beta,
)((a: Beta, b: Beta, name = "kl_beta_beta") =>
  getDefaultGraph().nameScope(name, () => {
    const ofB = b.logNormalization();
    const constant = ofB.sub(a.logNormalization());
    const term = (which: "concentration1" | "concentration0" | "totalConcentration"): Tensor => {
      const weight = tf.digamma(a[which]);
      return weight.mul(b[which].sub(a[which]));
    };
    const first = constant.sub(term("concentration1"));
    return first.sub(term("concentration0")).add(term("totalConcentration"));
  }),
);
