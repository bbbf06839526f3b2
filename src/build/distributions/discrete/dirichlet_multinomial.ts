/** `tf.distributions.DirichletMultinomial`. Source: dirichlet_multinomial.py. */
import { float32, int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import { assertPositive } from "../../checks/compare.ts";
import type { Seed } from "../computed.ts";
import { type CommonOptions, commonPlaces, NOT_REPARAMETERIZED } from "../distribution.ts";
import { argumentsOf, derivedSeed, inNamed } from "../scalar.ts";
import { VectorDistribution } from "../vector.ts";
import { checkClasses, checkCounts, checkTotal, logCombinations } from "./checks.ts";

interface CompoundOptions extends CommonOptions {
  /** [...batch]: how many draws; floating, whole. */
  readonly totalCount: TensorLike;
  /** [...batch, k]; positive, floating. */
  readonly concentration: TensorLike;
}

const places = ["totalCount", "concentration", ...commonPlaces] as const;

function checked(given: Tensor): Tensor {
  const concentration = checkClasses(given);
  const message = "Concentration parameter must be positive.";
  return tf.withDependencies([assertPositive(concentration, { message })], concentration);
}

/** Counts as of Multinomial, whose probabilities are a sample of Dirichlet. */
export class DirichletMultinomial extends VectorDistribution {
  readonly totalCount: Tensor;
  readonly concentration: Tensor;
  /** [...batch]. */
  readonly totalConcentration: Tensor;

  constructor(...given: Rest<CompoundOptions, typeof places>) {
    const parameters = argumentsOf<CompoundOptions>(given, places, { name: "DirichletMultinomial" });
    const { validateArgs } = parameters;
    const { count, concentration, total, name } = inNamed(parameters.name, () => {
      const plain = convertToTensor(parameters.totalCount, { name: "total_count", preferredDtype: float32 });
      const count = validateArgs ? checkCounts(plain) : plain;
      const each = convertToTensor(parameters.concentration, { name: "concentration", preferredDtype: float32 });
      const concentration = validateArgs ? checked(each) : each;
      return { count, concentration, total: tf.reduceSum(concentration, -1) };
    });
    const dtype = concentration.dtype;
    super({ ...parameters, dtype, reparameterizationType: NOT_REPARAMETERIZED, parameters: { ...parameters }, name });
    this.totalCount = count;
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
    const draws = tf.cast(this.totalCount, int32) as Tensor;
    const k = this.eventShapeTensor().at(0);
    const gamma = tf.randomGamma([n], this.concentration, { dtype: this.dtype, seed: seed ?? null });
    const logits = tf.reshape(tf.log(gamma), [-1, k]);
    const drawn = tf.multinomial(logits, draws, { seed: derivedSeed(seed, "dirichlet_multinomial") });
    const counts = tf.reduceSum(tf.oneHot(drawn, k), -2);
    const shape = tf.concat([[n], this.batchShapeTensor(), [k]], 0);
    return tf.cast(tf.reshape(counts, shape), this.dtype) as Tensor;
  }

  protected override computeLogProb(given: Tensor): Tensor {
    const message = "counts last-dimension must sum to `self.total_count`";
    const counts = this.validateArgs ? checkTotal(given, this.totalCount, message) : given;
    const ordered = tf.lbeta(this.concentration.add(counts)).sub(tf.lbeta(this.concentration));
    return ordered.add(logCombinations(this.totalCount, counts));
  }

  protected override computeMean(): Tensor {
    return this.totalCount.mul(this.concentration.div(this.totalConcentration.at("...", null)));
  }

  #scale(): Tensor {
    const total = this.totalConcentration.at("...", null);
    const above = total.div(this.totalCount).radd(1);
    return tf.sqrt(above.div(total.radd(1)));
  }

  protected override computeCovariance(): Tensor {
    const x = this.#scale().mul(this.computeMean());
    return this.covarianceOf(x, x);
  }

  protected override computeVariance(): Tensor {
    const scale = this.#scale();
    const x = scale.mul(this.computeMean());
    return x.mul(this.totalCount.mul(scale).sub(x));
  }
}
