/** `tf.distributions.Gamma` and `Exponential`. Source: gamma.py, exponential.py. */
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertPositive } from "../../checks/compare.ts";
import { assertSameFloatDtype } from "../../checks/ranks.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, definedMode, held, inNamed, ScalarDistribution } from "../scalar.ts";

interface RateOptions extends CommonOptions {
  /** The inverse of the scale; positive. */
  readonly rate: TensorLike;
}

interface GammaOptions extends RateOptions {
  /** The shape parameter; positive, floating. */
  readonly concentration: TensorLike;
}

const ratePlaces = ["rate", ...commonPlaces] as const;
const places = ["concentration", ...ratePlaces] as const;

/** The gamma distribution; batches are of the shape that concentration and rate broadcast to. */
export class Gamma extends ScalarDistribution {
  protected static override readonly shapedParameters: readonly string[] = ["concentration", "rate"];
  readonly concentration: Tensor;
  readonly rate: Tensor;

  /** Throws ValueError unless concentration and rate are of one floating dtype. */
  constructor(...given: Rest<GammaOptions, typeof places>) {
    const parameters = argumentsOf<GammaOptions>(given, places, { name: "Gamma" });
    const { concentration, rate, name } = inNamed(parameters.name, () =>
      held({ concentration: parameters.concentration, rate: parameters.rate }, (each) =>
        parameters.validateArgs ? [assertPositive(each.concentration), assertPositive(each.rate)] : [],
      ),
    );
    const dtype = concentration.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.concentration = concentration;
    this.rate = rate;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.concentration, this.rate];
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    return tf.randomGamma([n], this.concentration, { beta: this.rate, dtype: this.dtype, seed: seed ?? null });
  }

  protected override computeLogProb(given: Tensor): Tensor {
    const x = this.#checked(given);
    const unnormalized = tf.xlogy(this.concentration.sub(1), x).sub(this.rate.mul(x));
    return unnormalized.sub(tf.lgamma(this.concentration).sub(this.concentration.mul(tf.log(this.rate))));
  }

  protected override computeCdf(given: Tensor): Tensor {
    const x = this.#checked(given);
    return tf.igamma(this.concentration, this.rate.mul(x));
  }

  protected override computeEntropy(): Tensor {
    const { concentration, rate } = this;
    const known = concentration.sub(tf.log(rate)).add(tf.lgamma(concentration));
    return known.add(concentration.rsub(1).mul(tf.digamma(concentration)));
  }

  protected override computeMean(): Tensor {
    return this.concentration.div(this.rate);
  }

  protected override computeVariance(): Tensor {
    return this.concentration.div(tf.square(this.rate));
  }

  protected override computeStddev(): Tensor {
    return tf.sqrt(this.concentration).div(this.rate);
  }

  /** NaN, or an error, where the concentration is not above 1. */
  protected override computeMode(): Tensor {
    const mode = this.concentration.sub(1).div(this.rate);
    const messages = ["mode not defined when any concentration <= 1"];
    return definedMode(this, mode, [this.concentration], messages, () => this.batchShapeTensor());
  }

  #checked(x: Tensor): Tensor {
    assertSameFloatDtype([x], this.dtype);
    return this.validateArgs ? tf.withDependencies([assertPositive(x)], x) : x;
  }
}

/** The smallest normal number. */
const tiny: Readonly<Record<string, number>> = { float16: 2 ** -14, float32: 2 ** -126, float64: 2 ** -1022 };

/** The time to the next of events that happen at a rate; batches are of the rate's shape. */
export class Exponential extends Gamma {
  protected static override readonly shapedParameters: readonly string[] = ["rate"];

  constructor(...given: Rest<RateOptions, typeof ratePlaces>) {
    const parameters = argumentsOf<RateOptions>(given, ratePlaces, { name: "Exponential" });
    const { rate, name } = inNamed(parameters.name, () => ({
      rate: convertToTensor(parameters.rate, { name: "rate", preferredDtype: float32 }),
    }));
    super({ ...parameters, concentration: tf.ones([], rate.dtype), rate, name });
    this.given = { ...parameters };
  }

  protected override computeLogSurvivalFunction(value: Tensor): Tensor {
    return this.computeLogProb(value).sub(tf.log(this.rate));
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const shape = this.drawShape(n, tf.shape(this.rate));
    const minval = tiny[this.dtype.baseDtype.name]!;
    const drawn = tf.randomUniform(shape, { minval, maxval: 1, seed, dtype: this.dtype });
    return tf.log(drawn).neg().div(this.rate);
  }
}

RegisterKL(
  Gamma,
  Gamma,
)((a: Gamma, b: Gamma, name = "kl_gamma_gamma") =>
  getDefaultGraph().nameScope(name, () => {
    const first = a.concentration.sub(b.concentration).mul(tf.digamma(a.concentration));
    const second = first.add(tf.lgamma(b.concentration)).sub(tf.lgamma(a.concentration));
    const third = second.add(b.concentration.mul(tf.log(a.rate))).sub(b.concentration.mul(tf.log(b.rate)));
    return third.add(a.concentration.mul(b.rate.div(a.rate).sub(1)));
  }),
);
