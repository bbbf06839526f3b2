/** `tf.keras.optimizers`: the rules. Source: tf_keras/src/optimizers/legacy/{gradient_descent,rmsprop,adagrad,adadelta,ftrl}.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import {
  divide,
  gather,
  group,
  multiply,
  negative,
  resourceApplyAdadeltaOp,
  resourceApplyAdagradV2Op,
  resourceApplyCenteredRMSPropOp,
  resourceApplyFtrlOp,
  resourceApplyGradientDescentOp,
  resourceApplyKerasMomentumOp,
  resourceApplyRMSPropOp,
  resourceScatterAddOp,
  resourceSparseApplyAdadeltaOp,
  resourceSparseApplyAdagradV2Op,
  resourceSparseApplyCenteredRMSPropOp,
  resourceSparseApplyFtrlOp,
  resourceSparseApplyKerasMomentumOp,
  resourceSparseApplyRMSPropOp,
  sqrt,
  square,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Variable } from "../../variables/variable.ts";
import { type Coefficients, Optimizer, type OptimizerOptions } from "./optimizer.ts";

// biome-ignore lint/suspicious/noExplicitAny: builders of many signatures stand in one place
type Rule = (record: any) => Operation;
const run = (rule: unknown, record: object): Operation => (rule as Rule)(record);

/** Adds to rows of a variable; its value afterwards. */
export function addRows(variable: Variable, indices: Tensor, updates: Tensor): Tensor {
  const added = resourceScatterAddOp({ resource: variable.handle, indices, updates });
  return getDefaultGraph().controlDependencies([added], () => variable.value());
}

/** slot = decay · slot, then values are added to its rows; the slot's value afterwards. */
export function decayThenAdd(slot: Variable, decay: Tensor, indices: Tensor, values: Tensor): Tensor {
  const decayed = slot.assign(multiply(slot, decay)).op;
  return getDefaultGraph().controlDependencies([decayed], () => addRows(slot, indices, values));
}

/** The value that a slot has after it was set. */
export function set(slot: Variable, value: TensorLike): Tensor {
  const assigned = slot.assign(value).op;
  return getDefaultGraph().controlDependencies([assigned], () => slot.value());
}

export interface SGDOptions extends OptimizerOptions {
  readonly momentum?: number | undefined;
  readonly nesterov?: boolean | undefined;
}

const sgdPlaces = ["learningRate", "momentum", "nesterov", "name"] as const;

/** Gradient descent, with momentum if asked for: rate 0.01. */
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #nesterov: boolean;

  constructor(...rest: Rest<SGDOptions, typeof sgdPlaces>) {
    const options = byName<SGDOptions>(rest, sgdPlaces);
    super("SGD", 0.01, options);
    this.#momentum = options.momentum ?? 0;
    this.#nesterov = options.nesterov ?? false;
    if (!(this.#momentum >= 0 && this.#momentum <= 1)) {
      const text = Number.isInteger(this.#momentum) ? this.#momentum.toFixed(1) : String(this.#momentum);
      throw new ValueError(
        `\`momentum\` must be between [0, 1]. Received: momentum=${text} (of type <class 'float'>).`,
      );
    }
    this.setHyper("momentum", this.#momentum);
  }

  protected override ownConfig() {
    return { momentum: this.#momentum, nesterov: this.#nesterov };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    if (this.#momentum) for (const variable of variables) this.addSlot(variable, "momentum");
  }

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    if (!this.#momentum)
      return run(resourceApplyGradientDescentOp, { var: variable.handle, alpha: at.rate, delta: grad });
    return run(resourceApplyKerasMomentumOp, { ...this.#record(variable, at), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    if (!this.#momentum) return addRows(variable, indices, negative(multiply(grad, at.rate)) as Tensor).op;
    return run(resourceSparseApplyKerasMomentumOp, { ...this.#record(variable, at), grad, indices });
  }

  #record(variable: Variable, at: Coefficients): object {
    const accum = this.handle(variable, "momentum");
    const momentum = at.hyper("momentum");
    return { var: variable.handle, accum, lr: at.rate, momentum, use_nesterov: this.#nesterov };
  }
}

export interface RMSpropOptions extends OptimizerOptions {
  readonly rho?: number | undefined;
  readonly momentum?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly centered?: boolean | undefined;
}

const rMSpropPlaces = ["learningRate", "rho", "momentum", "epsilon", "centered", "name"] as const;

/** Steps over the root of a moving average of squared gradients: rate 0.001, rho 0.9. */
export class RMSprop extends Optimizer {
  readonly #momentum: number;
  readonly #isCentered: boolean;
  readonly #epsilon: number;

  constructor(...rest: Rest<RMSpropOptions, typeof rMSpropPlaces>) {
    const options = byName<RMSpropOptions>(rest, rMSpropPlaces);
    super("RMSprop", 0.001, options);
    this.#momentum = options.momentum ?? 0;
    this.#isCentered = options.centered ?? false;
    this.#epsilon = options.epsilon ?? 1e-7;
    this.setHyper("rho", options.rho ?? 0.9);
    this.setHyper("momentum", this.#momentum);
  }

  protected override ownConfig() {
    const [rho, momentum] = [this.initial("rho"), this.#momentum];
    return { rho, momentum, epsilon: this.#epsilon, centered: this.#isCentered };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, "rms");
    if (this.#momentum) for (const variable of variables) this.addSlot(variable, "momentum");
    if (this.#isCentered) for (const variable of variables) this.addSlot(variable, "mg");
  }

  #record(variable: Variable, at: Coefficients): object {
    return {
      var: variable.handle,
      ms: this.handle(variable, "rms"),
      mom: this.handle(variable, "momentum"),
      ...(this.#isCentered ? { mg: this.handle(variable, "mg") } : {}),
      lr: at.rate,
      rho: at.hyper("rho"),
      momentum: at.hyper("momentum"),
      epsilon: this.#epsilon,
    };
  }

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    if (this.#momentum) {
      const rule = this.#isCentered ? resourceApplyCenteredRMSPropOp : resourceApplyRMSPropOp;
      return run(rule, { ...this.#record(variable, at), grad });
    }
    const rho = at.hyper("rho");
    const averaged = (slot: Variable, x: Tensor): Tensor =>
      set(slot, multiply(rho, slot).add(multiply(rho.rsub(1), x)));
    const rms = averaged(this.slot(variable, "rms"), square(grad));
    const spread = this.#isCentered ? rms.sub(square(averaged(this.slot(variable, "mg"), grad))) : rms;
    const change = divide(multiply(at.rate, grad), (sqrt(spread) as Tensor).add(this.#epsilon)) as Tensor;
    return variable.assign(variable.value().sub(change)).op;
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    if (this.#momentum) {
      const rule = this.#isCentered ? resourceSparseApplyCenteredRMSPropOp : resourceSparseApplyRMSPropOp;
      return run(rule, { ...this.#record(variable, at), grad, indices });
    }
    const rho = at.hyper("rho");
    const averaged = (slot: Variable, x: Tensor): Tensor => decayThenAdd(slot, rho, indices, multiply(x, rho.rsub(1)));
    const rms = averaged(this.slot(variable, "rms"), multiply(grad, grad));
    const mean = this.#isCentered ? averaged(this.slot(variable, "mg"), grad) : null;
    const rows = gather(rms, indices);
    const spread = mean ? rows.sub(square(gather(mean, indices))) : rows;
    const change = divide(
      multiply(negative(at.rate) as Tensor, grad),
      (sqrt(spread) as Tensor).add(this.#epsilon),
    ) as Tensor;
    return group(addRows(variable, indices, change), rms, ...(mean ? [mean] : []));
  }
}

/** One op of TensorFlow is the whole rule: one for dense gradients, one for rows. */
abstract class ByRule extends Optimizer {
  readonly #dense: unknown;
  readonly #sparse: unknown;

  constructor(
    name: string,
    rate: number,
    options: OptimizerOptions,
    rules: readonly [dense: unknown, sparse: unknown],
  ) {
    super(name, rate, options);
    [this.#dense, this.#sparse] = rules;
  }

  /** What the rule takes beside the gradient. */
  protected abstract record(variable: Variable, at: Coefficients): object;

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    return run(this.#dense, { var: variable.handle, lr: at.rate, ...this.record(variable, at), grad });
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    return run(this.#sparse, { var: variable.handle, lr: at.rate, ...this.record(variable, at), grad, indices });
  }
}

export interface AdagradOptions extends OptimizerOptions {
  readonly initialAccumulatorValue?: number | undefined;
  readonly epsilon?: number | undefined;
}

const adagradPlaces = ["learningRate", "initialAccumulatorValue", "epsilon", "name"] as const;

/** Steps over the root of the sum of squared gradients: rate 0.001, sums from 0.1. */
export class Adagrad extends ByRule {
  readonly #initial: number;
  readonly #epsilon: number;

  constructor(...rest: Rest<AdagradOptions, typeof adagradPlaces>) {
    const options = byName<AdagradOptions>(rest, adagradPlaces);
    super("Adagrad", 0.001, options, [resourceApplyAdagradV2Op, resourceSparseApplyAdagradV2Op]);
    this.#initial = options.initialAccumulatorValue ?? 0.1;
    this.#epsilon = options.epsilon ?? 1e-7;
  }

  protected override ownConfig() {
    return { initial_accumulator_value: this.#initial, epsilon: this.#epsilon };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, "accumulator", this.#initial);
  }

  protected override record(variable: Variable): object {
    return { accum: this.handle(variable, "accumulator"), epsilon: this.#epsilon };
  }
}

export interface AdadeltaOptions extends OptimizerOptions {
  readonly rho?: number | undefined;
  readonly epsilon?: number | undefined;
}

const adadeltaPlaces = ["learningRate", "rho", "epsilon", "name"] as const;

/** Steps as large as past steps, over the root of squared gradients: rate 0.001, rho 0.95. */
export class Adadelta extends ByRule {
  readonly #epsilon: number;

  constructor(...rest: Rest<AdadeltaOptions, typeof adadeltaPlaces>) {
    const options = byName<AdadeltaOptions>(rest, adadeltaPlaces);
    super("Adadelta", 0.001, options, [resourceApplyAdadeltaOp, resourceSparseApplyAdadeltaOp]);
    this.#epsilon = options.epsilon ?? 1e-7;
    this.setHyper("rho", options.rho ?? 0.95);
  }

  protected override ownConfig() {
    return { rho: this.initial("rho"), epsilon: this.#epsilon };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, "accum_grad");
    for (const variable of variables) this.addSlot(variable, "accum_var");
  }

  protected override record(variable: Variable, at: Coefficients): object {
    const accum = this.handle(variable, "accum_grad");
    const accum_update = this.handle(variable, "accum_var");
    return { accum, accum_update, rho: at.hyper("rho"), epsilon: this.#epsilon };
  }
}

export interface FtrlOptions extends OptimizerOptions {
  readonly learningRatePower?: number | undefined;
  readonly initialAccumulatorValue?: number | undefined;
  readonly l1RegularizationStrength?: number | undefined;
  readonly l2RegularizationStrength?: number | undefined;
}

const ftrlPlaces = [
  "learningRate",
  "learningRatePower",
  "initialAccumulatorValue",
  "l1RegularizationStrength",
  "l2RegularizationStrength",
  "name",
] as const;

/** Follow the regularized leader: rate 0.001. */
export class Ftrl extends ByRule {
  readonly #initial: number;

  constructor(...rest: Rest<FtrlOptions, typeof ftrlPlaces>) {
    const options = byName<FtrlOptions>(rest, ftrlPlaces);
    super("Ftrl", 0.001, options, [resourceApplyFtrlOp, resourceSparseApplyFtrlOp]);
    this.#initial = options.initialAccumulatorValue ?? 0.1;
    this.setHyper("learning_rate_power", options.learningRatePower ?? -0.5);
    this.setHyper("beta", 0);
    this.setHyper("l1_regularization_strength", options.l1RegularizationStrength ?? 0);
    this.setHyper("l2_regularization_strength", options.l2RegularizationStrength ?? 0);
  }

  protected override ownConfig() {
    return {
      initial_accumulator_value: this.#initial,
      learning_rate_power: this.initial("learning_rate_power"),
      l1_regularization_strength: this.initial("l1_regularization_strength"),
      l2_regularization_strength: this.initial("l2_regularization_strength"),
      beta: 0,
      l2_shrinkage_regularization_strength: 0,
    };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, "accumulator", this.#initial);
      this.addSlot(variable, "linear");
    }
  }

  protected override record(variable: Variable, at: Coefficients): object {
    return {
      accum: this.handle(variable, "accumulator"),
      linear: this.handle(variable, "linear"),
      l1: at.hyper("l1_regularization_strength"),
      l2: at.hyper("l2_regularization_strength"),
      lr_power: at.hyper("learning_rate_power"),
    };
  }
}
