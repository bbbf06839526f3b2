/** `tf.keras.layers`: one step of simple recurrent networks, LSTM and GRU. Source: tf_keras/src/layers/rnn/{simple_rnn,lstm,gru}.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, biasAdd, concat, matmul, multiply, split, unstack } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Variable } from "../../../variables/variable.ts";
import { getInitializer, type InitializerName } from "../../initializers.ts";
import { Cell, type CellOptions, type Stepped } from "./cell.ts";

/** What initializers, regularizers and constraints of kernels, recurrent kernels and biases are called by place. */
const weights = <const T extends readonly string[]>(after: T) =>
  [
    ...(["kernelInitializer", "recurrentInitializer", "biasInitializer"] as const),
    ...after,
    ...(["kernelRegularizer", "recurrentRegularizer", "biasRegularizer"] as const),
  ] as const;
const constraints = ["kernelConstraint", "recurrentConstraint", "biasConstraint"] as const;
const drops = ["dropout", "recurrentDropout"] as const;
const ends = [...constraints, ...drops] as const;
const states = ["returnSequences", "returnState", "goBackwards", "stateful"] as const;
const sequencePlaces = [...ends, ...states, "unroll"] as const;
const undropped = ["activityRegularizer", ...constraints, ...states] as const;
const simple = ["activation", "useBias", ...weights([])] as const;
const gated = ["activation", "recurrentActivation", "useBias"] as const;
const lstm = [...gated, ...weights(["unitForgetBias"])] as const;
const gru = [...gated, ...weights([])] as const;
/** The order of options in Python: of cells, and of layers made of them. */
export const places = {
  simpleCell: [...simple, ...ends],
  simple: [...simple, "activityRegularizer", ...sequencePlaces],
  lstmCell: [...lstm, ...ends],
  lstm: [...lstm, "activityRegularizer", ...sequencePlaces],
  gruCell: [...gru, ...ends, "resetAfter"],
  gru: [...gru, "activityRegularizer", ...sequencePlaces, "resetAfter"],
  cudnnLstm: [...weights(["unitForgetBias"]), ...undropped],
  cudnnGru: [...weights([]), ...undropped],
  convLstm: ["strides", "padding", "dataFormat", "dilationRate", ...lstm, ...undropped, ...drops],
} as const;

/** output = activation(x · kernel + bias + h · recurrentKernel). */
export class SimpleRNNCell extends Cell {
  constructor(units: number, ...rest: Rest<CellOptions, typeof places.simpleCell>) {
    super(1, units, byName(rest, places.simpleCell), "simple_rnn_cell");
  }

  override step(x: Tensor, [h]: readonly Tensor[]): Stepped {
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
  constructor(units: number, ...rest: Rest<LSTMCellOptions, typeof places.lstmCell>) {
    super(4, units, byName<LSTMCellOptions>(rest, places.lstmCell), "lstm_cell");
  }

  override get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  /** How many of the biases are before those of the forget gate, are these, and come after. */
  protected get biasParts(): readonly [before: number, forget: number, after: number] {
    return [this.units, this.units, this.units * 2];
  }

  protected override biasInitializer(): InitializerName {
    const given = getInitializer(super.biasInitializer());
    if (!((this.options as LSTMCellOptions).unitForgetBias ?? true)) return given;
    const ones = getInitializer("ones");
    const [before, forget, after] = this.biasParts;
    return (_, options) => concat([given([before], options), ones([forget], options), given([after], options)], 0);
  }

  /** The biases of the four gates. */
  protected gateBiases(): Tensor | Variable | null {
    return this.bias;
  }

  override step(x: Tensor, [h, c]: readonly Tensor[]): Stepped {
    let z = matmul(this.dropInputs(x), this.kernel!);
    z = add(z, matmul(this.dropStates(h!), this.recurrentKernel!));
    const bias = this.gateBiases();
    if (bias) z = biasAdd(z, bias);
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
  constructor(units: number, ...rest: Rest<GRUCellOptions, typeof places.gruCell>) {
    super(3, units, byName<GRUCellOptions>(rest, places.gruCell), "gru_cell");
  }

  get #resetAfter(): boolean {
    return (this.options as GRUCellOptions).resetAfter ?? false;
  }

  protected override biasShape(): readonly number[] {
    return this.#resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  /** Those of the products with inputs and with states. */
  protected biases(): readonly (Tensor | null | undefined)[] {
    if (!this.bias) return [];
    return this.#resetAfter ? unstack(this.bias.value()) : [this.bias.value()];
  }

  override step(x: Tensor, [h]: readonly Tensor[]): Stepped {
    const state = this.dropStates(h!);
    const [inputBias, recurrentBias] = this.biases();
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
