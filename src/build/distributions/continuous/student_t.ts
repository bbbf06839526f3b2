/** `tf.distributions.StudentT`. Source: student_t.py. */
import { float32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { literalToArray, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertLess, assertPositive } from "../../checks/compare.ts";
import type { Seed } from "../computed.ts";
import { commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { argumentsOf, derivedSeed, held, inNamed, ScalarDistribution } from "../scalar.ts";
import type { LocationOptions } from "./normal.ts";

interface StudentOptions extends LocationOptions {
  /** Degrees of freedom; positive, floating. */
  readonly df: TensorLike;
}

const places = ["df", "loc", "scale", ...commonPlaces] as const;

/** Student's t-distribution; batches are of the shape that df, loc and scale broadcast to. */
export class StudentT extends ScalarDistribution {
  protected static override readonly shapedParameters: readonly string[] = ["df", "loc", "scale"];
  readonly df: Tensor;
  readonly loc: Tensor;
  readonly scale: Tensor;

  /** Throws ValueError unless df, loc and scale are of one floating dtype. */
  constructor(...given: Rest<StudentOptions, typeof places>) {
    const parameters = argumentsOf<StudentOptions>(given, places, { name: "StudentT" });
    const { validateArgs } = parameters;
    const { df, loc, scale, name } = inNamed(parameters.name, () =>
      held({ df: parameters.df, loc: parameters.loc, scale: parameters.scale }, (each) =>
        validateArgs ? [assertPositive(each.df)] : [],
      ),
    );
    const dtype = scale.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.df = df;
    this.loc = loc;
    this.scale = scale;
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.df, this.loc, this.scale];
  }

  #ones(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype);
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const { dtype } = this;
    const normal = tf.randomNormal(this.drawShape(n), { dtype, seed });
    const df = this.df.mul(this.#ones());
    const gamma = tf.randomGamma([n], df.rmul(0.5), { beta: 0.5, dtype, seed: derivedSeed(seed, "student_t") });
    const samples = normal.mul(tf.rsqrt(gamma.div(df)));
    return samples.mul(this.scale).add(this.loc);
  }

  protected override computeLogProb(x: Tensor): Tensor {
    const y = x.sub(this.loc).div(this.scale);
    const unnormalized = this.df
      .add(1)
      .rmul(-0.5)
      .mul(tf.log1p(y.pow(2).div(this.df)));
    const size = tf.log(tf.abs(this.scale)).add(tf.log(this.df).rmul(0.5));
    const first = size.add(0.5 * Math.log(Math.PI)).add(tf.lgamma(this.df.rmul(0.5)));
    return unnormalized.sub(first.sub(tf.lgamma(this.df.add(1).rmul(0.5))));
  }

  protected override computeCdf(x: Tensor): Tensor {
    const y = x.sub(this.loc).div(tf.abs(this.scale));
    const place = this.df.div(y.pow(2).add(this.df));
    const lower = tf.betainc(this.df.rmul(0.5), 0.5, place).rmul(0.5);
    return tf.whereV2(tf.less(y, 0), lower, lower.rsub(1));
  }

  protected override computeEntropy(): Tensor {
    const ones = this.#ones().at("...", null);
    const df = ones.mul(this.df.at("...", null));
    const both = tf.concat([df, ones], -1).div(2);
    const size = tf.log(tf.abs(this.scale)).add(tf.log(this.df).rmul(0.5));
    const first = size.add(tf.lbeta(both));
    const weight = this.df.add(1).rmul(0.5);
    return first.add(weight.mul(tf.digamma(this.df.add(1).rmul(0.5)).sub(tf.digamma(this.df.rmul(0.5)))));
  }

  /** A statistic that is defined where df is above 1: elsewhere NaN, or the run fails. */
  #aboveOne(value: Tensor, what: string): Tensor {
    if (this.allowNanStats) {
      const isDefined = tf.greater(this.df, this.#ones());
      return tf.whereV2(isDefined, value, this.#filled(Number.NaN, "nan"));
    }
    const message = `${what} not defined for components of df <= 1`;
    return tf.withDependencies([assertLess(tf.ones([], this.dtype), this.df, { message })], value);
  }

  #filled(value: number, name: string): Tensor {
    return tf.fill(this.batchShapeTensor(), literalToArray(value, this.dtype.baseDtype), name);
  }

  protected override computeMean(): Tensor {
    return this.#aboveOne(this.loc.mul(this.#ones()), "mean");
  }

  /** Infinity where df is not above 2. */
  protected override computeVariance(): Tensor {
    const isFinite = tf.greater(this.df, 2);
    const below = this.df.sub(2);
    const denominator = tf.whereV2(isFinite, below, tf.onesLike(this.df));
    const ones = this.#ones();
    const variance = ones.mul(tf.square(this.scale)).mul(this.df).div(denominator);
    const isAboveTwo = this.df.greater(tf.fill(this.batchShapeTensor(), literalToArray(2, float32)));
    const known = tf.whereV2(isAboveTwo, variance, this.#filled(Number.POSITIVE_INFINITY, "inf"));
    return this.#aboveOne(known, "variance");
  }

  protected override computeMode(): Tensor {
    return tf.identity(this.loc);
  }
}
