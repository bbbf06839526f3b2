/** `tf.distributions.Normal`. Source: normal.py, special_math.py. */

import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertPositive } from "../../checks/compare.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { RegisterKL } from "../kullback_leibler.ts";
import { argumentsOf, held, inNamed, ScalarDistribution } from "../scalar.ts";
import { logNdtr, ndtr, ndtri } from "../special.ts";

export interface LocationOptions extends CommonOptions {
  /** The centre; floating. */
  readonly loc: TensorLike;
  /** Positive; of loc's dtype. */
  readonly scale: TensorLike;
}

export const locationPlaces = ["loc", "scale", ...commonPlaces] as const;

/** loc and scale in the scope of their distribution. Throws ValueError unless they are of one floating dtype. */
const located = ({ loc, scale, validateArgs, name }: LocationOptions & Required<CommonOptions>) =>
  inNamed(name, () => held({ loc, scale }, (given) => (validateArgs ? [assertPositive(given.scale)] : [])));

/** A distribution with a centre and a scale; batches are of the shape that loc and scale broadcast to. */
export abstract class LocationScale extends ScalarDistribution {
  protected static override readonly shapedParameters: readonly string[] = ["loc", "scale"];
  readonly loc: Tensor;
  readonly scale: Tensor;

  /** Throws ValueError unless loc and scale are of one floating dtype. */
  constructor(given: Rest<LocationOptions, typeof locationPlaces>, kind: string) {
    const parameters = argumentsOf<LocationOptions>(given, locationPlaces, { name: kind });
    const { loc, scale, name } = located(parameters);
    const dtype = loc.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.loc = loc;
    this.scale = scale;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.loc, this.scale];
  }
}

/** The normal distribution. */
export class Normal extends LocationScale {
  constructor(...given: Rest<LocationOptions, typeof locationPlaces>) {
    super(given, "Normal");
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const drawn = tf.randomNormal(this.drawShape(n), { dtype: this.dtype, seed });
    return drawn.mul(this.scale).add(this.loc);
  }

  protected override computeLogProb(x: Tensor): Tensor {
    const unnormalized = tf.square(this.#standard(x)).rmul(-0.5);
    return unnormalized.sub(tf.log(this.scale).radd(0.5 * Math.log(2 * Math.PI)));
  }

  protected override computeLogCdf(x: Tensor): Tensor {
    return logNdtr(this.#standard(x));
  }

  protected override computeCdf(x: Tensor): Tensor {
    return ndtr(this.#standard(x));
  }

  protected override computeLogSurvivalFunction(x: Tensor): Tensor {
    return logNdtr(this.#standard(x).neg());
  }

  protected override computeSurvivalFunction(x: Tensor): Tensor {
    return ndtr(this.#standard(x).neg());
  }

  protected override computeEntropy(): Tensor {
    return tf.log(this.computeStddev()).radd(0.5 * Math.log(2 * Math.PI * Math.E));
  }

  protected override computeMean(): Tensor {
    return this.loc.mul(tf.onesLike(this.scale));
  }

  protected override computeQuantile(p: Tensor): Tensor {
    const z = ndtri(p);
    return getDefaultGraph().nameScope("reconstruct", () => z.mul(this.scale).add(this.loc));
  }

  protected override computeStddev(): Tensor {
    return this.scale.mul(tf.onesLike(this.loc));
  }

  protected override computeMode(): Tensor {
    return this.computeMean();
  }

  #standard(x: Tensor): Tensor {
    return getDefaultGraph().nameScope("standardize", () => x.sub(this.loc).div(this.scale));
  }
}

RegisterKL(
  Normal,
  Normal,
)((a: Normal, b: Normal, name = "kl_normal_normal") =>
  getDefaultGraph().nameScope(name, () => {
    const { dtype } = a;
    const one = tf.constant(1, { dtype });
    const two = tf.constant(2, { dtype });
    const half = tf.constant(0.5, { dtype });
    const ofA = tf.square(a.scale);
    const ofB = tf.square(b.scale);
    const ratio = ofA.div(ofB);
    const apart = tf.squaredDifference(a.loc, b.loc).div(two.mul(ofB));
    return apart.add(half.mul(ratio.sub(one).sub(tf.log(ratio))));
  }),
);
