/** `tf.keras.layers`: convolutions. Source: tf_keras/src/layers/convolutional. */

import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { biasAdd, depthwiseConv2d, pad } from "../../../ops/index.ts";
import {
  Conv1D as CoreConv1D,
  Conv2D as CoreConv2D,
  Conv3D as CoreConv3D,
  type ConvolutionLayerOptions as CoreOptions,
} from "../../layers/convolution.ts";
import type { DataFormat } from "../../layers/core.ts";
import { SeparableConv2D as CoreSeparable } from "../../layers/separable.ts";
import { Conv2DTranspose as CoreTranspose2D, Conv3DTranspose as CoreTranspose3D } from "../../layers/transpose.ts";
import { amongAll, opFormat, paddingOf, type Size, sizes } from "../../layers/window.ts";
import type { Variable } from "../../variables/variable.ts";
import { getActivation } from "../activations.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import { getConstraint, type RegularizerName } from "../regularizers.ts";
import { Delegated, resolved, type WeightedOptions } from "./delegated.ts";
import { type CallOptions, Layer, requireRank, type Tensors } from "./layer.ts";

export interface ConvolutionOptions extends WeightedOptions {
  readonly strides?: Size | undefined;
  /** "causal" (sequences alone): no output looks at later inputs. */
  readonly padding?: "valid" | "same" | "causal" | undefined;
  readonly dataFormat?: DataFormat | undefined;
  readonly dilationRate?: Size | undefined;
}

function coreOptions(options: ConvolutionOptions): CoreOptions {
  const { strides, dataFormat, dilationRate, padding } = options;
  return {
    ...resolved(options),
    strides,
    dataFormat,
    dilationRate,
    padding: padding === "causal" ? "valid" : padding,
  };
}

/** Sequences [n, t, c] to [n, t', filters]. */
export class Conv1D extends Delegated<CoreConv1D> {
  readonly #isCausal: boolean;

  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(options, "conv1d", (common) => new CoreConv1D(filters, kernelSize, { ...coreOptions(options), ...common }));
    this.#isCausal = options.padding === "causal";
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    if (!this.#isCausal) return super.call(inputs, options);
    const before = this.core.dilationRate[0]! * (this.core.kernelSize[0]! - 1);
    const isFirst = this.core.dataFormat === "channels_first";
    const line = [before, 0];
    const padded = pad(inputs as Tensor, isFirst ? [[0, 0], [0, 0], line] : [[0, 0], line, [0, 0]]);
    return super.call(padded, options);
  }
}

/** Images [n, h, w, c] to [n, h', w', filters]. */
export class Conv2D extends Delegated<CoreConv2D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(options, "conv2d", (common) => new CoreConv2D(filters, kernelSize, { ...coreOptions(options), ...common }));
  }

  get kernel() {
    return this.core.kernel;
  }
}

/** Volumes [n, d, h, w, c] to [n, d', h', w', filters]. */
export class Conv3D extends Delegated<CoreConv3D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(options, "conv3d", (common) => new CoreConv3D(filters, kernelSize, { ...coreOptions(options), ...common }));
  }
}

/** The transpose of Conv2D: images [n, h, w, c] to [n, h · stride, w · stride, filters] (and more with "valid"). */
export class Conv2DTranspose extends Delegated<CoreTranspose2D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    const make = (common: object) => new CoreTranspose2D(filters, kernelSize, { ...coreOptions(options), ...common });
    super(options, "conv2d_transpose", make);
  }
}

/** The transpose of Conv3D. */
export class Conv3DTranspose extends Delegated<CoreTranspose3D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    const make = (common: object) => new CoreTranspose3D(filters, kernelSize, { ...coreOptions(options), ...common });
    super(options, "conv3d_transpose", make);
  }
}

export interface DepthwiseOptions extends ConvolutionOptions {
  readonly depthMultiplier?: number | undefined;
  readonly depthwiseInitializer?: InitializerName | undefined;
  readonly pointwiseInitializer?: InitializerName | undefined;
  readonly depthwiseRegularizer?: RegularizerName | undefined;
  readonly pointwiseRegularizer?: RegularizerName | undefined;
}

/** A filter for each channel, then a mixture of channels. */
export class SeparableConv2D extends Delegated<CoreSeparable> {
  constructor(filters: number, kernelSize: Size, options: DepthwiseOptions = {}) {
    super(options, "separable_conv2d", (common) => {
      const { depthMultiplier } = options;
      return new CoreSeparable(filters, kernelSize, {
        ...coreOptions(options),
        depthMultiplier,
        depthwiseInitializer: getInitializer(options.depthwiseInitializer ?? "glorot_uniform"),
        pointwiseInitializer: getInitializer(options.pointwiseInitializer ?? "glorot_uniform"),
        ...common,
      });
    });
  }
}

/** A filter for each channel: images [n, h, w, c] to [n, h', w', c · depthMultiplier]. */
export class DepthwiseConv2D extends Layer {
  depthwiseKernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #options: DepthwiseOptions;
  readonly #kernelSize: readonly number[];
  readonly #format: DataFormat;

  constructor(kernelSize: Size, options: DepthwiseOptions = {}) {
    super(options, "depthwise_conv2d");
    this.#options = options;
    this.#kernelSize = sizes(kernelSize, 2, "kernel_size");
    this.#format = options.dataFormat ?? "channels_last";
  }

  protected override build(inputShape: Shape): void {
    const channels = inputShape?.at(this.#format === "channels_first" ? 1 : 3);
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
    requireRank(this.name, inputs as Tensor, { ndim: 4 });
  }

  protected override call(inputs: Tensors): Tensors {
    const { strides = 1, dilationRate = 1, activation } = this.#options;
    const dataFormat = opFormat(this.#format, 2);
    let outputs = depthwiseConv2d(inputs as Tensor, this.depthwiseKernel!, {
      strides: amongAll(sizes(strides, 2, "strides"), this.#format),
      padding: paddingOf(this.#options.padding as "valid" | "same" | undefined),
      dilations: sizes(dilationRate, 2, "dilation_rate") as unknown as readonly [number, number],
      dataFormat,
    });
    if (this.bias) outputs = biasAdd(outputs, this.bias, { dataFormat });
    return activation ? getActivation(activation)(outputs) : outputs;
  }
}
