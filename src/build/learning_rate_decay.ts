/**
 * Learning rates that fall with the global step, as nodes. Counts (decaySteps) stay whole numbers, rates are floats.
 * Source: tensorflow/python/keras/optimizer_v2/learning_rate_schedule.py, legacy_learning_rate_decay.py.
 */
import { type DType, float32, int32, int64 } from "../core/dtype.ts";
import { ValueError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  add as addOf,
  cast,
  ceil,
  constant,
  cos,
  divide,
  equal,
  exp,
  floor,
  greater,
  lessEqual,
  log,
  minimum,
  multiply,
  negative,
  pow as powOf,
  randomNormal,
  sqrt,
  whereV2,
} from "../ops/index.ts";
import { byKeyword, byName, type Rest } from "../ops/options.ts";
import { caseOf, cond } from "./control_flow/branch/cond.ts";
import { add, mul, oneMinus, sub, truediv } from "./operators.ts";

interface NameOption {
  readonly name?: string | undefined;
}

interface StaircaseOption extends NameOption {
  /** Falls at whole multiples of decaySteps only. */
  readonly staircase?: boolean | undefined;
}

const scoped = <R>(name: string | undefined, byDefault: string, fn: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || byDefault, fn);

/** A rate: a tensor of the graph; where ops run at once, a function that computes it anew for the step of that moment. */
export type LearningRate = Tensor & (() => Tensor);

function decayed(name: string | undefined, byDefault: string, fn: (scope: string) => Tensor): LearningRate {
  const rate = (): Tensor => scoped(name, byDefault, fn);
  return (getDefaultGraph().isEager ? rate : rate()) as LearningRate;
}

/** A rate given as a number is float32; `name` is the constant's. */
const asRate = (value: TensorLike, name: string): Tensor =>
  convertToTensor(value, { dtype: typeof value === "number" ? float32 : undefined, name });

/** Python's cast of a float argument. */
function castRate(value: TensorLike, dtype: DType): Tensor {
  if (typeof value !== "number") return cast(value, dtype) as Tensor;
  return getDefaultGraph().nameScope("Cast", (scope) => {
    const given = constant(value, { dtype: float32, name: "x" });
    return dtype === float32 ? given : (cast(given, dtype, { name: scope }) as Tensor);
  });
}

const castCount = (value: TensorLike, dtype: DType): Tensor => cast(value, dtype) as Tensor;

const start = (learningRate: TensorLike): Tensor => asRate(learningRate, "initial_learning_rate");

type Schedule = readonly [learningRate: TensorLike, globalStep: TensorLike, decaySteps: TensorLike];

/** What a decay begins with, and how many decaySteps have passed: whole ones with a staircase. */
function begun(schedule: Schedule, decayRate: TensorLike, { staircase }: StaircaseOption) {
  const [learningRate, globalStep, decaySteps] = schedule;
  const initial = start(learningRate);
  const { dtype } = initial;
  const steps = castCount(decaySteps, dtype);
  const rate = castRate(decayRate, dtype);
  const fraction = truediv(castCount(globalStep, dtype), steps);
  return { initial, rate, passed: staircase ? floor(fraction) : fraction };
}

/** learningRate · decayRate ^ (step / decaySteps). */
export const exponentialDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps", "decayRate"],
  function exponentialDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    decayRate: TensorLike,
    ...rest: Rest<StaircaseOption, ["staircase", "name"]>
  ): LearningRate {
    const options: StaircaseOption = byName(rest, ["staircase", "name"]);
    return decayed(options.name, "ExponentialDecay", (scope) => {
      const { initial, rate, passed } = begun([learningRate, globalStep, decaySteps], decayRate, options);
      return multiply(initial, powOf(rate, passed), { name: scope });
    });
  },
);

/** learningRate · e ^ (-decayRate · step / decaySteps). */
export const naturalExpDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps", "decayRate"],
  function naturalExpDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    decayRate: TensorLike,
    ...rest: Rest<StaircaseOption, ["staircase", "name"]>
  ): LearningRate {
    const options: StaircaseOption = byName(rest, ["staircase", "name"]);
    const rate =
      typeof decayRate === "number"
        ? scoped("Neg", "Neg", (scope) => negative(constant(decayRate, { dtype: float32, name: "x" }), { name: scope }))
        : negative(decayRate);
    return exponentialDecay(learningRate, globalStep, decaySteps, exp(rate), options);
  },
);

/** learningRate / (1 + decayRate · step / decaySteps). */
export const inverseTimeDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps", "decayRate"],
  function inverseTimeDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    decayRate: TensorLike,
    ...rest: Rest<StaircaseOption, ["staircase", "name"]>
  ): LearningRate {
    const options: StaircaseOption = byName(rest, ["staircase", "name"]);
    return decayed(options.name, "InverseTimeDecay", (scope) => {
      const { initial, rate, passed } = begun([learningRate, globalStep, decaySteps], decayRate, options);
      const one = castCount(constant(1), initial.dtype);
      return divide(initial, addOf(one, multiply(rate, passed)), { name: scope });
    });
  },
);

export interface PolynomialDecayOptions extends NameOption {
  readonly endLearningRate?: TensorLike;
  readonly power?: TensorLike;
  /** Starts again, with longer steps, when the end is reached. */
  readonly cycle?: boolean;
}

/** From learningRate to endLearningRate (0.0001) in decaySteps, along (1 - step / decaySteps) ^ power. */
export const polynomialDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps"],
  function polynomialDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    ...rest: Rest<PolynomialDecayOptions, ["endLearningRate", "power", "cycle", "name"]>
  ): LearningRate {
    const options: PolynomialDecayOptions = byName(rest, ["endLearningRate", "power", "cycle", "name"]);
    const { endLearningRate = 0.0001, power = 1, cycle = false } = options;
    return decayed(options.name, "PolynomialDecay", (scope) => {
      const initial = start(learningRate);
      const { dtype } = initial;
      const end = castRate(endLearningRate, dtype);
      const exponent = castRate(power, dtype);
      let step = castCount(globalStep, dtype);
      let steps = castCount(decaySteps, dtype);
      if (cycle) {
        const times = whereV2(equal(step, 0), 1, ceil(truediv(step, decaySteps)));
        steps = multiply(steps, times);
      } else step = minimum(step, steps);
      const fraction = divide(step, steps);
      return addOf(multiply(sub(initial, end), powOf(oneMinus(fraction), exponent)), end, { name: scope });
    });
  },
);

/** Boundaries and rates as tensors that go with x. */
function pieces(
  x: TensorLike,
  boundaries: readonly TensorLike[],
  values: readonly TensorLike[],
): { readonly position: Tensor; readonly comparable: readonly Tensor[]; readonly rates: readonly Tensor[] } {
  const limits = boundaries.map((each) => convertToTensor(each));
  const rates = values.map((each) => asRate(each, "Const"));
  const position = convertToTensor(x);
  const wanted = position.dtype.baseDtype;
  const comparable = limits.map((limit) => {
    const own = limit.dtype.baseDtype;
    if (own === wanted) return limit;
    if (own === int32 && wanted === int64) return cast(limit, wanted) as Tensor;
    throw new ValueError(`Boundaries (${own}) must have the same dtype as x (${wanted}).`);
  });
  for (const rate of rates.slice(1)) {
    if (rate.dtype.baseDtype !== rates[0]!.dtype.baseDtype) {
      throw new ValueError(
        `Values must have elements all with the same dtype (${rates[0]!.dtype.baseDtype} vs ${rate.dtype.baseDtype}).`,
      );
    }
  }
  return { position, comparable, rates };
}

/** Throws ValueError for boundaries of another dtype than x, or values of several. */
export const piecewiseConstant = byKeyword(
  ["x", "boundaries", "values"],
  function piecewiseConstant(
    x: TensorLike,
    boundaries: readonly TensorLike[],
    values: readonly TensorLike[],
    ...rest: Rest<NameOption, ["name"]>
  ): LearningRate {
    const options: NameOption = byName(rest, ["name"]);
    if (boundaries.length !== values.length - 1) {
      throw new ValueError("The length of boundaries should be 1 less than the length of values");
    }
    const isEager = getDefaultGraph().isEager;
    const given = isEager ? null : pieces(x, boundaries, values);
    return decayed(options.name, "PiecewiseConstant", () => {
      const { position, comparable, rates } = given ?? pieces(x, boundaries, values);
      const last = comparable.length - 1;
      const pairs: [Tensor, () => Tensor][] = [
        [lessEqual(position, comparable[0]!), () => rates[0]!],
        [greater(position, comparable[last]!), () => rates[last + 1]!],
      ];
      for (let i = 0; i < last; i++) {
        const isIn = greater(position, comparable[i]!).logicalAnd(lessEqual(position, comparable[i + 1]!));
        pairs.push([isIn, () => rates[i + 1]!]);
      }
      return caseOf(pairs, { default: () => rates[0]!, exclusive: true }) as Tensor;
    });
  },
);

/** (1 + cos(pi · fraction)) / 2, times a factor. */
const cosine = (fraction: Tensor, factor: TensorLike): Tensor =>
  mul(factor, add(1, cos(mul(constant(Math.PI, { dtype: float32 }), fraction))));

type CosineDecayArguments = NameOption & { readonly alpha?: number };

/** Half a cosine from learningRate to alpha · learningRate (0) in decaySteps. */
export const cosineDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps"],
  function cosineDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    ...rest: Rest<CosineDecayArguments, ["alpha", "name"]>
  ): LearningRate {
    const options: CosineDecayArguments = byName(rest, ["alpha", "name"]);
    const { alpha = 0 } = options;
    return decayed(options.name, "CosineDecay", () => {
      const initial = start(learningRate);
      const { dtype } = initial;
      const steps = castCount(decaySteps, dtype);
      const fraction = truediv(minimum(castCount(globalStep, dtype), steps), steps);
      return multiply(initial, add(mul(1 - alpha, cosine(fraction, 0.5)), alpha));
    });
  },
);

export interface CosineRestartsOptions extends NameOption {
  /** How much longer each period is than the one before. */
  readonly tMul?: number;
  /** How much lower each period starts. */
  readonly mMul?: number;
  readonly alpha?: number;
}

/** Half cosines, one after the other. */
export const cosineDecayRestarts = byKeyword(
  ["learningRate", "globalStep", "firstDecaySteps"],
  function cosineDecayRestarts(
    learningRate: TensorLike,
    globalStep: TensorLike,
    firstDecaySteps: TensorLike,
    ...rest: Rest<CosineRestartsOptions, ["tMul", "mMul", "alpha", "name"]>
  ): LearningRate {
    const options: CosineRestartsOptions = byName(rest, ["tMul", "mMul", "alpha", "name"]);
    return decayed(options.name, "SGDRDecay", (scope) => {
      const initial = start(learningRate);
      const { dtype } = initial;
      const steps = castCount(firstDecaySteps, dtype);
      const alpha = castRate(options.alpha ?? 0, dtype);
      const tMul = castRate(options.tMul ?? 2, dtype);
      const mMul = castRate(options.mMul ?? 1, dtype);
      const passed = truediv(castCount(globalStep, dtype), steps);
      const even = (): Tensor[] => {
        const restarts = floor(passed);
        return [restarts, sub(passed, restarts)];
      };
      const geometric = (): Tensor[] => {
        const restarts = floor(truediv(log(oneMinus(mul(passed, oneMinus(tMul)))), log(tMul)));
        const before = truediv(oneMinus(tMul.pow(restarts)), oneMinus(tMul));
        return [restarts, truediv(sub(passed, before), tMul.pow(restarts))];
      };
      const [restarts, fraction] = cond(equal(tMul, 1), even, geometric) as [Tensor, Tensor];
      const height = mul(0.5, mMul.pow(restarts));
      const wave = cosine(fraction, height);
      const decayed = add(mul(oneMinus(alpha), wave), alpha);
      return multiply(initial, decayed, { name: scope });
    });
  },
);

export interface LinearCosineOptions extends NameOption {
  readonly numPeriods?: number;
  readonly alpha?: number;
  readonly beta?: number;
}

/** What is made of the linear part of a schedule of this dtype. */
type Noise = (dtype: DType) => (linear: Tensor, step: Tensor) => Tensor;

function linearCosine(schedule: Schedule, options: LinearCosineOptions, scope: string, noise: Noise): Tensor {
  const [learningRate, globalStep, decaySteps] = schedule;
  const initial = start(learningRate);
  const { dtype } = initial;
  const steps = castCount(decaySteps, dtype);
  const withNoise = noise(dtype);
  const periods = castRate(options.numPeriods ?? 0.5, dtype);
  const alpha = castRate(options.alpha ?? 0, dtype);
  const beta = castRate(options.beta ?? 0.001, dtype);
  const step = minimum(castCount(globalStep, dtype), steps);
  const linear = withNoise(truediv(sub(steps, step), steps), step);
  const fraction = truediv(step, steps);
  const wave = cosine(mul(mul(2, periods), fraction), 0.5);
  return multiply(initial, add(mul(add(alpha, linear), wave), beta), { name: scope });
}

const linearCosinePlaces = ["numPeriods", "alpha", "beta", "name"] as const;

/** (alpha + linear) · cosine + beta. */
export const linearCosineDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps"],
  function linearCosineDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    ...rest: Rest<LinearCosineOptions, typeof linearCosinePlaces>
  ): LearningRate {
    const options = byName<LinearCosineOptions>(rest, linearCosinePlaces);
    const schedule: Schedule = [learningRate, globalStep, decaySteps];
    const asItIs: Noise = () => (linear) => linear;
    return decayed(options.name, "LinearCosineDecay", (scope) => linearCosine(schedule, options, scope, asItIs));
  },
);

export interface NoisyLinearCosineOptions extends LinearCosineOptions {
  readonly initialVariance?: number;
  readonly varianceDecay?: number;
}

const noisyPlaces = ["initialVariance", "varianceDecay", ...linearCosinePlaces] as const;

/** As linearCosineDecay, with normal noise on the linear part whose variance falls with the step. */
export const noisyLinearCosineDecay = byKeyword(
  ["learningRate", "globalStep", "decaySteps"],
  function noisyLinearCosineDecay(
    learningRate: TensorLike,
    globalStep: TensorLike,
    decaySteps: TensorLike,
    ...rest: Rest<NoisyLinearCosineOptions, typeof noisyPlaces>
  ): LearningRate {
    const options = byName<NoisyLinearCosineOptions>(rest, noisyPlaces);
    const schedule: Schedule = [learningRate, globalStep, decaySteps];
    const normal: Noise = (dtype) => {
      const initialVariance = castRate(options.initialVariance ?? 1, dtype);
      const varianceDecay = castRate(options.varianceDecay ?? 0.55, dtype);
      return (linear, step) => {
        const deviation = sqrt(truediv(initialVariance, powOf(add(1, step), varianceDecay)));
        return add(linear, randomNormal(linear.shape as readonly number[], { stddev: deviation }));
      };
    };
    return decayed(options.name, "NoisyLinearCosineDecay", (scope) => linearCosine(schedule, options, scope, normal));
  },
);
