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
import { group, identity, ones, placeholder, placeholderWithDefault } from "../../../ops/index.ts";
import type { Session } from "../../../session/session.ts";
import { getSession, initialize } from "../backend.ts";
import type { BatchFunction, CompileOptions, LossOfOutput, Mode, Target, Trained, Trainer } from "./compile.ts";
import type { Slot } from "./data.ts";
import { type PlannedMetric, planFor } from "./plan.ts";
import { gather, keptSteps, lossOf, type Scored, targetShapes, totalLoss } from "./scored.ts";

interface Place extends Slot {
  readonly tensor: Tensor;
}

interface OwnTarget extends Target, Scored {
  readonly slot: Place;
  readonly weightSlot: Place;
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
    this.targets = plan.losses.map((of) => makeTarget(model.outputs[of.index]!, of, options));
    const metrics = plan.metrics.map((each) => this.#makeMetric(each));
    const losses = this.targets.length || model.losses.length ? this.#makeLoss(options, plan.means) : [];
    this.#fetched.push(...losses, ...metrics, ...model.metricResults);
    this.#metrics = [...plan.metrics.map(({ metric }) => metric), ...plan.means, ...model.metrics];
  }

  #makeMetric(planned: PlannedMetric): Tensor {
    const target = this.targets.find(({ of }) => of === planned.of)!;
    return getDefaultGraph().nameScope(`metrics/${planned.key}`, () => gather(planned, target));
  }

  /** The total, then the mean of each output's loss over batches where there are several. */
  #makeLoss(options: CompileOptions, means: readonly Mean[]): Tensor[] {
    return getDefaultGraph().nameScope("loss", () => {
      const each = this.targets.map((target) =>
        getDefaultGraph().nameScope(`${target.of.name}_loss`, () => lossOf(target)),
      );
      const total = totalLoss(
        each,
        this.targets.map(({ of }) => of),
        options,
        this.#model.losses,
      );
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
    return [...inputs, ...this.targets.map(({ slot }) => slot), ...this.targets.map(({ weightSlot }) => weightSlot)];
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

function makeTarget(output: Tensor, of: LossOfOutput, options: CompileOptions): OwnTarget {
  const { name, loss } = of;
  const graph = getDefaultGraph();
  const shapes = targetShapes(output, of, options);
  return graph.nameScope(null, () => {
    const labels = placeholder(output.dtype.baseDtype, shapes.target, { name: `${name}_target` });
    const full = graph.nameScope(`${name}_sample_weights`, () =>
      ones(
        shapes.weights!.map(() => 1),
        output.dtype.baseDtype,
      ),
    );
    const weights = placeholderWithDefault(full, shapes.weights, { name: `${name}_sample_weights` });
    return {
      of,
      output,
      labels,
      weights,
      mask: keptSteps(output),
      slot: placeOf(name, labels),
      weightSlot: placeOf(`${name}_sample_weights`, weights),
      loss: loss.name ?? "",
      shape: output.shape,
    };
  });
}
