/** What compile is told, and how its options are spread over a model's outputs. Source: tf_keras/src/engine/training_utils_v1.py. */
import type { Layer } from "../../../build/keras/layers/layer.ts";
import { historyOf } from "../../../build/keras/layers/layer.ts";
import { getLoss, Loss, type LossLike, type ReductionName } from "../../../build/keras/losses.ts";
import { Metric } from "../../../build/keras/metrics/metric.ts";
import { getMetric, type MetricLike } from "../../../build/keras/metrics/metrics.ts";
import type { OptimizerLike, TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import type { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Slot } from "./data.ts";

export interface CompileOptions {
  readonly optimizer?: OptimizerLike | undefined;
  /** One for all outputs, one for each in a list, or by the name of the output. */
  readonly loss?: LossLike | readonly LossLike[] | Readonly<Record<string, LossLike>> | null | undefined;
  readonly metrics?:
    | readonly MetricLike[]
    | Readonly<Record<string, MetricLike | readonly MetricLike[]>>
    | null
    | undefined;
  /** Metrics that take sample weights in. */
  readonly weightedMetrics?: readonly MetricLike[] | null | undefined;
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | null | undefined;
}

/** What fit, evaluate and predict need of a compiled model. */
export interface Trainer {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly metricsNames: readonly string[];
  readonly statefulNames: ReadonlySet<string>;
  readonly targets: readonly { readonly slot: Slot; readonly weights: Slot }[];
  readonly totalLoss: Tensor;
  slots(mode: Mode): Slot[];
  function(mode: Mode): Promise<BatchFunction>;
  resetMetrics(): Promise<void>;
  initialize(): Promise<unknown>;
  makeStep(): Promise<void>;
}

/** A network with its data's places. */
export interface Trained {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly losses: readonly Tensor[];
  readonly updates: readonly Operation[];
  readonly trainableWeights: readonly Variable[];
  readonly weights: readonly Variable[];
  readonly layers: readonly Layer[];
  /** The outputs for other inputs. */
  run(inputs: readonly Tensor[], training: boolean): readonly Tensor[];
}

export type Mode = "train" | "test" | "predict";
/** One batch: arrays of inputs, targets and weights, in the order of the slots. */
export type BatchFunction = (arrays: readonly NdArray[]) => Promise<NdArray[]> | NdArray[];

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  !isList(value) &&
  !(value instanceof Loss) &&
  Object.getPrototypeOf(value) === Object.prototype;

/** The part of an option that is one output's: from a list, by name, or the same for all. */
function partFor<T>(option: unknown, i: number, name: string, n: number, what: string): T | undefined {
  if (option === null || option === undefined) return undefined;
  if (isRecord(option)) return option[name] as T | undefined;
  if (!isList(option)) return option as T;
  if (option.length !== n) {
    throw new ValueError(
      `When passing a list as ${what}, it should have one entry per model output. The model has ${n} outputs, but you passed ${what}=[${option}]`,
    );
  }
  return option[i] as T | undefined;
}

/** Names of outputs: of the layers that made them. */
export function outputNames(outputs: readonly Tensor[]): string[] {
  const seen = new Map<string, number>();
  return outputs.map((output) => {
    const name = historyOf(output)?.layer.name ?? "output";
    const n = seen.get(name) ?? 0;
    seen.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  });
}

export interface LossOfOutput {
  readonly index: number;
  readonly name: string;
  readonly outputs: number;
  readonly loss: Loss;
}

/** The losses of those outputs that have one. Throws ValueError for names of other outputs. */
export function lossesFor(options: CompileOptions, names: readonly string[]): LossOfOutput[] {
  if (isRecord(options.loss)) {
    const unknown = Object.keys(options.loss).find((name) => !names.includes(name));
    if (unknown) {
      throw new ValueError(
        `Unknown entries in loss dictionary: ['${unknown}']. Only expected following keys: [${names.map((name) => `'${name}'`).join(", ")}]`,
      );
    }
  }
  return names.flatMap((name, index): LossOfOutput[] => {
    const loss = partFor<LossLike>(options.loss, index, name, names.length, "loss");
    return loss ? [{ index, name, outputs: names.length, loss: getLoss(loss) }] : [];
  });
}

/** How much the loss of an output counts. */
export const weightOf = (options: CompileOptions, { index, name, outputs }: LossOfOutput): number =>
  partFor<number>(options.lossWeights, index, name, outputs, "loss_weights") ?? 1;

export interface NamedMetric {
  /** What logs call it. */
  readonly key: string;
  readonly metric: Metric;
  readonly isWeighted: boolean;
}

/** The metrics of an output, under names that are not among `taken`. */
export function metricsFor(
  options: CompileOptions,
  of: LossOfOutput,
  output: Tensor,
  taken: readonly string[],
): NamedMetric[] {
  const isOne = of.outputs === 1;
  const list = (given: unknown): readonly MetricLike[] => {
    if (isList(given) && (isOne || !given.some(isList)) && !isRecord(given)) return given as readonly MetricLike[];
    const part = partFor<MetricLike | readonly MetricLike[]>(given, of.index, of.name, of.outputs, "metrics");
    return part === undefined ? [] : isList(part) ? (part as readonly MetricLike[]) : [part as MetricLike];
  };
  const found: NamedMetric[] = [];
  const name = (given: MetricLike, isWeighted: boolean): void => {
    const metric = getMetric(given, output, of.loss.name ?? "");
    const weighted = isWeighted && !(given instanceof Metric) ? "weighted_" : "";
    const base = `${isOne ? "" : `${of.name}_`}${weighted}${metric.name}`;
    const isTaken = (key: string): boolean => taken.includes(key) || found.some((each) => each.key === key);
    let key = base;
    for (let k = 1; isTaken(key); k++) key = `${base}_${k}`;
    found.push({ key, metric, isWeighted });
  };
  for (const metric of list(options.metrics)) name(metric, false);
  for (const metric of list(options.weightedMetrics)) name(metric, true);
  return found;
}

/** Losses of examples that are to stay apart are averaged in training all the same. */
export const trainingReduction = ({ reduction }: Loss): ReductionName => (reduction === "none" ? "auto" : reduction);
