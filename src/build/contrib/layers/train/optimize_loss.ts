/** `tf.contrib.layers.optimize_loss`: a training step with what models often add to it. Source: contrib/layers optimizers.py. */
import { ValueError } from "../../../../core/error.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Operation } from "../../../../graph/operation.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import { cast, clipByGlobalNorm, globalNorm, truncatedNormal, withDependencies } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { assertScalar } from "../../../checks/ranks.ts";
import { GraphKeys, getCollection } from "../../../collections.ts";
import { assertGlobalStep, getGlobalStep } from "../../../global_step.ts";
import type { Gradient } from "../../../gradients/aggregate.ts";
import { constantInitializer } from "../../../initializers.ts";
import { add, mul } from "../../../operators.ts";
import { AdagradOptimizer } from "../../../optimizers/adagrad.ts";
import { AdamOptimizer } from "../../../optimizers/adam.ts";
import { FtrlOptimizer } from "../../../optimizers/ftrl.ts";
import { GradientDescentOptimizer } from "../../../optimizers/gradient_descent.ts";
import { MomentumOptimizer } from "../../../optimizers/momentum.ts";
import { type Gradients, Optimizer } from "../../../optimizers/optimizer.ts";
import { RMSPropOptimizer } from "../../../optimizers/rmsprop.ts";
import { histogram, scalar } from "../../../summary.ts";
import { trainableVariables } from "../../../variables/initialize.ts";
import { getVariable, variableScope } from "../../../variables/scope.ts";
import type { Variable } from "../../../variables/variable.ts";

/** Optimizers by their short names. */
export const OPTIMIZER_CLS_NAMES: Readonly<Record<string, (learningRate: TensorLike) => Optimizer>> = {
  Adagrad: (rate) => new AdagradOptimizer(rate),
  Adam: (rate) => new AdamOptimizer(rate),
  Ftrl: (rate) => new FtrlOptimizer(rate),
  Momentum: (rate) => new MomentumOptimizer(rate, 0.9),
  RMSProp: (rate) => new RMSPropOptimizer(rate),
  SGD: (rate) => new GradientDescentOptimizer(rate),
};

/** What can be summarized. */
export const OPTIMIZER_SUMMARIES = ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"];

type OptimizerClass = new (learningRate: TensorLike) => Optimizer;
type OptimizerMaker = (learningRate?: Tensor | Variable) => Optimizer;
type Multipliers = ReadonlyMap<Variable | string, TensorLike> | Readonly<Record<string, TensorLike>>;

export interface OptimizeLossOptions {
  readonly gradientNoiseScale?: number | null | undefined;
  /** Factors of gradients, by variable or by its name. */
  readonly gradientMultipliers?: Multipliers | null | undefined;
  /** The greatest global norm, or a function of gradients and variables. */
  readonly clipGradients?: number | ((gradients: Gradients) => Gradients) | null | undefined;
  readonly learningRateDecayFn?: ((rate: Tensor, globalStep: Variable) => TensorLike) | null | undefined;
  /** What runs before the loss is computed: UPDATE_OPS by default. */
  readonly updateOps?: readonly (Operation | Tensor)[] | null | undefined;
  readonly variables?: readonly Variable[] | null | undefined;
  readonly name?: string | null | undefined;
  /** Among OPTIMIZER_SUMMARIES; loss, learning_rate and global_gradient_norm by default. */
  readonly summaries?: readonly string[] | null | undefined;
  readonly colocateGradientsWithOps?: boolean | undefined;
  readonly incrementGlobalStep?: boolean | undefined;
}

const places = [
  "gradientNoiseScale",
  "gradientMultipliers",
  "clipGradients",
  "learningRateDecayFn",
  "updateOps",
  "variables",
  "name",
  "summaries",
  "colocateGradientsWithOps",
  "incrementGlobalStep",
] as const;

/** The learning rate as a tensor, or as a variable that is not trained. */
function rateOf(learningRate: Tensor | number | null): Tensor | Variable | null {
  if (learningRate === null || learningRate === undefined) return null;
  if (learningRate instanceof Tensor && learningRate.shape?.length === 0) return learningRate;
  if (typeof learningRate !== "number") {
    throw new ValueError(
      `Learning rate should be 0d Tensor or float. Got ${String(learningRate)} of type ${typeof learningRate}`,
    );
  }
  if (learningRate < 0) throw new ValueError(`Invalid learning_rate ${learningRate}.`);
  return getVariable("learning_rate", { shape: [], trainable: false, initializer: constantInitializer(learningRate) });
}

const isOptimizerClass = (given: unknown): given is OptimizerClass =>
  typeof given === "function" && given.prototype instanceof Optimizer;

function optimizerOf(given: string | Optimizer | OptimizerClass | OptimizerMaker, rate: TensorLike | null): Optimizer {
  const required = (what: string): TensorLike => {
    if (rate !== null) return rate;
    throw new ValueError(`Learning rate is None, but should be specified if optimizer is ${what} (${String(given)}).`);
  };
  if (typeof given === "string") {
    const learningRate = required("string");
    const make = OPTIMIZER_CLS_NAMES[given];
    if (make) return make(learningRate);
    const known = Object.keys(OPTIMIZER_CLS_NAMES).join(", ");
    throw new ValueError(`Optimizer name should be one of [${known}], you provided ${given}.`);
  }
  if (given instanceof Optimizer) return given;
  if (isOptimizerClass(given)) return new given(required("class"));
  if (typeof given === "function") {
    const made = rate === null ? given() : given(rate as Tensor);
    if (made instanceof Optimizer) return made;
    throw new ValueError(`Unrecognized optimizer: function should return subclass of Optimizer. Got ${String(made)}.`);
  }
  throw new ValueError(
    `Unrecognized optimizer: should be string, subclass of Optimizer, instance of subclass of Optimizer or function with one argument. Got ${String(given)}.`,
  );
}

/** fn of a gradient's values, dense or sparse. */
function withValues(gradient: Gradient, fn: (values: Tensor) => Tensor): Gradient {
  if (!(gradient instanceof IndexedSlices)) return fn(gradient);
  return new IndexedSlices(fn(gradient.values), gradient.indices, gradient.denseShape);
}

function withNoise(gradients: Gradients, scale: number): Gradients {
  return gradients.map(([gradient, variable]) => {
    if (gradient === null) return [null, variable];
    const shape = gradient instanceof IndexedSlices ? gradient.denseShape! : (gradient.shape as number[]);
    const noise = mul(truncatedNormal(shape), scale);
    return [add(convertToTensor(gradient as Tensor), noise), variable];
  });
}

function multiplied(gradients: Gradients, given: Multipliers): Gradients {
  const multipliers = given instanceof Map ? given : new Map(Object.entries(given));
  return gradients.map(([gradient, variable]) => {
    const multiplier = multipliers.get(variable) ?? multipliers.get(variable.name);
    if (gradient === null || multiplier === undefined) return [gradient, variable];
    if (gradient instanceof IndexedSlices) return [withValues(gradient, (values) => mul(values, multiplier)), variable];
    return [mul(gradient, cast(multiplier, gradient.dtype) as Tensor), variable];
  });
}

const normOf = (gradients: Gradients): Tensor => globalNorm(gradients.map(([gradient]) => gradient));

function clipped(gradients: Gradients, clip: OptimizeLossOptions["clipGradients"]): Gradients {
  if (clip === null || clip === undefined) return gradients;
  if (typeof clip === "function") return clip(gradients);
  if (typeof clip !== "number") throw new ValueError(`Unknown type ${typeof clip} for clip_gradients`);
  const [values] = clipByGlobalNorm(
    gradients.map(([gradient]) => gradient),
    clip,
  );
  return gradients.map(([, variable], i) => [values[i] ?? null, variable]);
}

function summarize(gradients: Gradients, wants: (name: string) => boolean): void {
  for (const [gradient, variable] of gradients) {
    if (gradient === null) continue;
    const values = gradient instanceof IndexedSlices ? gradient.values : gradient;
    const name = variable.name.replaceAll(":", "_");
    if (wants("gradients")) histogram(`gradients/${name}`, values);
    if (wants("gradient_norm")) scalar(`gradient_norm/${name}`, globalNorm([values]));
  }
}

/**
 * The loss, computed with the step that reduces it: optimizer by name, class, instance or function. Throws ValueError for what is none of
 * these, for a learning rate that is no number, and for summaries of other names.
 */
export function optimizeLoss(
  givenLoss: TensorLike,
  givenStep: Variable | null,
  learningRate: Tensor | number | null,
  optimizer: string | Optimizer | OptimizerClass | OptimizerMaker,
  ...rest: Rest<OptimizeLossOptions, typeof places>
): Tensor {
  const options: OptimizeLossOptions = byName(rest, places);
  const {
    gradientNoiseScale,
    gradientMultipliers,
    clipGradients,
    learningRateDecayFn,
    incrementGlobalStep = true,
  } = options;
  let loss = convertToTensor(givenLoss);
  assertScalar(loss);
  const globalStep = givenStep ?? getGlobalStep();
  if (givenStep) assertGlobalStep(givenStep);
  return variableScope(options.name ?? null, { defaultName: "OptimizeLoss" }, () => {
    const updates = [...new Set(options.updateOps ?? getCollection<Operation | Tensor>(GraphKeys.UPDATE_OPS))];
    if (updates.length > 0) loss = withDependencies(updates, loss);
    let rate: TensorLike | null = rateOf(learningRate) as Tensor | null;
    const summaries = options.summaries ?? ["loss", "learning_rate", "global_gradient_norm"];
    for (const name of summaries) {
      if (OPTIMIZER_SUMMARIES.includes(name)) continue;
      throw new ValueError(`Summaries should be one of [${OPTIMIZER_SUMMARIES.join(", ")}], you provided ${name}.`);
    }
    const wants = (name: string): boolean => summaries.includes(name);
    const wantsNorm = wants("global_gradient_norm") || wants("gradient_norm");
    if (rate !== null && learningRateDecayFn) {
      if (!globalStep) throw new ValueError("global_step is required for learning_rate_decay_fn.");
      rate = learningRateDecayFn(rate as Tensor, globalStep);
      if (wants("learning_rate")) scalar("learning_rate", rate);
    }
    const own = optimizerOf(optimizer, rate);
    let gradients = own.computeGradients(loss, {
      varList: options.variables ?? trainableVariables(),
      colocateGradientsWithOps: options.colocateGradientsWithOps ?? false,
    });
    if (gradientNoiseScale !== undefined && gradientNoiseScale !== null) {
      gradients = withNoise(gradients, gradientNoiseScale);
    }
    if (gradientMultipliers) {
      gradients = multiplied(gradients, gradientMultipliers);
      if (gradients.length === 0) {
        throw new ValueError(
          "Empty list of (gradient, var) pairs encountered. This is most likely to be caused by an improper value of gradient_multipliers.",
        );
      }
    }
    if (wantsNorm) scalar("global_norm/gradient_norm", normOf(gradients));
    gradients = clipped(gradients, clipGradients);
    if (wants("loss")) scalar("loss", loss);
    summarize(gradients, wants);
    if (clipGradients !== undefined && clipGradients !== null && wantsNorm) {
      scalar("global_norm/clipped_gradient_norm", normOf(gradients));
    }
    const train = own.applyGradients(gradients, { globalStep: incrementGlobalStep ? globalStep : null, name: "train" });
    return withDependencies([train], loss);
  });
}
