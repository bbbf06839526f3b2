/** Adam: steps scaled by moving averages of gradient and squared gradient. Source: tensorflow/python/training/adam.py. */
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { applyAdamOp, group, resourceApplyAdamOp, resourceScatterAddOp, scatterAddOp, sqrt } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { add, mul, oneMinus, truediv } from "../operators.ts";
import type { Updated } from "../variables/updated.ts";
import type { Variable } from "../variables/variable.ts";
import { type Hyperparameter, Optimizer, type OptimizerOptions, type Updates } from "./optimizer.ts";

export interface AdamOptions extends OptimizerOptions {
  readonly beta1?: Hyperparameter;
  readonly beta2?: Hyperparameter;
  readonly epsilon?: Hyperparameter;
}

const dense: Updates = [applyAdamOp, resourceApplyAdamOp];

interface AdamArguments extends AdamOptions {
  /** 0.001 by default. */
  readonly learningRate?: Hyperparameter;
}

const places = ["learningRate", "beta1", "beta2", "epsilon", "useLocking", "name"] as const;

/**
 * Adam: steps by the running mean of gradients over the root of that of their squares; slots `Adam`, `Adam_1`. `minimize(loss, globalStep)`
 * gives the operation of a step.
 */
export class AdamOptimizer extends Optimizer {
  readonly #given: {
    readonly rate: Hyperparameter;
    readonly beta1: Hyperparameter;
    readonly beta2: Hyperparameter;
    readonly epsilon: Hyperparameter;
  };
  #rate!: Tensor;
  #beta1!: Tensor;
  #beta2!: Tensor;
  #epsilon!: Tensor;

  constructor(...given: Rest<AdamArguments, typeof places>) {
    const options: AdamArguments = byName(given, places);
    super(options, "Adam");
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    this.#given = { rate: learningRate, beta1, beta2, epsilon };
  }

  /** Slots m and v; beta1_power and beta2_power beside the variable that comes first by name. */
  protected override createSlots(variables: readonly Variable[]): void {
    const first = variables.reduce((a, b) => (b.name < a.name ? b : a));
    this.ownVariable("beta1_power", this.#given.beta1, first);
    this.ownVariable("beta2_power", this.#given.beta2, first);
    for (const variable of variables) {
      this.zerosSlot(variable, "m");
      this.zerosSlot(variable, "v");
    }
  }

  protected override prepare(): void {
    this.#rate = this.hyper(this.#given.rate, "learning_rate");
    this.#beta1 = this.hyper(this.#given.beta1, "beta1");
    this.#beta2 = this.hyper(this.#given.beta2, "beta2");
    this.#epsilon = this.hyper(this.#given.epsilon, "epsilon");
  }

  protected override applyDense(grad: Tensor, variable: Variable): Operation | Tensor {
    return this.update(dense, variable, {
      var: variable.handle,
      m: this.slot(variable, "m"),
      v: this.slot(variable, "v"),
      beta1_power: this.as(this.own("beta1_power"), variable),
      beta2_power: this.as(this.own("beta2_power"), variable),
      lr: this.as(this.#rate, variable),
      beta1: this.as(this.#beta1, variable),
      beta2: this.as(this.#beta2, variable),
      epsilon: this.as(this.#epsilon, variable),
      grad,
    });
  }

  /** Decays all rows of m and v, adds to those of `indices`, and updates the whole variable: as the dense form with zeros elsewhere. */
  protected override applySparse(values: Tensor, indices: Tensor, variable: Variable): Operation {
    const beta1Power = this.as(this.own("beta1_power"), variable);
    const beta2Power = this.as(this.own("beta2_power"), variable);
    const rate = this.as(this.#rate, variable);
    const beta1 = this.as(this.#beta1, variable);
    const beta2 = this.as(this.#beta2, variable);
    const epsilon = this.as(this.#epsilon, variable);
    const step = truediv(mul(rate, sqrt(oneMinus(beta2Power))), oneMinus(beta1Power));
    const average = (slot: Variable, added: Tensor, beta: Tensor): Tensor => {
      const decayed = slot.assign(mul(slot, beta), { useLocking: this.useLocking });
      return getDefaultGraph().controlDependencies([decayed], () => this.#scatterAdd(slot, indices, added));
    };
    const m = average(this.slotVariable(variable, "m"), mul(values, oneMinus(beta1)), beta1);
    const v = average(this.slotVariable(variable, "v"), mul(mul(values, values), oneMinus(beta2)), beta2);
    const root = sqrt(v);
    const change = truediv(mul(step, m), add(root, epsilon));
    const updated = variable.assignSub(change, { useLocking: this.useLocking });
    return group(updated, m, v);
  }

  #scatterAdd(slot: Variable, indices: Tensor, updates: Tensor): Tensor {
    if (!slot.isResource) return scatterAddOp({ ref: slot.handle, indices, updates, use_locking: this.useLocking });
    const added = resourceScatterAddOp({ resource: slot.handle, indices, updates });
    return getDefaultGraph().controlDependencies([added], () => slot.value());
  }

  protected override finish(updates: readonly (Operation | Updated)[], name: string): Operation {
    const graph = getDefaultGraph();
    const powers = graph.controlDependencies(updates, () => {
      const beta1Power = this.own("beta1_power");
      const beta2Power = this.own("beta2_power");
      const options = { useLocking: this.useLocking };
      return graph.colocateWith(beta1Power.op, () => [
        beta1Power.assign(mul(beta1Power, this.#beta1), options),
        beta2Power.assign(mul(beta2Power, this.#beta2), options),
      ]);
    });
    return group(...updates, ...powers, { name });
  }
}
