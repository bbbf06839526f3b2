/** Images in another size: bilinear, nearest, bicubic, area, and their gradients. Source: image_ops.cc, image_grad.py. */

import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";
import { interpolate, spread, weightedSum } from "./along_axis.ts";
import { areaWeights, bicubicWeights, bilinearWeights, nearestIndices, type ResizeRules } from "./axis_weights.ts";

/** [batch, height, width, channels] with the height and width of the size input. */
export function resizedShape(images: Shape, size: Shape, context: ShapeContext, input = "size"): Shape {
  const [n, , , c] = withRank(images, 4);
  const [count] = withRank(size, 1);
  if (count !== null && count !== 2) throw invalidArgument(`Dimension must be 2 but is ${count}`);
  const wanted = numbersFromInput(context, input);
  return [n!, wanted ? wanted[0]! : null, wanted ? wanted[1]! : null, c!];
}

/** Height and width of the result. Throws the kernel's INVALID_ARGUMENT. Source: image_resizer_state.h. */
export function outputSize(p: Lowering, images: Value, size: Value): [number, number] {
  if (images.shape.length !== 4)
    throw new InvalidArgumentError(`input must be 4-dimensional${formatShape(images.shape)}`);
  if (size.shape.length !== 1)
    throw new InvalidArgumentError(`shape_t must be 1-dimensional${formatShape(size.shape)}`);
  if (size.shape[0] !== 2) throw new InvalidArgumentError(`shape_t must have two elements${formatShape(size.shape)}`);
  const [height, width] = p.numbers(size) as [number, number];
  if (height <= 0 || width <= 0) throw new InvalidArgumentError("output dimensions must be positive");
  if (images.shape[3]! <= 0) throw new InvalidArgumentError("image must have at least one channel");
  if (images.shape[1]! <= 0 || images.shape[2]! <= 0)
    throw new InvalidArgumentError("input image must be of non-zero size");
  return [height, width];
}

const rulesOf = (op: { readonly align_corners: boolean; readonly half_pixel_centers: boolean }): ResizeRules => {
  if (op.align_corners && op.half_pixel_centers)
    throw new InvalidArgumentError("If half_pixel_centers is True, align_corners must be False.");
  return { alignCorners: op.align_corners, halfPixelCenters: op.half_pixel_centers };
};

const images = ["images: T", "size: int32"] as const;
const resizeAttrs = ["align_corners: bool = false", "half_pixel_centers: bool = false"] as const;

/** resized_images: float32, each pixel between its four neighbours. */
export const resizeBilinearOp = defineOp("ResizeBilinear", {
  inputs: images,
  outputs: ["resized_images: float"],
  attrs: ["T: {int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double, bfloat16}", ...resizeAttrs],
  shape: (op, context) => [resizedShape(op.images, op.size, context)],
  lower(p, op) {
    const [height, width] = outputSize(p, op.images, op.size);
    const rules = rulesOf(op);
    const x = p.cast(op.images, "float32");
    const [, h, w] = x.shape as [number, number, number];
    return interpolate(p, interpolate(p, x, 2, bilinearWeights(w, width, rules)), 1, bilinearWeights(h, height, rules));
  },
  gradient: (tf, op, dy) => ({
    images: tf.resizeBilinearGrad(dy!, op.images, {
      alignCorners: op.align_corners,
      halfPixelCenters: op.half_pixel_centers,
    }),
  }),
});

export const resizeBilinearGradOp = defineOp("ResizeBilinearGrad", {
  inputs: ["grads: float", "original_image: T"],
  outputs: ["output: T"],
  attrs: ["T: {float, bfloat16, half, double}", ...resizeAttrs],
  shape: ({ original_image }) => [original_image],
  lower(p, op) {
    const [, h, w] = op.original_image.shape as [number, number, number];
    const [, height, width] = op.grads.shape as [number, number, number];
    const rules = rulesOf(op);
    const columns = spread(p, op.grads, 2, w, bilinearWeights(w, width, rules));
    return p.cast(spread(p, columns, 1, h, bilinearWeights(h, height, rules)), op.original_image.dtype);
  },
  gradient: "none",
});

/** resized_images = the nearest pixel of each. */
export const resizeNearestNeighborOp = defineOp("ResizeNearestNeighbor", {
  inputs: images,
  outputs: ["resized_images: T"],
  attrs: ["T: {int8, uint8, int16, uint16, int32, int64, half, float, double, bfloat16}", ...resizeAttrs],
  shape: (op, context) => [resizedShape(op.images, op.size, context)],
  lower(p, op) {
    const [height, width] = outputSize(p, op.images, op.size);
    const rules = rulesOf(op);
    const [, h, w] = op.images.shape as [number, number, number];
    const rows = p.gather(op.images, p.list(nearestIndices(h, height, rules)), { axis: 1 });
    return p.gather(rows, p.list(nearestIndices(w, width, rules)), { axis: 2 });
  },
  gradient(tf, op, dy) {
    const shape = op.images.shape;
    const known = shape && [shape[1]!, shape[2]!];
    const size = known?.every((d) => d !== null) ? (known as number[]) : tf.getItem(tf.shape(op.images), "1:3");
    return {
      images: tf.resizeNearestNeighborGrad(dy!, size, {
        alignCorners: op.align_corners,
        halfPixelCenters: op.half_pixel_centers,
      }),
    };
  },
});

export const resizeNearestNeighborGradOp = defineOp("ResizeNearestNeighborGrad", {
  inputs: ["grads: T", "size: int32"],
  outputs: ["output: T"],
  attrs: ["T: {uint8, int8, int32, half, float, double, bfloat16}", ...resizeAttrs],
  shape: (op, context) => [resizedShape(op.grads, op.size, context)],
  lower(p, op) {
    const [h, w] = outputSize(p, op.grads, op.size);
    const [, height, width] = op.grads.shape as [number, number, number];
    const rules = rulesOf(op);
    const back = (dy: Value, axis: 1 | 2, length: number, indices: readonly number[]): Value => {
      const perm = [axis, ...[0, 1, 2, 3].filter((d) => d !== axis)];
      const zeros = p.fill(0, dy.dtype, [length, ...perm.slice(1).map((d) => dy.shape[d]!)]);
      const sum = p.scatter("add", zeros, p.list(indices), p.transpose(dy, perm));
      return p.transpose(
        sum,
        [0, 1, 2, 3].map((d) => perm.indexOf(d)),
      );
    };
    return back(back(op.grads, 2, w, nearestIndices(w, width, rules)), 1, h, nearestIndices(h, height, rules));
  },
  gradient: "unregistered",
});

/** resized_images: float32, cubic convolution of sixteen neighbours. */
export const resizeBicubicOp = defineOp("ResizeBicubic", {
  inputs: images,
  outputs: ["resized_images: float"],
  attrs: ["T: {int8, uint8, int16, uint16, int32, int64, half, float, double, bfloat16}", ...resizeAttrs],
  shape: (op, context) => [resizedShape(op.images, op.size, context)],
  lower(p, op) {
    const [height, width] = outputSize(p, op.images, op.size);
    const rules = rulesOf(op);
    const x = p.cast(op.images, "float32");
    const [, h, w] = x.shape as [number, number, number];
    return weightedSum(p, weightedSum(p, x, 1, bicubicWeights(h, height, rules)), 2, bicubicWeights(w, width, rules));
  },
  gradient(tf, op, dy) {
    const isFloat = op.T.base === "float32" || op.T.base === "float64";
    return {
      images: isFloat
        ? tf.resizeBicubicGrad(dy!, op.images, {
            alignCorners: op.align_corners,
            halfPixelCenters: op.half_pixel_centers,
          })
        : null,
    };
  },
});

export const resizeBicubicGradOp = defineOp("ResizeBicubicGrad", {
  inputs: ["grads: float", "original_image: T"],
  outputs: ["output: T"],
  attrs: ["T: {float, double}", ...resizeAttrs],
  shape: ({ original_image }) => [original_image],
  lower(p, op) {
    const [, h, w] = op.original_image.shape as [number, number, number];
    const [, height, width] = op.grads.shape as [number, number, number];
    const rules = rulesOf(op);
    const dy = p.cast(op.grads, op.original_image.dtype);
    return spread(p, spread(p, dy, 2, w, bicubicWeights(w, width, rules)), 1, h, bicubicWeights(h, height, rules));
  },
  gradient: "unregistered",
});

/** resized_images: float32, the mean of what each output covers. */
export const resizeAreaOp = defineOp("ResizeArea", {
  inputs: images,
  outputs: ["resized_images: float"],
  attrs: [
    "T: {int8, uint8, int16, uint16, int32, int64, half, float, double, bfloat16}",
    "align_corners: bool = false",
  ],
  shape: (op, context) => [resizedShape(op.images, op.size, context)],
  lower(p, op) {
    const [height, width] = outputSize(p, op.images, op.size);
    const x = p.cast(op.images, "float32");
    const [, h, w] = x.shape as [number, number, number];
    return weightedSum(
      p,
      weightedSum(p, x, 2, areaWeights(w, width, op.align_corners)),
      1,
      areaWeights(h, height, op.align_corners),
    );
  },
  gradient: "unregistered",
});

export interface ResizeOptions extends Named, Partial<ResizeRules> {}

const attrsOf = (options: ResizeOptions) => ({
  align_corners: options.alignCorners ?? false,
  half_pixel_centers: options.halfPixelCenters ?? false,
});

const resizePlaces = ["alignCorners", "name", "halfPixelCenters"] as const;
type ResizeCall = (images: TensorLike, size: TensorLike, ...rest: Rest<ResizeOptions, typeof resizePlaces>) => Tensor;

const call =
  (op: typeof resizeBilinearOp | typeof resizeNearestNeighborOp | typeof resizeBicubicOp): ResizeCall =>
  (images, size, ...rest) => {
    const options = byName<ResizeOptions>(rest, resizePlaces);
    return op({ images, size, ...attrsOf(options) }, options.name);
  };

/** Images [n, h, w, c] resized to [height, width]. */
export const resizeBilinear: ResizeCall = call(resizeBilinearOp);
/** Images [n, h, w, c] at another size, [height, width]; each pixel from the nearest pixel. */
export const resizeNearestNeighbor: ResizeCall = call(resizeNearestNeighborOp);
/** Images [n, h, w, c] at another size, [height, width]; each pixel from cubic curves through 16 neighbours. */
export const resizeBicubic: ResizeCall = call(resizeBicubicOp);
/** Images [n, h, w, c] at another size, [height, width]; each pixel from the mean of the area that it covers. */
export const resizeArea: ResizeCall = (images, size, ...rest) => {
  const { alignCorners = false, name } = byName<ResizeOptions>(rest, resizePlaces);
  return resizeAreaOp({ images, size, align_corners: alignCorners }, name);
};

export const resizeBilinearGrad = (grads: TensorLike, original: TensorLike, options: ResizeOptions = {}): Tensor =>
  resizeBilinearGradOp({ grads, original_image: original, ...attrsOf(options) }, options.name);
export const resizeNearestNeighborGrad = (grads: TensorLike, size: TensorLike, options: ResizeOptions = {}): Tensor =>
  resizeNearestNeighborGradOp({ grads, size, ...attrsOf(options) }, options.name);
export const resizeBicubicGrad = (grads: TensorLike, original: TensorLike, options: ResizeOptions = {}): Tensor =>
  resizeBicubicGradOp({ grads, original_image: original, ...attrsOf(options) }, options.name);
