/**
 * What compile makes of a model: losses, metrics, and the functions that train, test and predict on one batch.
 *
 *     targets ─► losses ─► total loss ─► optimizer ─► train step
 *     outputs ─┘    └─► metrics
 *
 * Source: tf_keras/src/engine/training_v1.py.
 */

import { GraphKeys } from "../../../build/collections.ts";
import { historyOf, maskOf } from "../../../build/keras/layers/layer.ts";
import { weightedLoss } from "../../../build/keras/losses/losses.ts";
import type { Mean, Metric } from "../../../build/keras/metrics/metric.ts";
import type { TFOptimizer } from "../../../build/keras/optimizers/named.ts";
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
  cast,
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
  isTemporal,
  type LossOfOutput,
  type Mode,
  masked,
  type Target,
  type Trained,
  type Trainer,
  trainingReduction,
  weightOf,
} from "./compile.ts";
import type { Slot } from "./data.ts";
import { type PlannedMetric, planFor } from "./plan.ts";

interface Place extends Slot {
  readonly tensor: Tensor;
}

interface OwnTarget extends Target {
  readonly slot: Place;
  readonly weights: Place;
  readonly of: LossOfOutput;
  readonly output: Tensor;
  /** Steps of the output that count, where layers say so. */
  readonly mask: Tensor | null;
}

const one = (value: boolean): NdArray => new NdArray(bool, [], new Uint8Array([value ? 1 : 0]));

export class Training implements Trainer {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly metricsNames: readonly string[];
  readonly statefulNames: ReadonlySet<string>;
  readonly targets: readonly OwnTarget[];
  readonly #model: Trained;
  readonly #fetched: Tensor[] = [];
  readonly #metrics: readonly Metric[];
  readonly #functions = new Map<
    Mode,
    { readonly session: Session; readonly weights: readonly Variable[]; readonly run: BatchFunction }
  >();
  #trainStep: Operation | null = null;

  /** Builds losses and metrics. Throws ValueError for options that do not fit the outputs. */
  constructor(model: Trained, options: CompileOptions) {
    this.#model = model;
    const plan = planFor(model, options);
    this.optimizer = plan.optimizer;
    this.metricsNames = plan.names;
    this.statefulNames = plan.stateful;
    this.targets = plan.losses.map((of) => makeTarget(model.outputs[of.index]!, of, isTemporal(options, of)));
    const metrics = plan.metrics.map((each) => this.#makeMetric(each));
    const losses = this.targets.length || model.losses.length ? this.#makeLoss(options, plan.means) : [];
    this.#fetched.push(...losses, ...metrics, ...model.metricResults);
    this.#metrics = [...plan.metrics.map(({ metric }) => metric), ...plan.means, ...model.metrics];
  }

  #makeMetric({ of, key, metric, isWeighted }: PlannedMetric): Tensor {
    const { slot, weights, output, mask } = this.targets.find((target) => target.of === of)!;
    const sampleWeight = isWeighted ? masked(weights.tensor, mask) : mask;
    const settings = sampleWeight ? { sampleWeight } : {};
    return getDefaultGraph().nameScope(`metrics/${key}`, () => metric.apply(slot.tensor, output, settings));
  }

  /** The total, then the mean of each output's loss over batches where there are several. */
  #makeLoss(options: CompileOptions, means: readonly Mean[]): Tensor[] {
    return getDefaultGraph().nameScope("loss", () => {
      const each = this.targets.map(({ of: { name, loss: fn }, slot, weights, output, mask }) =>
        getDefaultGraph().nameScope(`${name}_loss`, () =>
          weightedLoss(fn.call(slot.tensor, output), masked(weights.tensor, mask), trainingReduction(fn)),
        ),
      );
      const weighted = each.map((loss, i) => {
        const weight = weightOf(options, this.targets[i]!.of);
        return multiply(constant(weight, { dtype: loss.dtype.baseDtype, name: "x" }), loss);
      });
      const total = [...weighted, ...this.#model.losses].reduce((a, b) => add(a, b));
      return [total, ...means.map((mean, i) => mean.apply(each[i]!, each[i]!))];
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

function makeTarget(output: Tensor, of: LossOfOutput, temporal: boolean): OwnTarget {
  const { name, loss } = of;
  const graph = getDefaultGraph();
  const rank = output.shape?.length ?? 0;
  const found = maskOf(output);
  const isSparse = loss.name === "sparse_categorical_crossentropy";
  const shape = output.shape && [
    ...new Array<null>(Math.max(rank - 1, 0)).fill(null),
    ...(rank ? [isSparse ? 1 : null] : []),
  ];
  return graph.nameScope(null, () => {
    const target = placeholder(output.dtype.baseDtype, shape, { name: `${name}_target` });
    const full = graph.nameScope(`${name}_sample_weights`, () => ones(temporal ? [1, 1] : [1], output.dtype.baseDtype));
    const weights = placeholderWithDefault(full, temporal ? [null, null] : [null], { name: `${name}_sample_weights` });
    return {
      slot: placeOf(name, target),
      weights: placeOf(`${name}_sample_weights`, weights),
      of,
      output,
      loss: loss.name ?? "",
      shape: output.shape,
      mask: found && (cast(found, output.dtype.baseDtype) as Tensor),
    };
  });
}
