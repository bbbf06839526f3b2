/** `tf.contrib.rnn.ConvLSTMCell`: an LSTM whose products are convolutions. Source: contrib/rnn rnn_cell.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { TensorShape } from "../../../graph/tensor_shape.ts";
import { concat, conv1d, conv2d, conv3d, sigmoid, split, tanh } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Nested } from "../../control_flow/structure.ts";
import { constantInitializer } from "../../initializers.ts";
import { add, mul } from "../../operators.ts";
import { ownKind, RNNCell, type StepResult } from "../../rnn/cell.ts";
import { LSTMStateTuple, type RowSize, type State, type StateSize } from "../../rnn/state.ts";
import { getVariable } from "../../variables/scope.ts";

interface ConvLSTMOptions {
  readonly useBias?: boolean | undefined;
  /** True: the inputs stand beside the output. */
  readonly skipConnection?: boolean | undefined;
  readonly forgetBias?: number | undefined;
  readonly initializers?: unknown;
  readonly name?: string | undefined;
}

const places = ["useBias", "skipConnection", "forgetBias", "initializers", "name"] as const;
type ConvLSTMRest = Rest<ConvLSTMOptions, typeof places>;

/** Inputs side by side, convolved. Throws ValueError for ranks that no convolution has. */
function convolved(
  args: readonly Tensor[],
  kernelShape: readonly number[],
  channels: number,
  useBias: boolean,
): Tensor {
  const shapes = args.map(({ shape }) => shape!);
  const text = `[${shapes.map((shape) => `[${shape.join(", ")}]`).join(", ")}]`;
  const rank = shapes[0]!.length;
  for (const shape of shapes) {
    if (![3, 4, 5].includes(shape.length)) {
      throw new ValueError(`Conv Linear expects 3D, 4D or 5D arguments: ${text}`);
    }
    if (shape.length !== rank) throw new ValueError(`Conv Linear expects all args to be of same Dimension: ${text}`);
  }
  const { dtype } = args[0]!;
  const depth = shapes.reduce((sum, shape) => sum + shape.at(-1)!, 0);
  const kernel = getVariable("kernel", { shape: [...kernelShape, depth, channels], dtype });
  const inputs = args.length === 1 ? args[0]! : concat([...args], rank - 1);
  const strides = Array.from({ length: rank }, () => 1);
  const result =
    rank === 3
      ? conv1d(inputs, kernel, { stride: 1, padding: "SAME" })
      : rank === 4
        ? conv2d(inputs, kernel, { strides, padding: "SAME" })
        : conv3d(inputs, kernel, { strides, padding: "SAME" });
  if (!useBias) return result;
  const bias = getVariable("biases", { shape: [channels], dtype, initializer: constantInitializer(0, { dtype }) });
  return add(result, bias);
}

/**
 * inputs [batch, ...inputShape]; output and both states [batch, ...inputShape without its channels, outputChannels]. Throws ValueError where
 * inputShape has not convNdims axes and one for channels.
 */
export class ConvLSTMCell extends RNNCell {
  static readonly kind: string = "ConvLSTMCell";
  readonly #sizes: {
    readonly inputs: readonly number[];
    readonly channels: number;
    readonly kernel: readonly number[];
  };
  readonly #options: ConvLSTMOptions;

  constructor(
    convNdims: number,
    inputShape: readonly number[],
    outputChannels: number,
    kernelShape: readonly number[],
    ...rest: ConvLSTMRest
  ) {
    const options = byName<ConvLSTMOptions>(rest, places);
    super({ name: options.name ?? "conv_lstm_cell" }, ownKind(new.target));
    if (convNdims !== inputShape.length - 1) {
      throw new ValueError(`Invalid input_shape [${inputShape.join(", ")}] for conv_ndims=${convNdims}.`);
    }
    this.#sizes = { inputs: inputShape, channels: outputChannels, kernel: kernelShape };
    this.#options = options;
  }

  #rows(channels: number): RowSize {
    return new TensorShape([...this.#sizes.inputs.slice(0, -1), channels]);
  }

  get stateSize(): StateSize {
    const size = this.#rows(this.#sizes.channels);
    return new LSTMStateTuple<RowSize>(size, size);
  }

  get outputSize(): StateSize {
    const { channels, inputs } = this.#sizes;
    return this.#rows(this.#options.skipConnection ? channels + inputs.at(-1)! : channels);
  }

  protected override call(given: Nested<Tensor>, state: State): StepResult {
    const { useBias = true, skipConnection = false, forgetBias = 1 } = this.#options;
    const inputs = given as Tensor;
    const [cell, hidden] = state as readonly Tensor[] as [Tensor, Tensor];
    const all = convolved([inputs, hidden], this.#sizes.kernel, 4 * this.#sizes.channels, useBias);
    const gates = split(all, 4, { axis: this.#sizes.inputs.length });
    const [enter, fresh, forget, shown] = gates as [Tensor, Tensor, Tensor, Tensor];
    const kept = mul(sigmoid(add(forget, forgetBias)), cell);
    const gate = sigmoid(enter);
    const next = add(kept, mul(gate, tanh(fresh)));
    const plain = tanh(next);
    const product = mul(plain, sigmoid(shown));
    const output = skipConnection ? concat([product, inputs], -1) : product;
    return [output, new LSTMStateTuple(next, output)];
  }
}

interface ShapedOptions extends ConvLSTMOptions {
  readonly inputShape: readonly number[];
  readonly outputChannels: number;
  readonly kernelShape: readonly number[];
}

/** Inputs [batch, steps, channels]. */
export class Conv1DLSTMCell extends ConvLSTMCell {
  static override readonly kind: string = "Conv1DLSTMCell";

  constructor({ inputShape, outputChannels, kernelShape, ...options }: ShapedOptions) {
    super(1, inputShape, outputChannels, kernelShape, { name: "conv_1d_lstm_cell", ...options });
  }
}

/** Inputs [batch, rows, columns, channels]. */
export class Conv2DLSTMCell extends ConvLSTMCell {
  static override readonly kind: string = "Conv2DLSTMCell";

  constructor({ inputShape, outputChannels, kernelShape, ...options }: ShapedOptions) {
    super(2, inputShape, outputChannels, kernelShape, { name: "conv_2d_lstm_cell", ...options });
  }
}

/** Inputs [batch, planes, rows, columns, channels]. */
export class Conv3DLSTMCell extends ConvLSTMCell {
  static override readonly kind: string = "Conv3DLSTMCell";

  constructor({ inputShape, outputChannels, kernelShape, ...options }: ShapedOptions) {
    super(3, inputShape, outputChannels, kernelShape, { name: "conv_3d_lstm_cell", ...options });
  }
}
