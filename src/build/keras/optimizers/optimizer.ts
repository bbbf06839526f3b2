/**
 * `tf.keras.optimizers`: hyperparameters are variables, slots stand beside each weight. Source: tf_keras/src/optimizers/legacy/optimizer_v2.py.
 *
 *     training/Adam/learning_rate, training/Adam/iter          one each
 *     training/Adam/dense/kernel/m                             slot m of dense/kernel
 */
import { float32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  add,
  cast,
  clipByNorm,
  clipByValue,
  constant,
  divide,
  identity,
  multiply,
  shape,
  unique,
  unsortedSegmentSum,
  zeros,
} from "../../../ops/index.ts";
import type { Gradient } from "../../gradients/aggregate.ts";
import { gradients } from "../../gradients/gradients.ts";
import { initScope } from "../../tensors/convert.ts";
import { trackableChildren } from "../../trackable/children.ts";
import { slotAdded } from "../../trackable/restore.ts";
import { Variable } from "../../variables/variable.ts";
import { type Config, serializeObject } from "../config/registry.ts";
import { nameOf } from "../state.ts";
import { LearningRateSchedule } from "./schedules.ts";

export type Schedule = (step: Tensor) => TensorLike;
/** A number, or what makes one of the step's number. */
export type Rate = number | Schedule | LearningRateSchedule;

export interface OptimizerOptions {
  /** Also as the first argument. */
  readonly learningRate?: Rate | undefined;
  readonly name?: string | undefined;
  /** The rate goes down as 1 / (1 + decay · iterations). */
  readonly decay?: number | undefined;
  /** Gradients of a larger norm are scaled down to it, each by itself. */
  readonly clipnorm?: number | undefined;
  /** Elements of gradients stay within ±clipvalue. */
  readonly clipvalue?: number | undefined;
}

/** The tensors that one application of gradients uses, in float32. */
export interface Coefficients {
  readonly rate: Tensor;
  /** The number of this step, from 1. */
  readonly step: Tensor;
  hyper(name: string): Tensor;
}

export abstract class Optimizer {
  readonly name: string;
  readonly #options: OptimizerOptions;
  readonly #initial = new Map<string, Rate>();
  readonly #hypers = new Map<string, Variable>();
  readonly #slots = new Map<string, Map<Variable, Variable>>();
  readonly #own = new Map<string, Variable>();
  readonly #weights: Variable[] = [];
  #iterations: Variable | null = null;

  /** `otherwise` is the rate when the options have none. Throws ValueError for negative clipping. */
  constructor(name: string, otherwise: number, options: OptimizerOptions) {
    this.name = options.name ?? name;
    this.#options = options;
    for (const key of ["clipnorm", "clipvalue"] as const) {
      const value = options[key] ?? 0;
      if (value < 0) {
        const text = Number.isInteger(value) ? value.toFixed(1) : String(value);
        throw new ValueError(`Expected ${key} >= 0, received: ${text}`);
      }
    }
    this.setHyper("learning_rate", options.learningRate ?? otherwise);
    this.setHyper("decay", options.decay ?? 0);
  }

  protected setHyper(name: string, value: Rate): void {
    this.#initial.set(name, value);
  }

  /** The number that a hyperparameter starts with. */
  protected initial(name: string): number {
    return this.#initial.get(name) as number;
  }

  /** What the optimizer is made from, by Python's names. */
  getConfig(): Config {
    const { decay = 0, clipnorm, clipvalue } = this.#options;
    const rate = this.#initial.get("learning_rate");
    return {
      name: this.name,
      learning_rate: typeof rate === "number" ? rate : serializeObject(rate),
      decay: this.initial("decay") ?? decay,
      ...(clipnorm === undefined ? {} : { clipnorm }),
      ...(clipvalue === undefined ? {} : { clipvalue }),
      ...this.ownConfig(),
    };
  }

  protected ownConfig(): Config {
    return {};
  }

  /** How many times gradients were applied: int64. */
  get iterations(): Variable {
    if (!this.#iterations) {
      this.#iterations = new Variable(() => zeros([], int64), {
        name: "iter",
        trainable: false,
        useResource: true,
        dtype: int64,
      });
      this.#weights.push(this.#iterations);
    }
    return this.#iterations;
  }

  /** The learning rate's variable, to be read or set between steps. Throws ValueError when it is a schedule. */
  get learningRate(): Variable {
    return this.hyper("learning_rate");
  }

  get lr(): Variable {
    return this.learningRate;
  }

  protected hyper(name: string): Variable {
    const known = this.#hypers.get(name);
    if (known) return known;
    const value = this.#initial.get(name);
    if (typeof value !== "number") throw new ValueError(`${name} of ${this.name} is a schedule`);
    const initial = (): Tensor => constant(value, { dtype: float32 });
    const variable = new Variable(initial, { name, trainable: false, useResource: true, dtype: float32 });
    this.#hypers.set(name, variable);
    return variable;
  }

  /** What a checkpoint holds beside the slots. */
  *[trackableChildren](): Generator<[string, object]> {
    if (this.#iterations) yield ["iter", this.#iterations];
    yield* this.#hypers;
    yield* this.#own;
  }

  getSlotNames(): string[] {
    return [...this.#slots.keys()];
  }

  /** The slot of this name beside a weight, or null. */
  getSlot(variable: Variable, name: string): Variable | null {
    return this.#slots.get(name)?.get(variable) ?? null;
  }

  /** iterations and all slots, in the order in which they were made. */
  get weights(): readonly Variable[] {
    return this.#weights;
  }

  /** The handle of a slot that must be there. */
  protected handle(variable: Variable, name: string): Tensor {
    return this.slot(variable, name).handle;
  }

  protected slot(variable: Variable, name: string): Variable {
    const slot = this.getSlot(variable, name);
    if (!slot) throw new Error(`bug: no slot ${name} for ${variable.name}`);
    return slot;
  }

  /** Makes a slot that starts at a number. */
  protected addSlot(variable: Variable, name: string, initial = 0): Variable {
    const named = this.#slots.get(name) ?? new Map<Variable, Variable>();
    this.#slots.set(name, named);
    const known = named.get(variable);
    if (known) return known;
    const sizes = variable.shape as readonly number[];
    const dtype = variable.dtype.baseDtype;
    const value = (): Tensor => (initial === 0 ? zeros(sizes, dtype) : constant(initial, { dtype, shape: sizes }));
    const slot = new Variable(value, {
      name: `${nameOf(variable)}/${name}`,
      trainable: false,
      useResource: true,
      dtype,
    });
    named.set(variable, slot);
    this.#weights.push(slot);
    slotAdded(this);
    return slot;
  }

  /** Gradients of a scalar loss, clipped as the options say. */
  getGradients(loss: Tensor, variables: readonly Variable[]): (Gradient | null)[] {
    return getDefaultGraph().nameScope(`${this.name}/gradients`, () => {
      const found = gradients(loss, [...variables]);
      if (found.some((gradient) => gradient === null)) {
        throw new ValueError(
          `Variable ${variables[found.indexOf(null)]} has \`None\` for gradient. Please make sure that all of your ops have a gradient defined (i.e. are differentiable). Common ops without gradient: K.argmax, K.round, K.eval.`,
        );
      }
      return found.map((gradient) => gradient && this.#clip(gradient));
    });
  }

  /** The same pairs with gradients clipped as the options say. */
  clipped(pairs: readonly (readonly [Gradient | null, Variable])[]): (readonly [Gradient | null, Variable])[] {
    return pairs.map(([gradient, variable]) => [gradient && this.#clip(gradient), variable] as const);
  }

  #clip(gradient: Gradient): Gradient {
    const { clipnorm, clipvalue } = this.#options;
    const each = (fn: (x: Tensor) => Tensor): Gradient =>
      gradient instanceof IndexedSlices
        ? new IndexedSlices(fn(gradient.values), gradient.indices, gradient.denseShape)
        : fn(gradient);
    if (clipnorm !== undefined) return each((x) => clipByNorm(x, clipnorm) as Tensor);
    if (clipvalue !== undefined) return each((x) => clipByValue(x, -clipvalue, clipvalue));
    return gradient;
  }

  /** The operation of one training step on these weights. */
  getUpdates(loss: Tensor, variables: readonly Variable[]): Operation {
    return this.applyGradients(this.getGradients(loss, variables).map((gradient, i) => [gradient, variables[i]!]));
  }

  /** The operation that applies gradients to their variables; those without a gradient stay. */
  applyGradients(pairs: readonly (readonly [Gradient | null, Variable])[]): Operation {
    const present = pairs.filter((pair): pair is readonly [Gradient, Variable] => pair[0] !== null);
    if (present.length === 0) {
      throw new ValueError(
        `No gradients provided for any variable: [${pairs.map(([, { name }]) => `'${name}'`).join(", ")}].`,
      );
    }
    const graph = getDefaultGraph();
    return graph.nameScope(this.name, () => {
      initScope(() => {
        this.iterations;
        for (const [name, value] of this.#initial) if (typeof value === "number") this.hyper(name);
        this.createSlots(present.map(([, variable]) => variable));
      });
      const coefficients = this.#coefficients();
      this.prepare(coefficients);
      const updates = present.map(([gradient, variable]) =>
        graph.nameScope(`${this.name}/update_${nameOf(variable)}`, () => this.#apply(gradient, variable, coefficients)),
      );
      return graph.controlDependencies(updates, () => this.iterations.assignAdd(constant(1, { dtype: int64 })).op);
    });
  }

  #coefficients(): Coefficients {
    const step = cast(add(this.iterations.value(), constant(1, { dtype: int64 })), float32) as Tensor;
    const initial = this.#initial.get("learning_rate");
    const schedule = initial instanceof LearningRateSchedule ? (at: Tensor) => initial.call(at) : initial;
    const given =
      typeof schedule === "function"
        ? convertToTensor(schedule(this.iterations.value()))
        : identity(this.hyper("learning_rate").value());
    const iterations = (): Tensor => cast(this.iterations.value(), float32) as Tensor;
    const rate = this.rateDecay
      ? (divide(given, multiply(this.hyper("decay").value(), iterations()).add(1)) as Tensor)
      : given;
    const known = new Map<string, Tensor>();
    const hyper = (name: string): Tensor => {
      if (!known.has(name)) known.set(name, identity(this.hyper(name).value()));
      return known.get(name)!;
    };
    return { rate, step, hyper };
  }

  #apply(gradient: Gradient, variable: Variable, coefficients: Coefficients): Operation {
    const { constraint } = variable;
    const dtype = variable.dtype.baseDtype;
    const cast_ = (x: Tensor): Tensor => cast(x, dtype) as Tensor;
    const own: Coefficients = {
      rate: cast_(coefficients.rate),
      step: cast_(coefficients.step),
      hyper: (name) => cast_(coefficients.hyper(name)),
    };
    let updated: Operation;
    if (gradient instanceof IndexedSlices) {
      const { y, idx } = unique(gradient.indices);
      const sums = unsortedSegmentSum(gradient.values, idx, shape(y).at(0));
      updated = this.applySparse(sums, y, variable, own);
    } else updated = this.applyDense(gradient, variable, own);
    if (!constraint) return updated;
    return getDefaultGraph().controlDependencies([updated], () => variable.assign(constraint(variable.value())).op);
  }

  protected createSlots(_variables: readonly Variable[]): void {}

  /** Makes what the updates of one step share. */
  protected prepare(_coefficients: Coefficients): void {}

  protected get rateDecay(): number {
    return this.#options.decay ?? 0;
  }

  /** A variable of the optimizer's own beside the slots. */
  protected addOwn(name: string, initial: () => Tensor): Variable {
    const variable = new Variable(initial, { name, trainable: false, useResource: true });
    this.#weights.push(variable);
    this.#own.set(name, variable);
    return variable;
  }

  protected abstract applyDense(gradient: Tensor, variable: Variable, at: Coefficients): Operation;

  /** values for the rows `indices`, all different. */
  protected abstract applySparse(values: Tensor, indices: Tensor, variable: Variable, at: Coefficients): Operation;
}
