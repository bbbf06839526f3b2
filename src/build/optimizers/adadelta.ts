type AdadeltaOptimizerArguments = OptimizerOptions & {
  readonly rho?: Hyperparameter;
  readonly epsilon?: Hyperparameter;
};

/** Adadelta: the ratio of moving averages of updates and gradients sets the step. Source: tensorflow/python/training/adadelta.py. */
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  applyAdadeltaOp,
  resourceApplyAdadeltaOp,
  resourceSparseApplyAdadeltaOp,
  sparseApplyAdadeltaOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

const dense: Updates = [applyAdadeltaOp, resourceApplyAdadeltaOp];
const sparse: Updates = [sparseApplyAdadeltaOp, resourceSparseApplyAdadeltaOp];

type AdadeltaArguments = AdadeltaOptimizerArguments & Partial<Rated>;
const places = ["learningRate", "rho", "epsilon", "useLocking", "name"] as const;

/**
 * Adadelta: steps as large as earlier ones, by running means of squares; slots `Adadelta`, `Adadelta_1`. `minimize(loss, globalStep)` gives
 * the operation of a step.
 */
export class AdadeltaOptimizer extends Optimizer {
  readonly #given: Readonly<Record<"rate" | "rho" | "epsilon", Hyperparameter>>;
  #rate!: Tensor;
  #rho!: Tensor;
  #epsilon!: Tensor;

  constructor(...given: Rest<AdadeltaArguments, typeof places>) {
    const options: AdadeltaArguments = byName(given, places);
    super(options, "Adadelta");
    this.#given = { rate: options.learningRate ?? 0.001, rho: options.rho ?? 0.95, epsilon: options.epsilon ?? 1e-8 };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.zerosSlot(variable, "accum");
      this.zerosSlot(variable, "accum_update");
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#given.rate, "lr");
    this.#rho = this.hyper(this.#given.rho, "rho");
    this.#epsilon = this.hyper(this.#given.epsilon, "epsilon");
  }

  #record(variable: Variable): Record<string, unknown> {
    return {
      var: variable.handle,
      accum: this.slot(variable, "accum"),
      accum_update: this.slot(variable, "accum_update"),
      lr: this.as(this.#rate, variable),
      rho: this.as(this.#rho, variable),
      epsilon: this.as(this.#epsilon, variable),
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, { ...this.#record(variable), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparse, variable, { ...this.#record(variable), grad, indices });
  }
}
