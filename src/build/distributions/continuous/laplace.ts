/** `tf.distributions.Laplace`. Source: laplace.py. */
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import type { Seed } from "../computed.ts";
import { logCdfLaplace } from "../special.ts";
import { type LocationOptions, LocationScale, type locationPlaces } from "./normal.ts";

/** The number next to -1, towards 0. */
const aboveMinusOne: Readonly<Record<string, number>> = {
  float16: -1 + 2 ** -11,
  float32: -1 + 2 ** -24,
  float64: -1 + 2 ** -53,
};

/** The Laplace distribution. */
export class Laplace extends LocationScale {
  constructor(...given: Rest<LocationOptions, typeof locationPlaces>) {
    super(given, "Laplace");
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const minval = aboveMinusOne[this.dtype.baseDtype.name]!;
    const x = tf.randomUniform(this.drawShape(n), { minval, maxval: 1, dtype: this.dtype, seed });
    const signed = this.scale.mul(tf.sign(x));
    return this.loc.sub(signed.mul(tf.log1p(tf.abs(x).neg())));
  }

  protected override computeLogProb(x: Tensor): Tensor {
    const unnormalized = tf.abs(this.#standard(x)).neg();
    return unnormalized.sub(tf.log(this.scale).radd(Math.log(2)));
  }

  protected override computeLogCdf(x: Tensor): Tensor {
    return logCdfLaplace(this.#standard(x));
  }

  protected override computeLogSurvivalFunction(x: Tensor): Tensor {
    return logCdfLaplace(this.#standard(x).neg());
  }

  protected override computeCdf(x: Tensor): Tensor {
    const z = this.#standard(x);
    const half = tf.sign(z).rmul(0.5);
    return half.mul(tf.exp(tf.abs(z).neg()).rsub(1)).radd(0.5);
  }

  protected override computeEntropy(): Tensor {
    return tf.log(this.scale.add(tf.zerosLike(this.loc))).radd(Math.log(2) + 1);
  }

  protected override computeMean(): Tensor {
    return this.loc.add(tf.zerosLike(this.scale));
  }

  protected override computeStddev(): Tensor {
    return this.scale.rmul(Math.SQRT2).add(tf.zerosLike(this.loc));
  }

  protected override computeMode(): Tensor {
    return this.computeMean();
  }

  #standard(x: Tensor): Tensor {
    return x.sub(this.loc).div(this.scale);
  }
}
