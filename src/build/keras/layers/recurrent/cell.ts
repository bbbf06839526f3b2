/** `tf.keras.layers`: what is one step of a recurrent layer. Source: tf_keras/src/layers/rnn/abstract_rnn_cell.py, dropout_rnn_cell_mixin.py. */
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { dropout, multiply, onesLike } from "../../../../ops/index.ts";
import { smartCond } from "../../../layers/layer.ts";
import type { Variable } from "../../../variables/variable.ts";
import { type ActivationLike, getActivation } from "../../activations.ts";
import type { ConstraintName } from "../../constraints.ts";
import type { InitializerName } from "../../initializers.ts";
import type { RegularizerName } from "../../regularizers.ts";
import { type CallOptions, Layer, type LayerOptions, listOf, type Tensors } from "../layer.ts";

/** The width of the only state, or of each one; a state of images has a list of sizes. */
export type StateSize = number | readonly (number | readonly number[])[];

/** One step: the output and the states after it. */
export type Stepped = readonly [output: Tensor, states: readonly Tensor[]];

/** One's own cell says its `stateSize` and overrides `step`: inputs [batch, width] and states to the output and the next states. */
export abstract class AbstractRNNCell extends Layer {
  abstract readonly stateSize: StateSize;

  /** The sizes of each state without the batch. */
  get stateShapes(): readonly (readonly number[])[] {
    const { stateSize } = this;
    if (typeof stateSize === "number") return [[stateSize]];
    return stateSize.map((size) => (typeof size === "number" ? [size] : size));
  }

  get outputSize(): number {
    return this.stateShapes[0]!.at(-1)!;
  }

  /** A cell of the same kind and options, with variables of its own. */
  another(): AbstractRNNCell {
    const kind = this.constructor as unknown as { fromConfig(config: object): AbstractRNNCell };
    return kind.fromConfig(this.getConfig());
  }

  /** Draws what is dropped in the run that follows. x: the inputs of one step. */
  prepare(_x: Tensor, _states: readonly Tensor[], _training: () => boolean | Tensor): void {}

  abstract step(x: Tensor, states: readonly Tensor[]): Stepped;

  /** Of [inputs, ...states]: [output, ...states]. */
  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [x, ...given] = listOf<Tensor>(inputs);
    const states = given.length ? given : (options.initialState ?? []);
    this.prepare(x!, states, () => this.training(options));
    const [output, next] = this.step(x!, states);
    return [output, ...next];
  }
}

export interface CellOptions extends LayerOptions {
  /** tanh. */
  readonly activation?: ActivationLike | undefined;
  /** hard_sigmoid. */
  readonly recurrentActivation?: ActivationLike | undefined;
  readonly useBias?: boolean | undefined;
  readonly kernelInitializer?: InitializerName | undefined;
  readonly recurrentInitializer?: InitializerName | undefined;
  readonly biasInitializer?: InitializerName | undefined;
  readonly kernelRegularizer?: RegularizerName | undefined;
  readonly recurrentRegularizer?: RegularizerName | undefined;
  readonly biasRegularizer?: RegularizerName | undefined;
  readonly kernelConstraint?: ConstraintName | undefined;
  readonly recurrentConstraint?: ConstraintName | undefined;
  readonly biasConstraint?: ConstraintName | undefined;
  /** The part of the inputs that is dropped while training. */
  readonly dropout?: number | undefined;
  /** The part of the state that is dropped while training. */
  readonly recurrentDropout?: number | undefined;
}

/** What drops parts of inputs and states: the same parts at every step of one run over a sequence. */
interface Drops {
  readonly inputs: Tensor | null;
  readonly states: Tensor | null;
}

/** A cell with kernels for the inputs and for the state, one part of each for each gate. */
export abstract class Cell extends AbstractRNNCell {
  readonly units: number;
  kernel: Variable | null = null;
  recurrentKernel: Variable | null = null;
  bias: Variable | null = null;
  protected readonly options: CellOptions;
  readonly #gates: number;
  #drops: Drops = { inputs: null, states: null };

  constructor(gates: number, units: number, options: CellOptions, kind: string) {
    super(options, kind);
    this.units = units;
    this.options = options;
    this.#gates = gates;
  }

  override another(): Cell {
    const kind = this.constructor as new (units: number, options: CellOptions) => Cell;
    return new kind(this.units, { ...this.options, name: this.name });
  }

  override get stateSize(): readonly number[] {
    return [this.units];
  }

  protected biasShape(): readonly number[] {
    return [this.units * this.#gates];
  }

  protected biasInitializer(): InitializerName {
    return this.options.biasInitializer ?? "zeros";
  }

  protected override build(inputShape: Shape): void {
    const { options } = this;
    const width = this.units * this.#gates;
    this.kernel = this.addWeight("kernel", {
      shape: [inputShape!.at(-1)!, width],
      initializer: options.kernelInitializer ?? "glorot_uniform",
      regularizer: options.kernelRegularizer,
      constraint: options.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight("recurrent_kernel", {
      shape: [this.units, width],
      initializer: options.recurrentInitializer ?? "orthogonal",
      regularizer: options.recurrentRegularizer,
      constraint: options.recurrentConstraint,
    });
    if (options.useBias ?? true) {
      this.bias = this.addWeight("bias", {
        shape: this.biasShape(),
        initializer: this.biasInitializer(),
        regularizer: options.biasRegularizer,
        constraint: options.biasConstraint,
      });
    }
  }

  override prepare(x: Tensor, [h]: readonly Tensor[], training: () => boolean | Tensor): void {
    const mask = (like: Tensor, rate: number | undefined): Tensor | null =>
      rate
        ? smartCond<Tensor>(
            training(),
            () => dropout(onesLike(like), { rate }),
            () => onesLike(like),
          )
        : null;
    this.#drops = { inputs: mask(x, this.options.dropout), states: mask(h!, this.options.recurrentDropout) };
  }

  protected dropInputs(x: Tensor): Tensor {
    return this.#drops.inputs ? multiply(x, this.#drops.inputs) : x;
  }

  protected dropStates(h: Tensor): Tensor {
    return this.#drops.states ? multiply(h, this.#drops.states) : h;
  }

  protected get activation() {
    return getActivation(this.options.activation === undefined ? "tanh" : this.options.activation);
  }

  protected get recurrentActivation() {
    const { recurrentActivation } = this.options;
    return getActivation(recurrentActivation === undefined ? "hard_sigmoid" : recurrentActivation);
  }
}
