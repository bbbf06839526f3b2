/** Distributions of vectors. Source: dirichlet.py, dirichlet_multinomial.py, multinomial.py. */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import * as tf from "../../ops/index.ts";
import { Distribution } from "./distribution.ts";

/** The last axis is the event, those before it are the batch. */
export abstract class VectorDistribution extends Distribution {
  /** A tensor of shape [...batch, ...event]. */
  protected abstract whole(): Tensor;

  protected override staticBatchShape(): Shape {
    return this.whole().shape?.slice(0, -1) ?? null;
  }

  protected override staticEventShape(): Shape {
    return this.whole().shape?.slice(-1) ?? null;
  }

  protected override dynamicEventShape(): Tensor {
    return tf.shape(this.whole()).at("-1:");
  }

  /** [...batch, k, k]: minus the products of two vectors [...batch, k], and on the diagonal the variance. */
  protected covarianceOf(left: Tensor, right: Tensor): Tensor {
    const products = tf.matmul(left.at("...", null), right.at("...", null, ":")).neg();
    return tf.matrixSetDiag(products, this.computeVariance());
  }
}
