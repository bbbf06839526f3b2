/** `tf.keras.layers`: convolutions with a filter for each channel. Source: tf_keras/src/layers/convolutional. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { depthwiseConv2d, expandDims, squeeze } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { DataFormat } from "../../../layers/core.ts";
import type { Layer as CoreLayer } from "../../../layers/layer.ts";
import {
  SeparableConv1D as CoreSeparable1D,
  SeparableConv2D as CoreSeparable2D,
  separablePlaces,
} from "../../../layers/separable.ts";
import { amongAll, opFormat, paddingOf, type Size, sizes } from "../../../layers/window.ts";
import type { Variable } from "../../../variables/variable.ts";
import { type ConstraintName, getConstraint } from "../../constraints.ts";
import { getInitializer, type InitializerName } from "../../initializers.ts";
import type { RegularizerName } from "../../regularizers.ts";
import { Delegated } from "../delegated.ts";
import { requireRank, type Tensors, withArguments } from "../layer.ts";
import { type ConvolutionOptions, coreOptions } from "./convolution.ts";
import { Weighted } from "./weighted.ts";

export interface DepthwiseOptions extends ConvolutionOptions {
  readonly depthMultiplier?: number | undefined;
  readonly depthwiseInitializer?: InitializerName | undefined;
  readonly depthwiseRegularizer?: RegularizerName | undefined;
  readonly depthwiseConstraint?: ConstraintName | undefined;
}
export interface SeparableOptions extends DepthwiseOptions {
  readonly pointwiseInitializer?: InitializerName | undefined;
  readonly pointwiseRegularizer?: RegularizerName | undefined;
  readonly pointwiseConstraint?: ConstraintName | undefined;
}

const separableOptions = (options: SeparableOptions) => ({
  ...coreOptions(options),
  depthMultiplier: options.depthMultiplier,
  depthwiseInitializer: getInitializer(options.depthwiseInitializer ?? "glorot_uniform"),
  pointwiseInitializer: getInitializer(options.pointwiseInitializer ?? "glorot_uniform"),
  depthwiseConstraint: getConstraint(options.depthwiseConstraint),
  pointwiseConstraint: getConstraint(options.pointwiseConstraint),
});
type SeparableRest = Rest<SeparableOptions, typeof separablePlaces>;

abstract class Separable<C extends CoreLayer> extends Delegated<C> {
  constructor(
    kind: string,
    core: new (filters: number, kernelSize: Size, options: object) => C,
    ...[filters, kernelSize, ...rest]: [filters: number, kernelSize: Size, ...rest: SeparableRest]
  ) {
    const options = byName<SeparableOptions>(rest, separablePlaces);
    const make = (common: object) => new core(filters, kernelSize, { ...separableOptions(options), ...common });
    super(withArguments(options, { filters, kernelSize }), kind, make);
  }
}

/** A filter for each channel of sequences [n, t, c], then a mixture of channels. */
export class SeparableConv1D extends Separable<CoreSeparable1D> {
  constructor(filters: number, kernelSize: Size, ...rest: SeparableRest) {
    super("separable_conv1d", CoreSeparable1D, filters, kernelSize, ...rest);
  }
}

/** A filter for each channel of images [n, h, w, c], then a mixture of channels. */
export class SeparableConv2D extends Separable<CoreSeparable2D> {
  constructor(filters: number, kernelSize: Size, ...rest: SeparableRest) {
    super("separable_conv2d", CoreSeparable2D, filters, kernelSize, ...rest);
  }
}

const depthwisePlaces = [
  "strides",
  "padding",
  "depthMultiplier",
  "dataFormat",
  "dilationRate",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "biasInitializer",
  "depthwiseRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "depthwiseConstraint",
  "biasConstraint",
] as const;
type DepthwiseRest = Rest<DepthwiseOptions, typeof depthwisePlaces>;

/** A filter for each channel: [n, …, c] to [n, …', c · depthMultiplier]. */
abstract class Depthwise extends Weighted {
  depthwiseKernel: Variable | null = null;
  readonly #options: DepthwiseOptions;
  readonly #kernelSize: readonly number[];
  readonly #format: DataFormat;
  readonly #rank: number;

  constructor(rank: number, kernelSize: Size, rest: DepthwiseRest) {
    const options = byName<DepthwiseOptions>(rest, depthwisePlaces);
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
    const { depthMultiplier = 1 } = this.#options;
    const shape = [...this.#kernelSize, channels, depthMultiplier];
    this.depthwiseKernel = this.add("depthwise", shape, { name: "depthwise_kernel" });
    this.addBias([channels * depthMultiplier]);
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: this.#rank + 2 });
  }

  protected override call(inputs: Tensors): Tensors {
    const { strides = 1, dilationRate = 1 } = this.#options;
    const isLine = this.#rank === 1;
    const axis = this.#format === "channels_first" ? 2 : 1;
    const [step] = sizes(strides, this.#rank, "strides");
    const all = isLine ? [step!, step!] : sizes(strides, 2, "strides");
    const rates = isLine ? [1, ...sizes(dilationRate, 1, "dilation_rate")] : sizes(dilationRate, 2, "dilation_rate");
    const kernel = this.depthwiseKernel!.value();
    const outputs = depthwiseConv2d(
      isLine ? expandDims(inputs as Tensor, axis) : (inputs as Tensor),
      isLine ? expandDims(kernel, 0) : kernel,
      {
        strides: amongAll(all, this.#format),
        padding: paddingOf(this.#options.padding as "valid" | "same" | undefined),
        dilations: rates as unknown as readonly [number, number],
        dataFormat: opFormat(this.#format, 2),
      },
    );
    return isLine
      ? this.finished(squeeze(outputs, { axis }), opFormat(this.#format, 1))
      : this.finished(outputs, opFormat(this.#format, 2));
  }
}

/** A filter for each channel of sequences [n, t, c]. */
export class DepthwiseConv1D extends Depthwise {
  constructor(kernelSize: Size, ...rest: DepthwiseRest) {
    super(1, kernelSize, rest);
  }
}
/** A filter for each channel of images [n, h, w, c]. */
export class DepthwiseConv2D extends Depthwise {
  constructor(kernelSize: Size, ...rest: DepthwiseRest) {
    super(2, kernelSize, rest);
  }
}

export const SeparableConvolution1D = SeparableConv1D;
export const SeparableConvolution2D = SeparableConv2D;
