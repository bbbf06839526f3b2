/** w -= lr · g. Source: tensorflow/python/training/gradient_descent.py. */
import type { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  applyGradientDescentOp,
  resourceApplyGradientDescentOp,
  resourceScatterAddOp,
  scatterSubOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { mul, neg } from "../operators.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

const dense: Updates = [applyGradientDescentOp, resourceApplyGradientDescentOp];

const places = ["learningRate", "useLocking", "name"] as const;

/** Gradient descent: v -= learningRate * g. `minimize(loss, globalStep)` gives the operation of a step. */
export class GradientDescentOptimizer extends Optimizer {
  readonly #learningRate: Hyperparameter;
  #rate!: Tensor;

  constructor(...given: Rest<OptimizerOptions & Rated, typeof places>) {
    const options: OptimizerOptions & Rated = byName(given, places);
    super(options, "GradientDescent");
    this.#learningRate = options.learningRate;
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#learningRate, "learning_rate");
  }

  protected override applyDense(gradient: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, {
      var: variable.handle,
      alpha: this.as(this.#rate, variable),
      delta: gradient,
    });
  }

  /** Rows that repeat are subtracted one after the other: nothing is added up first. */
  protected override applySparseDuplicates({ values, indices }: IndexedSlices, variable: Variable): Operation | Tensor {
    return this.applySparse(values, indices, variable);
  }

  protected override applySparse(values: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    if (variable.isResource) {
      const updates = mul(neg(values), this.as(this.#rate, variable));
      return resourceScatterAddOp({ resource: variable.handle, indices, updates });
    }
    const updates = mul(values, this.as(this.#rate, variable));
    return scatterSubOp({ ref: variable.handle, indices, updates, use_locking: this.useLocking });
  }
}
