/** Training where ops run at once: losses and metrics of a batch from calls of the model, gradients from a tape. Source: tf_keras/src/engine/training_eager_v1.py. */
import { taped } from "../../../build/gradients/tape.ts";
import type { TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { constant } from "../../../ops/index.ts";
import type { BatchFunction, CompileOptions, Mode, Target, Trained, Trainer } from "./compile.ts";
import type { Slot } from "./data.ts";
import { type Plan, planFor } from "./plan.ts";
import { gather, keptSteps, lossOf, type Scored, targetShapes, totalLoss } from "./scored.ts";

const numpy = (x: Tensor): NdArray => (x as Tensor & { numpy(): NdArray }).numpy();

/** The same of a model as Training, without a graph. */
export class TrainingAtOnce implements Trainer {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly targets: readonly Target[];
  readonly #model: Trained;
  readonly #options: CompileOptions;
  readonly #plan: Plan;
  #last: Tensor | null = null;

  constructor(model: Trained, options: CompileOptions) {
    this.#model = model;
    this.#options = options;
    this.#plan = planFor(model, options);
    this.optimizer = this.#plan.optimizer;
    this.targets = this.#plan.losses.map((of) => {
      const output = model.outputs[of.index]!;
      const { target, weights } = targetShapes(output, of, options);
      const dtype = output.dtype.baseDtype;
      return {
        slot: { name: of.name, dtype, shape: target },
        weightSlot: { name: `${of.name}_sample_weights`, dtype, shape: weights },
        loss: of.loss.name ?? "",
        shape: output.shape && [null, ...output.shape.slice(1)],
      };
    });
  }

  get metricsNames(): readonly string[] {
    const added = this.#model.metrics.map(({ name }) => name).filter((name) => !this.#plan.names.includes(name));
    return [...this.#plan.names, ...added];
  }

  get statefulNames(): ReadonlySet<string> {
    return new Set(this.metricsNames.slice(1));
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
    return [...inputs, ...this.targets.map(({ slot }) => slot), ...this.targets.map(({ weightSlot }) => weightSlot)];
  }

  function(mode: Mode): Promise<BatchFunction> {
    return Promise.resolve((arrays) => this.#batch(mode, arrays));
  }

  #batch(mode: Mode, arrays: readonly NdArray[]): NdArray[] {
    const tensors = arrays.map((array) => constant(array));
    const n = this.#model.inputs.length;
    const inputs = tensors.slice(0, n);
    if (mode === "predict") return this.#model.run(inputs, false).map(numpy);
    const [labels, weights] = [tensors.slice(n, n + this.targets.length), tensors.slice(n + this.targets.length)];
    const { losses, means, metrics } = this.#plan;
    let scored: readonly Scored[] = [];
    let each: readonly Tensor[] = [];
    const total = (): Tensor => {
      const outputs = this.#model.run(inputs, mode === "train");
      scored = losses.map((of, i) => {
        const output = outputs[of.index]!;
        return { of, output, labels: labels[i]!, weights: weights[i]!, mask: keptSteps(output) };
      });
      each = scored.map(lossOf);
      return totalLoss(each, losses, this.#options, this.#model.losses);
    };
    this.#last = mode === "train" ? this.#step(total) : total();
    const gathered = metrics.map((metric) => gather(metric, scored[losses.indexOf(metric.of)]!));
    return [
      this.#last,
      ...means.map((mean, i) => mean.apply(each[i]!, each[i]!)),
      ...gathered,
      ...this.#model.metrics.map((metric) => metric.result()),
    ].map(numpy);
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
    const { means, metrics } = this.#plan;
    const all = [...means, ...metrics.map(({ metric }) => metric), ...this.#model.metrics];
    for (const metric of all) metric.resetStates();
  }

  /** Variables have their values from the start. */
  async initialize(): Promise<void> {}
  async makeStep(): Promise<void> {}
}
