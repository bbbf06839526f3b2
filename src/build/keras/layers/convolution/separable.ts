/** `tf.keras.layers`: convolutions with a filter for each channel, and with filters for each place. Source: tf_keras/src/layers/convolutional, locally_connected. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  biasAdd,
  conv2dTranspose,
  depthwiseConv2d,
  expandDims,
  shape as shapeOf,
  squeeze,
  stack,
} from "../../../../ops/index.ts";
import type { DataFormat } from "../../../layers/core.ts";
import { SeparableConv1D as CoreSeparable1D, SeparableConv2D as CoreSeparable2D } from "../../../layers/separable.ts";
import { amongAll, opFormat, paddingOf, type Size, sizes } from "../../../layers/window.ts";
import type { Variable } from "../../../variables/variable.ts";
import { getActivation } from "../../activations.ts";
import { localConv1d, localConv2d } from "../../backend/control.ts";
import { getConstraint } from "../../constraints.ts";
import { getInitializer, type InitializerName } from "../../initializers.ts";
import type { RegularizerName } from "../../regularizers.ts";
import { Delegated } from "../delegated.ts";
import { Layer, requireRank, type Tensors, withArguments } from "../layer.ts";
import { type ConvolutionOptions, coreOptions } from "./convolution.ts";

export interface DepthwiseOptions extends ConvolutionOptions {
  readonly depthMultiplier?: number | undefined;
  readonly depthwiseInitializer?: InitializerName | undefined;
  readonly pointwiseInitializer?: InitializerName | undefined;
  readonly depthwiseRegularizer?: RegularizerName | undefined;
  readonly pointwiseRegularizer?: RegularizerName | undefined;
}

const separableOptions = (options: DepthwiseOptions) => ({
  ...coreOptions(options),
  depthMultiplier: options.depthMultiplier,
  depthwiseInitializer: getInitializer(options.depthwiseInitializer ?? "glorot_uniform"),
  pointwiseInitializer: getInitializer(options.pointwiseInitializer ?? "glorot_uniform"),
});

/** A filter for each channel of sequences [n, t, c], then a mixture of channels. */
export class SeparableConv1D extends Delegated<CoreSeparable1D> {
  constructor(filters: number, kernelSize: Size, options: DepthwiseOptions = {}) {
    const make = (common: object) =>
      new CoreSeparable1D(filters, kernelSize, { ...separableOptions(options), ...common });
    super(withArguments(options, { filters, kernelSize }), "separable_conv1d", make);
  }
}

/** A filter for each channel of images [n, h, w, c], then a mixture of channels. */
export class SeparableConv2D extends Delegated<CoreSeparable2D> {
  constructor(filters: number, kernelSize: Size, options: DepthwiseOptions = {}) {
    const make = (common: object) =>
      new CoreSeparable2D(filters, kernelSize, { ...separableOptions(options), ...common });
    super(withArguments(options, { filters, kernelSize }), "separable_conv2d", make);
  }
}

/** A filter for each channel: [n, …, c] to [n, …', c · depthMultiplier]. */
abstract class Depthwise extends Layer {
  depthwiseKernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #options: DepthwiseOptions;
  readonly #kernelSize: readonly number[];
  readonly #format: DataFormat;
  readonly #rank: number;

  constructor(rank: number, kernelSize: Size, options: DepthwiseOptions) {
    super(withArguments(options, { kernelSize }), `depthwise_conv${rank}d`);
    this.#options = options;
    this.#rank = rank;
    this.#kernelSize = sizes(kernelSize, rank, "kernel_size");
    this.#format = options.dataFormat ?? "channels_last";
  }

  protected override build(inputShape: Shape): void {
    const channels = inputShape?.at(this.#format === "channels_first" ? 1 : this.#rank + 1);
    if (channels === null || channels === undefined) {
      throw new ValueError("The channel dimension of the inputs to `DepthwiseConv` should be defined. Found `None`.");
    }
    const { depthMultiplier = 1, useBias = true } = this.#options;
    this.depthwiseKernel = this.addWeight("depthwise_kernel", {
      shape: [...this.#kernelSize, channels, depthMultiplier],
      initializer: this.#options.depthwiseInitializer ?? "glorot_uniform",
      regularizer: this.#options.depthwiseRegularizer,
    });
    if (useBias) {
      this.bias = this.addWeight("bias", {
        shape: [channels * depthMultiplier],
        initializer: this.#options.biasInitializer ?? "zeros",
        regularizer: this.#options.biasRegularizer,
        constraint: getConstraint(this.#options.biasConstraint),
      });
    }
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: this.#rank + 2 });
  }

  protected override call(inputs: Tensors): Tensors {
    const { strides = 1, dilationRate = 1, activation } = this.#options;
    const isLine = this.#rank === 1;
    const dataFormat = opFormat(this.#format, 2);
    const axis = this.#format === "channels_first" ? 2 : 1;
    const [step] = sizes(strides, this.#rank, "strides");
    const all = isLine ? [step!, step!] : sizes(strides, 2, "strides");
    const rates = isLine ? [1, ...sizes(dilationRate, 1, "dilation_rate")] : sizes(dilationRate, 2, "dilation_rate");
    const kernel = this.depthwiseKernel!.value();
    let outputs = depthwiseConv2d(
      isLine ? expandDims(inputs as Tensor, axis) : (inputs as Tensor),
      isLine ? expandDims(kernel, 0) : kernel,
      {
        strides: amongAll(all, this.#format),
        padding: paddingOf(this.#options.padding as "valid" | "same" | undefined),
        dilations: rates as unknown as readonly [number, number],
        dataFormat,
      },
    );
    if (this.bias) outputs = biasAdd(outputs, this.bias, { dataFormat });
    if (isLine) outputs = squeeze(outputs, { axis });
    return activation ? getActivation(activation)(outputs) : outputs;
  }
}

/** A filter for each channel of sequences [n, t, c]. */
export class DepthwiseConv1D extends Depthwise {
  constructor(kernelSize: Size, options: DepthwiseOptions = {}) {
    super(1, kernelSize, options);
  }
}
/** A filter for each channel of images [n, h, w, c]. */
export class DepthwiseConv2D extends Depthwise {
  constructor(kernelSize: Size, options: DepthwiseOptions = {}) {
    super(2, kernelSize, options);
  }
}

/** The transpose of Conv1D: sequences [n, t, c] to [n, t · stride, filters] (and more with "valid"). */
export class Conv1DTranspose extends Layer {
  kernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #filters: number;
  readonly #size: number;
  readonly #options: ConvolutionOptions;

  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(withArguments(options, { filters, kernelSize }), "conv1d_transpose");
    this.#filters = filters;
    this.#size = sizes(kernelSize, 1, "kernel_size")[0]!;
    this.#options = options;
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: 3 });
  }

  protected override build(inputShape: Shape): void {
    const { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, useBias = true } = this.#options;
    this.kernel = this.addWeight("kernel", {
      shape: [this.#size, this.#filters, inputShape!.at(-1)!],
      initializer: kernelInitializer ?? "glorot_uniform",
      regularizer: kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    if (!useBias) return;
    const initializer = biasInitializer ?? "zeros";
    const constraint = this.#options.biasConstraint;
    this.bias = this.addWeight("bias", {
      shape: [this.#filters],
      initializer,
      regularizer: biasRegularizer,
      constraint,
    });
  }

  protected override call(inputs: Tensors): Tensors {
    const { strides = 1, padding = "valid", activation } = this.#options;
    const x = inputs as Tensor;
    const [stride] = sizes(strides, 1, "strides");
    const [n, t] = x.shape!;
    const grown = (time: number): number =>
      time * stride! + (padding === "valid" ? Math.max(this.#size - stride!, 0) : 0);
    const time = t ? grown(t) : shapeOf(x).at(1).mul(stride!).add(grown(0));
    let y = conv2dTranspose(
      expandDims(x, 1),
      expandDims(this.kernel!.value(), 0),
      stack([shapeOf(x).at(0), 1, time, this.#filters]),
      {
        strides: [1, 1, stride!, 1],
        padding: paddingOf(padding as "valid" | "same"),
      },
    );
    y = squeeze(y, { axis: 1 });
    y.setShape([n!, t ? grown(t) : null, this.#filters]);
    if (this.bias) y = biasAdd(y, this.bias);
    return activation ? getActivation(activation)(y) : y;
  }
}

/** A convolution whose kernel is another one at each place. */
abstract class LocallyConnected extends Layer {
  kernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #rank: number;
  readonly #filters: number;
  readonly #size: readonly number[];
  readonly #strides: readonly number[];
  readonly #options: ConvolutionOptions;
  #places: readonly number[] = [];

  constructor(rank: number, filters: number, kernelSize: Size, options: ConvolutionOptions) {
    super(withArguments(options, { filters, kernelSize }), `locally_connected${rank}d`);
    if ((options.padding ?? "valid") !== "valid") {
      throw new ValueError(
        `Invalid border mode for LocallyConnected${rank}D (only "valid" is supported if implementation is 1): ${options.padding}`,
      );
    }
    this.#rank = rank;
    this.#filters = filters;
    this.#size = sizes(kernelSize, rank, "kernel_size");
    this.#strides = sizes(options.strides ?? 1, rank, "strides");
    this.#options = options;
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: this.#rank + 2 });
  }

  protected override build(inputShape: Shape): void {
    const isFirst = this.#options.dataFormat === "channels_first";
    const shape = inputShape!.slice(1);
    const channels = (isFirst ? shape[0] : shape.at(-1))!;
    const spatial = (isFirst ? shape.slice(1) : shape.slice(0, -1)) as readonly number[];
    this.#places = spatial.map((d, i) => Math.floor((d - this.#size[i]!) / this.#strides[i]!) + 1);
    const places = this.#places.reduce((a, b) => a * b, 1);
    const window = this.#size.reduce((a, b) => a * b, channels);
    this.kernel = this.addWeight("kernel", {
      shape: [places, window, this.#filters],
      initializer: this.#options.kernelInitializer ?? "glorot_uniform",
      regularizer: this.#options.kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    if (!(this.#options.useBias ?? true)) return;
    this.bias = this.addWeight("bias", {
      shape: isFirst ? [this.#filters, ...this.#places] : [...this.#places, this.#filters],
      initializer: this.#options.biasInitializer ?? "zeros",
      regularizer: this.#options.biasRegularizer,
      constraint: this.#options.biasConstraint,
    });
  }

  protected override call(inputs: Tensors): Tensors {
    const { dataFormat = "channels_last", activation } = this.#options;
    const [x, kernel] = [inputs as Tensor, this.kernel!.value()];
    const y =
      this.#rank === 1
        ? localConv1d(x, kernel, this.#size, this.#strides, { dataFormat })
        : localConv2d(x, kernel, this.#size, this.#strides, this.#places, { dataFormat });
    const biased = this.bias ? y.add(this.bias.value()) : y;
    return activation ? getActivation(activation)(biased) : biased;
  }
}

/** Sequences [n, t, c] to [n, t', filters], with a kernel for each step. */
export class LocallyConnected1D extends LocallyConnected {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(1, filters, kernelSize, options);
  }
}
/** Images [n, h, w, c] to [n, h', w', filters], with a kernel for each place. */
export class LocallyConnected2D extends LocallyConnected {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(2, filters, kernelSize, options);
  }
}

export const Convolution1DTranspose = Conv1DTranspose;
export const SeparableConvolution1D = SeparableConv1D;
export const SeparableConvolution2D = SeparableConv2D;
