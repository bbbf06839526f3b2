/** `tf.contrib.image`: images turned, moved and projected. Source: contrib/image image_ops.py. */
import { float16, float32, float64, int32, int64, uint8 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { compatible } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  concat,
  constant,
  cos,
  getStaticValue,
  imageProjectiveTransformV2Op,
  matmul,
  ones,
  reshape,
  shape as shapeOf,
  sin,
  zeros,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { add, mul, neg, sub, truediv } from "../../operators.ts";

const dtypes = new Set<unknown>([uint8, int32, int64, float16, float32, float64]);

const inScope = <R>(name: string | null | undefined, otherwise: string, fn: () => R): R =>
  getDefaultGraph().nameScope(name ?? otherwise, fn);

/** Images as [n, h, w, c], whatever they were. Throws TypeError for dtypes and ranks that no image has. */
function asBatch(given: Tensor): Tensor {
  if (!dtypes.has(given.dtype.baseDtype)) throw new TypeError(`Invalid dtype ${given.dtype}.`);
  const rank = given.shape?.length ?? null;
  if (rank === null) throw new TypeError("image_or_images rank must be statically known");
  if (rank === 2) return given.at(null, ":", ":", null);
  if (rank === 3) return given.at(null, ":", ":", ":");
  if (rank === 4) return given;
  throw new TypeError("Images should have rank between 2 and 4.");
}

/** The form that the images had. */
function asGiven(output: Tensor, { shape }: Tensor): Tensor {
  if (shape!.length === 2) return output.at(0, ":", ":", 0);
  return shape!.length === 3 ? output.at(0, ":", ":", ":") : output;
}

interface MovedOptions {
  /** "NEAREST" by default, or "BILINEAR". */
  readonly interpolation?: string | undefined;
  readonly name?: string | null | undefined;
}

const movedPlaces = ["interpolation", "name"] as const;
type MovedRest = Rest<MovedOptions, typeof movedPlaces>;

interface TransformOptions extends MovedOptions {
  /** [rows, columns] of the output; those of the images by default. */
  readonly outputShape?: TensorLike | null | undefined;
}

const transformPlaces = ["interpolation", "outputShape", "name"] as const;

/**
 * Images [n, h, w, c] ([h, w], [h, w, c]) by transforms [n or 1, 8] (or [8]): the output at (x, y) is the input at
 * ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1. Throws TypeError for other ranks.
 */
export function transform(
  images: TensorLike,
  transforms: TensorLike,
  ...rest: Rest<TransformOptions, typeof transformPlaces>
): Tensor {
  const { interpolation = "NEAREST", outputShape, name } = byName<TransformOptions>(rest, transformPlaces);
  return inScope(name, "transform", () => {
    const given = convertToTensor(images, { name: "images" });
    const matrices = convertToTensor(transforms, { name: "transforms", dtype: float32 });
    const batch = asBatch(given);
    let size: TensorLike | null = outputShape ?? null;
    if (size === null) {
      const own = shapeOf(batch).at("1:3");
      size = getStaticValue(own) ?? own;
    }
    const wanted = convertToTensor(size, { dtype: int32, name: "output_shape" });
    if (!compatible(wanted.shape, [2])) {
      throw new ValueError("output_shape must be a 1-D Tensor of 2 elements: new_height, new_width");
    }
    const rank = matrices.shape?.length ?? null;
    if (rank === null) throw new TypeError("transform_or_transforms rank must be statically known");
    if (rank !== 1 && rank !== 2) throw new TypeError("Transforms should have rank 1 or 2.");
    const output = imageProjectiveTransformV2Op({
      images: batch,
      output_shape: wanted,
      transforms: rank === 1 ? matrices.at(null) : matrices,
      interpolation: interpolation.toUpperCase(),
    });
    return asGiven(output, given);
  });
}

/** Images turned by angles in radians, against the clock, about their middle: one angle, or one for each. */
export function rotate(images: TensorLike, angles: TensorLike, ...rest: MovedRest): Tensor {
  const { interpolation, name } = byName<MovedOptions>(rest, movedPlaces);
  return inScope(name, "rotate", () => {
    const given = convertToTensor(images);
    const batch = asBatch(given);
    const size = (axis: number): Tensor => (cast(shapeOf(batch).at(axis), float32) as Tensor).at(null);
    const height = size(1);
    const width = size(2);
    const output = transform(batch, anglesToProjectiveTransforms(angles, height, width), { interpolation });
    return asGiven(output, given);
  });
}

/** Images moved by translations [n, 2] or [2]: (dx, dy), to the right and down. */
export function translate(images: TensorLike, translations: TensorLike, ...rest: MovedRest): Tensor {
  const { interpolation, name } = byName<MovedOptions>(rest, movedPlaces);
  return inScope(name, "translate", () =>
    transform(images, translationsToProjectiveTransforms(translations), { interpolation }),
  );
}

const column = (x: Tensor): Tensor => x.at(":", null);

/** Transforms [n, 8] that turn images of a size about their middle by angles [n] or []. Throws TypeError for other ranks. */
export function anglesToProjectiveTransforms(
  angles: TensorLike,
  imageHeight: TensorLike,
  imageWidth: TensorLike,
  name?: string | null,
): Tensor {
  return inScope(name, "angles_to_projective_transforms", () => {
    const given = convertToTensor(angles, { name: "angles", dtype: float32 });
    const rank = given.shape?.length ?? null;
    if (rank !== 0 && rank !== 1) throw new TypeError("Angles should have rank 0 or 1.");
    const turn = rank === 0 ? given.at(null) : given;
    const [height, width] = [imageHeight, imageWidth];
    const less1 = (x: TensorLike): TensorLike => (typeof x === "number" ? x - 1 : sub(x, 1));
    const right = less1(width);
    const alongX = mul(cos(turn), less1(width));
    const acrossX = mul(sin(turn), less1(height));
    const x = truediv(sub(right, sub(alongX, acrossX)), 2);
    const bottom = less1(height);
    const alongY = mul(sin(turn), less1(width));
    const acrossY = mul(cos(turn), less1(height));
    const y = truediv(sub(bottom, add(alongY, acrossY)), 2);
    const count = shapeOf(turn).at(0);
    const first = column(cos(turn));
    const second = neg(column(sin(turn)));
    const third = column(x);
    const fourth = column(sin(turn));
    const fifth = column(cos(turn));
    return concat([first, second, third, fourth, fifth, column(y), zeros([count, 2] as never, float32)], 1);
  });
}

/** Transforms [n, 8] that move images by translations [n, 2] or [2]. Throws TypeError for other ranks. */
export function translationsToProjectiveTransforms(translations: TensorLike, name?: string | null): Tensor {
  return inScope(name, "translations_to_projective_transforms", () => {
    const given = convertToTensor(translations, { name: "translations", dtype: float32 });
    const rank = given.shape?.length ?? null;
    if (rank === null) throw new TypeError("translation_or_translations rank must be statically known");
    if (rank !== 1 && rank !== 2) throw new TypeError("Translations should have rank 1 or 2.");
    const moves = rank === 1 ? given.at(null) : given;
    const count = shapeOf(moves).at(0);
    const one = (): Tensor => ones([count, 1] as never, float32);
    const none = (width = 1): Tensor => zeros([count, width] as never, float32);
    const back = (axis: number): Tensor => neg(moves.at(":", axis, null));
    return concat([one(), none(), back(0), none(), one(), back(1), none(2)], 1);
  });
}

/** One transform for several: the last one is done to the image first. */
export function composeTransforms(...transforms: readonly TensorLike[]): Tensor {
  if (transforms.length === 0) throw new ValueError("transforms cannot be empty");
  return getDefaultGraph().nameScope("compose_transforms", () => {
    const [first, ...others] = transforms;
    const composed = others.reduce<Tensor>(
      (before, next) => matmul(before, flatTransformsToMatrices(next)),
      flatTransformsToMatrices(first!),
    );
    return matricesToFlatTransforms(composed);
  });
}

/** Transforms [8] or [n, 8] as matrices [n, 3, 3]. Throws ValueError for other ranks. */
export function flatTransformsToMatrices(transforms: TensorLike): Tensor {
  return getDefaultGraph().nameScope("flat_transforms_to_matrices", () => {
    const given = convertToTensor(transforms, { name: "transforms" });
    const rank = given.shape?.length ?? null;
    if (rank !== 1 && rank !== 2) throw new ValueError(`Transforms should be 1D or 2D, got: ${given}`);
    const flat = reshape(given, constant([-1, 8]));
    const count = shapeOf(flat).at(0);
    return reshape(concat([flat, ones([count, 1] as never)], 1), constant([-1, 3, 3]));
  });
}

/** Matrices [3, 3] or [n, 3, 3] as transforms [n, 8], scaled so that the last element is 1. Throws ValueError for other ranks. */
export function matricesToFlatTransforms(transformMatrices: TensorLike): Tensor {
  return getDefaultGraph().nameScope("matrices_to_flat_transforms", () => {
    const given = convertToTensor(transformMatrices, { name: "transform_matrices" });
    const rank = given.shape?.length ?? null;
    if (rank !== 2 && rank !== 3) throw new ValueError(`Matrices should be 2D or 3D, got: ${given}`);
    const flat = reshape(given, constant([-1, 9]));
    return truediv(flat, flat.at(":", "8:9")).at(":", ":8");
  });
}
