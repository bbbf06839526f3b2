/** `tf.keras.layers`: one step of simple recurrent networks, LSTM and GRU. Source: tf_keras/src/layers/rnn/{simple_rnn,lstm,gru}.py. */
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, biasAdd, concat, dropout, matmul, multiply, onesLike, split, unstack } from "../../../../ops/index.ts";
import { smartCond } from "../../../layers/layer.ts";
import type { Variable } from "../../../variables/variable.ts";
import { type ActivationLike, getActivation } from "../../activations.ts";
import type { ConstraintName } from "../../constraints.ts";
import { getInitializer, type InitializerName } from "../../initializers.ts";
import type { RegularizerName } from "../../regularizers.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors } from "../layer.ts";

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

export abstract class Cell extends Layer {
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

  /** A cell of the same kind and options, with variables of its own. */
  another(): Cell {
    const kind = this.constructor as new (units: number, options: CellOptions) => Cell;
    return new kind(this.units, { ...this.options, name: this.name });
  }

  /** The width of each state. */
  get stateSize(): readonly number[] {
    return [this.units];
  }

  get outputSize(): number {
    return this.units;
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

  /** Draws what is dropped in the run that follows. x: the inputs of one step; h: a state. */
  prepare(x: Tensor, h: Tensor, training: () => boolean | Tensor): void {
    const mask = (like: Tensor, rate: number | undefined): Tensor | null =>
      rate
        ? smartCond<Tensor>(
            training(),
            () => dropout(onesLike(like), { rate }),
            () => onesLike(like),
          )
        : null;
    this.#drops = { inputs: mask(x, this.options.dropout), states: mask(h, this.options.recurrentDropout) };
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

  /** inputs [batch, width], states [batch, units] each. */
  abstract step(x: Tensor, states: readonly Tensor[]): readonly [Tensor, readonly Tensor[]];

  protected override inScope<R>(fn: () => R): R {
    return fn();
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [x, ...states] = inputs as readonly Tensor[];
    this.prepare(x!, states[0]!, () => this.training(options));
    const [output, next] = this.step(x!, states);
    return [output, ...next];
  }
}

/** output = activation(x · kernel + bias + h · recurrentKernel). */
export class SimpleRNNCell extends Cell {
  constructor(units: number, options: CellOptions = {}) {
    super(1, units, options, "simple_rnn_cell");
  }

  override step(x: Tensor, [h]: readonly Tensor[]): readonly [Tensor, readonly Tensor[]] {
    const fromInput = matmul(this.dropInputs(x), this.kernel!);
    const biased = this.bias ? biasAdd(fromInput, this.bias) : fromInput;
    const output = this.activation(add(biased, matmul(this.dropStates(h!), this.recurrentKernel!)));
    return [output, [output]];
  }
}

export interface LSTMCellOptions extends CellOptions {
  /** The forget gate's bias starts at 1; true by default. */
  readonly unitForgetBias?: boolean | undefined;
}

/** Gates in the order i, f, c, o; states h and c. */
export class LSTMCell extends Cell {
  constructor(units: number, options: LSTMCellOptions = {}) {
    super(4, units, options, "lstm_cell");
  }

  override get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  protected override biasInitializer(): InitializerName {
    const given = getInitializer(super.biasInitializer());
    if (!((this.options as LSTMCellOptions).unitForgetBias ?? true)) return given;
    const ones = getInitializer("ones");
    const { units } = this;
    return (_, options) => concat([given([units], options), ones([units], options), given([units * 2], options)], 0);
  }

  override step(x: Tensor, [h, c]: readonly Tensor[]): readonly [Tensor, readonly Tensor[]] {
    let z = matmul(this.dropInputs(x), this.kernel!);
    z = add(z, matmul(this.dropStates(h!), this.recurrentKernel!));
    if (this.bias) z = biasAdd(z, this.bias);
    const [z0, z1, z2, z3] = split(z, 4, { axis: 1 }) as Tensor[];
    const i = this.recurrentActivation(z0!);
    const f = this.recurrentActivation(z1!);
    const next = add(multiply(f, c!), multiply(i, this.activation(z2!)));
    const output = multiply(this.recurrentActivation(z3!), this.activation(next));
    return [output, [output, next]];
  }
}

export interface GRUCellOptions extends CellOptions {
  /** True applies the reset gate after the product with the state, as CuDNN does; false by default. */
  readonly resetAfter?: boolean | undefined;
}

/** Gates in the order z, r, h. */
export class GRUCell extends Cell {
  constructor(units: number, options: GRUCellOptions = {}) {
    super(3, units, options, "gru_cell");
  }

  get #resetAfter(): boolean {
    return (this.options as GRUCellOptions).resetAfter ?? false;
  }

  protected override biasShape(): readonly number[] {
    return this.#resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  override step(x: Tensor, [h]: readonly Tensor[]): readonly [Tensor, readonly Tensor[]] {
    const state = this.dropStates(h!);
    const [inputBias, recurrentBias] = this.bias
      ? this.#resetAfter
        ? unstack(this.bias.value())
        : [this.bias.value(), null]
      : [null, null];
    const fromInput = matmul(this.dropInputs(x), this.kernel!);
    const [xz, xr, xh] = split(inputBias ? biasAdd(fromInput, inputBias) : fromInput, 3, { axis: 1 }) as Tensor[];
    let candidate: Tensor;
    let z: Tensor;
    if (this.#resetAfter) {
      const inner = matmul(state, this.recurrentKernel!);
      const [hz, hr, hh] = split(recurrentBias ? biasAdd(inner, recurrentBias) : inner, 3, { axis: 1 }) as Tensor[];
      z = this.recurrentActivation(add(xz!, hz!));
      candidate = add(xh!, multiply(this.recurrentActivation(add(xr!, hr!)), hh!));
    } else {
      const kernel = this.recurrentKernel!.value();
      const [kz, kr, kh] = split(kernel, 3, { axis: 1 }) as Tensor[];
      z = this.recurrentActivation(add(xz!, matmul(state, kz!)));
      const r = this.recurrentActivation(add(xr!, matmul(state, kr!)));
      candidate = add(xh!, matmul(multiply(r, state), kh!));
    }
    const output = add(multiply(z, h!), multiply(z.mul(-1).add(1), this.activation(candidate)));
    return [output, [output]];
  }
}
