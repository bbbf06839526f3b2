/** Training where ops run at once: losses and metrics of a batch from calls of the model, gradients from a tape. Source: tf_keras/src/engine/training_eager_v1.py. */
import { taped } from "../../../build/gradients/tape.ts";
import { weightedLoss } from "../../../build/keras/losses.ts";
import { Mean, type Metric } from "../../../build/keras/metrics/metric.ts";
import { getOptimizer, type TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { add, constant, multiply } from "../../../ops/index.ts";
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

const numpy = (x: Tensor): NdArray => (x as Tensor & { numpy(): NdArray }).numpy();

interface Watched {
  readonly metric: Metric;
  readonly output: number;
  readonly isWeighted: boolean;
}

/** The same of a model as Training, without a graph. */
export class TrainingAtOnce implements Trainer {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly metricsNames: string[] = ["loss"];
  readonly statefulNames = new Set<string>();
  readonly targets: readonly { readonly slot: Slot; readonly weights: Slot }[];
  readonly #model: Trained;
  readonly #options: CompileOptions;
  readonly #losses: readonly LossOfOutput[];
  readonly #means: readonly Mean[];
  readonly #watched: Watched[] = [];
  #last: Tensor | null = null;

  constructor(model: Trained, options: CompileOptions) {
    this.#model = model;
    this.#options = options;
    this.optimizer = getOptimizer(options.optimizer ?? "rmsprop");
    const names = outputNames(model.outputs);
    this.#losses = lossesFor(options, names);
    this.targets = this.#losses.map(({ index, name, loss }) => {
      const output = model.outputs[index]!;
      const isSparse = loss.name === "sparse_categorical_crossentropy";
      const shape = output.shape!.map((_, i, all) => (isSparse && i === all.length - 1 ? 1 : null));
      const dtype = output.dtype.baseDtype;
      return { slot: { name, dtype, shape }, weights: { name: `${name}_sample_weights`, dtype, shape: [null] } };
    });
    const isOne = names.length === 1;
    this.#means = isOne ? [] : this.#losses.map(({ name }) => new Mean({ name: `${name}_loss` }));
    for (const { name } of this.#means) this.#add(name);
    for (const of of this.#losses) {
      for (const { key, metric, isWeighted } of metricsFor(options, of, model.outputs[of.index]!, this.metricsNames)) {
        this.#add(key);
        this.#watched.push({ metric, output: of.index, isWeighted });
      }
    }
  }

  #add(name: string): void {
    this.metricsNames.push(name);
    this.statefulNames.add(name);
  }

  get totalLoss(): Tensor {
    if (this.#last) return this.#last;
    throw new RuntimeError("The loss of a model that runs at once is known after a batch.");
  }

  slots(mode: Mode): Slot[] {
    const inputs = this.#model.inputs.map(({ dtype, shape }, i) => ({
      name: `input_${i + 1}`,
      dtype: dtype.baseDtype,
      shape: shape && [null, ...shape.slice(1)],
    }));
    if (mode === "predict") return inputs;
    return [...inputs, ...this.targets.map(({ slot }) => slot), ...this.targets.map(({ weights }) => weights)];
  }

  function(mode: Mode): Promise<BatchFunction> {
    return Promise.resolve((arrays) => this.#batch(mode, arrays));
  }

  #batch(mode: Mode, arrays: readonly NdArray[]): NdArray[] {
    const tensors = arrays.map((array) => constant(array));
    const n = this.#model.inputs.length;
    const inputs = tensors.slice(0, n);
    if (mode === "predict") return this.#model.run(inputs, false).map(numpy);
    const [targets, weights] = [tensors.slice(n, n + this.targets.length), tensors.slice(n + this.targets.length)];
    let outputs: readonly Tensor[] = [];
    let each: readonly Tensor[] = [];
    const total = (): Tensor => {
      outputs = this.#model.run(inputs, mode === "train");
      each = this.#losses.map(({ loss, index }, i) =>
        weightedLoss(loss.call(targets[i]!, outputs[index]!), weights[i]!, trainingReduction(loss)),
      );
      const parts = each.map((loss, i) => multiply(weightOf(this.#options, this.#losses[i]!), loss));
      return [...parts, ...this.#model.losses].reduce((a, b) => add(a, b));
    };
    this.#last = mode === "train" ? this.#step(total) : total();
    const means = this.#means.map((mean, i) => mean.apply(each[i]!, each[i]!));
    const metrics = this.#watched.map(({ metric, output, isWeighted }) => {
      const i = this.#losses.findIndex(({ index }) => index === output);
      return metric.apply(targets[i]!, outputs[output]!, isWeighted ? { sampleWeight: weights[i]! } : {});
    });
    return [this.#last, ...means, ...metrics].map(numpy);
  }

  #step(total: () => Tensor): Tensor {
    const variables = this.#model.trainableWeights;
    if (variables.length === 0) throw new ValueError("The model has no trainable weights to fit.");
    const { loss, gradients } = taped.differentiate!(total, variables, undefined);
    const pairs = variables.map((variable, i) => [gradients[i] ?? null, variable] as const);
    if (this.optimizer instanceof Optimizer) this.optimizer.applyGradients(this.optimizer.clipped(pairs));
    else this.optimizer.optimizer.applyGradients(pairs, { globalStep: this.optimizer.iterations });
    return loss;
  }

  async resetMetrics(): Promise<void> {
    for (const metric of [...this.#means, ...this.#watched.map((each) => each.metric)]) metric.resetStates();
  }

  /** Variables have their values from the start. */
  async initialize(): Promise<void> {}
  async makeStep(): Promise<void> {}
}
