/** `tf.keras.layers`: convolutions with filters for each place. Source: tf_keras/src/layers/locally_connected. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { type Size, sizes } from "../../../layers/window.ts";
import { getActivation } from "../../activations.ts";
import { localConv1d, localConv2d } from "../../backend/control.ts";
import { weightedPlaces } from "../delegated.ts";
import { requireRank, type Tensors, withArguments } from "../layer.ts";
import type { ConvolutionOptions } from "./convolution.ts";
import { Weighted } from "./weighted.ts";

const places = ["strides", "padding", "dataFormat", ...weightedPlaces] as const;
type LocalRest = Rest<ConvolutionOptions, typeof places>;

/** A convolution whose kernel is another one at each place. */
abstract class LocallyConnected extends Weighted {
  readonly #rank: number;
  readonly #filters: number;
  readonly #size: readonly number[];
  readonly #strides: readonly number[];
  readonly #options: ConvolutionOptions;
  #places: readonly number[] = [];

  constructor(rank: number, filters: number, kernelSize: Size, rest: LocalRest) {
    const options = byName<ConvolutionOptions>(rest, places);
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
    const count = this.#places.reduce((a, b) => a * b, 1);
    const window = this.#size.reduce((a, b) => a * b, channels);
    this.addKernel([count, window, this.#filters]);
    this.addBias(isFirst ? [this.#filters, ...this.#places] : [...this.#places, this.#filters]);
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
  constructor(filters: number, kernelSize: Size, ...rest: LocalRest) {
    super(1, filters, kernelSize, rest);
  }
}
/** Images [n, h, w, c] to [n, h', w', filters], with a kernel for each place. */
export class LocallyConnected2D extends LocallyConnected {
  constructor(filters: number, kernelSize: Size, ...rest: LocalRest) {
    super(2, filters, kernelSize, rest);
  }
}
