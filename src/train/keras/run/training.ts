/**
 * What compile makes of a model: losses, metrics, and the functions that train, test and predict on one batch.
 *
 *     targets ─► losses ─► total loss ─► optimizer ─► train step
 *     outputs ─┘    └─► metrics
 *
 * Source: tf_keras/src/engine/training_v1.py.
 */

import { GraphKeys } from "../../../build/collections.ts";
import { historyOf } from "../../../build/keras/layers/layer.ts";
import { weightedLoss } from "../../../build/keras/losses.ts";
import { Mean, type Metric } from "../../../build/keras/metrics/metric.ts";
import { getOptimizer, type TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import type { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import { knownLearningPhase } from "../../../build/keras/state.ts";
import { globalVariables } from "../../../build/variables/initialize.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { bool } from "../../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import {
  add,
  constant,
  group,
  identity,
  multiply,
  ones,
  placeholder,
  placeholderWithDefault,
} from "../../../ops/index.ts";
import type { Session } from "../../../session/session.ts";
import { getSession, initialize } from "../backend.ts";
import {
  type BatchFunction,
  type CompileOptions,
  type LossOfOutput,
  lossesFor,
  type Mode,
  metricsFor,
  outputNames,
  type Trained,
  type Trainer,
  trainingReduction,
  weightOf,
} from "./compile.ts";
import type { Slot } from "./data.ts";

interface Place extends Slot {
  readonly tensor: Tensor;
}

interface Target {
  readonly slot: Place;
  readonly weights: Place;
  readonly of: LossOfOutput;
  readonly output: Tensor;
}

const one = (value: boolean): NdArray => new NdArray(bool, [], new Uint8Array([value ? 1 : 0]));

export class Training implements Trainer {
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
    this.targets = lossesFor(options, outputNames(model.outputs)).map((of) => makeTarget(model.outputs[of.index]!, of));
    this.#makeMetrics(options);
    if (this.targets.length || model.losses.length) this.#fetched.unshift(...this.#makeLoss(options));
    else if (options.loss === undefined || options.loss === null) this.metricsNames.length = 0;
  }

  #makeMetrics(options: CompileOptions): void {
    for (const { of, output, slot, weights } of this.targets) {
      for (const { key, metric, isWeighted } of metricsFor(options, of, output, this.metricsNames)) {
        const settings = isWeighted ? { sampleWeight: weights.tensor } : {};
        const result = getDefaultGraph().nameScope(`metrics/${key}`, () => metric.apply(slot.tensor, output, settings));
        this.#metrics.push(metric);
        this.metricsNames.push(key);
        this.statefulNames.add(key);
        this.#fetched.push(result);
      }
    }
  }

  /** The total, then the mean of each output's loss over batches where there are several. */
  #makeLoss(options: CompileOptions): Tensor[] {
    return getDefaultGraph().nameScope("loss", () => {
      const each = this.targets.map(({ of: { name, loss }, slot, weights, output }) =>
        getDefaultGraph().nameScope(`${name}_loss`, () =>
          weightedLoss(loss.call(slot.tensor, output), weights.tensor, trainingReduction(loss)),
        ),
      );
      const weighted = each.map((loss, i) => {
        const weight = weightOf(options, this.targets[i]!.of);
        return multiply(constant(weight, { dtype: loss.dtype.baseDtype, name: "x" }), loss);
      });
      const total = [...weighted, ...this.#model.losses].reduce((a, b) => add(a, b));
      if (this.#model.outputs.length === 1) return [total];
      const names = this.targets.map(({ of }) => `${of.name}_loss`);
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
  slots(mode: Mode): Place[] {
    const inputs = this.#model.inputs.map((tensor) => placeOf(historyOf(tensor)?.layer.name ?? tensor.op.name, tensor));
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

const placeOf = (name: string, tensor: Tensor): Place => ({
  name,
  tensor,
  dtype: tensor.dtype.baseDtype,
  shape: tensor.shape,
});
const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
const metricVariables = (): Variable[] => getDefaultGraph().getCollection<Variable>(GraphKeys.METRIC_VARIABLES);
/** An output that is fed could not be fetched beside. */
const fetchable = (output: Tensor): Tensor => (output.op.inputs.length === 0 ? identity(output) : output);

function makeTarget(output: Tensor, of: LossOfOutput): Target {
  const { name, loss } = of;
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
      slot: placeOf(name, target),
      weights: placeOf(`${name}_sample_weights`, weights),
      of,
      output,
    };
  });
}
