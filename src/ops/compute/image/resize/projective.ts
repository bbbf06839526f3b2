/** Images seen through a projective transform. Source: image_ops.cc (V2, V3), image_ops.h, image_ops.py. */
import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, TypeError } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { emptyArray, toNumbers } from "../../array/basic/elements.ts";
import { inScope } from "../../array/basic/names.ts";
import { type FillMode, mapPosition } from "./fill_mode.ts";
import { resizedShape } from "./resize.ts";

const f = Math.fround;

interface Transform {
  readonly images: NdArray;
  readonly transforms: NdArray;
  readonly output_shape: NdArray;
  readonly interpolation: string;
  readonly fill_mode: string;
}

const roundAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

function transformed(op: Transform, fill: number): NdArray {
  const { images, transforms, output_shape: size } = op;
  const interpolation = op.interpolation.toUpperCase();
  if (interpolation !== "NEAREST" && interpolation !== "BILINEAR")
    throw new InvalidArgumentError(`Invalid interpolation ${op.interpolation}. Supported types: NEAREST, BILINEAR`);
  const mode = op.fill_mode.toUpperCase();
  if (!["REFLECT", "WRAP", "CONSTANT", "NEAREST"].includes(mode)) {
    throw new InvalidArgumentError(`Invalid mode ${op.fill_mode}. Supported types: REFLECT, WRAP, CONSTANT, NEAREST`);
  }
  if (images.shape.length !== 4) throw new InvalidArgumentError("Input images must have rank 4");
  const rows = transforms.shape[0]!;
  if (transforms.shape.length !== 2 || (rows !== images.shape[0] && rows !== 1) || transforms.shape[1] !== 8) {
    throw new InvalidArgumentError("Input transform should be num_images x 8 or 1 x 8");
  }
  if (size.shape.length !== 1)
    throw new InvalidArgumentError(`output shape must be 1-dimensional${formatShape(size.shape)}`);
  if (size.size !== 2) throw new InvalidArgumentError(`output shape must have two elements${formatShape(size.shape)}`);
  const [outHeight, outWidth] = Array.from(toNumbers(size)) as [number, number];
  if (outHeight <= 0 || outWidth <= 0) throw new InvalidArgumentError("output dimensions must be positive");

  const [batch, height, width, depth] = images.shape as [number, number, number, number];
  const shape = [batch, outHeight, outWidth, depth];
  const output = emptyArray(images.dtype, shape);
  const pixels = toNumbers(images);
  const matrices = toNumbers(transforms);
  const isInteger = !images.dtype.isFloating;
  const read = (n: number, y: number, x: number, c: number): number =>
    y >= 0 && y < height && x >= 0 && x < width ? pixels[((n * height + y) * width + x) * depth + c]! : fill;
  const at = (n: number, y: number, x: number, c: number): number => {
    if (interpolation === "NEAREST") return read(n, roundAway(y), roundAway(x), c);
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const [bottom, right] = [top + 1, left + 1];
    const across = (row: number): number =>
      f(f(f(right - x) * read(n, row, left, c)) + f(f(x - left) * read(n, row, right, c)));
    const mixed = f(f(f(bottom - y) * across(top)) + f(f(y - top) * across(bottom)));
    return isInteger ? Math.trunc(mixed) : mixed;
  };
  for (let n = 0, k = 0; n < batch; n++) {
    const m = rows === 1 ? 0 : n * 8;
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const t = (index: number): number => matrices[m + index]!;
        const divisor = f(f(f(t(6) * j) + f(t(7) * i)) + 1);
        const x = f(f(f(f(t(0) * j) + f(t(1) * i)) + t(2)) / divisor);
        const y = f(f(f(f(t(3) * j) + f(t(4) * i)) + t(5)) / divisor);
        const [column, row] = [mapPosition(mode as FillMode, x, width), mapPosition(mode as FillMode, y, height)];
        for (let c = 0; c < depth; c++, k++)
          setElement(images.dtype, output.data, k, divisor === 0 ? fill : at(n, row, column, c));
      }
    }
  }
  return output;
}

function transformShape(images: Shape, size: Shape, context: ShapeContext): Shape[] {
  return [resizedShape(images, size, context, "output_shape")];
}

const attrs = [
  "dtype: {uint8, int32, int64, half, bfloat16, float, double}",
  "interpolation: string",
  "fill_mode: string = 'CONSTANT'",
] as const;

/** transformed_images: output pixel (x, y) reads input ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1; transforms [n or 1, 8]. */
export const imageProjectiveTransformV2Op = defineOp("ImageProjectiveTransformV2", {
  inputs: ["images: dtype", "transforms: float", "output_shape: int32"],
  outputs: ["transformed_images: dtype"],
  attrs,
  shape: (op, context) => transformShape(op.images, op.output_shape, context),
  compute: (op) => transformed(op, 0),
  gradient(tf, op, dy): { images: Tensor } {
    const { inverse, size } = inverseTransform(tf, op.images, op.transforms);
    const { interpolation, fill_mode } = op;
    return {
      images: tf.imageProjectiveTransformV2Op({
        images: dy!,
        transforms: inverse,
        output_shape: size(),
        interpolation,
        fill_mode,
      }),
    };
  },
});

/** As V2 with the value of pixels outside. */
export const imageProjectiveTransformV3Op = defineOp("ImageProjectiveTransformV3", {
  inputs: ["images: dtype", "transforms: float", "output_shape: int32", "fill_value: float"],
  outputs: ["transformed_images: dtype"],
  attrs,
  shape(op, context) {
    withRank(op.fill_value, 0);
    return transformShape(op.images, op.output_shape, context);
  },
  compute: (op) => transformed(op, toNumbers(op.fill_value)[0]!),
  gradient(tf, op, dy): { images: Tensor } {
    const { inverse, size } = inverseTransform(tf, op.images, op.transforms);
    const { interpolation, fill_mode } = op;
    return {
      images: tf.imageProjectiveTransformV3Op({
        images: dy!,
        transforms: inverse,
        output_shape: size(),
        fill_value: 0,
        interpolation,
        fill_mode,
      }),
    };
  },
});

/** The transforms back, and what makes the size of the images. Source: image_ops.py, _image_projective_transform_grad. */
function inverseTransform(
  tf: GradientTools,
  images: Tensor,
  transforms: Tensor,
): { inverse: Tensor; size: () => Tensor } {
  const rank = transforms.shape?.length;
  if (rank !== 1 && rank !== 2) throw new TypeError("Transforms should have rank 1 or 2.");
  const given = rank === 1 ? transforms.at(null) : transforms;
  const matrices = inScope(null, "flat_transforms_to_matrices", () => {
    const flat = tf.reshape(given, constant([-1, 8], { dtype: int32 }));
    const count = tf.shape(flat).at(0);
    const ones = tf.ones([count, 1]);
    return tf.reshape(tf.concat([flat, ones], 1), constant([-1, 3, 3], { dtype: int32 }));
  });
  const inverted = tf.matrixInverse(matrices);
  const inverse = inScope(null, "matrices_to_flat_transforms", () => {
    const flat = tf.reshape(inverted, constant([-1, 9], { dtype: int32 }));
    return flat.div(flat.at(":", "8:9")).at(":", ":8");
  });
  return { inverse, size: () => tf.shape(images).at("1:3") };
}
