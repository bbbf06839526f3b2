/** An output beside its targets: losses and metrics of a batch, in a graph and where ops run at once. Source: tf_keras/src/engine/training_v1.py. */
import { maskOf } from "../../../build/keras/layers/layer.ts";
import { type Loss, type ReductionName, weightedLoss } from "../../../build/keras/losses/losses.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { add, cast, constant, divide, expandDims, multiply, reduceSum, size } from "../../../ops/index.ts";
import { type CompileOptions, isTemporal, type LossOfOutput, weightOf } from "./compile.ts";
import type { PlannedMetric } from "./plan.ts";

export interface Scored {
  readonly of: LossOfOutput;
  readonly output: Tensor;
  readonly labels: Tensor;
  readonly weights: Tensor;
  /** Steps of the output that count, where layers say so. */
  readonly mask: Tensor | null;
}

/** The steps of an output that count, as numbers. */
export function keptSteps(output: Tensor): Tensor | null {
  const found = maskOf(output);
  return found && (cast(found, output.dtype.baseDtype) as Tensor);
}

/** The shapes of an output's targets and of their weights. */
export function targetShapes(
  output: Tensor,
  of: LossOfOutput,
  options: CompileOptions,
): { target: Shape; weights: Shape } {
  const rank = output.shape?.length ?? 0;
  const last = of.loss.name === "sparse_categorical_crossentropy" ? 1 : null;
  const target = output.shape && Array.from({ length: rank }, (_, i) => (i === rank - 1 ? last : null));
  return { target, weights: isTemporal(options, of) ? [null, null] : [null] };
}

/** Losses of examples that are to stay apart are averaged in training all the same. */
const trainingReduction = ({ reduction }: Loss): ReductionName => (reduction === "none" ? "auto" : reduction);

/** A mask whose mean is 1: the mean over all steps becomes that over those which count. */
const valid = (mask: Tensor): Tensor =>
  multiply(mask, divide(cast(size(mask), mask.dtype.baseDtype) as Tensor, reduceSum(mask)) as Tensor);

/** Weights of examples or steps, without the steps that a mask leaves out. */
function masked(weights: Tensor, mask: Tensor | null): Tensor {
  if (!mask) return weights;
  return multiply(valid(mask), weights.shape?.length === 1 ? expandDims(weights, -1) : weights);
}

/** The loss of one output over a batch. */
export const lossOf = ({ of: { loss }, labels, output, weights, mask }: Scored): Tensor =>
  weightedLoss(loss.call(labels, output), masked(weights, mask), trainingReduction(loss));

/** The sum of all outputs' losses, each times its weight, and of those of layers. */
export function totalLoss(
  losses: readonly Tensor[],
  of: readonly LossOfOutput[],
  options: CompileOptions,
  ofLayers: readonly Tensor[],
): Tensor {
  const weighted = losses.map((loss, i) =>
    multiply(constant(weightOf(options, of[i]!), { dtype: loss.dtype.baseDtype, name: "x" }), loss),
  );
  return [...weighted, ...ofLayers].reduce((a, b) => add(a, b));
}

/** A metric with one more batch. */
export function gather({ metric, isWeighted }: PlannedMetric, { labels, output, weights, mask }: Scored): Tensor {
  const sampleWeight = isWeighted ? masked(weights, mask) : mask;
  return metric.apply(labels, output, sampleWeight ? { sampleWeight } : {});
}
