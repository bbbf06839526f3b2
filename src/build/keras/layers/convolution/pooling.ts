/** `tf.keras.layers`: windows and whole axes, pooled. Source: tf_keras/src/layers/pooling. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { cast, divide, expandDims, reduceMax, reduceMean, reduceSum } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { DataFormat } from "../../../layers/core.ts";
import type { Layer as CoreLayer } from "../../../layers/layer.ts";
import {
  AveragePooling1D as CoreAverage1D,
  AveragePooling2D as CoreAverage2D,
  AveragePooling3D as CoreAverage3D,
  MaxPooling1D as CoreMax1D,
  MaxPooling2D as CoreMax2D,
  MaxPooling3D as CoreMax3D,
} from "../../../layers/pooling.ts";
import type { Size } from "../../../layers/window.ts";
import { Delegated } from "../delegated.ts";
import { type CallOptions, Layer, type LayerOptions, requireRank, type Tensors } from "../layer.ts";

export interface PoolingOptions extends LayerOptions {
  /** 2 by default. */
  readonly poolSize?: Size | undefined;
  /** poolSize by default. */
  readonly strides?: Size | null | undefined;
  readonly padding?: "valid" | "same" | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

type Core = new (poolSize: Size, strides: Size, options: object) => CoreLayer;

const poolingPlaces = ["poolSize", "strides", "padding", "dataFormat"] as const;
type PoolingRest = Rest<PoolingOptions, typeof poolingPlaces>;

abstract class Pooling extends Delegated<CoreLayer> {
  constructor(kind: string, core: Core, rest: PoolingRest) {
    const options = byName<PoolingOptions>(rest, poolingPlaces);
    const { poolSize = 2, padding, dataFormat } = options;
    const strides = options.strides ?? poolSize;
    super(options, kind, (common) => new core(poolSize, strides, { padding, dataFormat, ...common }));
  }
}

/** The largest of each window of sequences [n, t, c]. */
export class MaxPooling1D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("max_pooling1d", CoreMax1D, rest);
  }
}
/** The largest of each window of images [n, h, w, c]. */
export class MaxPooling2D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("max_pooling2d", CoreMax2D, rest);
  }
}
/** The largest of each window of volumes [n, d, h, w, c]. */
export class MaxPooling3D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("max_pooling3d", CoreMax3D, rest);
  }
}
/** The mean of each window of sequences [n, t, c]. */
export class AveragePooling1D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("average_pooling1d", CoreAverage1D, rest);
  }
}
/** The mean of each window of images [n, h, w, c]. */
export class AveragePooling2D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("average_pooling2d", CoreAverage2D, rest);
  }
}
/** The mean of each window of volumes [n, d, h, w, c]. */
export class AveragePooling3D extends Pooling {
  constructor(...rest: PoolingRest) {
    super("average_pooling3d", CoreAverage3D, rest);
  }
}

export interface GlobalPoolingOptions extends LayerOptions {
  readonly dataFormat?: DataFormat | undefined;
  /** Keeps the pooled axes with size 1. */
  readonly keepdims?: boolean | undefined;
}

const globalPlaces = ["dataFormat", "keepdims"] as const;
type GlobalRest = Rest<GlobalPoolingOptions, typeof globalPlaces>;

abstract class GlobalPooling extends Layer {
  readonly #rank: number;
  readonly #axes: readonly number[];
  protected readonly keepdims: boolean;

  constructor(kind: string, rank: number, options: GlobalPoolingOptions) {
    super(options, kind);
    this.#rank = rank;
    this.keepdims = options.keepdims ?? false;
    const first = options.dataFormat === "channels_first" ? 2 : 1;
    this.#axes = Array.from({ length: rank }, (_, i) => first + i);
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, inputs as Tensor, { ndim: this.#rank + 2 });
  }

  protected abstract reduce(x: Tensor, axes: readonly number[], options: CallOptions): Tensor;

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    return this.reduce(inputs as Tensor, this.#axes, options);
  }
}

abstract class GlobalMax extends GlobalPooling {
  protected override reduce(x: Tensor, axes: readonly number[]): Tensor {
    return reduceMax(x, { axis: axes, keepdims: this.keepdims });
  }
}
abstract class GlobalAverage extends GlobalPooling {
  protected override reduce(x: Tensor, axes: readonly number[], _options: CallOptions): Tensor {
    return reduceMean(x, { axis: axes, keepdims: this.keepdims });
  }
}

/** [n, t, c] to [n, c]. */
export class GlobalMaxPooling1D extends GlobalMax {
  constructor(...rest: GlobalRest) {
    super("global_max_pooling1d", 1, byName(rest, globalPlaces));
  }
}
/** [n, h, w, c] to [n, c]. */
export class GlobalMaxPooling2D extends GlobalMax {
  constructor(...rest: GlobalRest) {
    super("global_max_pooling2d", 2, byName(rest, globalPlaces));
  }
}
/** [n, t, c] to [n, c]: the mean over the steps that the mask keeps. */
export class GlobalAveragePooling1D extends GlobalAverage {
  override supportsMasking = true;

  constructor(...rest: GlobalRest) {
    super("global_average_pooling1d", 1, byName(rest, globalPlaces));
  }

  protected override computeMask(): null {
    return null;
  }

  protected override reduce(x: Tensor, axes: readonly number[], options: CallOptions): Tensor {
    const mask = options.mask as Tensor | null;
    if (!mask) return super.reduce(x, axes, options);
    const kept = expandDims(cast(mask, x.dtype.baseDtype) as Tensor, axes[0] === 2 ? 1 : 2);
    return divide(reduceSum(x.mul(kept), { axis: axes }), reduceSum(kept, { axis: axes })) as Tensor;
  }
}
/** [n, h, w, c] to [n, c]. */
export class GlobalAveragePooling2D extends GlobalAverage {
  constructor(...rest: GlobalRest) {
    super("global_average_pooling2d", 2, byName(rest, globalPlaces));
  }
}
/** [n, d, h, w, c] to [n, c]. */
export class GlobalMaxPooling3D extends GlobalMax {
  constructor(...rest: GlobalRest) {
    super("global_max_pooling3d", 3, byName(rest, globalPlaces));
  }
}
/** [n, d, h, w, c] to [n, c]. */
export class GlobalAveragePooling3D extends GlobalAverage {
  constructor(...rest: GlobalRest) {
    super("global_average_pooling3d", 3, byName(rest, globalPlaces));
  }
}

export const MaxPool1D = MaxPooling1D;
export const MaxPool2D = MaxPooling2D;
export const MaxPool3D = MaxPooling3D;
export const AvgPool1D = AveragePooling1D;
export const AvgPool2D = AveragePooling2D;
export const AvgPool3D = AveragePooling3D;
export const GlobalMaxPool1D = GlobalMaxPooling1D;
export const GlobalMaxPool2D = GlobalMaxPooling2D;
export const GlobalMaxPool3D = GlobalMaxPooling3D;
export const GlobalAvgPool1D = GlobalAveragePooling1D;
export const GlobalAvgPool2D = GlobalAveragePooling2D;
export const GlobalAvgPool3D = GlobalAveragePooling3D;
