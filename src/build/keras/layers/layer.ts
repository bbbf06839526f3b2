/** `tf.keras.layers.Layer`: variables made on first use, calls that leave a history. Source: tf_keras/src/engine/base_layer_v1.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type Literal, literalToArray, type TensorLike } from "../../../ops/convert.ts";
import { cast, constant, divide, identity, shape as shapeOf } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { trackableChildren } from "../../trackable/children.ts";
import type { Initializer, Regularizer } from "../../variables/store.ts";
import { type Constraint, Variable } from "../../variables/variable.ts";
import type { Config } from "../config/registry.ts";
import { type ConstraintName, getConstraint } from "../constraints.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import { Mean, type Metric } from "../metrics/metric.ts";
import { getRegularizer, type RegularizerName } from "../regularizers.ts";
import { learningPhase, nameOf, nameOfKind, uniqueObjectName } from "../state.ts";
import { values } from "../values.ts";
import { Called, tuple } from "./called.ts";
import { argumentsOf, configOf } from "./configured.ts";
import { comesFromLayers, inCall, isInCall, listOf, maskOf, remember, setMask, type Tensors } from "./history.ts";
import { checkSpecs, type InputSpec } from "./input_spec.ts";

export { tuple } from "./called.ts";
export { withArguments } from "./configured.ts";
export { historyOf, type LayerNode, listOf, maskOf, remember, type Tensors } from "./history.ts";
export { requireRank } from "./input_spec.ts";

export interface LayerOptions {
  readonly name?: string | undefined;
  readonly trainable?: boolean | undefined;
  readonly dtype?: DType | undefined;
  /** The shape of one example, for the first layer of a Sequential. */
  readonly inputShape?: Shape | undefined;
  /** The same with the batch's size before it. */
  readonly batchInputShape?: Shape | undefined;
  readonly batchSize?: number | undefined;
  /** The same as an inputShape of one size. */
  readonly inputDim?: number | undefined;
  /** A loss of the layer's outputs, divided by the batch's size. */
  readonly activityRegularizer?: RegularizerName | undefined;
  /** Values that the variables start with, in the order of getWeights. */
  readonly weights?: readonly Literal[] | undefined;
}

export interface CallOptions {
  /** True while training; the learning phase when it is left out. */
  readonly training?: boolean | Tensor | null | undefined;
  /** bool [batch, time]: false for steps to leave out; that of the input when it is left out. */
  readonly mask?: Tensor | null | readonly (Tensor | null)[] | undefined;
  readonly initialState?: readonly Tensor[] | undefined;
}

export interface WeightOptions {
  readonly shape?: readonly number[] | undefined;
  readonly initializer?: InitializerName | null | undefined;
  readonly regularizer?: RegularizerName | undefined;
  readonly constraint?: ConstraintName | undefined;
  readonly trainable?: boolean | undefined;
  readonly dtype?: DType | undefined;
}

/** Their order in Python. */
const weightNames = ["name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint"] as const;

/** Layers and variables below a layer, by the name of the field that holds them. */
export type Trackable = Layer | Variable;

/**
 * A layer of one's own overrides `build`, which makes variables with `addWeight`, and `call`. Fields that hold layers (or lists of them)
 * are found by themselves: their variables count as the layer's.
 */
export abstract class Layer extends Called {
  readonly name: string;
  built = false;
  /** Keeps what it has learned between batches; resetStates forgets it. */
  readonly stateful: boolean = false;
  supportsMasking = false;
  readonly batchInputShape: Shape;
  #trainable: boolean;
  #dtype: DType | null;
  readonly #own: Variable[] = [];
  readonly #regularized: (() => Tensor)[] = [];
  readonly #losses: (Tensor | (() => Tensor))[] = [];
  readonly #updates: Operation[] = [];
  readonly #metrics = new Map<Metric, Tensor>();
  readonly #activityRegularizer: Regularizer | null;
  readonly #initialWeights: readonly Literal[] | null;
  readonly #given: Config;

  /** `kind` is the name when none is given: the class's own, in snake_case. */
  constructor(options: LayerOptions = {}, kind?: string) {
    super();
    this.name = options.name ?? uniqueObjectName(kind ?? nameOfKind(new.target.name));
    this.#trainable = options.trainable ?? true;
    this.#dtype = options.dtype ?? null;
    this.#activityRegularizer = getRegularizer(options.activityRegularizer);
    this.#initialWeights = options.weights ?? null;
    this.#given = options as Config;
    const { inputDim, batchSize = null } = options;
    const inputShape = options.inputShape ?? (inputDim === undefined ? null : [inputDim]);
    this.batchInputShape = options.batchInputShape ?? (inputShape ? [batchSize, ...inputShape] : null);
  }

  get dtype(): DType {
    return this.#dtype ?? float32;
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  /** Holds for the layers inside too. Models take it in when they are compiled. */
  set trainable(value: boolean) {
    this.#trainable = value;
    for (const layer of this.innerLayers()) layer.trainable = value;
  }

  /** What a checkpoint calls the parts of this layer, in the order of their fields. */
  trackables(): [string, Trackable | readonly Trackable[]][] {
    const isPart = (value: unknown): value is Trackable => value instanceof Layer || value instanceof Variable;
    return Object.entries(this).filter(
      (entry): entry is [string, Trackable | readonly Trackable[]] =>
        isPart(entry[1]) || (Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isPart)),
    );
  }

  /** What a checkpoint holds of the layer, by Python's names. */
  *[trackableChildren](): Generator<[string, object]> {
    for (const [name, part] of this.trackables()) yield [pythonName(name), part];
  }

  protected innerLayers(): Layer[] {
    const found = this.trackables().flatMap(([, part]) => listOf<Trackable>(part));
    return [...new Set(found.filter((part) => part instanceof Layer))];
  }

  /** Variables of the layer itself, without those of layers inside. */
  protected ownWeights(): readonly Variable[] {
    return this.#own;
  }

  get trainableWeights(): Variable[] {
    if (!this.trainable) return [];
    const own = this.ownWeights().filter((variable) => variable.trainable);
    return unique([...own, ...this.innerLayers().flatMap((layer) => layer.trainableWeights)]);
  }

  get nonTrainableWeights(): Variable[] {
    const own = this.ownWeights().filter((variable) => !variable.trainable || !this.trainable);
    return unique([...own, ...this.innerLayers().flatMap((layer) => layer.nonTrainableWeights)]);
  }

  get weights(): Variable[] {
    return unique([...this.trainableWeights, ...this.nonTrainableWeights]);
  }

  get variables(): Variable[] {
    return this.weights;
  }

  get trainableVariables(): Variable[] {
    return this.trainableWeights;
  }

  get nonTrainableVariables(): Variable[] {
    return this.nonTrainableWeights;
  }

  /** Scalars that are added to a model's loss: those of regularizers, and those of addLoss. */
  get losses(): Tensor[] {
    for (const [i, loss] of this.#losses.entries()) if (typeof loss === "function") this.#losses[i] = loss();
    const weights = this.trainable ? this.#regularized.map((make) => make()) : [];
    return [...(this.#losses as Tensor[]), ...weights, ...this.innerLayers().flatMap((layer) => layer.losses)];
  }

  /** Operations that run with each training step, such as those of moving averages. */
  get updates(): Operation[] {
    if (!this.trainable) return [];
    return [...this.#updates, ...this.innerLayers().flatMap((layer) => layer.updates)];
  }

  addLoss(loss: Tensor | (() => Tensor)): void {
    this.#losses.push(loss);
  }

  /** Metrics that the layer, and those inside, add to a model's. */
  get metrics(): readonly Metric[] {
    return [...this.#metrics.keys(), ...this.innerLayers().flatMap((layer) => layer.metrics)];
  }

  /** Their values with the last call's batch. */
  get metricResults(): readonly Tensor[] {
    return [...this.#metrics.values(), ...this.innerLayers().flatMap((layer) => layer.metricResults)];
  }

  /** Shows a tensor's mean over batches in the logs, under this name. Throws ValueError without one. */
  addMetric(value: Tensor, options: { readonly name?: string; readonly aggregation?: "mean" | null } = {}): void {
    const { name } = options;
    if (name === undefined) {
      throw new ValueError(
        "Please provide a name for your metric like `self.add_metric(tf.reduce_sum(inputs), name='mean_activation')`",
      );
    }
    const known = [...this.#metrics.keys()].find((metric) => metric.name === name);
    const metric = known ?? new Mean({ name });
    this.#metrics.set(metric, metric.apply(value, value));
  }

  /** What the layer is made from, by Python's names; a class of one's own adds its options. */
  getConfig(): Config {
    return configOf(this, this.#given);
  }

  /** A layer like the one that gave the configuration, with variables of its own. */
  static fromConfig(config: Config): Layer {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked
    const kind = this as unknown as new (...args: readonly unknown[]) => Layer;
    return new kind(...argumentsOf(kind.name, config));
  }

  /** Values of all variables, as setWeights takes them. */
  getWeights(): Promise<NdArray[]> {
    return values.get(this.weights);
  }

  /** Throws ValueError when number or shapes of the arrays do not fit. */
  async setWeights(weights: readonly Literal[]): Promise<void> {
    const variables = this.weights;
    const arrays = weights.map((each) => literalToArray(each));
    if (variables.length !== arrays.length) {
      throw new ValueError(
        `You called \`set_weights(weights)\` on layer "${this.name}" with a weight list of length ${arrays.length}, but the layer was expecting ${variables.length} weights. Provided weights: [${arrays
          .map((array) => `array(${array})`)
          .join(", ")
          .slice(0, 50)}...`,
      );
    }
    for (const [i, { shape }] of variables.entries()) {
      const given = arrays[i]!.shape;
      if (shape!.length === given.length && shape!.every((d, k) => d === given[k])) continue;
      throw new ValueError(
        `Layer weight shape ${tuple(shape!)} not compatible with provided weight shape ${tuple(given)}`,
      );
    }
    await values.set(variables.map((variable, i) => [variable, arrays[i]!] as const));
  }

  addUpdate(update: Operation | Tensor): void {
    this.#updates.push(update instanceof Tensor ? update.op : update);
  }

  /** A variable of the layer, below its name scope. The shape by place or by name, and the name, too. */
  addWeight(...args: Rest<WeightOptions & { readonly name?: string | undefined }, typeof weightNames>): Variable {
    const options = byName(args, weightNames);
    const { name, shape = [], trainable = true, dtype = this.dtype } = options;
    const given = this.#initialWeights?.[this.#own.length];
    const initializer: Initializer =
      given === undefined
        ? getInitializer(options.initializer ?? (dtype.isFloating ? "glorot_uniform" : "zeros"))
        : () => constant(literalToArray(given, dtype));
    const constraint: Constraint | null = getConstraint(options.constraint);
    const variable = new Variable(() => initializer(shape, { dtype }), {
      ...(name === undefined ? {} : { name }),
      dtype,
      trainable,
      useResource: true,
      ...(constraint ? { constraint } : {}),
    });
    this.#own.push(variable);
    const regularizer = getRegularizer(options.regularizer);
    if (regularizer) this.regularize(variable, regularizer);
    return variable;
  }

  /** A loss of a variable's value: one node, or made anew where ops run at once. */
  protected regularize(variable: Variable, regularizer: Regularizer): void {
    const make = (): Tensor =>
      getDefaultGraph().nameScope(`${nameOf(variable)}/Regularizer`, () => regularizer(variable)) as Tensor;
    let loss: Tensor | null = null;
    this.#regularized.push(() => {
      if (getDefaultGraph().isEager) return make();
      loss ??= make();
      return loss;
    });
  }

  /** Makes the variables for inputs of this shape (a list of shapes where the layer takes several inputs). */
  protected build(_inputShape: Shape | readonly Shape[]): void {}

  protected abstract call(inputs: Tensors, options: CallOptions): Tensors;

  /** The mask of the outputs. Throws TypeError for layers that cannot take one. */
  protected computeMask(_inputs: Tensors, mask: CallOptions["mask"]): Tensor | null {
    return this.supportsMasking && mask instanceof Tensor ? mask : null;
  }

  /** What the inputs must be like, one for each where there are several. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null;

  /** Throws ValueError when the inputs do not fit. */
  protected checkInputs(inputs: Tensors): void {
    if (this.inputSpec) checkSpecs(this.name, listOf<InputSpec>(this.inputSpec), listOf<Tensor>(inputs));
  }

  protected inScope<R>(fn: () => R): R {
    return getDefaultGraph().nameScope(this.name, fn);
  }

  /** Makes the variables, if there are none. */
  ensureBuilt(inputs: Tensors): void {
    const list = listOf<Tensor>(inputs);
    const dtype = list[0]?.dtype.baseDtype ?? float32;
    this.buildFor(Array.isArray(inputs) ? list.map((each) => each.shape) : list[0]!.shape, dtype);
  }

  /** Makes the variables for inputs of this shape and dtype, if there are none. */
  buildFor(inputShape: Shape | readonly Shape[], dtype: DType = float32): void {
    if (this.built) return;
    this.#dtype ??= dtype.isFloating ? dtype : float32;
    this.build(inputShape);
    this.built = true;
  }

  /** The outputs for these inputs; the first time, the variables are made. Throws ValueError for inputs that do not fit. */
  apply(inputs: Tensor | TensorLike, options?: CallOptions): Tensor;
  apply(inputs: readonly Tensor[] | Tensors | TensorLike, options?: CallOptions): Tensors;
  apply(given: Tensors | TensorLike, options: CallOptions = {}): Tensors {
    const isList = Array.isArray(given) && given.length > 0 && given.every((each) => isSymbolic(each));
    return this.inScope(() => {
      const inputs: Tensors = isList
        ? (given as readonly TensorLike[]).map((each) => convertToTensor(each))
        : convertToTensor(given as TensorLike);
      const flat = listOf<Tensor>(inputs);
      this.checkInputs(inputs);
      this.ensureBuilt(inputs);
      const found = flat.map((each) => maskOf(each));
      const mask = options.mask !== undefined ? options.mask : isList ? found : (found[0] ?? null);
      const outputs = inCall(() => this.call(inputs, { ...options, mask }));
      const made = listOf<Tensor>(outputs).map((output) => (flat.includes(output) ? alias(output) : output));
      const outMask = this.computeMask(inputs, mask);
      if (outMask) for (const output of made) setMask(output, outMask);
      if (this.#activityRegularizer) this.#regularizeActivity(made);
      const result: Tensors = Array.isArray(outputs) ? made : made[0]!;
      if (!isInCall() && flat.some(comesFromLayers))
        remember({ layer: this, inputs: flat, outputs: made, isList, options });
      return result;
    });
  }

  /** True for training: what was asked for, else the learning phase. */
  protected training(options: CallOptions): boolean | Tensor {
    return options.training ?? learningPhase();
  }

  #regularizeActivity(outputs: readonly Tensor[]): void {
    for (const output of outputs) {
      getDefaultGraph().nameScope("ActivityRegularizer", () => {
        const loss = this.#activityRegularizer!(output as never) as Tensor;
        this.addLoss(divide(loss, cast(shapeOf(output).at(0), loss.dtype.baseDtype) as Tensor) as Tensor);
      });
    }
  }

  /** The number of numbers in its variables. Throws ValueError before there are any. */
  countParams(): number {
    if (!this.built) {
      throw new ValueError(
        `You tried to call \`count_params\` on ${this.name}, but the layer isn't built. You can build it manually via: \`${this.name}.build(batch_input_shape)\`.`,
      );
    }
    return countOf(this.weights);
  }
}

export const countOf = (variables: readonly Variable[]): number =>
  variables.reduce((sum, { shape }) => sum + shape!.reduce((n: number, d) => n * d!, 1), 0);

/** `movingMean` as `moving_mean`. */
const pythonName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

const alias = (x: Tensor): Tensor => identity(x);
