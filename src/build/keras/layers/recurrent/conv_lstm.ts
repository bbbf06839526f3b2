/** `tf.keras.layers`: LSTM with convolutions in place of products. Source: tf_keras/src/layers/rnn/base_conv_lstm.py; Shi et al., "Convolutional LSTM Network". */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, biasAdd, concat, convolution, multiply, split } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { DataFormat } from "../../../layers/core.ts";
import { opFormat, paddingOf, type Size, sizes } from "../../../layers/window.ts";
import { getInitializer } from "../../initializers.ts";
import { withArguments } from "../configured.ts";
import { Cell, type Stepped } from "./cell.ts";
import { type LSTMCellOptions, places } from "./cells.ts";
import { type CellSettings, inner, ofKind } from "./layers.ts";
import { RNN } from "./rnn.ts";

interface WindowOptions {
  readonly strides?: Size | undefined;
  readonly padding?: "valid" | "same" | undefined;
  readonly dataFormat?: DataFormat | undefined;
  readonly dilationRate?: Size | undefined;
}
export type ConvLSTMOptions = CellSettings<LSTMCellOptions> & WindowOptions;

/** Gates in the order i, f, c, o over images of `filters` channels; states h and c. */
class ConvLSTMCell extends Cell {
  readonly filters: number;
  readonly #rank: 1 | 2 | 3;
  readonly #size: readonly number[];
  readonly #strides: readonly number[];
  readonly #rates: readonly number[];
  readonly #window: WindowOptions;
  #spatial: readonly number[] = [];

  constructor(rank: 1 | 2 | 3, filters: number, kernelSize: Size, options: LSTMCellOptions & WindowOptions) {
    super(4, filters, options, `conv_lstm${rank}d_cell`);
    this.filters = filters;
    this.#rank = rank;
    this.#size = sizes(kernelSize, rank, "kernel_size");
    this.#strides = sizes(options.strides ?? 1, rank, "strides");
    this.#rates = sizes(options.dilationRate ?? 1, rank, "dilation_rate");
    this.#window = options;
  }

  override another(): ConvLSTMCell {
    return new ConvLSTMCell(this.#rank, this.filters, this.#size, { ...this.options, ...this.#window });
  }

  get #format(): DataFormat {
    return this.#window.dataFormat ?? "channels_last";
  }

  override get stateShapes(): readonly (readonly number[])[] {
    const shape =
      this.#format === "channels_first" ? [this.filters, ...this.#spatial] : [...this.#spatial, this.filters];
    return [shape, shape];
  }

  protected override build(inputShape: Shape): void {
    const isFirst = this.#format === "channels_first";
    const channels = inputShape!.at(isFirst ? 1 : -1);
    if (channels === null || channels === undefined) {
      throw new ValueError("The channel dimension of the inputs (last axis) should be defined. Found None.");
    }
    const padding = this.#window.padding ?? "valid";
    this.#spatial = this.#size.map((size, i) => {
      const length = inputShape![(isFirst ? 2 : 1) + i]!;
      const reach = (size - 1) * this.#rates[i]! + 1;
      return Math.ceil((padding === "same" ? length : length - reach + 1) / this.#strides[i]!);
    });
    const { options, filters } = this;
    this.kernel = this.addWeight("kernel", {
      shape: [...this.#size, channels, filters * 4],
      initializer: options.kernelInitializer ?? "glorot_uniform",
      regularizer: options.kernelRegularizer,
      constraint: options.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight("recurrent_kernel", {
      shape: [...this.#size, filters, filters * 4],
      initializer: options.recurrentInitializer ?? "orthogonal",
      regularizer: options.recurrentRegularizer,
      constraint: options.recurrentConstraint,
    });
    if (!(options.useBias ?? true)) return;
    const given = getInitializer(options.biasInitializer ?? "zeros");
    const ones = getInitializer("ones");
    this.bias = this.addWeight("bias", {
      shape: [filters * 4],
      initializer:
        ((options as LSTMCellOptions).unitForgetBias ?? true)
          ? (_, at) => concat([given([filters], at), ones([filters], at), given([filters * 2], at)], 0)
          : given,
      regularizer: options.biasRegularizer,
      constraint: options.biasConstraint,
    });
  }

  #convolve(x: Tensor, kernel: Tensor, isInput: boolean): Tensor {
    return convolution(x, kernel, {
      strides: isInput ? this.#strides : this.#size.map(() => 1),
      padding: isInput ? paddingOf(this.#window.padding) : "SAME",
      dilations: isInput ? this.#rates : this.#size.map(() => 1),
      dataFormat: opFormat(this.#format, this.#rank),
    });
  }

  override step(x: Tensor, [h, c]: readonly Tensor[]): Stepped {
    const axis = this.#rank + 1;
    const kernels = split(this.kernel!.value(), 4, { axis });
    const recurrent = split(this.recurrentKernel!.value(), 4, { axis });
    const biases = this.bias ? split(this.bias.value(), 4) : null;
    const dataFormat = opFormat(this.#format, this.#rank);
    const [input, state] = [this.dropInputs(x), this.dropStates(h!)];
    const gate = (i: number): Tensor => {
      const fromInput = this.#convolve(input, kernels[i]!, true);
      const biased = biases ? biasAdd(fromInput, biases[i]!, { dataFormat }) : fromInput;
      return add(biased, this.#convolve(state, recurrent[i]!, false));
    };
    const [i, f] = [this.recurrentActivation(gate(0)), this.recurrentActivation(gate(1))];
    const next = add(multiply(f, c!), multiply(i, this.activation(gate(2))));
    const output = multiply(this.recurrentActivation(gate(3)), this.activation(next));
    return [output, [output, next]];
  }
}
type ConvLSTMRest = Rest<ConvLSTMOptions, typeof places.convLstm>;

abstract class ConvLSTM extends RNN {
  protected override readonly rank: number;

  constructor(rank: 1 | 2 | 3, filters: number, kernelSize: Size, rest: ConvLSTMRest) {
    const options = byName<ConvLSTMOptions>(rest, places.convLstm);
    const cell = new ConvLSTMCell(rank, filters, kernelSize, inner("", options));
    super(cell, ofKind(`conv_lstm${rank}d`, withArguments(options, { filters, kernelSize })));
    this.rank = rank + 3;
  }
}

/** Sequences [n, t, w, c] to [n, w', filters], or [n, t, w', filters]. */
export class ConvLSTM1D extends ConvLSTM {
  constructor(filters: number, kernelSize: Size, ...rest: ConvLSTMRest) {
    super(1, filters, kernelSize, rest);
  }
}
/** Films [n, t, h, w, c] to [n, h', w', filters], or [n, t, h', w', filters]. */
export class ConvLSTM2D extends ConvLSTM {
  constructor(filters: number, kernelSize: Size, ...rest: ConvLSTMRest) {
    super(2, filters, kernelSize, rest);
  }
}
/** Volumes over time [n, t, d, h, w, c] to [n, d', h', w', filters], or [n, t, d', h', w', filters]. */
export class ConvLSTM3D extends ConvLSTM {
  constructor(filters: number, kernelSize: Size, ...rest: ConvLSTMRest) {
    super(3, filters, kernelSize, rest);
  }
}
