/** `tf.layers`: convolutions over sequences, images and volumes. Source: tensorflow/python/layers/convolutional.py, tf_keras base_conv.py. */
import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { add, biasAdd, convolution, reshape } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import type { Variable } from "../variables/variable.ts";
import { addBias, type DataFormat, kernelPlaces, type WeightedOptions } from "./core.ts";
import { Layer } from "./layer.ts";
import { dataFormatOf, opFormat, type Padding, paddingOf, type Size, sizes } from "./window.ts";

export interface ConvolutionLayerOptions extends WeightedOptions {
  readonly strides?: Size | undefined;
  readonly padding?: Padding | undefined;
  readonly dataFormat?: DataFormat | undefined;
  readonly dilationRate?: Size | undefined;
  /** Parts of the channels that are convolved by themselves, each with its part of the filters; 1. */
  readonly groups?: number | undefined;
}

/** Where the channels lie, and how many there are. Throws ValueError when that is not known. */
export function channelsOf(shape: Shape, format: DataFormat, rank: number): { axis: number; channels: number } {
  const axis = format === "channels_first" ? -1 - rank : -1;
  const channels = shape?.at(axis) ?? null;
  if (channels === null) {
    throw new ValueError(
      `The channel dimension of the inputs should be defined. The input_shape received is ${formatShapePython(shape)}, where axis ${axis} (0-based) is the channel dimension, which found to be \`None\`.`,
    );
  }
  return { axis, channels };
}

/** Convolutions over `rank` spatial axes; Conv1D, Conv2D and Conv3D give the rank. */
interface ConvolutionArguments extends ConvolutionLayerOptions {
  readonly filters: number;
  readonly kernelSize: Size;
}

type ConvolutionRest = Rest<ConvolutionArguments, readonly ["filters", "kernelSize", ...typeof places]>;

abstract class Convolution extends Layer {
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilationRate: readonly number[];
  readonly padding: "SAME" | "VALID";
  readonly dataFormat: DataFormat;
  kernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #rank: 1 | 2 | 3;
  readonly #options: ConvolutionLayerOptions;

  constructor(rank: 1 | 2 | 3, given: ConvolutionRest) {
    const { filters, kernelSize, ...options } = byName<ConvolutionArguments>(given, [
      "filters",
      "kernelSize",
      ...places,
    ]);
    super(options, `conv${rank}d`);
    if (!(filters > 0)) {
      throw new ValueError(
        `Invalid value for argument \`filters\`. Expected a strictly positive value. Received filters=${filters}.`,
      );
    }
    if (filters % (options.groups ?? 1) !== 0) {
      throw new ValueError(
        `The number of filters must be evenly divisible by the number of groups. Received: groups=${options.groups}, filters=${filters}.`,
      );
    }
    this.#rank = rank;
    this.#options = options;
    this.filters = filters;
    this.kernelSize = sizes(kernelSize, rank, "kernel_size");
    this.strides = sizes(options.strides ?? 1, rank, "strides");
    this.dilationRate = sizes(options.dilationRate ?? 1, rank, "dilation_rate");
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(options.dataFormat);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=(${this.strides.join(", ")}) and dilation_rate=(${this.dilationRate.join(", ")})`,
      );
    }
    this.inputSpec = { minNdim: rank + 2 };
  }

  protected override build(inputShape: Shape): void {
    const { axis, channels } = channelsOf(inputShape, this.dataFormat, this.#rank);
    this.#checkOutput(inputShape!);
    const { groups = 1 } = this.#options;
    if (channels % groups !== 0) {
      throw new ValueError(
        `The number of input channels must be evenly divisible by the number of groups. Received groups=${groups}, but the input has ${channels} channels (full input shape is ${formatShapePython(inputShape)}).`,
      );
    }
    this.kernel = this.addWeight("kernel", [...this.kernelSize, channels / groups, this.filters], {
      initializer: this.#options.kernelInitializer,
      regularizer: this.#options.kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    this.bias = addBias(this, this.filters, this.#options);
    this.inputSpec = { minNdim: this.#rank + 2, axes: { [axis]: channels } };
  }

  #checkOutput(inputShape: NonNullable<Shape>): void {
    if (this.padding === "SAME") return;
    const first = this.dataFormat === "channels_first" ? 2 : 1;
    this.kernelSize.forEach((size, i) => {
      const length = inputShape[first + i] ?? null;
      if (length === null || length >= (size - 1) * this.dilationRate[i]! + 1) return;
      throw new ValueError(
        `One of the dimensions in the output is <= 0 due to downsampling in ${this.name}. Consider increasing the input size. Received input shape ${listText(inputShape)} which would produce output shape with a zero or negative value in a dimension.`,
      );
    });
  }

  protected override call(inputs: Tensor): Tensor {
    const format = opFormat(this.dataFormat, this.#rank);
    let outputs = convolution(inputs, this.kernel!, {
      strides: this.strides,
      padding: this.padding,
      dilations: this.dilationRate,
      dataFormat: format,
      name: `Conv${this.#rank}D`,
    });
    if (this.bias) {
      const isLine = this.#rank === 1 && this.dataFormat === "channels_first";
      outputs = isLine
        ? add(outputs, reshape(this.bias, [1, this.filters, 1]), { name: "add" })
        : biasAdd(outputs, this.bias, { dataFormat: format });
    }
    return this.#options.activation ? this.#options.activation(outputs) : outputs;
  }
}

const listText = (shape: readonly (number | null)[]): string => `[${shape.map((d) => d ?? "None").join(", ")}]`;

/** Python's order of the optional arguments. */
const places = ["strides", "padding", "dataFormat", "dilationRate", ...kernelPlaces] as const;

/** Sequences [n, w, c] to [n, w', filters]. */
export class Conv1D extends Convolution {
  constructor(...given: ConvolutionRest) {
    super(1, given);
  }
}

/** Images [n, h, w, c] to [n, h', w', filters]. */
export class Conv2D extends Convolution {
  constructor(...given: ConvolutionRest) {
    super(2, given);
  }
}

/** Volumes [n, d, h, w, c] to [n, d', h', w', filters]. */
export class Conv3D extends Convolution {
  constructor(...given: ConvolutionRest) {
    super(3, given);
  }
}

/** Sequences [n, w, c] to [n, w', filters], with variables `kernel` [kernelSize, c, filters] and `bias`. */
export const conv1d = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function conv1d(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<ConvolutionLayerOptions, typeof places>
  ): Tensor {
    return new Conv1D(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);

/** Images [n, h, w, c] to [n, h', w', filters], with variables `kernel` [r, s, c, filters] and `bias`. */
export const conv2d = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function conv2d(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<ConvolutionLayerOptions, typeof places>
  ): Tensor {
    return new Conv2D(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);

/** Volumes [n, d, h, w, c] to [n, d', h', w', filters], with variables `kernel` [q, r, s, c, filters] and `bias`. */
export const conv3d = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function conv3d(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<ConvolutionLayerOptions, typeof places>
  ): Tensor {
    return new Conv3D(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);
