/** `tf.layers`: depthwise, then pointwise convolutions. Source: tf_keras separable_conv1d.py, separable_conv2d.py. */

import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { biasAdd, expandDims, separableConv2d as separableConvolution, squeeze } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import type { InitializerLike, Regularizer } from "../variables/store.ts";
import type { Constraint, Variable } from "../variables/variable.ts";
import { type ConvolutionLayerOptions, channelsOf } from "./convolution.ts";
import { addBias, type DataFormat } from "./core.ts";
import { Layer } from "./layer.ts";
import { amongAll, dataFormatOf, opFormat, paddingOf, type Size, sizes } from "./window.ts";

export interface SeparableOptions
  extends Omit<ConvolutionLayerOptions, "kernelInitializer" | "kernelRegularizer" | "kernelConstraint"> {
  /** Outputs of the depthwise step for each channel; 1 by default. */
  readonly depthMultiplier?: number | undefined;
  readonly depthwiseInitializer?: InitializerLike | null | undefined;
  readonly pointwiseInitializer?: InitializerLike | null | undefined;
  readonly depthwiseRegularizer?: Regularizer | null | undefined;
  readonly pointwiseRegularizer?: Regularizer | null | undefined;
  readonly depthwiseConstraint?: Constraint | null | undefined;
  readonly pointwiseConstraint?: Constraint | null | undefined;
}

abstract class SeparableConvolution extends Layer {
  readonly filters: number;
  readonly kernelSize: readonly number[];
  protected readonly strides: readonly number[];
  protected readonly dilationRate: readonly number[];
  protected readonly padding: "SAME" | "VALID";
  protected readonly dataFormat: DataFormat;
  protected readonly options: SeparableOptions;
  depthwiseKernel: Variable | null = null;
  pointwiseKernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #rank: 1 | 2;

  constructor(rank: 1 | 2, filters: number, kernelSize: Size, options: SeparableOptions) {
    super(options, `separable_conv${rank}d`);
    this.#rank = rank;
    this.filters = filters;
    this.options = options;
    this.kernelSize = sizes(kernelSize, rank, "kernel_size");
    this.strides = sizes(options.strides ?? 1, rank, "strides");
    this.dilationRate = sizes(options.dilationRate ?? 1, rank, "dilation_rate");
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.inputSpec = { minNdim: rank + 2 };
  }

  protected override build(inputShape: Shape): void {
    const { axis, channels } = channelsOf(inputShape, this.dataFormat, this.#rank);
    this.inputSpec = { minNdim: this.#rank + 2, axes: { [axis]: channels } };
    const { options } = this;
    const multiplier = options.depthMultiplier ?? 1;
    this.depthwiseKernel = this.addWeight("depthwise_kernel", [...this.kernelSize, channels, multiplier], {
      initializer: options.depthwiseInitializer,
      regularizer: options.depthwiseRegularizer,
      constraint: options.depthwiseConstraint,
    });
    const ones = new Array<number>(this.#rank).fill(1);
    this.pointwiseKernel = this.addWeight("pointwise_kernel", [...ones, channels * multiplier, this.filters], {
      initializer: options.pointwiseInitializer,
      regularizer: options.pointwiseRegularizer,
      constraint: options.pointwiseConstraint,
    });
    this.bias = addBias(this, this.filters, options);
  }

  /** The convolution of images, with the bias. */
  protected convolve(
    inputs: Tensor,
    depthwise: TensorLike,
    pointwise: TensorLike,
    rate: readonly [number, number],
  ): Tensor {
    const strides = this.#rank === 1 ? [this.strides[0]!, this.strides[0]!] : this.strides;
    const dataFormat = opFormat(this.dataFormat, 2);
    const outputs = separableConvolution(inputs, depthwise, pointwise, {
      strides: amongAll(strides, this.dataFormat),
      padding: this.padding,
      rate,
      dataFormat,
    });
    return this.bias ? biasAdd(outputs, this.bias, { dataFormat }) : outputs;
  }

  protected activated(outputs: Tensor): Tensor {
    return this.options.activation ? this.options.activation(outputs) : outputs;
  }
}

/** Python's order of the optional arguments. */
export const separablePlaces = [
  "strides",
  "padding",
  "dataFormat",
  "dilationRate",
  "depthMultiplier",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "pointwiseInitializer",
  "biasInitializer",
  "depthwiseRegularizer",
  "pointwiseRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "depthwiseConstraint",
  "pointwiseConstraint",
  "biasConstraint",
] as const;
const places = [...separablePlaces, "trainable", "name", "reuse"] as const;

/** Sequences [n, w, c] to [n, w', filters]. */
export class SeparableConv1D extends SeparableConvolution {
  constructor(filters: number, kernelSize: Size, ...rest: Rest<SeparableOptions, typeof places>) {
    super(1, filters, kernelSize, byName<SeparableOptions>(rest, places));
  }

  protected override call(inputs: Tensor): Tensor {
    const axis = this.dataFormat === "channels_last" ? 1 : 2;
    const x = expandDims(inputs, axis);
    const depthwise = expandDims(this.depthwiseKernel!, 0);
    const pointwise = expandDims(this.pointwiseKernel!, 0);
    const outputs = this.convolve(x, depthwise, pointwise, [1, this.dilationRate[0]!]);
    return this.activated(squeeze(outputs, { axis: [axis] }));
  }
}

/** Images [n, h, w, c] to [n, h', w', filters]. */
export class SeparableConv2D extends SeparableConvolution {
  constructor(filters: number, kernelSize: Size, ...rest: Rest<SeparableOptions, typeof places>) {
    super(2, filters, kernelSize, byName<SeparableOptions>(rest, places));
  }

  protected override call(inputs: Tensor): Tensor {
    const [rows, columns] = this.dilationRate;
    return this.activated(this.convolve(inputs, this.depthwiseKernel!, this.pointwiseKernel!, [rows!, columns!]));
  }
}

/** Sequences [n, w, c] to [n, w', filters], with variables `depthwise_kernel`, `pointwise_kernel` and `bias`. */
export const separableConv1d = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function separableConv1d(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<SeparableOptions, typeof places>
  ): Tensor {
    return new SeparableConv1D(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);

/** Images [n, h, w, c] to [n, h', w', filters], with variables `depthwise_kernel`, `pointwise_kernel` and `bias`. */
export const separableConv2d = byKeyword(
  ["inputs", "filters", "kernelSize"],
  function separableConv2d(
    inputs: TensorLike,
    filters: number,
    kernelSize: Size,
    ...rest: Rest<SeparableOptions, typeof places>
  ): Tensor {
    return new SeparableConv2D(filters, kernelSize, ...rest).openScope().apply(inputs);
  },
);
