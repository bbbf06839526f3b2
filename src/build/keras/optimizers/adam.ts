/** `tf.keras.optimizers`: Adam and what was made of it. Source: tf_keras/src/optimizers/legacy/{adam,adamax,nadam}.py. */
import { float32 } from "../../../core/dtype.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  abs,
  cast,
  constant,
  divide,
  gather,
  group,
  maximum,
  multiply,
  negative,
  ones,
  pow,
  resourceApplyAdaMaxOp,
  resourceApplyAdamOp,
  resourceApplyAdamWithAmsgradOp,
  resourceScatterUpdateOp,
  sqrt,
  square,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Variable } from "../../variables/variable.ts";
import type { Config } from "../config/registry.ts";
import { type Coefficients, Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { addRows, decayThenAdd, set } from "./optimizers.ts";

export interface AdamOptions extends OptimizerOptions {
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  /** The largest of all second moments so far in place of the moment itself. */
  readonly amsgrad?: boolean | undefined;
}

/** Steps over moving averages of gradients (m) and squared gradients (v). */
abstract class Moments extends Optimizer {
  protected readonly epsilon: number;

  constructor(name: string, rate: number, options: AdamOptions) {
    super(name, rate, options);
    this.epsilon = options.epsilon ?? 1e-7;
    this.setHyper("beta_1", options.beta1 ?? 0.9);
    this.setHyper("beta_2", options.beta2 ?? 0.999);
  }

  protected override ownConfig(): Config {
    return { beta_1: this.initial("beta_1"), beta_2: this.initial("beta_2"), epsilon: this.epsilon };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, "m");
    for (const variable of variables) this.addSlot(variable, "v");
  }

  protected powers(at: Coefficients) {
    const [beta1, beta2] = [at.hyper("beta_1"), at.hyper("beta_2")];
    return { beta1, beta2, beta1Power: pow(beta1, at.step) as Tensor, beta2Power: pow(beta2, at.step) as Tensor };
  }
}

const adamPlaces = ["learningRate", "beta1", "beta2", "epsilon", "amsgrad", "name"] as const;

/** Adam: rate 0.001. */
export class Adam extends Moments {
  readonly #isAmsgrad: boolean;

  constructor(...rest: Rest<AdamOptions, typeof adamPlaces>) {
    const options = byName<AdamOptions>(rest, adamPlaces);
    super("Adam", 0.001, options);
    this.#isAmsgrad = options.amsgrad ?? false;
  }

  protected override ownConfig(): Config {
    return { ...super.ownConfig(), amsgrad: this.#isAmsgrad };
  }

  protected override createSlots(variables: readonly Variable[]): void {
    super.createSlots(variables);
    if (this.#isAmsgrad) for (const variable of variables) this.addSlot(variable, "vhat");
  }

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2, beta1Power, beta2Power } = this.powers(at);
    const record = {
      var: variable.handle,
      m: this.handle(variable, "m"),
      v: this.handle(variable, "v"),
      beta1_power: beta1Power,
      beta2_power: beta2Power,
      lr: at.rate,
      beta1,
      beta2,
      epsilon: this.epsilon,
      grad,
    };
    if (!this.#isAmsgrad) return resourceApplyAdamOp(record);
    return resourceApplyAdamWithAmsgradOp({ ...record, vhat: this.handle(variable, "vhat") } as never);
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2, beta1Power, beta2Power } = this.powers(at);
    const rate = multiply(at.rate, divide(sqrt(beta2Power.rsub(1)) as Tensor, beta1Power.rsub(1)) as Tensor);
    const m = decayThenAdd(this.slot(variable, "m"), beta1, indices, multiply(grad, beta1.rsub(1)));
    const v = decayThenAdd(this.slot(variable, "v"), beta2, indices, multiply(multiply(grad, grad), beta2.rsub(1)));
    const largest = this.#isAmsgrad ? this.#largest(variable, v) : v;
    const change = divide(multiply(rate, m), (sqrt(largest) as Tensor).add(this.epsilon)) as Tensor;
    return group(variable.assignSub(change), m, v);
  }

  #largest(variable: Variable, v: Tensor): Tensor {
    const slot = this.slot(variable, "vhat");
    return set(slot, maximum(slot.value(), v));
  }
}

const adamaxPlaces = ["learningRate", "beta1", "beta2", "epsilon", "name"] as const;

/** Adam by the largest gradient: rate 0.001. */
export class Adamax extends Moments {
  constructor(...rest: Rest<Omit<AdamOptions, "amsgrad">, typeof adamaxPlaces>) {
    const options = byName<Omit<AdamOptions, "amsgrad">>(rest, adamaxPlaces);
    super("Adamax", 0.001, options);
  }

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2, beta1Power } = this.powers(at);
    const record = {
      var: variable.handle,
      m: this.handle(variable, "m"),
      v: this.handle(variable, "v"),
      beta1_power: beta1Power,
      lr: at.rate,
      beta1,
      beta2,
      epsilon: this.epsilon,
      grad,
    };
    return resourceApplyAdaMaxOp(record as never) as Operation;
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2, beta1Power } = this.powers(at);
    const [m, v] = [this.slot(variable, "m"), this.slot(variable, "v")];
    const nextM = multiply(gather(m, indices), beta1).add(multiply(grad, beta1.rsub(1)));
    const nextV = maximum(multiply(gather(v, indices), beta2), abs(grad) as Tensor);
    const rate = divide(negative(at.rate) as Tensor, beta1Power.rsub(1)) as Tensor;
    const change = multiply(rate, divide(nextM, nextV.add(this.epsilon)) as Tensor);
    const put = (slot: Variable, updates: Tensor): Operation =>
      resourceScatterUpdateOp({ resource: slot.handle, indices, updates });
    return group(addRows(variable, indices, change), put(m, nextM), put(v, nextV));
  }
}

/** Adam with Nesterov's momentum: rate 0.001. */
export class Nadam extends Moments {
  readonly #decay: number;
  #cache: Variable | null = null;
  #schedule: { readonly at: Tensor; readonly next: Tensor; readonly m: Tensor; readonly m1: Tensor } | null = null;

  constructor(...rest: Rest<Omit<AdamOptions, "amsgrad">, typeof adamaxPlaces>) {
    const options = byName<Omit<AdamOptions, "amsgrad">>(rest, adamaxPlaces);
    super("Nadam", 0.001, { ...options, decay: options.decay ?? 0.004 });
    this.#decay = options.decay ?? 0.004;
  }

  /** Its decay is that of the momentum, not of the rate. */
  protected override get rateDecay(): number {
    return 0;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.#cache ??= this.addOwn("momentum_cache", () => ones([], float32));
    super.createSlots(variables);
  }

  protected override prepare(at: Coefficients): void {
    const base = constant(0.96, { dtype: float32 });
    const momentum = (step: Tensor): Tensor =>
      multiply(at.hyper("beta_1"), (pow(base, multiply(this.#decay, step)) as Tensor).mul(-0.5).add(1));
    const [m, m1] = [momentum(at.step), momentum(at.step.add(1))];
    const now = set(this.#cache!, multiply(this.#cache!.value(), m));
    this.#schedule = { at: now, next: multiply(now, m1), m, m1 };
  }

  #step(grad: Tensor, m: Tensor, v: Tensor, at: Coefficients): Tensor {
    const { at: now, next, m: momentum, m1 } = this.#schedule!;
    const { beta2Power } = this.powers(at);
    const as = (x: Tensor): Tensor => cast(x, grad.dtype.baseDtype) as Tensor;
    const own = multiply(as(momentum).rsub(1), divide(grad, as(now).rsub(1)) as Tensor);
    const mean = own.add(multiply(as(m1), divide(m, as(next).rsub(1)) as Tensor));
    const root = (sqrt(divide(v, beta2Power.rsub(1)) as Tensor) as Tensor).add(this.epsilon);
    return divide(multiply(at.rate, mean), root) as Tensor;
  }

  protected override applyDense(grad: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2 } = this.powers(at);
    const averaged = (slot: Variable, beta: Tensor, x: Tensor): Tensor =>
      set(slot, multiply(beta, slot.value()).add(multiply(beta.rsub(1), x)));
    const m = averaged(this.slot(variable, "m"), beta1, grad);
    const v = averaged(this.slot(variable, "v"), beta2, square(grad));
    return variable.assign(variable.value().sub(this.#step(grad, m, v, at))).op;
  }

  protected override applySparse(grad: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation {
    const { beta1, beta2 } = this.powers(at);
    const m = decayThenAdd(this.slot(variable, "m"), beta1, indices, multiply(grad, beta1.rsub(1)));
    const v = decayThenAdd(this.slot(variable, "v"), beta2, indices, multiply(multiply(grad, grad), beta2.rsub(1)));
    const change = this.#step(grad, gather(m, indices), gather(v, indices), at);
    return group(addRows(variable, indices, negative(change) as Tensor), m, v);
  }
}
