/** Follow the regularized leader, with L1, L2 and shrinkage. Source: tensorflow/python/training/ftrl.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  applyFtrlOp,
  applyFtrlV2Op,
  constant,
  maximum,
  ones,
  resourceApplyFtrlOp,
  resourceApplyFtrlV2Op,
  resourceSparseApplyFtrlOp,
  resourceSparseApplyFtrlV2Op,
  sparseApplyFtrlOp,
  sparseApplyFtrlV2Op,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { add, mul, truediv } from "../operators.ts";
import type { Initializer } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

export interface FtrlOptions extends OptimizerOptions {
  readonly learningRatePower?: number;
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  readonly l2ShrinkageRegularizationStrength?: number;
  readonly accumName?: string;
  readonly linearName?: string;
  readonly beta?: number;
}

type FtrlArguments = FtrlOptions & Rated;
const places = [
  "learningRate",
  "learningRatePower",
  "initialAccumulatorValue",
  "l1RegularizationStrength",
  "l2RegularizationStrength",
  "useLocking",
  "name",
  "accumName",
  "linearName",
  "l2ShrinkageRegularizationStrength",
  "beta",
] as const;

const dense: Updates = [applyFtrlOp, resourceApplyFtrlOp];
const sparse: Updates = [sparseApplyFtrlOp, resourceSparseApplyFtrlOp];
const denseShrinking: Updates = [applyFtrlV2Op, resourceApplyFtrlV2Op];
const sparseShrinking: Updates = [sparseApplyFtrlV2Op, resourceSparseApplyFtrlV2Op];

/**
 * Follow the regularized leader: weights of little use become 0; slots `Ftrl`, `Ftrl_1`. `minimize(loss, globalStep)` gives the operation
 * of a step.
 */
export class FtrlOptimizer extends Optimizer {
  readonly #learningRate: Hyperparameter;
  readonly #power: number;
  readonly #initial: number;
  readonly #l1Strength: number;
  readonly #l2Strength: number;
  readonly #shrinkageStrength: number;
  readonly #beta: number;
  readonly #names: { readonly accum: string | undefined; readonly linear: string | undefined };
  #rate!: Tensor;
  #l1!: Tensor;
  #l2!: Tensor;
  #shrinkage!: Tensor;
  #ratePower!: Tensor;

  /** Throws ValueError for a negative strength or accumulator, or a positive learningRatePower (-0.5). */
  constructor(...args: Rest<FtrlArguments, typeof places>) {
    const options: FtrlArguments = byName(args, places);
    super(options, "Ftrl");
    const given = {
      initial_accumulator_value: options.initialAccumulatorValue ?? 0.1,
      l1_regularization_strength: options.l1RegularizationStrength ?? 0,
      l2_regularization_strength: options.l2RegularizationStrength ?? 0,
      l2_shrinkage_regularization_strength: options.l2ShrinkageRegularizationStrength ?? 0,
    };
    for (const [name, value] of Object.entries(given)) {
      if (value < 0) throw new ValueError(`${name} ${value.toFixed(6)} needs to be positive or zero`);
    }
    this.#power = options.learningRatePower ?? -0.5;
    if (this.#power > 0)
      throw new ValueError(`learning_rate_power ${this.#power.toFixed(6)} needs to be negative or zero`);
    this.#learningRate = options.learningRate;
    this.#initial = given.initial_accumulator_value;
    this.#l1Strength = given.l1_regularization_strength;
    this.#l2Strength = given.l2_regularization_strength;
    this.#shrinkageStrength = given.l2_shrinkage_regularization_strength;
    this.#beta = options.beta ?? 0;
    this.#names = { accum: options.accumName, linear: options.linearName };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const initializer: Initializer = (shape, { dtype = float32 } = {}) => mul(ones(shape, dtype), this.#initial);
    for (const variable of variables) {
      this.slotInitialized(variable, initializer, "accum", this.#names.accum);
      this.zerosSlot(variable, "linear", this.#names.linear);
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#learningRate, "learning_rate");
    this.#l1 = this.hyper(this.#l1Strength, "l1_regularization_strength");
    this.#l2 = this.#adjustedL2();
    this.hyper(this.#beta, "beta");
    this.#shrinkage = this.hyper(this.#shrinkageStrength, "l2_shrinkage_regularization_strength");
    this.#ratePower = this.hyper(this.#power, "learning_rate_power");
  }

  /** l2 + beta / (2 lr). */
  #adjustedL2(): Tensor {
    const given = this.#learningRate;
    const rate = typeof given === "function" ? (given as () => TensorLike)() : given;
    const least = getDefaultGraph().nameScope("Maximum", (scope) =>
      maximum(
        convertToTensor(rate, { dtype: typeof rate === "number" ? float32 : undefined, name: "x" }),
        constant(1e-36, { name: "y" }),
        { name: scope },
      ),
    );
    return add(this.#l2Strength, truediv(this.#beta, mul(2, least)));
  }

  #record(variable: Variable, gradient: Record<string, Tensor>): Record<string, unknown> {
    return {
      var: variable.handle,
      accum: this.slot(variable, "accum"),
      linear: this.slot(variable, "linear"),
      ...gradient,
      lr: this.as(this.#rate, variable),
      l1: this.as(this.#l1, variable),
      l2: this.as(this.#l2, variable),
      ...(this.#shrinkageStrength > 0 ? { l2_shrinkage: this.as(this.#shrinkage, variable) } : {}),
      lr_power: this.as(this.#ratePower, variable),
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(
      this.#shrinkageStrength > 0 ? denseShrinking : dense,
      variable,
      this.#record(variable, { grad }),
    );
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(
      this.#shrinkageStrength > 0 ? sparseShrinking : sparse,
      variable,
      this.#record(variable, { grad, indices }),
    );
  }
}
