/** m = momentum · m + g, w -= lr · m; with Nesterov's look ahead if asked. Source: tensorflow/python/training/momentum.py. */
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  applyMomentumOp,
  resourceApplyMomentumOp,
  resourceSparseApplyMomentumOp,
  sparseApplyMomentumOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

const dense: Updates = [applyMomentumOp, resourceApplyMomentumOp];
const sparse: Updates = [sparseApplyMomentumOp, resourceSparseApplyMomentumOp];

interface MomentumArguments extends OptimizerOptions, Rated {
  readonly momentum: Hyperparameter;
  readonly useNesterov?: boolean;
}

const places = ["learningRate", "momentum", "useLocking", "name", "useNesterov"] as const;

/**
 * Gradient descent with momentum: a = momentum * a + g, v -= learningRate * a; slot `Momentum`. `minimize(loss, globalStep)` gives the
 * operation of a step.
 */
export class MomentumOptimizer extends Optimizer {
  readonly #given: { readonly learningRate: Hyperparameter; readonly momentum: Hyperparameter };
  readonly #useNesterov: boolean;
  #rate!: Tensor;
  #momentum!: Tensor;

  constructor(...given: Rest<MomentumArguments, typeof places>) {
    const options: MomentumArguments = byName(given, places);
    super(options, "Momentum");
    this.#given = { learningRate: options.learningRate, momentum: options.momentum };
    this.#useNesterov = options.useNesterov ?? false;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.zerosSlot(variable, "momentum");
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#given.learningRate, "learning_rate");
    this.#momentum = this.hyper(this.#given.momentum, "momentum");
  }

  #record(variable: Variable, gradient: Record<string, Tensor>): Record<string, unknown> {
    return {
      var: variable.handle,
      accum: this.slot(variable, "momentum"),
      lr: this.as(this.#rate, variable),
      ...gradient,
      momentum: this.as(this.#momentum, variable),
      use_nesterov: this.#useNesterov,
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, this.#record(variable, { grad }));
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparse, variable, this.#record(variable, { grad, indices }));
  }
}
