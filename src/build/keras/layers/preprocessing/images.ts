/** `tf.keras.layers`: images made ready inside of a model. Source: tf_keras/src/layers/preprocessing/image_preprocessing.py. */
import { float32, int32 } from "../../../../core/dtype.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  add,
  cast,
  minimum,
  multiply,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
  shape as shapeOf,
  slice,
  stack,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { smartCond } from "../../../layers/layer.ts";
import { Layer, type LayerOptions, type Tensors } from "../layer.ts";

export interface RescalingOptions extends LayerOptions {
  readonly offset?: number | undefined;
}

/** x · scale + offset. */
export class Rescaling extends Layer {
  readonly scale: number;
  readonly offset: number;

  constructor(scale: number, ...rest: Rest<RescalingOptions, ["offset"]>) {
    const options = byName<RescalingOptions>(rest, ["offset"]);
    super(options, "rescaling");
    this.scale = scale;
    this.offset = options.offset ?? 0;
  }

  protected override call(inputs: Tensors): Tensors {
    return add(multiply(cast(inputs as Tensor, float32) as Tensor, this.scale), this.offset);
  }
}

const methods = { bilinear: resizeBilinear, nearest: resizeNearestNeighbor, bicubic: resizeBicubic };

export interface ResizingOptions extends LayerOptions {
  readonly interpolation?: keyof typeof methods | undefined;
  /** Keeps the relation of the sides: what lies outside of the largest window in the middle is left out. */
  readonly cropToAspectRatio?: boolean | undefined;
}
const resizingPlaces = ["interpolation", "cropToAspectRatio"] as const;

/** The largest window in the middle that has the relation of height and width: of [n, h, w, c]. */
function middle(x: Tensor, height: number, width: number): Tensor {
  const [, h, w] = [0, 1, 2].map((i) => x.shape![i] ?? shapeOf(x).at(i));
  const whole = (value: Tensor): Tensor => cast(value, int32) as Tensor;
  const wide = (value: number | Tensor): Tensor => cast(value, float32) as Tensor;
  const [kept, keptWidth] = [
    minimum(h!, whole(wide(w!).mul(height).div(width))),
    minimum(w!, whole(wide(h!).mul(width).div(height))),
  ];
  const start = (size: number | Tensor, part: Tensor): Tensor => whole(wide(part.rsub(size)).div(2));
  return slice(x, stack([0, start(h!, kept), start(w!, keptWidth), 0]), stack([-1, kept, keptWidth, -1]));
}

const resized = (x: Tensor, size: [number, number], method: keyof typeof methods = "bilinear"): Tensor =>
  cast(methods[method](x, size, { halfPixelCenters: true }), float32) as Tensor;

/** Images [n, h, w, c] in another size. */
export class Resizing extends Layer {
  readonly height: number;
  readonly width: number;
  readonly #options: ResizingOptions;

  constructor(height: number, width: number, ...rest: Rest<ResizingOptions, typeof resizingPlaces>) {
    const options = byName<ResizingOptions>(rest, resizingPlaces);
    super(options, "resizing");
    this.height = height;
    this.width = width;
    this.#options = options;
  }

  protected override call(inputs: Tensors): Tensors {
    const { interpolation, cropToAspectRatio = false } = this.#options;
    const x = cropToAspectRatio ? middle(inputs as Tensor, this.height, this.width) : (inputs as Tensor);
    return resized(x, [this.height, this.width], interpolation);
  }
}

/** The middle of images [n, h, w, c]; smaller ones are made larger. */
export class CenterCrop extends Layer {
  readonly height: number;
  readonly width: number;

  constructor(height: number, width: number, options: LayerOptions = {}) {
    super(options, "center_crop");
    this.height = height;
    this.width = width;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = cast(inputs as Tensor, this.dtype) as Tensor;
    const { height, width } = this;
    const [h, w] = [x.shape![1] ?? null, x.shape![2] ?? null];
    const isKnown = h !== null && w !== null;
    const [rows, columns] = isKnown
      ? [h - height, w - width]
      : [1, 2].map((i) =>
          shapeOf(x)
            .at(i)
            .sub(i === 1 ? height : width),
        );
    const half = (d: number | Tensor): number | Tensor =>
      typeof d === "number" ? Math.trunc(d / 2) : (cast(d.div(2), int32) as Tensor);
    const cropped = (): Tensor => slice(x, stack([0, half(rows!), half(columns!), 0]), [-1, height, width, -1]);
    const enlarged = (): Tensor => resized(middle(x, height, width), [height, width]);
    const fits = isKnown
      ? (rows as number) >= 0 && (columns as number) >= 0
      : (rows as Tensor).greaterEqual(0).logicalAnd((columns as Tensor).greaterEqual(0));
    const y = smartCond<Tensor>(fits, cropped, enlarged);
    y.setShape([x.shape![0]!, height, width, x.shape![3]!]);
    return y;
  }
}
