/** `tf.keras.layers`: images and sequences made larger or smaller. Source: tf_keras/src/layers/reshaping. */
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  expandDims,
  pad,
  repeat,
  reshape,
  resizeBilinear,
  resizeNearestNeighbor,
  shape as shapeOf,
  stridedSlice,
  tile,
  transpose,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { DataFormat } from "../../../layers/core.ts";
import { Layer, type LayerOptions, type Tensors } from "../layer.ts";

type Pair = readonly [number, number];

/** The two ends of each axis, from one number, one for each axis, or all of them. */
const ends = (value: number | readonly (number | Pair)[], rank: number): Pair[] => {
  if (typeof value === "number") return Array.from({ length: rank }, (): Pair => [value, value]);
  if (rank === 1 && typeof value[0] === "number") return [value as unknown as Pair];
  return value.map((each): Pair => (typeof each === "number" ? [each, each] : each));
};

export interface PaddingOptions extends LayerOptions {
  readonly padding?: number | readonly (number | Pair)[] | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

const paddingPlaces = ["padding", "dataFormat"] as const;
type PaddingRest = Rest<PaddingOptions, typeof paddingPlaces>;

abstract class ZeroPadding extends Layer {
  readonly #padding: Pair[];
  readonly #isFirst: boolean;

  constructor(rank: number, rest: PaddingRest) {
    const given = byName<PaddingOptions>(rest, paddingPlaces);
    super(given, `zero_padding${rank}d`);
    this.#padding = ends(given.padding ?? 1, rank);
    this.#isFirst = given.dataFormat === "channels_first";
  }

  protected override call(inputs: Tensors): Tensors {
    const none: Pair = [0, 0];
    return pad(inputs as Tensor, this.#isFirst ? [none, none, ...this.#padding] : [none, ...this.#padding, none]);
  }
}

/** Zeros before and after sequences [n, t, c]. */
export class ZeroPadding1D extends ZeroPadding {
  constructor(...rest: PaddingRest) {
    super(1, rest);
  }
}
/** Zeros around images [n, h, w, c]. */
export class ZeroPadding2D extends ZeroPadding {
  constructor(...rest: PaddingRest) {
    super(2, rest);
  }
}

/** Zeros around volumes [n, d, h, w, c]. */
export class ZeroPadding3D extends ZeroPadding {
  constructor(...rest: PaddingRest) {
    super(3, rest);
  }
}

export interface CroppingOptions extends LayerOptions {
  readonly cropping?: number | readonly (number | Pair)[] | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

const croppingPlaces = ["cropping", "dataFormat"] as const;
type CroppingRest = Rest<CroppingOptions, typeof croppingPlaces>;

abstract class Cropping extends Layer {
  readonly #cropping: Pair[];
  readonly #first: number;

  constructor(rank: number, otherwise: number, rest: CroppingRest) {
    const options = byName<CroppingOptions>(rest, croppingPlaces);
    super(options, `cropping${rank}d`);
    this.#cropping = ends(options.cropping ?? otherwise, rank);
    this.#first = options.dataFormat === "channels_first" ? 2 : 1;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const pairs = x.shape!.map((_, i): Pair => this.#cropping[i - this.#first] ?? [0, 0]);
    const endMask = pairs.reduce((mask, [, after], i) => (after === 0 ? mask | (1 << i) : mask), 0);
    return stridedSlice(
      x,
      pairs.map(([before]) => before),
      pairs.map(([, after]) => -after),
      { endMask },
    );
  }
}

/** Sequences [n, t, c] without their ends. */
export class Cropping1D extends Cropping {
  constructor(...rest: CroppingRest) {
    super(1, 1, rest);
  }
}
/** Images [n, h, w, c] without their borders. */
export class Cropping2D extends Cropping {
  constructor(...rest: CroppingRest) {
    super(2, 0, rest);
  }
}

/** Volumes [n, d, h, w, c] without their borders. */
export class Cropping3D extends Cropping {
  constructor(...rest: CroppingRest) {
    super(3, 1, rest);
  }
}

export interface UpSamplingOptions extends LayerOptions {
  readonly size?: number | readonly number[] | undefined;
  readonly interpolation?: "nearest" | "bilinear" | undefined;
  readonly dataFormat?: DataFormat | undefined;
}

/** Each step of sequences [n, t, c] several times. */
export class UpSampling1D extends Layer {
  readonly size: number;

  constructor(...rest: Rest<UpSamplingOptions, ["size"]>) {
    const options = byName<UpSamplingOptions>(rest, ["size"]);
    super(options, "up_sampling1d");
    const { size = 2 } = options;
    this.size = typeof size === "number" ? size : size[0]!;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const repeated = tile(expandDims(x, 2), [1, 1, this.size, 1]);
    const [, t, c] = x.shape!;
    return reshape(repeated, [-1, t ? t * this.size : shapeOf(x).at(1).mul(this.size), c ?? shapeOf(x).at(2)]);
  }
}

/** Images [n, h, w, c], each side times `size`. */
export class UpSampling2D extends Layer {
  readonly size: readonly number[];
  readonly #interpolation: "nearest" | "bilinear";
  readonly #isFirst: boolean;

  constructor(...rest: Rest<UpSamplingOptions, ["size", "dataFormat", "interpolation"]>) {
    const options = byName<UpSamplingOptions>(rest, ["size", "dataFormat", "interpolation"]);
    super(options, "up_sampling2d");
    this.#isFirst = options.dataFormat === "channels_first";
    const { size = 2 } = options;
    this.size = typeof size === "number" ? [size, size] : size;
    this.#interpolation = options.interpolation ?? "nearest";
  }

  protected override call(inputs: Tensors): Tensors {
    const isFirst = this.#isFirst;
    const x = isFirst ? transpose(inputs as Tensor, { perm: [0, 2, 3, 1] }) : (inputs as Tensor);
    const known = [x.shape![1], x.shape![2]];
    const sizes = shapeOf(x);
    const size = known.map((d, i) => (d ? d * this.size[i]! : sizes.at(i + 1).mul(this.size[i]!)));
    const y =
      this.#interpolation === "nearest"
        ? resizeNearestNeighbor(x, size, {})
        : resizeBilinear(x, size, { halfPixelCenters: true });
    return isFirst ? transpose(y, { perm: [0, 3, 1, 2] }) : y;
  }
}

/** Volumes [n, d, h, w, c], each side times `size`. */
export class UpSampling3D extends Layer {
  readonly size: readonly number[];
  readonly #first: number;

  constructor(...rest: Rest<UpSamplingOptions, ["size", "dataFormat"]>) {
    const options = byName<UpSamplingOptions>(rest, ["size", "dataFormat"]);
    super(options, "up_sampling3d");
    const { size = 2 } = options;
    this.size = typeof size === "number" ? [size, size, size] : size;
    this.#first = options.dataFormat === "channels_first" ? 2 : 1;
  }

  protected override call(inputs: Tensors): Tensors {
    return this.size.reduce((x: Tensor, times, i) => repeat(x, times, { axis: this.#first + i }), inputs as Tensor);
  }
}
