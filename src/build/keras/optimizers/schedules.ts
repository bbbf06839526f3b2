/** `tf.keras.optimizers.schedules`: learning rates by the number of the step. Source: tf_keras/src/optimizers/schedules/learning_rate_schedule.py. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  add,
  cast,
  ceil,
  constant,
  cos,
  divide,
  equal,
  floor,
  lessEqual,
  log,
  maximum,
  minimum,
  multiply,
  pow,
  subtract,
  where,
} from "../../../ops/index.ts";
import { type Config, deserializeObject, type Serialized, serializeObject } from "../config/registry.ts";

/** A schedule of one's own overrides `call` (of the step's number: the rate) and `getConfig`. */
export abstract class LearningRateSchedule {
  abstract call(step: TensorLike): Tensor;
  abstract getConfig(): Config;
}

const floats = (x: TensorLike): Tensor => cast(convertToTensor(x), float32) as Tensor;
const f32 = (x: number): Tensor => constant(x, { dtype: float32 });
const scoped = (name: string | null, kind: string, fn: () => Tensor): Tensor =>
  getDefaultGraph().nameScope(name ?? kind, fn) as Tensor;

interface Named {
  readonly name?: string | null | undefined;
}
interface Staircase extends Named {
  /** Whole numbers of decay steps alone. */
  readonly staircase?: boolean | undefined;
}

abstract class Decay extends LearningRateSchedule {
  protected readonly initial: number;
  protected readonly steps: number;
  protected readonly rate: number;
  protected readonly options: Staircase;

  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options: Staircase = {}) {
    super();
    this.initial = initialLearningRate;
    this.steps = decaySteps;
    this.rate = decayRate;
    this.options = options;
  }

  protected part(step: TensorLike): Tensor {
    const part = divide(floats(step), f32(this.steps)) as Tensor;
    return this.options.staircase ? (floor(part) as Tensor) : part;
  }

  override getConfig(): Config {
    const { staircase = false, name = null } = this.options;
    return {
      initial_learning_rate: this.initial,
      decay_steps: this.steps,
      decay_rate: this.rate,
      staircase,
      name,
    };
  }
}

const decayFrom = (config: Config): [number, number, number, Staircase] => {
  const { initial_learning_rate, decay_steps, decay_rate, staircase, name } = config as Record<string, never>;
  return [initial_learning_rate!, decay_steps!, decay_rate!, { staircase: staircase!, name: name! }];
};

/** initial · rate^(step / steps). */
export class ExponentialDecay extends Decay {
  static fromConfig(config: Config): ExponentialDecay {
    return new ExponentialDecay(...decayFrom(config));
  }

  override call(step: TensorLike): Tensor {
    return scoped(this.options.name ?? null, "ExponentialDecay", () =>
      multiply(f32(this.initial), pow(f32(this.rate), this.part(step)) as Tensor),
    );
  }
}

/** initial / (1 + rate · step / steps). */
export class InverseTimeDecay extends Decay {
  static fromConfig(config: Config): InverseTimeDecay {
    return new InverseTimeDecay(...decayFrom(config));
  }

  override call(step: TensorLike): Tensor {
    return scoped(this.options.name ?? null, "InverseTimeDecay", () => {
      const denominator = add(f32(1), multiply(f32(this.rate), this.part(step)));
      return divide(f32(this.initial), denominator) as Tensor;
    });
  }
}

/** values[i] up to boundaries[i], and the last value after them. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  readonly #boundaries: readonly number[];
  readonly #values: readonly number[];
  readonly #name: string | null;

  /** Throws ValueError unless there is one value more than boundaries. */
  constructor(boundaries: readonly number[], values: readonly number[], options: Named = {}) {
    super();
    if (boundaries.length !== values.length - 1) {
      throw new ValueError(
        `The length of boundaries should be 1 less than the length of values. Received: boundaries=[${boundaries.join(", ")}] of length ${boundaries.length}, and values=[${values.join(", ")}] of length ${values.length}.`,
      );
    }
    this.#boundaries = boundaries;
    this.#values = values;
    this.#name = options.name ?? null;
  }

  static fromConfig({ boundaries, values, name }: Config): PiecewiseConstantDecay {
    return new PiecewiseConstantDecay(boundaries as number[], values as number[], { name: name as string | null });
  }

  override call(step: TensorLike): Tensor {
    return scoped(this.#name, "PiecewiseConstant", () => {
      const at = convertToTensor(step);
      const last = f32(this.#values.at(-1)!);
      return this.#boundaries.reduceRight(
        (rest: Tensor, boundary, i) =>
          where(
            lessEqual(at, constant(boundary, { dtype: at.dtype.baseDtype })),
            f32(this.#values[i]!),
            rest,
          ) as Tensor,
        last,
      );
    });
  }

  override getConfig(): Config {
    return { boundaries: [...this.#boundaries], values: [...this.#values], name: this.#name };
  }
}

export interface PolynomialDecayOptions extends Named {
  /** 0.0001. */
  readonly endLearningRate?: number | undefined;
  readonly power?: number | undefined;
  /** Begins anew, over more steps, when the end is reached. */
  readonly cycle?: boolean | undefined;
}

/** From the initial rate to the end's, as (1 - step / steps)^power. */
export class PolynomialDecay extends LearningRateSchedule {
  readonly #initial: number;
  readonly #steps: number;
  readonly #options: PolynomialDecayOptions;

  constructor(initialLearningRate: number, decaySteps: number, options: PolynomialDecayOptions = {}) {
    super();
    this.#initial = initialLearningRate;
    this.#steps = decaySteps;
    this.#options = options;
  }

  static fromConfig(config: Config): PolynomialDecay {
    const { initial_learning_rate, decay_steps, end_learning_rate, power, cycle, name } = config as Record<
      string,
      never
    >;
    return new PolynomialDecay(initial_learning_rate!, decay_steps!, {
      endLearningRate: end_learning_rate!,
      power: power!,
      cycle: cycle!,
      name: name!,
    });
  }

  override call(step: TensorLike): Tensor {
    const { endLearningRate = 1e-4, power = 1, cycle = false, name = null } = this.#options;
    return scoped(name, "PolynomialDecay", () => {
      const at = floats(step);
      const steps = f32(this.#steps);
      const rounds = (): Tensor => {
        const multiplier = where(equal(at, 0), f32(1), ceil(divide(at, steps) as Tensor)) as Tensor;
        return multiply(steps, multiplier);
      };
      const total = cycle ? rounds() : steps;
      const now = cycle ? at : minimum(at, steps);
      const left = pow(subtract(1, divide(now, total) as Tensor), power) as Tensor;
      return add(multiply(f32(this.#initial - endLearningRate), left), f32(endLearningRate));
    });
  }

  override getConfig(): Config {
    const { endLearningRate = 1e-4, power = 1, cycle = false, name = null } = this.#options;
    return {
      initial_learning_rate: this.#initial,
      decay_steps: this.#steps,
      end_learning_rate: endLearningRate,
      power,
      cycle,
      name,
    };
  }
}

export interface CosineDecayOptions extends Named {
  /** The last rate as a part of the first. */
  readonly alpha?: number | undefined;
  /** The rate after the warm-up, which begins at the initial rate. */
  readonly warmupTarget?: number | null | undefined;
  readonly warmupSteps?: number | undefined;
}

/** Half a wave of the cosine from the initial rate down. Source: Loshchilov and Hutter, "SGDR". */
export class CosineDecay extends LearningRateSchedule {
  readonly #initial: number;
  readonly #steps: number;
  readonly #options: CosineDecayOptions;

  constructor(initialLearningRate: number, decaySteps: number, options: CosineDecayOptions = {}) {
    super();
    this.#initial = initialLearningRate;
    this.#steps = decaySteps;
    this.#options = options;
  }

  static fromConfig(config: Config): CosineDecay {
    const { initial_learning_rate, decay_steps, alpha, name, warmup_target, warmup_steps } = config as Record<
      string,
      never
    >;
    return new CosineDecay(initial_learning_rate!, decay_steps!, {
      alpha: alpha!,
      name: name!,
      warmupTarget: warmup_target!,
      warmupSteps: warmup_steps!,
    });
  }

  override call(step: TensorLike): Tensor {
    const { alpha = 0, name = null, warmupTarget = null, warmupSteps = 0 } = this.#options;
    return scoped(name, "CosineDecay", () => {
      const at = floats(step);
      const decayed = (from: number, now: Tensor): Tensor => {
        const part = divide(minimum(now, f32(this.#steps)), f32(this.#steps)) as Tensor;
        const wave = multiply(0.5, add(1, cos(multiply(f32(Math.PI), part)) as Tensor));
        return multiply(f32(from), add(multiply(1 - alpha, wave), alpha));
      };
      if (warmupTarget === null) return decayed(this.#initial, at);
      const rising = add(
        multiply(f32(warmupTarget - this.#initial), divide(at, f32(warmupSteps)) as Tensor),
        f32(this.#initial),
      );
      return where(at.less(warmupSteps), rising, decayed(warmupTarget, maximum(at.sub(warmupSteps), 0))) as Tensor;
    });
  }

  override getConfig(): Config {
    const { alpha = 0, name = null, warmupTarget = null, warmupSteps = 0 } = this.#options;
    return {
      initial_learning_rate: this.#initial,
      decay_steps: this.#steps,
      alpha,
      name,
      warmup_target: warmupTarget,
      warmup_steps: warmupSteps,
    };
  }
}

export interface CosineDecayRestartsOptions extends Named {
  /** How much longer each period is than the one before: 2. */
  readonly tMul?: number | undefined;
  /** How much smaller its first rate is: 1. */
  readonly mMul?: number | undefined;
  readonly alpha?: number | undefined;
}

/** CosineDecay again and again. */
export class CosineDecayRestarts extends LearningRateSchedule {
  readonly #initial: number;
  readonly #steps: number;
  readonly #options: CosineDecayRestartsOptions;

  constructor(initialLearningRate: number, firstDecaySteps: number, options: CosineDecayRestartsOptions = {}) {
    super();
    this.#initial = initialLearningRate;
    this.#steps = firstDecaySteps;
    this.#options = options;
  }

  static fromConfig(config: Config): CosineDecayRestarts {
    const { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha, name } = config as Record<string, never>;
    const options = { tMul: t_mul!, mMul: m_mul!, alpha: alpha!, name: name! };
    return new CosineDecayRestarts(initial_learning_rate!, first_decay_steps!, options);
  }

  override call(step: TensorLike): Tensor {
    const { tMul = 2, mMul = 1, alpha = 0, name = null } = this.#options;
    return scoped(name, "SGDRDecay", () => {
      const whole = divide(floats(step), f32(this.#steps)) as Tensor;
      const geometric = (): [Tensor, Tensor] => {
        const inner = subtract(1, multiply(whole, 1 - tMul));
        const round = floor(divide(log(inner) as Tensor, Math.log(tMul)) as Tensor) as Tensor;
        const power = pow(f32(tMul), round) as Tensor;
        const sum = divide(subtract(1, power), 1 - tMul) as Tensor;
        return [round, divide(subtract(whole, sum), power) as Tensor];
      };
      const plain = (): [Tensor, Tensor] => {
        const round = floor(whole) as Tensor;
        return [round, subtract(whole, round)];
      };
      const [round, part] = tMul === 1 ? plain() : geometric();
      const first = pow(f32(mMul), round) as Tensor;
      const wave = multiply(multiply(0.5, first), add(1, cos(multiply(f32(Math.PI), part)) as Tensor));
      return multiply(f32(this.#initial), add(multiply(1 - alpha, wave), alpha));
    });
  }

  override getConfig(): Config {
    const { tMul = 2, mMul = 1, alpha = 0, name = null } = this.#options;
    return {
      initial_learning_rate: this.#initial,
      first_decay_steps: this.#steps,
      t_mul: tMul,
      m_mul: mMul,
      alpha,
      name,
    };
  }
}

const table: Readonly<Record<string, unknown>> = {
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
  CosineDecay,
  CosineDecayRestarts,
};
export const serializeSchedule = (schedule: LearningRateSchedule): unknown => serializeObject(schedule);
export const deserializeSchedule = (given: Serialized): LearningRateSchedule =>
  deserializeObject("decay", (name) => table[name], given);
