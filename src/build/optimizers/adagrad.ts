type AdagradOptimizerArguments = OptimizerOptions & { readonly initialAccumulatorValue?: number };

/** Adagrad and its dual averaging form: steps scaled by the sum of squared gradients. Source: adagrad.py, adagrad_da.py. */

import { int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { type FullShape, isFull } from "../../core/shape.ts";
import { pythonFloat } from "../../core/text/float_text.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  applyAdagradDAOp,
  applyAdagradOp,
  cast,
  constant,
  fill,
  identity,
  resourceApplyAdagradDAOp,
  resourceApplyAdagradOp,
  resourceSparseApplyAdagradDAOp,
  resourceSparseApplyAdagradOp,
  shape as shapeOf,
  sparseApplyAdagradDAOp,
  sparseApplyAdagradOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { constantInitializer } from "../initializers.ts";
import { add } from "../operators.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

const dense: Updates = [applyAdagradOp, resourceApplyAdagradOp];
const sparse: Updates = [sparseApplyAdagradOp, resourceSparseApplyAdagradOp];
const denseDual: Updates = [applyAdagradDAOp, resourceApplyAdagradDAOp];
const sparseDual: Updates = [sparseApplyAdagradDAOp, resourceSparseApplyAdagradDAOp];

type AdagradArguments = AdagradOptimizerArguments & Rated;
const places = ["learningRate", "initialAccumulatorValue", "useLocking", "name"] as const;

/** Adagrad: a += g², v -= learningRate * g / sqrt(a); slot `Adagrad`. `minimize(loss, globalStep)` gives the operation of a step. */
export class AdagradOptimizer extends Optimizer {
  readonly #learningRate: Hyperparameter;
  readonly #initial: number;
  #rate!: Tensor;

  /** Throws ValueError when initialAccumulatorValue (0.1) is not positive. */
  constructor(...given: Rest<AdagradArguments, typeof places>) {
    const options: AdagradArguments = byName(given, places);
    const { learningRate, initialAccumulatorValue = 0.1 } = options;
    if (initialAccumulatorValue <= 0) {
      throw new ValueError(`initial_accumulator_value must be positive: ${pythonFloat(initialAccumulatorValue)}`);
    }
    super(options, "Adagrad");
    this.#learningRate = learningRate;
    this.#initial = initialAccumulatorValue;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const dtype = variable.dtype.baseDtype;
      const initializer: InitializerLike = isFull(variable.shape)
        ? constantInitializer(this.#initial, { dtype })
        : () => cast(fill(shapeOf(variable), this.#initial), dtype);
      this.slotInitialized(variable, initializer, "accumulator");
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#learningRate, "learning_rate");
  }

  #record(variable: Variable): Record<string, unknown> {
    return { var: variable.handle, accum: this.slot(variable, "accumulator"), lr: this.as(this.#rate, variable) };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, { ...this.#record(variable), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparse, variable, { ...this.#record(variable), grad, indices });
  }
}

export interface AdagradDAOptions extends OptimizerOptions {
  readonly initialGradientSquaredAccumulatorValue?: number;
  readonly l1RegularizationStrength?: TensorLike;
  readonly l2RegularizationStrength?: TensorLike;
}

type AdagradDAArguments = { readonly globalStep: Variable | Tensor } & AdagradDAOptions & Rated;
const dualPlaces = [
  "learningRate",
  "globalStep",
  "initialGradientSquaredAccumulatorValue",
  "l1RegularizationStrength",
  "l2RegularizationStrength",
  "useLocking",
  "name",
] as const;

/**
 * Adagrad by dual averaging, which makes sparse linear models; needs `globalStep`. `minimize(loss, globalStep)` gives the operation of a
 * step.
 */
export class AdagradDAOptimizer extends Optimizer {
  readonly #learningRate: Hyperparameter;
  readonly #globalStep: Variable | Tensor;
  readonly #options: AdagradDAOptions;
  #rate!: Tensor;
  #step!: Tensor;

  constructor(...given: Rest<AdagradDAArguments, typeof dualPlaces>) {
    const options: AdagradDAArguments = byName(given, dualPlaces);
    const { learningRate, globalStep, initialGradientSquaredAccumulatorValue: initial = 0.1 } = options;
    if (initial <= 0) {
      throw new ValueError(`initial_gradient_squared_accumulator_value must be positive: ${pythonFloat(initial)}`);
    }
    super(options, "AdagradDA");
    this.#learningRate = learningRate;
    this.#globalStep = globalStep;
    this.#options = options;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const initial = this.#options.initialGradientSquaredAccumulatorValue ?? 0.1;
    for (const variable of variables) {
      const filled = (value: number): Tensor =>
        constant(value, { shape: variable.shape as FullShape, dtype: variable.dtype.baseDtype });
      const [sum, squares] = getDefaultGraph().colocateWith(variable.op, () => [filled(0), filled(initial)] as const);
      this.slotFrom(variable, sum, "gradient_accumulator");
      this.slotFrom(variable, squares, "gradient_squared_accumulator");
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#learningRate, "learning_rate");
    this.#step = getDefaultGraph().colocateWith(this.#rate.op, () => add(identity(this.#globalStep), 1));
  }

  #record(variable: Variable, gradient: Record<string, Tensor>): Record<string, unknown> {
    const step = getDefaultGraph().device(variable.device, () => identity(this.#step));
    const { l1RegularizationStrength: l1 = 0, l2RegularizationStrength: l2 = 0 } = this.#options;
    return {
      var: variable.handle,
      gradient_accumulator: this.slot(variable, "gradient_accumulator"),
      gradient_squared_accumulator: this.slot(variable, "gradient_squared_accumulator"),
      ...gradient,
      lr: this.as(this.#rate, variable),
      l1: this.#strength(l1, variable),
      l2: this.#strength(l2, variable),
      global_step: step.dtype === int64 ? step : cast(step, int64),
    };
  }

  #strength(value: TensorLike, variable: Variable): Tensor {
    const dtype = variable.dtype.baseDtype;
    return getDefaultGraph().nameScope("Cast", () =>
      cast(typeof value === "number" ? constant(value, { dtype, name: "x" }) : value, dtype),
    );
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(denseDual, variable, this.#record(variable, { grad }));
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(sparseDual, variable, this.#record(variable, { grad, indices }));
  }
}
