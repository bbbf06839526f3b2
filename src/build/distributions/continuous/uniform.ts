/** `tf.distributions.Uniform`. Source: uniform.py. */
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { assertLess } from "../../checks/compare.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, FULLY_REPARAMETERIZED } from "../distribution.ts";
import { argumentsOf, held, inNamed, ScalarDistribution } from "../scalar.ts";

interface UniformOptions extends CommonOptions {
  /** 0 by default. */
  readonly low?: TensorLike | undefined;
  /** 1 by default; not one of the values. */
  readonly high?: TensorLike | undefined;
}

const places = ["low", "high", ...commonPlaces] as const;

/** The numbers in [low, high), each as likely; batches are of the shape that low and high broadcast to. */
export class Uniform extends ScalarDistribution {
  protected static override readonly shapedParameters = ["low", "high"];
  readonly low: Tensor;
  readonly high: Tensor;

  /** Throws ValueError unless low and high are of one floating dtype. */
  constructor(...given: Rest<UniformOptions, typeof places>) {
    const parameters = argumentsOf<UniformOptions>(given, places, { low: 0, high: 1, name: "Uniform" });
    const bounds = { low: parameters.low!, high: parameters.high! };
    const message = "uniform not defined when low >= high.";
    const { low, high, name } = inNamed(parameters.name, () =>
      held(bounds, (each) => (parameters.validateArgs ? [assertLess(each.low, each.high, { message })] : [])),
    );
    const dtype = low.dtype;
    super({ ...parameters, dtype, reparameterizationType: FULLY_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.low = low;
    this.high = high;
  }

  /** high - low. */
  range(...rest: Rest<{ readonly name?: string | undefined }, ["name"]>): Tensor {
    const { name = "range" } = byName<{ readonly name?: string }>(rest, ["name"]);
    return this.inScope(name, () => this.high.sub(this.low));
  }

  protected override batchParts(): readonly Tensor[] {
    return [this.low, this.high];
  }

  protected override computeSample(n: TensorLike, seed: Seed): Tensor {
    const drawn = tf.randomUniform(this.drawShape(n), { dtype: this.dtype, seed });
    return this.low.add(this.range().mul(drawn));
  }

  protected override computeProb(given: Tensor): Tensor {
    const x = given.mul(tf.ones(this.batchShapeTensor(), given.dtype));
    const isNan = tf.isNan(x);
    const isOutside = tf.logicalOr(x.less(this.low), x.greaterEqual(this.high));
    const zeros = tf.zerosLike(x);
    return tf.whereV2(isNan, x, tf.whereV2(isOutside, zeros, tf.onesLike(x).div(this.range())));
  }

  protected override computeCdf(x: Tensor): Tensor {
    const shape = tf.broadcastDynamicShape(tf.shape(x), this.batchShapeTensor());
    const zeros = tf.zeros(shape, this.dtype);
    const ones = tf.ones(shape, this.dtype);
    const spread = x.mul(ones);
    const isBelow = x.less(this.low);
    const inside = tf.whereV2(isBelow, zeros, spread.sub(this.low).div(this.range()));
    return tf.whereV2(x.greaterEqual(this.high), ones, inside);
  }

  protected override computeEntropy(): Tensor {
    return tf.log(this.range());
  }

  protected override computeMean(): Tensor {
    return this.low.add(this.high).div(2);
  }

  protected override computeVariance(): Tensor {
    return tf.square(this.range()).div(12);
  }

  protected override computeStddev(): Tensor {
    return this.range().div(Math.sqrt(12));
  }
}
