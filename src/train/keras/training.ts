/**
 * What compile makes of a model: losses, metrics, and the functions that train, test and predict on one batch.
 *
 *     targets ─► losses ─► total loss ─► optimizer ─► train step
 *     outputs ─┘    └─► metrics
 *
 * Source: tf_keras/src/engine/training_v1.py.
 */

import { GraphKeys } from "../../build/collections.ts";
import { historyOf, type Layer } from "../../build/keras/layers/layer.ts";
import { getLoss, Loss, type LossLike, weightedLoss } from "../../build/keras/losses.ts";
import { Mean, Metric } from "../../build/keras/metrics/metric.ts";
import { getMetric, type MetricLike } from "../../build/keras/metrics/metrics.ts";
import { getOptimizer, type OptimizerLike, type TFOptimizer } from "../../build/keras/optimizers/named.ts";
import type { Optimizer } from "../../build/keras/optimizers/optimizer.ts";
import { knownLearningPhase } from "../../build/keras/state.ts";
import { globalVariables } from "../../build/variables/initialize.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { bool } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import {
  add,
  constant,
  group,
  identity,
  multiply,
  ones,
  placeholder,
  placeholderWithDefault,
} from "../../ops/index.ts";
import type { Session } from "../../session/session.ts";
import { getSession, initialize } from "./backend.ts";
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

/** A network with its data's places. */
export interface Trained {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly losses: readonly Tensor[];
  readonly updates: readonly Operation[];
  readonly trainableWeights: readonly Variable[];
  readonly weights: readonly Variable[];
  readonly layers: readonly Layer[];
}

type Mode = "train" | "test" | "predict";
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

interface Target {
  readonly slot: Slot;
  readonly weights: Slot;
  readonly loss: Loss;
  readonly output: Tensor;
  readonly name: string;
}

const one = (value: boolean): NdArray => new NdArray(bool, [], new Uint8Array([value ? 1 : 0]));

export class Training {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly metricsNames: string[] = ["loss"];
  /** Metrics keep what they gathered between batches; the others are of one batch. */
  readonly statefulNames = new Set<string>();
  readonly targets: readonly Target[];
  readonly #model: Trained;
  readonly #fetched: Tensor[] = [];
  readonly #metrics: Metric[] = [];
  readonly #functions = new Map<
    Mode,
    { readonly session: Session; readonly weights: readonly Variable[]; readonly run: BatchFunction }
  >();
  #trainStep: Operation | null = null;

  /** Builds losses and metrics. Throws ValueError for options that do not fit the outputs. */
  constructor(model: Trained, options: CompileOptions) {
    this.#model = model;
    this.optimizer = getOptimizer(options.optimizer ?? "rmsprop");
    const names = outputNames(model.outputs);
    if (isRecord(options.loss)) {
      const unknown = Object.keys(options.loss).find((name) => !names.includes(name));
      if (unknown) {
        throw new ValueError(
          `Unknown entries in loss dictionary: ['${unknown}']. Only expected following keys: [${names.map((name) => `'${name}'`).join(", ")}]`,
        );
      }
    }
    this.targets = model.outputs.flatMap((output, i): Target[] => {
      const name = names[i]!;
      const loss = partFor<LossLike>(options.loss, i, name, names.length, "loss");
      return loss ? [makeTarget(output, name, getLoss(loss))] : [];
    });
    this.#makeMetrics(options, names);
    if (this.targets.length || model.losses.length) this.#fetched.unshift(...this.#makeLoss(options, names.length));
    else if (options.loss === undefined || options.loss === null) this.metricsNames.length = 0;
  }

  #makeMetrics(options: CompileOptions, names: readonly string[]): void {
    const isOne = names.length === 1;
    for (const [i, { name, output, slot, weights, loss }] of this.targets.entries()) {
      const list = (given: unknown): readonly MetricLike[] => {
        if (isList(given) && (isOne || !given.some(isList)) && !isRecord(given)) return given as readonly MetricLike[];
        const part = partFor<MetricLike | readonly MetricLike[]>(given, i, name, names.length, "metrics");
        return part === undefined ? [] : isList(part) ? (part as readonly MetricLike[]) : [part as MetricLike];
      };
      const add = (metric: MetricLike, isWeighted: boolean): void => {
        const made = getMetric(metric, output, loss.name ?? "");
        const prefix = isOne ? "" : `${name}_`;
        const isNamed = metric instanceof Metric;
        const base = `${prefix}${isWeighted && !isNamed ? "weighted_" : ""}${made.name}`;
        let key = base;
        for (let k = 1; this.metricsNames.includes(key); k++) key = `${base}_${k}`;
        const options_ = isWeighted ? { sampleWeight: weights.tensor } : {};
        const result = getDefaultGraph().nameScope(`metrics/${key}`, () => made.apply(slot.tensor, output, options_));
        this.#metrics.push(made);
        this.metricsNames.push(key);
        this.statefulNames.add(key);
        this.#fetched.push(result);
      };
      for (const metric of list(options.metrics)) add(metric, false);
      for (const metric of list(options.weightedMetrics)) add(metric, true);
    }
  }

  /** The total, then the mean of each output's loss over batches where there are several. */
  #makeLoss(options: CompileOptions, outputs: number): Tensor[] {
    return getDefaultGraph().nameScope("loss", () => {
      const each = this.targets.map(({ name, slot, weights, output, loss }) =>
        getDefaultGraph().nameScope(`${name}_loss`, () => {
          const losses = loss.call(slot.tensor, output);
          const reduction = loss.reduction === "none" ? "auto" : loss.reduction;
          return weightedLoss(losses, weights.tensor, reduction);
        }),
      );
      const weighted = each.map((loss, i) => {
        const weight = partFor<number>(options.lossWeights, i, this.targets[i]!.name, outputs, "loss_weights") ?? 1;
        return multiply(constant(weight, { dtype: loss.dtype.baseDtype, name: "x" }), loss);
      });
      const total = [...weighted, ...this.#model.losses].reduce((a, b) => add(a, b));
      if (outputs === 1) return [total];
      const names = this.targets.map(({ name }) => `${name}_loss`);
      this.metricsNames.splice(1, 0, ...names);
      const means = each.map((loss, i) => {
        const mean = new Mean({ name: names[i]! });
        this.#metrics.push(mean);
        this.statefulNames.add(names[i]!);
        return mean.apply(loss, loss);
      });
      return [total, ...means];
    });
  }

  get totalLoss(): Tensor {
    const [loss] = this.#fetched;
    if (!loss) throw new RuntimeError("The model cannot be compiled because it has no loss to optimize.");
    return loss;
  }

  /** Which arrays a batch has in this mode. */
  slots(mode: Mode): Slot[] {
    const inputs = this.#model.inputs.map((tensor) => ({
      name: historyOf(tensor)?.layer.name ?? tensor.op.name,
      tensor,
    }));
    if (mode === "predict") return inputs;
    return [...inputs, ...this.targets.map(({ slot }) => slot), ...this.targets.map(({ weights }) => weights)];
  }

  /** The optimizer's step with the updates of layers: made on first use, so that layers may be frozen before. */
  #step(): Operation {
    this.#trainStep ??= getDefaultGraph().nameScope("training", () => {
      const { trainableWeights, updates } = this.#model;
      if (trainableWeights.length === 0) throw new ValueError("The model has no trainable weights to fit.");
      return group(this.optimizer.getUpdates(this.totalLoss, trainableWeights), ...updates);
    });
    return this.#trainStep;
  }

  /** Gives all variables that have no value their initial one, in the current session. */
  async initialize(): Promise<Session> {
    const session = getSession();
    await initialize(session, unique([...globalVariables(), ...metricVariables(), ...this.#model.weights]));
    return session;
  }

  /** Makes the optimizer's variables, which else the first step makes. */
  async makeStep(): Promise<void> {
    if (this.#fetched.length && this.#model.trainableWeights.length) this.#step();
    await this.initialize();
  }

  /** A function of one batch that gives the loss and the metrics (or the outputs, to predict), in the current session. */
  async function(mode: Mode): Promise<BatchFunction> {
    const fetches: (Tensor | Operation)[] =
      mode === "predict" ? this.#model.outputs.map((output) => fetchable(output)) : [...this.#fetched];
    if (mode === "train") fetches.push(this.#step());
    else fetches.push(...this.#model.layers.filter(({ stateful }) => stateful).flatMap(({ updates }) => updates));
    const session = await this.initialize();
    const known = this.#functions.get(mode);
    if (known?.session === session) return known.run;
    const phase = knownLearningPhase();
    const feeds = this.slots(mode).map(({ tensor }) => tensor);
    const isFed = phase instanceof Tensor;
    const call = session.makeCallable(fetches, isFed ? [...feeds, phase] : feeds);
    const training = one(mode === "train");
    const count = mode === "predict" ? this.#model.outputs.length : this.#fetched.length;
    const results = (all: unknown): NdArray[] => (all as NdArray[]).slice(0, count);
    const run: BatchFunction = (arrays) => {
      const values = call(...arrays, ...(isFed ? [training] : []));
      return values instanceof Promise ? values.then(results) : results(values);
    };
    this.#functions.set(mode, { session, weights: this.#model.weights, run });
    return run;
  }

  async resetMetrics(): Promise<void> {
    if (this.#metrics.length === 0) return;
    const resets = this.#metrics.map((metric) => metric.resetStates());
    const session = getSession();
    await initialize(session, metricVariables());
    await session.run(resets);
  }
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
const metricVariables = (): Variable[] => getDefaultGraph().getCollection<Variable>(GraphKeys.METRIC_VARIABLES);
/** An output that is fed could not be fetched beside. */
const fetchable = (output: Tensor): Tensor => (output.op.inputs.length === 0 ? identity(output) : output);

function makeTarget(output: Tensor, name: string, loss: Loss): Target {
  const graph = getDefaultGraph();
  const rank = output.shape?.length ?? 0;
  const isSparse = loss.name === "sparse_categorical_crossentropy";
  const shape = output.shape && [
    ...new Array<null>(Math.max(rank - 1, 0)).fill(null),
    ...(rank ? [isSparse ? 1 : null] : []),
  ];
  return graph.nameScope(null, () => {
    const target = placeholder(output.dtype.baseDtype, shape, { name: `${name}_target` });
    const full = graph.nameScope(`${name}_sample_weights`, () => ones([1], output.dtype.baseDtype));
    const weights = placeholderWithDefault(full, [null], { name: `${name}_sample_weights` });
    return {
      slot: { name, tensor: target },
      weights: { name: `${name}_sample_weights`, tensor: weights },
      loss,
      output,
      name,
    };
  });
}
