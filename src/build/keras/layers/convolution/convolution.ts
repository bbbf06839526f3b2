/** `tf.keras.layers`: convolutions and their transposes. Source: tf_keras/src/layers/convolutional. */
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { conv2dTranspose, expandDims, pad, shape as shapeOf, squeeze, stack } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import {
  Conv1D as CoreConv1D,
  Conv2D as CoreConv2D,
  Conv3D as CoreConv3D,
  type ConvolutionLayerOptions as CoreOptions,
} from "../../../layers/convolution.ts";
import type { DataFormat } from "../../../layers/core.ts";
import type { Layer as CoreLayer } from "../../../layers/layer.ts";
import { Conv2DTranspose as CoreTranspose2D, Conv3DTranspose as CoreTranspose3D } from "../../../layers/transpose.ts";
import { amongAll, opFormat, paddingOf, type Size, sizes } from "../../../layers/window.ts";
import type { Variable } from "../../../variables/variable.ts";
import { Delegated, resolved, type WeightedOptions, weightedPlaces } from "../delegated.ts";
import { type CallOptions, requireRank, type Tensors, withArguments } from "../layer.ts";
import { Weighted } from "./weighted.ts";

export interface ConvolutionOptions extends WeightedOptions {
  readonly strides?: Size | undefined;
  /** "causal" (sequences alone): no output looks at later inputs. */
  readonly padding?: "valid" | "same" | "causal" | undefined;
  readonly dataFormat?: DataFormat | undefined;
  readonly dilationRate?: Size | undefined;
  /** Parts of the channels that are convolved by themselves; 1. */
  readonly groups?: number | undefined;
}

export function coreOptions(options: ConvolutionOptions): CoreOptions {
  const { strides, dataFormat, dilationRate, padding, groups } = options;
  return {
    ...resolved(options),
    strides,
    dataFormat,
    dilationRate,
    groups,
    padding: padding === "causal" ? "valid" : padding,
  };
}

const places = ["strides", "padding", "dataFormat", "dilationRate", "groups", ...weightedPlaces] as const;
type ConvolutionRest = Rest<ConvolutionOptions, typeof places>;

interface Kernelled extends CoreLayer {
  readonly kernel: Variable | null;
  readonly bias: Variable | null;
}
type CoreOf<C> = new (filters: number, kernelSize: Size, options: object) => C;

/** A convolution of tf.layers. */
abstract class Convolution<C extends Kernelled> extends Delegated<C> {
  constructor(kind: string, core: CoreOf<C>, filters: number, kernelSize: Size, options: TransposeOptions) {
    const own = {
      ...coreOptions(options),
      ...("outputPadding" in options ? { outputPadding: options.outputPadding } : {}),
    };
    super(
      withArguments(options, { filters, kernelSize }),
      kind,
      (common) => new core(filters, kernelSize, { ...own, ...common }),
    );
  }

  get kernel() {
    return this.core.kernel;
  }

  get bias() {
    return this.core.bias;
  }
}

/** Sequences [n, t, c] to [n, t', filters]. */
export class Conv1D extends Convolution<CoreConv1D> {
  readonly #isCausal: boolean;

  constructor(filters: number, kernelSize: Size, ...rest: ConvolutionRest) {
    const options = byName<ConvolutionOptions>(rest, places);
    super("conv1d", CoreConv1D, filters, kernelSize, options);
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
export class Conv2D extends Convolution<CoreConv2D> {
  constructor(filters: number, kernelSize: Size, ...rest: ConvolutionRest) {
    super("conv2d", CoreConv2D, filters, kernelSize, byName(rest, places));
  }
}

/** Volumes [n, d, h, w, c] to [n, d', h', w', filters]. */
export class Conv3D extends Convolution<CoreConv3D> {
  constructor(filters: number, kernelSize: Size, ...rest: ConvolutionRest) {
    super("conv3d", CoreConv3D, filters, kernelSize, byName(rest, places));
  }
}

export interface TransposeOptions extends ConvolutionOptions {
  /** What is added to one side of each axis of the outputs. */
  readonly outputPadding?: Size | null | undefined;
}
const transposePlaces = [
  "strides",
  "padding",
  "outputPadding",
  "dataFormat",
  "dilationRate",
  ...weightedPlaces,
] as const;
type TransposeRest = Rest<TransposeOptions, typeof transposePlaces>;

/** The transpose of Conv2D: images [n, h, w, c] to [n, h · stride, w · stride, filters] (and more with "valid"). */
export class Conv2DTranspose extends Convolution<CoreTranspose2D> {
  constructor(filters: number, kernelSize: Size, ...rest: TransposeRest) {
    super("conv2d_transpose", CoreTranspose2D, filters, kernelSize, byName(rest, transposePlaces));
  }
}

/** The transpose of Conv3D. */
export class Conv3DTranspose extends Convolution<CoreTranspose3D> {
  constructor(filters: number, kernelSize: Size, ...rest: TransposeRest) {
    super("conv3d_transpose", CoreTranspose3D, filters, kernelSize, byName(rest, transposePlaces));
  }
}

/** The transpose of Conv1D: sequences [n, t, c] to [n, t · stride, filters] (and more with "valid"). */
export class Conv1DTranspose extends Weighted {
  readonly filters: number;
  readonly #size: number;
  readonly #options: TransposeOptions;

  constructor(filters: number, kernelSize: Size, ...rest: TransposeRest) {
    const options = byName<TransposeOptions>(rest, transposePlaces);
    super(withArguments(options, { filters, kernelSize }), "conv1d_transpose");
    this.filters = filters;
    this.#size = sizes(kernelSize, 1, "kernel_size")[0]!;
    this.#options = options;
  }

  get #format(): DataFormat {
    return this.#options.dataFormat ?? "channels_last";
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: 3 });
  }

  protected override build(inputShape: Shape): void {
    this.addKernel([this.#size, this.filters, inputShape!.at(this.#format === "channels_first" ? 1 : 2)!]);
    this.addBias([this.filters]);
  }

  protected override call(inputs: Tensors): Tensors {
    const { strides = 1, padding = "valid", outputPadding = null } = this.#options;
    const x = inputs as Tensor;
    const isFirst = this.#format === "channels_first";
    const axis = isFirst ? 2 : 1;
    const [stride] = sizes(strides, 1, "strides");
    const t = x.shape![axis];
    const isValid = padding === "valid";
    const [extra = null] = outputPadding === null ? [] : sizes(outputPadding, 1, "output_padding");
    const more =
      extra === null
        ? isValid
          ? Math.max(this.#size - stride!, 0)
          : 0
        : this.#size - stride! - (isValid ? 0 : 2 * Math.floor(this.#size / 2)) + extra;
    const time = t ? t * stride! + more : shapeOf(x).at(axis).mul(stride!).add(more);
    const batch = shapeOf(x).at(0);
    const dataFormat = opFormat(this.#format, 2);
    const transposed = conv2dTranspose(
      expandDims(x, axis),
      expandDims(this.kernel!.value(), 0),
      stack(isFirst ? [batch, this.filters, 1, time] : [batch, 1, time, this.filters]),
      { strides: amongAll([1, stride!], this.#format), padding: paddingOf(padding as "valid" | "same"), dataFormat },
    );
    const y = squeeze(transposed, { axis });
    const known = t ? t * stride! + more : null;
    y.setShape(isFirst ? [x.shape![0]!, this.filters, known] : [x.shape![0]!, known, this.filters]);
    return this.finished(y, opFormat(this.#format, 1));
  }
}

export const Convolution1D = Conv1D;
export const Convolution2D = Conv2D;
export const Convolution3D = Conv3D;
export const Convolution1DTranspose = Conv1DTranspose;
export const Convolution2DTranspose = Conv2DTranspose;
export const Convolution3DTranspose = Conv3DTranspose;
