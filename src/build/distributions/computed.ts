/** What a class of distributions defines: by default nothing. Source: distribution.py. */
import { NotImplementedError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";

export type Seed = number | bigint | null | undefined;

/** Each method throws NotImplementedError, and is for a subclass to write; `value` is a tensor of [...sample, ...batch, ...event]. */
export abstract class Computed {
  /** What this class does not define. */
  private lacks(what: string): never {
    throw new NotImplementedError(`${what} is not implemented: ${this.constructor.name}`);
  }

  /** Null where even the rank is not known. */
  protected staticBatchShape(): Shape {
    return null;
  }

  protected staticEventShape(): Shape {
    return null;
  }

  protected dynamicBatchShape(): Tensor {
    return this.lacks("batch_shape_tensor");
  }

  protected dynamicEventShape(): Tensor {
    return this.lacks("event_shape_tensor");
  }

  /** Samples [n, ...batch, ...event]. */
  protected computeSample(_n: TensorLike, _seed: Seed): Tensor {
    return this.lacks("sample_n");
  }

  protected computeLogProb(_value: Tensor): Tensor {
    return this.lacks("log_prob");
  }

  protected computeProb(_value: Tensor): Tensor {
    return this.lacks("prob");
  }

  protected computeLogCdf(_value: Tensor): Tensor {
    return this.lacks("log_cdf");
  }

  protected computeCdf(_value: Tensor): Tensor {
    return this.lacks("cdf");
  }

  protected computeLogSurvivalFunction(_value: Tensor): Tensor {
    return this.lacks("log_survival_function");
  }

  protected computeSurvivalFunction(_value: Tensor): Tensor {
    return this.lacks("survival_function");
  }

  protected computeQuantile(_value: Tensor): Tensor {
    return this.lacks("quantile");
  }

  protected computeEntropy(): Tensor {
    return this.lacks("entropy");
  }

  protected computeMean(): Tensor {
    return this.lacks("mean");
  }

  protected computeVariance(): Tensor {
    return this.lacks("variance");
  }

  protected computeStddev(): Tensor {
    return this.lacks("stddev");
  }

  protected computeCovariance(): Tensor {
    return this.lacks("covariance");
  }

  protected computeMode(): Tensor {
    return this.lacks("mode");
  }
}
