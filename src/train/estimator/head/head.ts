/** Heads: from logits to predictions, loss, metrics and a training step. Source: tensorflow_estimator/python/estimator/canned/head.py. */

import { getGlobalStep } from "../../../build/global_step.ts";
import { computeWeightedLoss, type LossReduction, Reduction } from "../../../build/losses/weighted.ts";
import { mean } from "../../../build/metrics/means.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import type { Optimizer } from "../../../build/optimizers/optimizer.ts";
import { scalar } from "../../../build/summary.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { addN, group, multiply, onesLike, realdiv, reduceSum } from "../../../ops/index.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import { EstimatorSpec, type Mode, ModeKeys, type Predictions, updateOps } from "../run/spec.ts";
import { checkedWeights, type LossFn, type WeightColumn } from "./checks.ts";

export interface HeadOptions {
  readonly weightColumn?: WeightColumn | undefined;
  /** SUM by default. */
  readonly lossReduction?: LossReduction | undefined;
  readonly lossFn?: LossFn | null | undefined;
  readonly name?: string | null | undefined;
}

export interface LossSpec {
  readonly trainingLoss: Tensor;
  readonly unreducedLoss: Tensor;
  readonly weights: Tensor | number;
  readonly processedLabels: Tensor;
}

export interface SpecArguments {
  readonly features: InputFeatures;
  readonly mode: Mode;
  readonly logits: Tensor;
  readonly labels?: Labels | SparseTensor | undefined;
  readonly optimizer?: Optimizer | undefined;
  readonly trainOpFn?: ((loss: Tensor) => Operation | Tensor) | undefined;
  readonly regularizationLosses?: readonly Tensor[] | null | undefined;
}

/** What a head makes of logits. */
export interface Predicted {
  readonly logits: Tensor;
  readonly predictions: Predictions;
  /** What metrics look at. */
  readonly parts: Readonly<Record<string, Tensor>>;
}

/** What metrics are made of. */
export interface Measured extends LossSpec {
  readonly labels: Tensor;
  readonly predicted: Predicted;
  readonly regularizationLoss: Tensor | null;
}

export const scoped = <R>(name: string | null | undefined, otherwise: string, fn: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || otherwise, fn);

/** Throws ValueError for NONE and for what is no reduction. */
function checkedReduction(reduction: LossReduction): LossReduction {
  if (reduction !== Reduction.NONE && Object.values(Reduction).includes(reduction)) return reduction;
  throw new ValueError(`Invalid loss_reduction: ${reduction}`);
}

export abstract class Head {
  readonly name: string | null;
  readonly weightColumn: WeightColumn;
  readonly lossReduction: LossReduction;
  protected readonly lossFn: LossFn | null;

  constructor(options: HeadOptions) {
    this.name = options.name ?? null;
    this.weightColumn = options.weightColumn ?? null;
    this.lossReduction = checkedReduction(options.lossReduction ?? Reduction.SUM);
    this.lossFn = options.lossFn ?? null;
  }

  /** Logits for each example. */
  abstract get logitsDimension(): number;

  protected abstract predict(logits: Tensor): Predicted;

  /** Losses of the examples, and the labels as they are compared. */
  protected abstract losses(
    labels: Labels | SparseTensor,
    logits: Tensor,
    features: InputFeatures,
  ): { readonly unreducedLoss: Tensor; readonly processedLabels: Tensor };

  protected abstract metrics(measured: Measured): Record<string, Metric>;

  /** What a server would give out. */
  protected abstract exported(predicted: Predicted): Readonly<Record<string, unknown>>;

  /** Has each logit a weight of its own? */
  protected get hasWeightsPerLogit(): boolean {
    return false;
  }

  /** `loss`, or `loss/<name>` for a head that has one. */
  protected key(name: string): string {
    return this.name ? `${name}/${this.name}` : name;
  }

  /** Weighted losses, reduced. */
  createLoss(features: InputFeatures, logits: Tensor, labels: Labels | SparseTensor): LossSpec {
    const { unreducedLoss, processedLabels } = this.losses(labels, logits, features);
    const weights = checkedWeights(features, this.weightColumn, logits, { perLogit: this.hasWeightsPerLogit });
    const trainingLoss = computeWeightedLoss(unreducedLoss, { weights, reduction: this.lossReduction });
    return { trainingLoss, unreducedLoss, weights, processedLabels };
  }

  /** The model in a mode. Throws ValueError unless exactly one of optimizer and trainOpFn is given to train. */
  createEstimatorSpec(given: SpecArguments): EstimatorSpec {
    const { features, mode, labels = null, regularizationLosses } = given;
    let measure: (() => Record<string, Metric>) | null = null;
    let summaries: [string, Tensor][] = [];
    const made = scoped(this.name, "head", () => {
      const predicted = this.predict(given.logits);
      const { predictions } = predicted;
      if (mode === ModeKeys.PREDICT) return { predictions, exportOutputs: this.exported(predicted) };
      const spec = this.createLoss(features, predicted.logits, labels);
      const regularizationLoss = regularizationLosses?.length ? addN(regularizationLosses) : null;
      const loss = regularizationLoss ? addN([spec.trainingLoss, regularizationLoss]) : spec.trainingLoss;
      if (mode === ModeKeys.EVAL) {
        measure = () => this.metrics({ ...spec, labels: labels as Tensor, predicted, regularizationLoss });
        return { predictions, loss };
      }
      const trainOp = withUpdates(trainingStep(given, loss));
      summaries = [["loss", loss]];
      if (this.lossReduction === Reduction.SUM) summaries.push(["average_loss", averageOf(spec)]);
      if (regularizationLoss) summaries.push(["regularization_loss", regularizationLoss]);
      return { predictions, loss, trainOp };
    });
    getDefaultGraph().nameScope(null, () => {
      for (const [name, value] of summaries) scalar(this.key(name), value);
    });
    const evalMetricOps = (measure as (() => Record<string, Metric>) | null)?.();
    return new EstimatorSpec(mode, { ...made, evalMetricOps });
  }

  /** The metric of the regularization's loss, where there is one. */
  protected regularizationMetric(loss: Tensor | null): Record<string, Metric> {
    return loss ? { [this.key("regularization_loss")]: mean(loss, { name: "regularization_loss" }) } : {};
  }
}

function trainingStep({ optimizer, trainOpFn }: SpecArguments, loss: Tensor): Operation | Tensor {
  if (optimizer) {
    if (trainOpFn) throw new ValueError("train_op_fn and optimizer cannot both be set.");
    return optimizer.minimize(loss, { globalStep: getGlobalStep() });
  }
  if (trainOpFn) return trainOpFn(loss);
  throw new ValueError("train_op_fn and optimizer cannot both be None.");
}

function withUpdates(trainOp: Operation | Tensor): Operation | Tensor {
  const updates = updateOps();
  return updates.length > 0 ? group(trainOp, ...updates) : trainOp;
}

/** The loss of one example, on average. */
function averageOf({ trainingLoss, unreducedLoss, weights }: LossSpec): Tensor {
  const weightSum = reduceSum(multiply(weights, onesLike(unreducedLoss), { name: "mul" }));
  return realdiv(trainingLoss, weightSum, { name: "truediv" });
}
