/** `tf.layers`: transposes of convolutions. Source: tf_keras conv2d_transpose.py, conv3d_transpose.py. */

import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  biasAdd,
  conv2dTranspose as conv2dTransposed,
  conv3dTranspose as conv3dTransposed,
  shape as shapeOf,
  stack,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import type { Variable } from "../variables/variable.ts";
import { type ConvolutionLayerOptions, channelsOf } from "./convolution.ts";
import { addBias, type DataFormat, kernelPlaces } from "./core.ts";
import { Layer } from "./layer.ts";
import { amongAll, dataFormatOf, opFormat, paddingOf, type Size, sizes } from "./window.ts";

export interface ConvolutionTransposeLayerOptions extends Omit<ConvolutionLayerOptions, "dilationRate"> {
  /** What is added to one side of each axis of the outputs, less than the strides; the sizes follow from strides and padding without. */
  readonly outputPadding?: Size | null | undefined;
}

abstract class ConvolutionTranspose extends Layer {
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "SAME" | "VALID";
  readonly dataFormat: DataFormat;
  kernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #rank: 2 | 3;
  readonly #options: ConvolutionTransposeLayerOptions;
  readonly #outputPadding: readonly number[] | null;

  /** Throws ValueError for an output padding that is not less than the strides. */
  constructor(rank: 2 | 3, filters: number, kernelSize: Size, options: ConvolutionTransposeLayerOptions) {
    super(options, `conv${rank}d_transpose`);
    this.#rank = rank;
    this.#options = options;
    this.filters = filters;
    this.kernelSize = sizes(kernelSize, rank, "kernel_size");
    this.strides = sizes(options.strides ?? 1, rank, "strides");
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.inputSpec = { ndim: rank + 2 };
    const { outputPadding = null } = options;
    this.#outputPadding = typeof outputPadding === "number" ? this.strides.map(() => outputPadding) : outputPadding;
    if (this.#outputPadding?.some((padding, i) => padding >= this.strides[i]!)) {
      throw new ValueError(
        `Strides must be greater than output padding. Received strides=(${this.strides.join(", ")}), output_padding=(${this.#outputPadding.join(", ")}).`,
      );
    }
  }

  protected override build(inputShape: Shape): void {
    const ndim = this.#rank + 2;
    if (inputShape?.length !== ndim) {
      throw new ValueError(`Inputs should have rank ${ndim}. Received input_shape=${formatShapePython(inputShape)}.`);
    }
    const { axis, channels } = channelsOf(inputShape, this.dataFormat, this.#rank);
    this.inputSpec = { ndim, axes: { [axis]: channels } };
    this.kernel = this.addWeight("kernel", [...this.kernelSize, this.filters, channels], {
      initializer: this.#options.kernelInitializer,
      regularizer: this.#options.kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    this.bias = addBias(this, this.filters, this.#options);
  }

  #length(length: TensorLike, i: number): TensorLike {
    const [stride, size] = [this.strides[i]!, this.kernelSize[i]!];
    const isValid = this.padding === "VALID";
    const padded = this.#outputPadding?.[i];
    const more =
      padded === undefined
        ? isValid
          ? Math.max(size - stride, 0)
          : 0
        : size - stride - (isValid ? 0 : 2 * Math.floor(size / 2)) + padded;
    if (!(length instanceof Tensor)) return (length as number) * stride + more;
    return isValid || more ? length.mul(stride).add(more) : length.mul(stride);
  }

  protected override call(inputs: Tensor): Tensor {
    const dims = shapeOf(inputs);
    const first = this.dataFormat === "channels_first" ? 2 : 1;
    const batch = dims.at(0);
    // The lengths of images are numbers where they are known.
    const lengths = this.strides.map(
      (_, i): TensorLike => (this.#rank === 2 ? inputs.shape![first + i] : null) ?? dims.at(first + i),
    );
    const spatial = lengths.map((length, i) => this.#length(length, i));
    const outputShape = stack(first === 2 ? [batch, this.filters, ...spatial] : [batch, ...spatial, this.filters]);
    // Keras looks at the batch size of images again, and nothing uses it.
    if (this.#rank === 2) outputShape.at(0);
    const options = {
      strides: amongAll(this.strides, this.dataFormat),
      padding: this.padding,
      dataFormat: opFormat(this.dataFormat, this.#rank),
    };
    const transposed = this.#rank === 2 ? conv2dTransposed : conv3dTransposed;
    let outputs = transposed(inputs, this.kernel!, outputShape, options);
    if (this.bias) outputs = biasAdd(outputs, this.bias, { dataFormat: opFormat(this.dataFormat, this.#rank) });
    return this.#options.activation ? this.#options.activation(outputs) : outputs;
  }
}

/** Images [n, h, w, c] to [n, h * stride, w * stride, filters] (and more with "valid"). */
/** Python's order of the optional arguments. */
const places = ["strides", "padding", "dataFormat", ...kernelPlaces] as const;

export class Conv2DTranspose extends ConvolutionTranspose {
  constructor(filters: number, kernelSize: Size, ...rest: Rest<ConvolutionTransposeLayerOptions, typeof places>) {
    super(2, filters, kernelSize, byName<ConvolutionTransposeLayerOptions>(rest, places));
  }
}

/** Volumes [n, d, h, w, c] to [n, d * stride, h * stride, w * stride, filters] (and more with "valid"). */
export class Conv3DTranspose extends ConvolutionTranspose {
  constructor(filters: number, kernelSize: Size, ...rest: Rest<ConvolutionTransposeLayerOptions, typeof places>) {
    super(3, filters, kernelSize, byName<ConvolutionTransposeLayerOptions>(rest, places));
  }
}

/** The transpose of conv2d, with variables `kernel` [r, s, filters, c] and `bias`. */
export const conv2dTranspose = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function conv2dTranspose(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<ConvolutionTransposeLayerOptions, typeof places>
  ): Tensor {
    return new Conv2DTranspose(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);

/** The transpose of conv3d, with variables `kernel` [q, r, s, filters, c] and `bias`. */
export const conv3dTranspose = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function conv3dTranspose(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<ConvolutionTransposeLayerOptions, typeof places>
  ): Tensor {
    return new Conv3DTranspose(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);
