/** `tf.layers`: means and maxima of windows. Source: tensorflow/python/layers/pooling.py, tf_keras base_pooling*.py. */
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { avgPool, avgPool3d, expandDims, maxPool, maxPool3d, squeeze } from "../../ops/index.ts";
import { byKeyword, byName, type Keywords, type Rest } from "../../ops/options.ts";
import type { DataFormat } from "./core.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import { amongAll, dataFormatOf, opFormat, type Padding, paddingOf, type Size, sizes } from "./window.ts";

export interface PoolingOptions extends LayerOptions {
  readonly padding?: Padding | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

interface WindowArguments extends PoolingOptions {
  readonly poolSize: Size;
  readonly strides: Size;
}

const windowPlaces = ["poolSize", "strides", "padding", "dataFormat", "name"] as const;
type WindowRest = Rest<WindowArguments, typeof windowPlaces>;

const pools = { max: { 2: maxPool, 3: maxPool3d }, average: { 2: avgPool, 3: avgPool3d } } as const;

abstract class Pooling extends Layer {
  readonly #kind: "max" | "average";
  readonly #rank: 1 | 2 | 3;
  readonly #poolSize: readonly number[];
  readonly #strides: readonly number[];
  readonly #padding: "SAME" | "VALID";
  readonly #dataFormat: DataFormat;

  constructor(kind: "max" | "average", rank: 1 | 2 | 3, given: WindowRest) {
    const { poolSize, strides, ...options } = byName<WindowArguments>(given, windowPlaces);
    super(options, `${kind}_pooling${rank}d`);
    this.#kind = kind;
    this.#rank = rank;
    this.#poolSize = sizes(poolSize, rank, "pool_size");
    this.#strides = sizes(strides, rank, "strides");
    this.#padding = paddingOf(options.padding);
    this.#dataFormat = dataFormatOf(options.dataFormat);
    this.inputSpec = { ndim: rank + 2 };
  }

  /** Sequences are pooled as images of width 1. */
  protected override call(inputs: Tensor): Tensor {
    const isLine = this.#rank === 1;
    const one = isLine ? [1] : [];
    const rank = isLine ? 2 : (this.#rank as 2 | 3);
    const axis = this.#dataFormat === "channels_last" ? 2 : 3;
    const pooled = pools[this.#kind][rank](isLine ? expandDims(inputs, axis) : inputs, {
      ksize: amongAll([...this.#poolSize, ...one], this.#dataFormat),
      strides: amongAll([...this.#strides, ...one], this.#dataFormat),
      padding: this.#padding,
      dataFormat: opFormat(this.#dataFormat, rank),
    });
    return isLine ? squeeze(pooled, { axis }) : pooled;
  }
}

/** Sequences [n, w, c]. */
export class MaxPooling1D extends Pooling {
  constructor(...given: WindowRest) {
    super("max", 1, given);
  }
}

/** Images [n, h, w, c]. */
export class MaxPooling2D extends Pooling {
  constructor(...given: WindowRest) {
    super("max", 2, given);
  }
}

/** Volumes [n, d, h, w, c]. */
export class MaxPooling3D extends Pooling {
  constructor(...given: WindowRest) {
    super("max", 3, given);
  }
}

/** Sequences [n, w, c]. */
export class AveragePooling1D extends Pooling {
  constructor(...given: WindowRest) {
    super("average", 1, given);
  }
}

/** Images [n, h, w, c]. */
export class AveragePooling2D extends Pooling {
  constructor(...given: WindowRest) {
    super("average", 2, given);
  }
}

/** Volumes [n, d, h, w, c]. */
export class AveragePooling3D extends Pooling {
  constructor(...given: WindowRest) {
    super("average", 3, given);
  }
}

type PoolingRest = Rest<PoolingOptions, ["padding", "dataFormat", "name"]>;
const needed = ["inputs", "poolSize", "strides"] as const;
type PoolingFunction = Keywords<
  (inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest) => Tensor,
  typeof needed
>;

const optionsOf = (rest: PoolingRest): PoolingOptions => byName(rest, ["padding", "dataFormat", "name"]);

/** The largest of each window of sequences [n, w, c]. */
export const maxPooling1d: PoolingFunction = byKeyword(
  needed,
  function maxPooling1d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new MaxPooling1D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);

/** The largest of each window of images [n, h, w, c]. */
export const maxPooling2d: PoolingFunction = byKeyword(
  needed,
  function maxPooling2d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new MaxPooling2D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);

/** The largest of each window of volumes [n, d, h, w, c]. */
export const maxPooling3d: PoolingFunction = byKeyword(
  needed,
  function maxPooling3d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new MaxPooling3D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);

/** The mean of each window of sequences [n, w, c]. */
export const averagePooling1d: PoolingFunction = byKeyword(
  needed,
  function averagePooling1d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new AveragePooling1D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);

/** The mean of each window of images [n, h, w, c]. */
export const averagePooling2d: PoolingFunction = byKeyword(
  needed,
  function averagePooling2d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new AveragePooling2D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);

/** The mean of each window of volumes [n, d, h, w, c]. */
export const averagePooling3d: PoolingFunction = byKeyword(
  needed,
  function averagePooling3d(inputs: TensorLike, poolSize: Size, strides: Size, ...rest: PoolingRest): Tensor {
    return new AveragePooling3D(poolSize, strides, optionsOf(rest)).apply(inputs);
  },
);
