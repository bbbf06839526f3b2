/** `tf.contrib.training`: a training op with what is done to gradients. Source: contrib/training training.py, contrib/slim learning.py. */

import { ValueError } from "../../../core/error.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  checkNumerics as checked,
  clipByNorm,
  constant,
  globalNorm,
  noOp,
  withDependencies,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys, getCollection } from "../../collections.ts";
import { getOrCreateGlobalStep } from "../../global_step.ts";
import type { AggregationMethod, Gradient } from "../../gradients/aggregate.ts";
import { mul } from "../../operators.ts";
import { type Gradients, Optimizer } from "../../optimizers/optimizer.ts";
import { histogram, scalar } from "../../summary.ts";
import { trainableVariables } from "../../variables/initialize.ts";
import type { Variable } from "../../variables/variable.ts";

export type Multipliers = ReadonlyMap<Variable | string, TensorLike> | Readonly<Record<string, TensorLike>>;

const withValues = (gradient: Gradient, fn: (values: Tensor) => Tensor): Gradient =>
  gradient instanceof IndexedSlices
    ? new IndexedSlices(fn(gradient.values), gradient.indices, gradient.denseShape)
    : fn(gradient);

/** Each gradient no longer than maxNorm. */
export const clipGradientNorms = (gradients: Gradients, maxNorm: TensorLike): Gradients =>
  gradients.map(([gradient, variable]) => [
    gradient && withValues(gradient, (values) => clipByNorm(values, maxNorm)),
    variable,
  ]);

export const clipGradientNormsFn =
  (maxNorm: TensorLike) =>
  (gradients: Gradients): Gradients =>
    clipGradientNorms(gradients, maxNorm);

function checkedMultipliers(gradients: Gradients, given: Multipliers): ReadonlyMap<Variable | string, TensorLike> {
  if (!Array.isArray(gradients)) throw new ValueError("`grads_and_vars` must be a list.");
  const multipliers = given instanceof Map ? given : new Map(Object.entries(given ?? {}));
  if (multipliers.size === 0) throw new ValueError("`gradient_multipliers` is empty.");
  return multipliers;
}

/** The gradients of these variables (or operations' names) times a factor. Throws ValueError for one that has none. */
export function multiplyGradients(gradients: Gradients, gradientMultipliers: Multipliers): Gradients {
  const multipliers = checkedMultipliers(gradients, gradientMultipliers);
  return gradients.map(([gradient, variable]) => {
    const multiplier = multipliers.get(variable) ?? multipliers.get(variable.op.name);
    if (multiplier === undefined) return [gradient, variable];
    if (gradient === null) throw new ValueError("Requested multiple of `None` gradient.");
    const { dtype } = gradient;
    const factor = multiplier instanceof Tensor ? multiplier : constant(multiplier as number, { dtype });
    return [withValues(gradient, (values) => mul(values, factor)), variable];
  });
}

/** A histogram and the norm of each gradient. */
export const summarizeGradientsAs =
  (separator: "/" | "_") =>
  (gradients: Gradients): Tensor[] =>
    gradients.flatMap(([gradient, { op }]) => {
      if (gradient === null) {
        logging.info(`Var ${op.name} has no gradient`);
        return [];
      }
      const values = gradient instanceof IndexedSlices ? gradient.values : gradient;
      const all = histogram(`${op.name}${separator}gradient`, values);
      return [all, scalar(`${op.name}${separator}gradient_norm`, globalNorm([values]))];
    });

export const addGradientsSummaries = summarizeGradientsAs("_");

export interface TrainOpOptions {
  /** The graph's by default, made where there is none; null counts no steps. */
  readonly globalStep?: Variable | null | undefined;
  /** What runs before the loss is computed: UPDATE_OPS by default. */
  readonly updateOps?: readonly (Operation | Tensor)[] | null | undefined;
  readonly variablesToTrain?: readonly Variable[] | null | undefined;
  readonly transformGradsFn?: ((gradients: Gradients) => Gradients) | null | undefined;
  readonly summarizeGradients?: boolean | undefined;
  readonly gateGradients?: 0 | 1 | 2 | undefined;
  readonly aggregationMethod?: AggregationMethod | undefined;
  readonly colocateGradientsWithOps?: boolean | undefined;
  /** False: the loss may be infinite. */
  readonly checkNumerics?: boolean | undefined;
}

const places = [
  "globalStep",
  "updateOps",
  "variablesToTrain",
  "transformGradsFn",
  "summarizeGradients",
  "gateGradients",
  "aggregationMethod",
  "colocateGradientsWithOps",
  "checkNumerics",
] as const;

/** The loss, computed with the step that reduces it; listed in TRAIN_OP. */
export function createTrainOp(
  totalLoss: TensorLike,
  optimizer: Optimizer,
  ...rest: Rest<TrainOpOptions, typeof places>
): Tensor {
  const options: TrainOpOptions = byName(rest, places);
  const graph = getDefaultGraph();
  const globalStep = options.globalStep === undefined ? getOrCreateGlobalStep() : options.globalStep;
  const global = getCollection<Operation | Tensor>(GraphKeys.UPDATE_OPS);
  const updates = [...new Set(options.updateOps ?? global)];
  if (!global.every((each) => updates.includes(each))) {
    logging.warn("update_ops in create_train_op does not contain all the update_ops in GraphKeys.UPDATE_OPS");
  }
  let loss = convertToTensor(totalLoss);
  if (updates.length > 0) {
    const barrier = graph.controlDependencies(updates, () => noOp({ name: "update_barrier" }));
    loss = withDependencies([barrier], loss);
  }
  let gradients = optimizer.computeGradients(loss, {
    varList: options.variablesToTrain ?? trainableVariables(),
    gateGradients: options.gateGradients ?? Optimizer.GATE_OP,
    aggregationMethod: options.aggregationMethod,
    colocateGradientsWithOps: options.colocateGradientsWithOps ?? false,
  });
  if (options.transformGradsFn) gradients = options.transformGradsFn(gradients);
  if (options.summarizeGradients) graph.nameScope("summarize_grads", () => addGradientsSummaries(gradients));
  const applied = optimizer.applyGradients(gradients, { globalStep });
  const trainOp = graph.nameScope("train_op", () => {
    const message = "LossTensor is inf or nan";
    const sound = (options.checkNumerics ?? true) ? checked(loss, message) : loss;
    return withDependencies([applied], sound);
  });
  const listed = graph.getCollectionRef<Tensor>(GraphKeys.TRAIN_OP);
  if (!listed.includes(trainOp)) listed.push(trainOp);
  return trainOp;
}
