/** `tf.keras.Model`: layers that are trained, tested and saved together. Source: tf_keras/src/engine/training_v1.py, functional.py. */

import type { Config } from "../../build/keras/config/registry.ts";
import { serializeLayer } from "../../build/keras/layers/configured.ts";
import {
  type CallOptions,
  Layer,
  type LayerOptions,
  listOf,
  type Tensors,
  type Trackable,
} from "../../build/keras/layers/layer.ts";
import { dependingOn, Input, layerAt, type Network, networkOf, rerun } from "../../build/keras/network.ts";
import { Optimizer } from "../../build/keras/optimizers/optimizer.ts";
import { trackableChildren } from "../../build/trackable/children.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { NotImplementedError, RuntimeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { Dim, Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { Literal } from "../../ops/convert.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { LoadStatus } from "../trackable/status.ts";
import { batchGetValue, batchSetValue } from "./backend.ts";
import type { CallbackModel, History } from "./callbacks/callback.ts";
import { functionalConfig, jsonText } from "./described.ts";
import { printMessage } from "./messages.ts";
import { TrainingAtOnce } from "./run/at_once.ts";
import { type CompileOptions, compilePlaces, outputNames, type Trainer, trainedOf } from "./run/compile.ts";
import { type Data, placed, plainArrays } from "./run/data.ts";
import {
  type BatchOptions,
  batchOf,
  type EvaluateOptions,
  evaluateModel,
  evaluatePlaces,
  type PredictOptions,
  predictModel,
  predictPlaces,
  testPlaces,
  trainPlaces,
} from "./run/evaluate.ts";
import { type FitOptions, fitGeneratorPlaces, fitModel, fitPlaces } from "./run/fit.ts";
import { argumentsOf, type DataRest, isElements, type Stream } from "./run/loop.ts";
import { Training } from "./run/training.ts";
import { type SummaryOptions, summaryLines } from "./summary.ts";
import { loadWeights, saveWeights } from "./weights.ts";

export interface ModelOptions extends LayerOptions {
  readonly inputs?: Tensor | readonly Tensor[] | undefined;
  readonly outputs?: Tensor | readonly Tensor[] | undefined;
}

const modelPlaces = ["inputs", "outputs", "name"] as const;
const isTensors = (value: unknown): boolean => value instanceof Tensor || Array.isArray(value);

/**
 * Made from tensors, `new Model(inputs, outputs)`, or as a class of one's own that makes its layers in the constructor and overrides
 * `call`. compile, then fit, evaluate, predict. Runs in the session of tf.keras.backend.
 */
export class Model extends Layer implements CallbackModel {
  stopTraining = false;
  /** What the last fit returned. */
  history: History | null = null;
  #network: Network | null = null;
  #isSingle = true;
  #compileOptions: CompileOptions | null = null;
  #training: Trainer | null = null;
  #predicting: Trainer | null = null;

  /** Of tensors, `new Model(inputs, outputs)`, also by options. */
  constructor(...rest: Rest<ModelOptions, typeof modelPlaces> | readonly [LayerOptions, string]) {
    const [kind] = typeof rest[1] === "string" && !isTensors(rest[0]) ? [rest[1]] : [];
    const options = kind ? (rest[0] as ModelOptions) : byName<ModelOptions>(rest, modelPlaces);
    super(options, kind ?? (options.inputs ? "model" : undefined));
    if (options.inputs && options.outputs) this.connect(listOf<Tensor>(options.inputs), options.outputs);
  }

  /** What lies between these tensors becomes the model. */
  protected connect(inputs: readonly Tensor[], outputs: Tensor | readonly Tensor[]): void {
    this.#network = networkOf(inputs, listOf<Tensor>(outputs));
    this.#isSingle = !Array.isArray(outputs);
    this.#training = null;
    this.#predicting = null;
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

  get inputNames(): string[] {
    return outputNames(this.inputs);
  }

  get outputNames(): string[] {
    return outputNames(this.outputs);
  }

  /** Those of the tensors that the model was made from. */
  override get inputShape(): Shape | readonly Shape[] {
    return this.inputs.length === 1 ? this.inputs[0]!.shape : this.inputs.map(({ shape }) => shape);
  }

  /** Those of layers' calls that hang on the model's inputs: a layer may have been called elsewhere too. */
  override get losses(): Tensor[] {
    return this.#network ? dependingOn(this.#network.inputs, super.losses) : super.losses;
  }

  override get updates(): Operation[] {
    return this.#network ? dependingOn(this.#network.inputs, super.updates) : super.updates;
  }

  override get outputShape(): Shape | readonly Shape[] {
    return this.outputs.length === 1 ? this.outputs[0]!.shape : this.outputs.map(({ shape }) => shape);
  }

  get layers(): readonly Layer[] {
    return this.#network?.layers ?? super.innerLayers();
  }

  protected override innerLayers(): Layer[] {
    return [...this.layers];
  }

  /** layer-0, layer-1, …, and those with variables by a name of their own, as Keras' checkpoints have them. */
  override trackables(): [string, Trackable | readonly Trackable[]][] {
    if (!this.#network?.nodes.length && !this.isSequential) return super.trackables();
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
    return layerAt(this.layers, which);
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const outputs = rerun(this.#known(), listOf<Tensor>(inputs), options.training);
    return this.#isSingle ? outputs[0]! : outputs;
  }

  /** Gives a model without a network the inputs that its data ask for. */
  protected connectFor(shapes: readonly (readonly Dim[])[], dtypes: readonly NdArray["dtype"][]): void {
    const inputs = shapes.map((shape, i) =>
      Input({ batchShape: [null, ...shape.slice(1)], dtype: dtypes[i]!, name: `input_${i + 1}` }),
    );
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
  compile(...rest: Rest<CompileOptions, typeof compilePlaces>): void;
  compile(options?: CompileOptions): void;
  compile(...rest: readonly unknown[]): void {
    const options = placed<CompileOptions>(rest, compilePlaces);
    this.#compileOptions = options;
    this.#training = null;
    if (this.#network) this.#makeTraining();
  }

  #makeTraining(isCompiled = true): Trainer {
    if (!this.#compileOptions && isCompiled) {
      throw new RuntimeError(
        "You must compile your model before training/testing. Use `model.compile(optimizer, loss)`.",
      );
    }
    if (!this.#training) {
      const { inputs, outputs } = this.#known();
      const trained = trainedOf(this, { inputs, outputs });
      const kind = getDefaultGraph().isEager ? TrainingAtOnce : Training;
      const training = new kind(trained, this.#compileOptions ?? {});
      if (!isCompiled && !this.#compileOptions) return training;
      this.#training = training;
    }
    return this.#training;
  }

  #compiled(x: Data | unknown): Trainer {
    if (x === null || x === undefined) {
      throw new ValueError(
        "When using data tensors as input to a model, you should specify the `steps_per_epoch` argument.",
      );
    }
    if (!this.#compileOptions) this.#makeTraining();
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
  async fit(x: Data | Stream, ...rest: DataRest<FitOptions, typeof fitPlaces>): Promise<History> {
    const [targets, given] = argumentsOf<FitOptions>(x, rest, fitPlaces);
    return await fitModel(this, this.#compiled(x), x, targets, given);
  }

  /** The loss, or the loss and the metrics, over the data. */
  async evaluate(
    x: Data | Stream,
    ...rest: DataRest<EvaluateOptions, typeof evaluatePlaces>
  ): Promise<number | number[]> {
    const [targets, given] = argumentsOf<EvaluateOptions>(x, rest, evaluatePlaces);
    return await evaluateModel(this, this.#compiled(x), x, targets, given);
  }

  /** The outputs for the data. */
  async predict(x: Data | Stream, ...rest: Rest<PredictOptions, typeof predictPlaces>): Promise<NdArray | NdArray[]> {
    const options = byName<PredictOptions>(rest, predictPlaces);
    if (!isElements(x)) this.#connectForData(x as Data);
    const outputs = await predictModel(this, this.#forPrediction(), x, options);
    return this.#isSingle ? outputs[0]! : outputs;
  }

  #forPrediction(): Trainer {
    if (this.#compileOptions) return this.#makeTraining();
    this.#predicting ??= this.#makeTraining(false);
    return this.#predicting;
  }

  /** The same as fit, for generators and sequences. */
  fitGenerator(generator: Stream, ...rest: Rest<FitOptions, typeof fitGeneratorPlaces>): Promise<History> {
    return this.fit(generator, byName<FitOptions>(rest, fitGeneratorPlaces));
  }

  evaluateGenerator(generator: Stream, ...rest: Rest<EvaluateOptions, ["steps"]>): Promise<number | number[]> {
    return this.evaluate(generator, { verbose: 0, ...byName<EvaluateOptions>(rest, ["steps"]) });
  }

  predictGenerator(generator: Stream, ...rest: Rest<PredictOptions, ["steps"]>): Promise<NdArray | NdArray[]> {
    return this.predict(generator, byName<PredictOptions>(rest, ["steps"]));
  }

  /** One step on one batch; the loss, or the loss and the metrics, of it. */
  async trainOnBatch(
    x: Data,
    y: Data | null = null,
    ...rest: Rest<BatchOptions, typeof trainPlaces>
  ): Promise<number | number[]> {
    return await batchOf(this.#compiled(x), "train", x, y, byName<BatchOptions>(rest, trainPlaces));
  }

  async testOnBatch(
    x: Data,
    y: Data | null = null,
    ...rest: Rest<BatchOptions, typeof testPlaces>
  ): Promise<number | number[]> {
    return await batchOf(this.#compiled(x), "test", x, y, byName<BatchOptions>(rest, testPlaces));
  }

  predictOnBatch(x: Data): Promise<NdArray | NdArray[]> {
    return this.predict(x, { batchSize: Number.MAX_SAFE_INTEGER });
  }

  /** Layer by layer where the layers are known, else those that are trained first. */
  override get weights(): Variable[] {
    return [...new Set([...this.layers.flatMap((layer) => layer.weights), ...super.weights])];
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
  async loadWeights(path: string): Promise<LoadStatus> {
    if (!this.built) {
      throw new ValueError(
        "Unable to load weights into a model which has not created its variables yet. Call the Model first, then load the weights.",
      );
    }
    if (this.#training) await this.#training.makeStep();
    return await loadWeights(this, path);
  }

  /** Layers and how they hang together. Throws NotImplementedError for models of a class of one's own that does not say. */
  override getConfig(): Config {
    if (this.#network?.nodes.length) return functionalConfig(this.name, this.trainable, this.#network);
    throw new NotImplementedError(
      `${this.constructor.name} has no network of layers: override \`getConfig\` to say what it is made from.`,
    );
  }

  /** The model's layers as JSON, which modelFromJson, and Keras in Python, make a model of. */
  toJson(): string {
    const model = { ...serializeLayer(this), keras_version: "2.21.0", backend: "tensorflow" };
    return jsonText(model);
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
  summary(options: SummaryOptions & { readonly printFn?: (line: string) => void } = {}): void {
    const { printFn = (line: string) => printMessage(`${line}\n`) } = options;
    if (!this.built) {
      throw new ValueError(
        "This model has not yet been built. Build the model first by calling `build()` or by calling the model on a batch of data.",
      );
    }
    for (const line of summaryLines(this, options)) printFn(line);
  }

  get isSequential(): boolean {
    return false;
  }
}

const zerosOf = (shape: readonly number[]): Literal =>
  shape.reduceRight<Literal>((inner, n) => new Array(n).fill(inner), 0);
