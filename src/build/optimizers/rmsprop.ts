/** RMSProp: steps scaled by a moving average of squared gradients, centered if asked. Source: tensorflow/python/training/rmsprop.py. */
import { isFull } from "../../core/shape.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  applyCenteredRMSPropOp,
  applyRMSPropOp,
  onesLike,
  resourceApplyCenteredRMSPropOp,
  resourceApplyRMSPropOp,
  resourceSparseApplyCenteredRMSPropOp,
  resourceSparseApplyRMSPropOp,
  sparseApplyCenteredRMSPropOp,
  sparseApplyRMSPropOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { onesInitializer } from "../initializers.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Rated, type Updates } from "./optimizer.ts";

export interface RmsPropOptions extends OptimizerOptions {
  readonly decay?: Hyperparameter;
  readonly momentum?: Hyperparameter;
  readonly epsilon?: Hyperparameter;
  /** Subtracts the square of the gradients' moving average: an estimate of their variance. */
  readonly centered?: boolean;
}

const dense: Updates = [applyRMSPropOp, resourceApplyRMSPropOp];
const sparse: Updates = [sparseApplyRMSPropOp, resourceSparseApplyRMSPropOp];
const denseCentered: Updates = [applyCenteredRMSPropOp, resourceApplyCenteredRMSPropOp];
const sparseCentered: Updates = [sparseApplyCenteredRMSPropOp, resourceSparseApplyCenteredRMSPropOp];

type RmsPropArguments = RmsPropOptions & Rated;
const places = ["learningRate", "decay", "momentum", "epsilon", "useLocking", "centered", "name"] as const;

/**
 * RMSProp: gradients over the root of the running mean of their squares; slots `RMSProp`, `RMSProp_1`. `minimize(loss, globalStep)` gives
 * the operation of a step.
 */
export class RMSPropOptimizer extends Optimizer {
  readonly #given: Readonly<Record<"rate" | "decay" | "momentum" | "epsilon", Hyperparameter>>;
  readonly #isCentered: boolean;
  #rate!: Tensor;
  #decay!: Tensor;
  #momentum!: Tensor;
  #epsilon!: Tensor;

  constructor(...given: Rest<RmsPropArguments, typeof places>) {
    const options: RmsPropArguments = byName(given, places);
    super(options, "RMSProp");
    const { learningRate, decay = 0.9, momentum = 0, epsilon = 1e-10, centered = false } = options;
    this.#given = { rate: learningRate, decay, momentum, epsilon };
    this.#isCentered = centered;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const dtype = variable.dtype.baseDtype;
      this.slotInitialized(variable, isFull(variable.shape) ? onesInitializer({ dtype }) : onesLike(variable), "rms");
      if (this.#isCentered) this.zerosSlot(variable, "mg");
      this.zerosSlot(variable, "momentum");
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#given.rate, "learning_rate");
    this.#decay = this.hyper(this.#given.decay, "decay");
    this.#momentum = this.hyper(this.#given.momentum, "momentum");
    this.#epsilon = this.hyper(this.#given.epsilon, "epsilon");
  }

  #record(variable: Variable): Record<string, unknown> {
    return {
      var: variable.handle,
      ...(this.#isCentered ? { mg: this.slot(variable, "mg") } : {}),
      ms: this.slot(variable, "rms"),
      mom: this.slot(variable, "momentum"),
      lr: this.as(this.#rate, variable),
      rho: this.as(this.#decay, variable),
      momentum: this.as(this.#momentum, variable),
      epsilon: this.as(this.#epsilon, variable),
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(this.#isCentered ? denseCentered : dense, variable, { ...this.#record(variable), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable): Operation | Tensor {
    return this.update(this.#isCentered ? sparseCentered : sparse, variable, {
      ...this.#record(variable),
      grad,
      indices,
    });
  }
}
