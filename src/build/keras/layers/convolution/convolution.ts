/** `tf.keras.layers`: convolutions. Source: tf_keras/src/layers/convolutional. */

import type { Tensor } from "../../../../graph/tensor.ts";
import { pad } from "../../../../ops/index.ts";
import {
  Conv1D as CoreConv1D,
  Conv2D as CoreConv2D,
  Conv3D as CoreConv3D,
  type ConvolutionLayerOptions as CoreOptions,
} from "../../../layers/convolution.ts";
import type { DataFormat } from "../../../layers/core.ts";
import { Conv2DTranspose as CoreTranspose2D, Conv3DTranspose as CoreTranspose3D } from "../../../layers/transpose.ts";
import type { Size } from "../../../layers/window.ts";
import { Delegated, resolved, type WeightedOptions } from "../delegated.ts";
import { type CallOptions, type Tensors, withArguments } from "../layer.ts";

export interface ConvolutionOptions extends WeightedOptions {
  readonly strides?: Size | undefined;
  /** "causal" (sequences alone): no output looks at later inputs. */
  readonly padding?: "valid" | "same" | "causal" | undefined;
  readonly dataFormat?: DataFormat | undefined;
  readonly dilationRate?: Size | undefined;
}

export function coreOptions(options: ConvolutionOptions): CoreOptions {
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
    super(
      withArguments(options, { filters, kernelSize }),
      "conv1d",
      (common) => new CoreConv1D(filters, kernelSize, { ...coreOptions(options), ...common }),
    );
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
    super(
      withArguments(options, { filters, kernelSize }),
      "conv2d",
      (common) => new CoreConv2D(filters, kernelSize, { ...coreOptions(options), ...common }),
    );
  }

  get kernel() {
    return this.core.kernel;
  }
}

/** Volumes [n, d, h, w, c] to [n, d', h', w', filters]. */
export class Conv3D extends Delegated<CoreConv3D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    super(
      withArguments(options, { filters, kernelSize }),
      "conv3d",
      (common) => new CoreConv3D(filters, kernelSize, { ...coreOptions(options), ...common }),
    );
  }
}

/** The transpose of Conv2D: images [n, h, w, c] to [n, h · stride, w · stride, filters] (and more with "valid"). */
export class Conv2DTranspose extends Delegated<CoreTranspose2D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    const make = (common: object) => new CoreTranspose2D(filters, kernelSize, { ...coreOptions(options), ...common });
    super(withArguments(options, { filters, kernelSize }), "conv2d_transpose", make);
  }
}

/** The transpose of Conv3D. */
export class Conv3DTranspose extends Delegated<CoreTranspose3D> {
  constructor(filters: number, kernelSize: Size, options: ConvolutionOptions = {}) {
    const make = (common: object) => new CoreTranspose3D(filters, kernelSize, { ...coreOptions(options), ...common });
    super(withArguments(options, { filters, kernelSize }), "conv3d_transpose", make);
  }
}

export const Convolution1D = Conv1D;
export const Convolution2D = Conv2D;
export const Convolution3D = Conv3D;
export const Convolution2DTranspose = Conv2DTranspose;
export const Convolution3DTranspose = Conv3DTranspose;
