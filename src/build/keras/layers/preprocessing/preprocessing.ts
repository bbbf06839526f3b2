/** `tf.keras.layers`: data made ready inside of a model. Source: tf_keras/src/layers/preprocessing. */
import { float32, int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  add,
  bucketizeOp,
  cast,
  multiply,
  oneHot,
  reduceMax,
  reduceSum,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
} from "../../../../ops/index.ts";
import { Layer, type LayerOptions, type Tensors } from "../layer.ts";

export interface RescalingOptions extends LayerOptions {
  readonly offset?: number | undefined;
}

/** x · scale + offset. */
export class Rescaling extends Layer {
  readonly scale: number;
  readonly offset: number;

  constructor(scale: number, options: RescalingOptions = {}) {
    super(options, "rescaling");
    this.scale = scale;
    this.offset = options.offset ?? 0;
  }

  protected override call(inputs: Tensors): Tensors {
    return add(multiply(cast(inputs as Tensor, float32) as Tensor, this.scale), this.offset);
  }
}

export interface ResizingOptions extends LayerOptions {
  readonly interpolation?: "bilinear" | "nearest" | "bicubic" | undefined;
}

/** Images [n, h, w, c] in another size. */
export class Resizing extends Layer {
  readonly height: number;
  readonly width: number;
  readonly #interpolation: "bilinear" | "nearest" | "bicubic";

  constructor(height: number, width: number, options: ResizingOptions = {}) {
    super(options, "resizing");
    this.height = height;
    this.width = width;
    this.#interpolation = options.interpolation ?? "bilinear";
  }

  protected override call(inputs: Tensors): Tensors {
    const resize = { bilinear: resizeBilinear, nearest: resizeNearestNeighbor, bicubic: resizeBicubic }[
      this.#interpolation
    ];
    return cast(resize(inputs as Tensor, [this.height, this.width], { halfPixelCenters: true }), float32) as Tensor;
  }
}

export interface CategoryOptions extends LayerOptions {
  /** How many categories there are. */
  readonly numTokens: number;
  readonly outputMode?: "one_hot" | "multi_hot" | "count" | undefined;
}

/** Whole numbers [n] or [n, m] as rows: a one for each number's place, or how often it is there. */
export class CategoryEncoding extends Layer {
  readonly numTokens: number;
  readonly #mode: "one_hot" | "multi_hot" | "count";

  /** Throws ValueError without a number of categories. */
  constructor(options: CategoryOptions) {
    super(options, "category_encoding");
    if (!(options.numTokens > 0)) {
      throw new ValueError(
        `\`num_tokens\` must be set to use this layer. If the number of tokens is not known beforehand, use the \`IntegerLookup\` layer instead.`,
      );
    }
    this.numTokens = options.numTokens;
    this.#mode = options.outputMode ?? "multi_hot";
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const rows = oneHot(cast(x, int64) as Tensor, this.numTokens, { dtype: float32 }) as Tensor;
    const rank = x.shape!.length;
    if (this.#mode === "one_hot") return rank > 1 && x.shape!.at(-1) === 1 ? reduceSum(rows, { axis: -2 }) : rows;
    if (rank < 2) return rows;
    return this.#mode === "count" ? reduceSum(rows, { axis: -2 }) : reduceMax(rows, { axis: -2 });
  }
}

export interface DiscretizationOptions extends LayerOptions {
  readonly binBoundaries: readonly number[];
}

/** Numbers as the number of the interval that they lie in: int64. */
export class Discretization extends Layer {
  readonly #boundaries: readonly number[];

  constructor(options: DiscretizationOptions) {
    super(options, "discretization");
    this.#boundaries = options.binBoundaries;
  }

  protected override call(inputs: Tensors): Tensors {
    return cast(bucketizeOp({ input: inputs as Tensor, boundaries: [...this.#boundaries] }), int64) as Tensor;
  }
}
