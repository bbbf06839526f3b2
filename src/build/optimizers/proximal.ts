/** Gradient descent and Adagrad followed by the proximal step of L1 and L2. Source: proximal_gradient_descent.py, proximal_adagrad.py. */
import { ValueError } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  applyProximalAdagradOp,
  applyProximalGradientDescentOp,
  constant,
  resourceApplyProximalAdagradOp,
  resourceApplyProximalGradientDescentOp,
  resourceSparseApplyProximalAdagradOp,
  resourceSparseApplyProximalGradientDescentOp,
  sparseApplyProximalAdagradOp,
  sparseApplyProximalGradientDescentOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

export interface ProximalOptions extends OptimizerOptions {
  readonly l1RegularizationStrength?: Hyperparameter;
  readonly l2RegularizationStrength?: Hyperparameter;
}

const dense: Updates = [applyProximalGradientDescentOp, resourceApplyProximalGradientDescentOp];
const sparse: Updates = [sparseApplyProximalGradientDescentOp, resourceSparseApplyProximalGradientDescentOp];
const denseAdagrad: Updates = [applyProximalAdagradOp, resourceApplyProximalAdagradOp];
const sparseAdagrad: Updates = [sparseApplyProximalAdagradOp, resourceSparseApplyProximalAdagradOp];

abstract class Proximal extends Optimizer {
  readonly #given: { readonly rate: Hyperparameter; readonly l1: Hyperparameter; readonly l2: Hyperparameter };
  #rate!: Tensor;
  #l1!: Tensor;
  #l2!: Tensor;

  constructor(options: ProximalOptions & Rated, name: string) {
    super(options, name);
    this.#given = {
      rate: options.learningRate,
      l1: options.l1RegularizationStrength ?? 0,
      l2: options.l2RegularizationStrength ?? 0,
    };
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#given.rate, "learning_rate");
    this.#l1 = this.hyper(this.#given.l1, "l1_regularization_strength");
    this.#l2 = this.hyper(this.#given.l2, "l2_regularization_strength");
  }

  protected strengths(variable: Variable): { l1: Tensor; l2: Tensor } {
    return { l1: this.as(this.#l1, variable), l2: this.as(this.#l2, variable) };
  }

  protected rate(variable: Variable): Tensor {
    return this.as(this.#rate, variable);
  }
}

const places = ["learningRate", "l1RegularizationStrength", "l2RegularizationStrength", "useLocking", "name"] as const;
interface ProximalAdagradArguments extends ProximalOptions, Rated {
  readonly initialAccumulatorValue?: number;
}

const adagradPlaces = [
  "learningRate",
  "initialAccumulatorValue",
  "l1RegularizationStrength",
  "l2RegularizationStrength",
  "useLocking",
  "name",
] as const;

/** Gradient descent with l1 and l2 penalties by their proximal steps. `minimize(loss, globalStep)` gives the operation of a step. */
export class ProximalGradientDescentOptimizer extends Proximal {
  constructor(...given: Rest<ProximalOptions & Rated, typeof places>) {
    super(byName<ProximalOptions & Rated>(given, places), "ProximalGradientDescent");
  }

  protected override applyDense(delta: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, {
      var: variable.handle,
      alpha: this.rate(variable),
      ...this.strengths(variable),
      delta,
    });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparse, variable, {
      var: variable.handle,
      alpha: this.rate(variable),
      ...this.strengths(variable),
      grad,
      indices,
    });
  }
}

/**
 * Adagrad with l1 and l2 penalties by their proximal steps; slot `ProximalAdagrad`. `minimize(loss, globalStep)` gives the operation of a
 * step.
 */
export class ProximalAdagradOptimizer extends Proximal {
  readonly #initial: number;

  /** Throws ValueError when initialAccumulatorValue (0.1) is not positive. */
  constructor(...given: Rest<ProximalAdagradArguments, typeof adagradPlaces>) {
    const options: ProximalAdagradArguments = byName(given, adagradPlaces);
    const { initialAccumulatorValue = 0.1 } = options;
    if (initialAccumulatorValue <= 0)
      throw new ValueError(`initial_accumulator_value must be positive: ${initialAccumulatorValue}`);
    super(options, "ProximalAdagrad");
    this.#initial = initialAccumulatorValue;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const value = getDefaultGraph().colocateWith(variable.op, () =>
        constant(this.#initial, { shape: variable.shape as FullShape, dtype: variable.dtype.baseDtype }),
      );
      this.slotFrom(variable, value, "accumulator");
    }
  }

  #record(variable: Variable): Record<string, unknown> {
    return {
      var: variable.handle,
      accum: this.slot(variable, "accumulator"),
      lr: this.rate(variable),
      ...this.strengths(variable),
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(denseAdagrad, variable, { ...this.#record(variable), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparseAdagrad, variable, { ...this.#record(variable), grad, indices });
  }
}
