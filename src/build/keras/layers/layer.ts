/**
 * `tf.keras.layers.Layer`: variables made on first use, calls that leave a history, so that models can be made from tensors.
 *
 *     x = Input([4])            history of y: layer `dense`, node 0
 *     y = new Dense(2).apply(x)             node 0: inputs [x], outputs [y]
 *
 * Source: tf_keras/src/engine/base_layer_v1.py, node.py.
 */
import { type DType, float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython, type Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../ops/convert.ts";
import { identity } from "../../../ops/index.ts";
import { trackableChildren } from "../../trackable/children.ts";
import type { Initializer, Regularizer } from "../../variables/store.ts";
import { type Constraint, Variable } from "../../variables/variable.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import { type ConstraintName, getConstraint, getRegularizer, type RegularizerName } from "../regularizers.ts";
import { learningPhase, nameOf, nameOfKind, uniqueObjectName } from "../state.ts";

export type Tensors = Tensor | readonly Tensor[];

export interface LayerOptions {
  readonly name?: string | undefined;
  readonly trainable?: boolean | undefined;
  readonly dtype?: DType | undefined;
  /** The shape of one example, for the first layer of a Sequential. */
  readonly inputShape?: Shape | undefined;
  /** The same with the batch's size before it. */
  readonly batchInputShape?: Shape | undefined;
  readonly batchSize?: number | undefined;
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

/** One call of a layer. */
export interface LayerNode {
  readonly layer: Layer;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly isList: boolean;
  readonly options: CallOptions;
}

const histories = new WeakMap<Tensor, LayerNode>();
const masks = new WeakMap<Tensor, Tensor>();

/** The call that made a tensor, or undefined for tensors that no layer made. */
export const historyOf = (tensor: Tensor): LayerNode | undefined => histories.get(tensor);
/** The mask that goes with a tensor: bool [batch, time]. */
export const maskOf = (tensor: Tensor): Tensor | null => masks.get(tensor) ?? null;
export const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Names a node of the graph of layers. */
export function remember(node: LayerNode): void {
  node.layer.inboundNodes.push(node);
  for (const output of node.outputs) histories.set(output, node);
}

/** Layers and variables below a layer, by the name of the field that holds them. */
export type Trackable = Layer | Variable;

/**
 * A layer of one's own overrides `build`, which makes variables with `addWeight`, and `call`. Fields that hold layers (or lists of them)
 * are found by themselves: their variables count as the layer's.
 */
export abstract class Layer {
  readonly name: string;
  built = false;
  /** Keeps what it has learned between batches; resetStates forgets it. */
  readonly stateful: boolean = false;
  supportsMasking = false;
  readonly inboundNodes: LayerNode[] = [];
  readonly batchInputShape: Shape;
  #trainable: boolean;
  #dtype: DType | null;
  readonly #own: Variable[] = [];
  readonly #regularized: (() => Tensor)[] = [];
  readonly #losses: (Tensor | (() => Tensor))[] = [];
  readonly #updates: Operation[] = [];

  /** `kind` is the name when none is given: the class's own, in snake_case. */
  constructor(options: LayerOptions = {}, kind?: string) {
    this.name = options.name ?? uniqueObjectName(kind ?? nameOfKind(new.target.name));
    this.#trainable = options.trainable ?? true;
    this.#dtype = options.dtype ?? null;
    const { inputShape, batchSize = null } = options;
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

  addUpdate(update: Operation | Tensor): void {
    this.#updates.push(update instanceof Tensor ? update.op : update);
  }

  /** A variable of the layer, below its name scope. */
  addWeight(name: string, options: WeightOptions = {}): Variable {
    const { shape = [], trainable = true, dtype = this.dtype } = options;
    const initializer: Initializer = getInitializer(
      options.initializer ?? (dtype.isFloating ? "glorot_uniform" : "zeros"),
    );
    const constraint: Constraint | null = getConstraint(options.constraint);
    const variable = new Variable(() => initializer(shape, { dtype }), {
      name,
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

  /** Throws ValueError when the inputs do not fit. */
  protected checkInputs(_inputs: Tensors): void {}

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
      const outputs = this.call(inputs, { ...options, mask });
      const made = listOf<Tensor>(outputs).map((output) => (flat.includes(output) ? alias(output) : output));
      const outMask = this.computeMask(inputs, mask);
      if (outMask) for (const output of made) masks.set(output, outMask);
      const result: Tensors = Array.isArray(outputs) ? made : made[0]!;
      if (flat.some((each) => histories.has(each))) {
        remember({ layer: this, inputs: flat, outputs: made, isList, options });
      }
      return result;
    });
  }

  /** True for training: what was asked for, else the learning phase. */
  protected training(options: CallOptions): boolean | Tensor {
    return options.training ?? learningPhase();
  }

  /** The input of its only call. Throws ValueError when there was none, or more than one. */
  get input(): Tensors {
    const { inputs, isList } = this.#onlyNode("input");
    return isList ? inputs : inputs[0]!;
  }

  get output(): Tensors {
    const { outputs } = this.#onlyNode("output");
    return outputs.length === 1 ? outputs[0]! : outputs;
  }

  get inputShape(): Shape {
    return listOf<Tensor>(this.input)[0]!.shape;
  }

  get outputShape(): Shape {
    return listOf<Tensor>(this.output)[0]!.shape;
  }

  #onlyNode(what: string): LayerNode {
    const [node] = this.inboundNodes;
    if (!node) throw new ValueError(`Layer ${this.name} is not connected, no ${what} to return.`);
    if (this.inboundNodes.length > 1) {
      throw new ValueError(
        `Layer ${this.name} has multiple inbound nodes, hence the notion of "layer ${what}" is ill-defined.`,
      );
    }
    return node;
  }

  /** The number of numbers in its variables. Throws ValueError before there are any. */
  countParams(): number {
    if (!this.built) {
      throw new ValueError(
        `You tried to call \`count_params\` on layer ${this.name}, but the layer isn't built. You can build it manually via: \`${this.name}.build(batch_input_shape)\`.`,
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

/** A model's or a layer's complaint about ranks, in Keras' words. Throws ValueError. */
export function requireRank(
  name: string,
  x: Tensor,
  expected: { readonly ndim?: number; readonly minNdim?: number },
): void {
  const start = `Input 0 of layer "${name}" is incompatible with the layer: `;
  const rank = x.shape?.length;
  if (rank === undefined) return;
  const received = `Full shape received: ${formatShapePython(x.shape)}`;
  if (expected.ndim !== undefined && rank !== expected.ndim) {
    throw new ValueError(`${start}expected ndim=${expected.ndim}, found ndim=${rank}. ${received}`);
  }
  if (expected.minNdim !== undefined && rank < expected.minNdim) {
    throw new ValueError(`${start}expected min_ndim=${expected.minNdim}, found ndim=${rank}. ${received}`);
  }
}
