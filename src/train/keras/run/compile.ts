/** What compile is told, and how its options are spread over a model's outputs. Source: tf_keras/src/engine/training_utils_v1.py. */
import type { Layer } from "../../../build/keras/layers/layer.ts";
import { historyOf, listOf, type Tensors } from "../../../build/keras/layers/layer.ts";
import { getLoss, Loss, type LossLike } from "../../../build/keras/losses/losses.ts";
import type { Metric } from "../../../build/keras/metrics/metric.ts";
import type { MetricLike } from "../../../build/keras/metrics/named.ts";
import type { OptimizerLike, TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import type { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Slot } from "./data.ts";

export interface CompileOptions {
  readonly optimizer?: OptimizerLike | undefined;
  /** One for all outputs, one for each in a list, or by the name of the output. */
  readonly loss?: LossLike | readonly LossLike[] | Readonly<Record<string, LossLike>> | null | undefined;
  readonly metrics?:
    | readonly (MetricLike | readonly MetricLike[] | null)[]
    | Readonly<Record<string, MetricLike | readonly MetricLike[]>>
    | null
    | undefined;
  /** Metrics that take sample weights in. */
  readonly weightedMetrics?: CompileOptions["metrics"];
  /** "temporal" takes weights of each step, [samples, time]; one for all outputs, in a list, or by name. */
  readonly sampleWeightMode?:
    | "temporal"
    | null
    | readonly ("temporal" | null)[]
    | Readonly<Record<string, "temporal" | null>>
    | undefined;
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | null | undefined;
}

/** The order of options in Python. */
export const compilePlaces = [
  "optimizer",
  "loss",
  "metrics",
  "lossWeights",
  "sampleWeightMode",
  "weightedMetrics",
] as const;

/** An output that has a loss, and where its data goes. */
export interface Target {
  readonly slot: Slot;
  readonly weightSlot: Slot;
  /** The loss's name. */
  readonly loss: string;
  /** Of the output. */
  readonly shape: Shape;
}

/** What fit, evaluate and predict need of a compiled model. */
export interface Trainer {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly metricsNames: readonly string[];
  readonly statefulNames: ReadonlySet<string>;
  readonly targets: readonly Target[];
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
  /** Metrics that layers add, and their values with the batch that the network is for. */
  readonly metrics: readonly Metric[];
  readonly metricResults: readonly Tensor[];
  readonly updates: readonly Operation[];
  readonly trainableWeights: readonly Variable[];
  readonly weights: readonly Variable[];
  readonly layers: readonly Layer[];
  /** The outputs for other inputs. */
  run(inputs: readonly Tensor[], training: boolean): readonly Tensor[];
}

/** What training asks of a model between these tensors. */
export const trainedOf = (
  model: Layer & { readonly layers: readonly Layer[] },
  { inputs, outputs }: Pick<Trained, "inputs" | "outputs">,
): Trained => ({
  inputs,
  outputs,
  layers: model.layers,
  run: (given, training) =>
    listOf<Tensor>(model.apply(given.length === 1 ? given[0]! : given, { training }) as Tensors),
  get losses() {
    return model.losses;
  },
  get metrics() {
    return model.metrics;
  },
  get metricResults() {
    return model.metricResults;
  },
  get updates() {
    return model.updates;
  },
  get trainableWeights() {
    return model.trainableWeights;
  },
  get weights() {
    return model.weights;
  },
});

export type Mode = "train" | "test" | "predict";
/** One batch: arrays of inputs, targets and weights, in the order of the slots. */
export type BatchFunction = (arrays: readonly NdArray[]) => Promise<NdArray[]> | NdArray[];

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  !isList(value) &&
  !(value instanceof Loss) &&
  Object.getPrototypeOf(value) === Object.prototype;

const pythonText = (value: unknown): string =>
  typeof value === "string" ? `'${value}'` : Number.isInteger(value) ? `${value}.0` : String(value);

/** Throws ValueError for an option by name that names other outputs. */
export function checkNames(option: unknown, names: readonly string[], what: string): void {
  if (!isRecord(option)) return;
  const unknown = Object.keys(option).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  const quoted = (list: readonly string[]): string => list.map((name) => `'${name}'`).join(", ");
  throw new ValueError(
    `Unknown entries in ${what} dictionary: [${quoted(unknown)}]. Only expected following keys: [${quoted(names)}]`,
  );
}

/** The part of an option that is one output's: from a list, by name, or the same for all. */
export function partFor<T>(option: unknown, i: number, name: string, n: number, what: string): T | undefined {
  if (option === null || option === undefined) return undefined;
  if (isRecord(option)) return option[name] as T | undefined;
  if (!isList(option)) return option as T;
  if (option.length !== n) {
    throw new ValueError(
      `When passing a list as ${what}, it should have one entry per model output${what === "loss" ? "s" : ""}. The model has ${n} outputs, but you passed ${what}=[${option.map(pythonText).join(", ")}]`,
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
  for (const [what, option] of [
    ["loss", options.loss],
    ["loss_weights", options.lossWeights],
    ["metrics", options.metrics],
    ["weighted_metrics", options.weightedMetrics],
    ["sample_weight_mode", options.sampleWeightMode],
  ] as const) {
    checkNames(option, names, what);
  }
  if (isList(options.lossWeights)) partFor(options.lossWeights, 0, "", names.length, "loss_weights");
  return names.flatMap((name, index): LossOfOutput[] => {
    const loss = partFor<LossLike>(options.loss, index, name, names.length, "loss");
    return loss ? [{ index, name, outputs: names.length, loss: getLoss(loss) }] : [];
  });
}

/** Do an output's weights count its steps one by one? */
export const isTemporal = (options: CompileOptions, { index, name, outputs }: LossOfOutput): boolean =>
  partFor<string>(options.sampleWeightMode, index, name, outputs, "sample_weight_mode") === "temporal";

/** How much the loss of an output counts. */
export const weightOf = (options: CompileOptions, { index, name, outputs }: LossOfOutput): number =>
  partFor<number>(options.lossWeights, index, name, outputs, "loss_weights") ?? 1;
