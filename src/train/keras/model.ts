/** `tf.keras.Model`: layers that are trained, tested and saved together. Source: tf_keras/src/engine/training_v1.py, functional.py. */

import {
  type CallOptions,
  Layer,
  type LayerOptions,
  listOf,
  type Tensors,
  type Trackable,
} from "../../build/keras/layers/layer.ts";
import { Input, type Network, networkOf, rerun } from "../../build/keras/network.ts";
import { Optimizer } from "../../build/keras/optimizers/optimizer.ts";
import { trackableChildren } from "../../build/trackable/children.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { writeStdout } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Literal } from "../../ops/convert.ts";
import { batchGetValue, batchSetValue } from "./backend.ts";
import type { History } from "./callbacks.ts";
import { TrainingAtOnce } from "./run/at_once.ts";
import type { CompileOptions, Trained, Trainer } from "./run/compile.ts";
import { type Data, plainArrays } from "./run/data.ts";
import {
  batchOf,
  type EvaluateOptions,
  evaluateModel,
  type FitOptions,
  fitModel,
  type PredictOptions,
  predictModel,
} from "./run/fit.ts";
import { isElements } from "./run/loop.ts";
import { Training } from "./run/training.ts";
import { summaryLines } from "./summary.ts";
import { loadWeights, saveWeights } from "./weights.ts";

export interface ModelOptions extends LayerOptions {
  readonly inputs?: Tensor | readonly Tensor[] | undefined;
  readonly outputs?: Tensor | readonly Tensor[] | undefined;
}

/**
 * Made from tensors, `new Model({ inputs, outputs })`, or as a class of one's own that makes its layers in the constructor and overrides
 * `call`. compile, then fit, evaluate, predict. Runs in the session of tf.keras.backend.
 */
export class Model extends Layer {
  stopTraining = false;
  #network: Network | null = null;
  #isSingle = true;
  #compileOptions: CompileOptions | null = null;
  #training: Trainer | null = null;

  constructor(options: ModelOptions = {}, kind?: string) {
    super(options, kind ?? (options.inputs ? "model" : undefined));
    if (options.inputs && options.outputs) this.connect(listOf<Tensor>(options.inputs), options.outputs);
  }

  /** What lies between these tensors becomes the model. */
  protected connect(inputs: readonly Tensor[], outputs: Tensor | readonly Tensor[]): void {
    this.#network = networkOf(inputs, listOf<Tensor>(outputs));
    this.#isSingle = !Array.isArray(outputs);
    this.#training = null;
    this.built = true;
  }

  get network(): Network | null {
    return this.#network;
  }

  get inputs(): readonly Tensor[] {
    return this.#known().inputs;
  }

  get outputs(): readonly Tensor[] {
    return this.#known().outputs;
  }

  override get input(): Tensors {
    return this.inputs.length === 1 ? this.inputs[0]! : this.inputs;
  }

  override get output(): Tensors {
    return this.#isSingle ? this.outputs[0]! : this.outputs;
  }

  get layers(): readonly Layer[] {
    return this.#network?.layers ?? super.innerLayers();
  }

  protected override innerLayers(): Layer[] {
    return [...this.layers];
  }

  /** layer-0, layer-1, …, and those with variables by a name of their own, as Keras' checkpoints have them. */
  override trackables(): [string, Trackable | readonly Trackable[]][] {
    if (!this.#network) return super.trackables();
    const weighted = this.layers.filter(({ weights }) => weights.length > 0);
    const index = weighted.map((layer, i): [string, Trackable] => [`layer_with_weights-${i}`, layer]);
    return [...index, ...this.layers.map((layer, i): [string, Trackable] => [`layer-${i}`, layer])];
  }

  #known(): Network {
    if (this.#network) return this.#network;
    throw new ValueError(
      `Model ${this.name} cannot be used before its input shape is known: pass an inputShape to its first layer, call it on data, or fit it.`,
    );
  }

  /** The layer of this name, or at this place. Throws ValueError when there is none. */
  getLayer(which: string | number): Layer {
    const found = typeof which === "number" ? this.layers[which] : this.layers.find(({ name }) => name === which);
    if (found) return found;
    throw new ValueError(
      typeof which === "number"
        ? `Was asked to retrieve layer at index ${which} but model only has ${this.layers.length} layers.`
        : `No such layer: ${which}. Existing layers are: [${this.layers.map(({ name }) => `'${name}'`).join(", ")}].`,
    );
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const outputs = rerun(this.#known(), listOf<Tensor>(inputs), options.training);
    return this.#isSingle ? outputs[0]! : outputs;
  }

  /** Gives a model without a network the inputs that its data ask for. */
  protected connectFor(shapes: readonly (readonly Dim[])[], dtypes: readonly NdArray["dtype"][]): void {
    const inputs = shapes.map((shape, i) => Input({ batchShape: [null, ...shape.slice(1)], dtype: dtypes[i]! }));
    const outputs = this.apply(inputs.length === 1 ? inputs[0]! : inputs) as Tensors;
    const layers = this.layers;
    this.#network = { inputs, outputs: listOf<Tensor>(outputs), layers, nodes: [] };
    this.#isSingle = !Array.isArray(outputs);
  }

  #connectForData(x: Data): void {
    if (this.#network) return;
    const arrays = plainArrays(x);
    this.connectFor(
      arrays.map(({ shape }) => (shape.length === 1 ? [shape[0]!, 1] : shape)),
      arrays.map(({ dtype }) => (dtype.isFloating ? this.dtype : dtype)),
    );
  }

  /** Says how the model is trained. Throws ValueError for losses and metrics that do not fit it. */
  compile(options: CompileOptions = {}): void {
    this.#compileOptions = options;
    this.#training = null;
    if (this.#network) this.#makeTraining();
  }

  #makeTraining(): Trainer {
    if (!this.#compileOptions) {
      throw new RuntimeError(
        "You must compile your model before training/testing. Use `model.compile(optimizer, loss)`.",
      );
    }
    if (!this.#training) {
      const { inputs, outputs } = this.#known();
      const model = this;
      const trained: Trained = {
        inputs,
        outputs,
        layers: this.layers,
        run: (given, training) =>
          listOf<Tensor>(model.apply(given.length === 1 ? given[0]! : given, { training }) as Tensors),
        get losses() {
          return model.losses;
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
      };
      const kind = getDefaultGraph().isEager ? TrainingAtOnce : Training;
      this.#training = new kind(trained, this.#compileOptions);
    }
    return this.#training;
  }

  #compiled(x: Data | unknown): Trainer {
    if (!isElements(x)) this.#connectForData(x as Data);
    return this.#makeTraining();
  }

  get optimizer(): Trainer["optimizer"] | null {
    return this.#training?.optimizer ?? null;
  }

  get metricsNames(): readonly string[] {
    return this.#makeTraining().metricsNames;
  }

  get totalLoss(): Tensor {
    return this.#makeTraining().totalLoss;
  }

  /** Trains for `epochs` passes over the data: arrays [samples, …], a dataset, or an iterator of [x, y]. The numbers of all epochs. */
  fit(
    x: Data | Parameters<typeof isElements>[0],
    y?: Data | null | FitOptions,
    options?: FitOptions,
  ): Promise<History> {
    const [targets, given] =
      isElements(x) && options === undefined ? [null, (y as FitOptions) ?? {}] : [y as Data | null, options ?? {}];
    return fitModel(this, this.#compiled(x), x, targets ?? null, given);
  }

  /** The loss, or the loss and the metrics, over the data. */
  evaluate(
    x: Data | Parameters<typeof isElements>[0],
    y?: Data | null | EvaluateOptions,
    options?: EvaluateOptions,
  ): Promise<number | number[]> {
    const [targets, given] =
      isElements(x) && options === undefined ? [null, (y as EvaluateOptions) ?? {}] : [y as Data | null, options ?? {}];
    return evaluateModel(this.#compiled(x), x, targets ?? null, given);
  }

  /** The outputs for the data. */
  async predict(
    x: Data | Parameters<typeof isElements>[0],
    options: PredictOptions = {},
  ): Promise<NdArray | NdArray[]> {
    if (!isElements(x)) this.#connectForData(x as Data);
    this.#compileOptions ??= {};
    const outputs = await predictModel(this.#makeTraining(), x, options);
    return this.#isSingle ? outputs[0]! : outputs;
  }

  /** One step on one batch; the loss, or the loss and the metrics, of it. */
  async trainOnBatch(
    x: Data,
    y: Data,
    options: { readonly sampleWeight?: Literal; readonly resetMetrics?: boolean } = {},
  ): Promise<number | number[]> {
    return batchOf(this.#compiled(x), "train", x, y, options);
  }

  async testOnBatch(
    x: Data,
    y: Data,
    options: { readonly sampleWeight?: Literal; readonly resetMetrics?: boolean } = {},
  ): Promise<number | number[]> {
    return batchOf(this.#compiled(x), "test", x, y, options);
  }

  predictOnBatch(x: Data): Promise<NdArray | NdArray[]> {
    return this.predict(x, { batchSize: Number.MAX_SAFE_INTEGER });
  }

  /** Values of all variables, layer by layer. */
  getWeights(): Promise<NdArray[]> {
    return batchGetValue(this.weights);
  }

  /** Throws ValueError when number or shapes of the arrays do not fit. */
  async setWeights(weights: readonly Literal[]): Promise<void> {
    const variables = this.weights;
    if (variables.length !== weights.length) {
      throw new ValueError(
        `You called \`set_weights(weights)\` on layer "${this.name}" with a weight list of length ${weights.length}, but the layer was expecting ${variables.length} weights.`,
      );
    }
    await batchSetValue(variables.map((variable, i) => [variable, weights[i]!] as const));
  }

  /** Layer by layer where the layers are known, else those that are trained first. */
  override get weights(): Variable[] {
    return this.#network?.nodes.length ? [...new Set(this.layers.flatMap((layer) => layer.weights))] : super.weights;
  }

  async getLearningRate(): Promise<number> {
    const { optimizer } = this;
    if (!(optimizer instanceof Optimizer)) throw new ValueError('Optimizer must have a "lr" attribute.');
    return Number((await batchGetValue([optimizer.learningRate]))[0]);
  }

  async setLearningRate(rate: number): Promise<void> {
    const { optimizer } = this;
    if (!(optimizer instanceof Optimizer)) throw new ValueError('Optimizer must have a "lr" attribute.');
    await batchSetValue([[optimizer.learningRate, rate]]);
  }

  /** The variables of the model and of its optimizer as a checkpoint that Keras and tf.train.Checkpoint read. */
  async saveWeights(path: string): Promise<void> {
    if (this.#training) await this.#training.initialize();
    else await batchGetValue(this.weights);
    await saveWeights(this, path);
  }

  /** Reads what saveWeights, or Keras in Python, has written. Throws NOT_FOUND when there is no such checkpoint. */
  async loadWeights(path: string): Promise<void> {
    if (!this.built) {
      throw new ValueError(
        "Unable to load weights into a model which has not created its variables yet. Call the Model first, then load the weights.",
      );
    }
    if (this.#training) await this.#training.makeStep();
    await loadWeights(this, path);
  }

  override *[trackableChildren](): Generator<[string, object]> {
    yield* super[trackableChildren]();
    if (this.#training) yield ["optimizer", this.#training.optimizer];
  }

  /** Zeros for the states of stateful layers. */
  async resetStates(): Promise<void> {
    const states = this.layers.flatMap((layer) =>
      "states" in layer && layer.stateful ? (layer.states as readonly never[]) : [],
    );
    await batchSetValue(
      states.map((state: { readonly shape: readonly number[] }) => [state as never, zerosOf(state.shape)] as const),
    );
  }

  /** Prints a row for each layer, and how many numbers there are. */
  summary(options: { readonly printFn?: (line: string) => void } = {}): void {
    const { printFn = (line: string) => writeStdout(`${line}\n`) } = options;
    if (!this.built) {
      throw new ValueError(
        "This model has not yet been built. Build the model first by calling `build()` or by calling the model on a batch of data.",
      );
    }
    for (const line of summaryLines(this, this.#network, this.isSequential)) printFn(line);
  }

  protected get isSequential(): boolean {
    return false;
  }
}

const zerosOf = (shape: readonly number[]): Literal =>
  shape.reduceRight<Literal>((inner, n) => new Array(n).fill(inner), 0);
