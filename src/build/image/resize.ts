/** `tf.image`: other sizes. Source: image_ops_impl.py. */
import { float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatible, type Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  expandDims,
  floor,
  getStaticValue,
  maximum,
  minimum,
  resizeArea,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
  round,
  squeeze,
  withDependencies,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { truediv } from "../operators.ts";
import { above, asBatch, assertion, checkAtLeast3D, dimensions, type Size } from "./checks.ts";
import { padToBoundingBox } from "./crop.ts";

export const ResizeMethod = { BILINEAR: 0, NEAREST_NEIGHBOR: 1, BICUBIC: 2, AREA: 3 } as const;
export type ResizeMethodLike = 0 | 1 | 2 | 3 | "bilinear" | "nearest" | "bicubic" | "area";

export interface ResizeImagesOptions {
  readonly method?: ResizeMethodLike;
  /** The corners' centers stay where they are. */
  readonly alignCorners?: boolean;
  /** The largest size within the one given. */
  readonly preserveAspectRatio?: boolean;
  readonly name?: string | undefined;
}

const resizers = {
  0: resizeBilinear,
  bilinear: resizeBilinear,
  1: resizeNearestNeighbor,
  nearest: resizeNearestNeighbor,
  2: resizeBicubic,
  bicubic: resizeBicubic,
  3: resizeArea,
  area: resizeArea,
} as const;

/**
 * Images [h, w, c] or [n, h, w, c] in another size [newHeight, newWidth]: float32, but for the nearest neighbour. Returned as they are
 * where the size is theirs. Throws ValueError for other ranks.
 */
export const resizeImages = byKeyword(
  ["images", "size"],
  function resizeImages(
    given: TensorLike,
    size: TensorLike,
    ...rest: Rest<ResizeImagesOptions, ["method", "alignCorners"]>
  ): Tensor {
    const options: ResizeImagesOptions = byName(rest, ["method", "alignCorners"]);
    const { method = 0, alignCorners = false, preserveAspectRatio = false, name } = options;
    return getDefaultGraph().nameScope(name ?? "resize", () => {
      let images = convertToTensor(given, { name: "images" });
      if (!images.shape) throw new ValueError("'images' contains no shape.");
      const n = images.shape.length;
      if (n === 3) images = expandDims(images, 0);
      else if (n !== 4) throw new ValueError("'images' must have either 3 or 4 dimensions.");
      const alone = (result: Tensor): Tensor => (n === 3 ? squeeze(result, { axis: [0] }) : result);
      const [, height, width] = images.shape!;
      let sizes = sizeTensor(size);
      if (preserveAspectRatio) sizes = withinSize(images, sizes);
      const known = staticSize(sizes);
      if (known[0] !== null && known[1] !== null && known[0] === height && known[1] === width) return alone(images);
      const resize = resizers[method];
      if (!resize) throw new ValueError(`Resize method is not implemented: ${method}`);
      const resized = resize(images, sizes, { alignCorners });
      resized.setShape([null, ...known, null]);
      return alone(resized);
    });
  },
);

function sizeTensor(size: TensorLike): Tensor {
  let sizes: Tensor;
  try {
    sizes = convertToTensor(size, { dtype: int32, name: "size" });
  } catch {
    throw new ValueError("'size' must be a 1-D int32 Tensor");
  }
  if (!compatible(sizes.shape, [2])) {
    throw new ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width");
  }
  return sizes;
}

function staticSize(sizes: Tensor): [Dim, Dim] {
  const value = getStaticValue(sizes);
  if (value) return [Number(value.data[0]), Number(value.data[1])];
  const parts = sizes.op.inputs.length === 2 ? sizes.op.inputs.map((part) => getStaticValue(part)) : [null, null];
  return parts.map((part) => (part ? Number(part.item()) : null)) as [Dim, Dim];
}

function withinSize(images: Tensor, sizes: Tensor): Tensor {
  const [, height, width] = dimensions(images);
  const float = (x: TensorLike): Tensor => cast(x, float32) as Tensor;
  const scaleHeight = float(sizes.at(0)).truediv(float(height));
  const scaleWidth = float(sizes.at(1)).truediv(float(width));
  const scale = minimum(scaleHeight, scaleWidth);
  const scaled = (length: Size): Tensor => cast(round(scale.mul(float(length))), int32) as Tensor;
  return convertToTensor([scaled(height), scaled(width)], { dtype: int32, name: "size" });
}

type ResizeImageWithPadOptions = Pick<ResizeImagesOptions, "method" | "alignCorners">;
const resizeImageWithPadPlaces = ["method", "alignCorners"] as const;

/** Images as large as fits in targetHeight × targetWidth, with zeros around. */
export function resizeImageWithPad(
  given: TensorLike,
  targetHeight: Size,
  targetWidth: Size,
  ...rest: Rest<ResizeImageWithPadOptions, typeof resizeImageWithPadPlaces>
): Tensor {
  const options = byName<ResizeImageWithPadOptions>(rest, resizeImageWithPadPlaces);
  return getDefaultGraph().nameScope("resize_image_with_pad", () => {
    const { batch, isBatch } = asBatch(convertToTensor(given, { name: "image" }));
    const checks = [
      ...checkAtLeast3D(batch),
      ...assertion(above(targetWidth, 0), "target_width must be > 0."),
      ...assertion(above(targetHeight, 0), "target_height must be > 0."),
    ];
    const image = withDependencies(checks, batch);
    const [, height, width] = dimensions(image);
    const float = (x: Size): Tensor => cast(x, float32) as Tensor;
    const [fHeight, fWidth, fTargetHeight, fTargetWidth] = [
      float(height),
      float(width),
      float(targetHeight),
      float(targetWidth),
    ];
    const ratio = maximum(fWidth.truediv(fTargetWidth), fHeight.truediv(fTargetHeight));
    const resizedHeight = fHeight.truediv(ratio);
    const resizedWidth = fWidth.truediv(ratio);
    const whole = (x: Tensor): Tensor => cast(floor(x), int32) as Tensor;
    const size = [whole(resizedHeight), whole(resizedWidth)];
    const paddingHeight = truediv(fTargetHeight.sub(resizedHeight), 2);
    const paddingWidth = truediv(fTargetWidth.sub(resizedWidth), 2);
    const [floorHeight, floorWidth] = [floor(paddingHeight), floor(paddingWidth)];
    const top = maximum(0, cast(floorHeight, int32) as Tensor);
    const left = maximum(0, cast(floorWidth, int32) as Tensor);
    const resized = resizeImages(image, size, options);
    const padded = padToBoundingBox(resized, top, left, targetHeight, targetWidth);
    dimensions(padded);
    return isBatch ? padded : squeeze(padded, { axis: [0] });
  });
}
