/** `tf.image`: cutting out and padding. Source: image_ops_impl.py, random_crop_ops.py. */

import { float64, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  getStaticValue,
  greaterEqual,
  logicalOr,
  pad,
  randomUniform,
  reduceAll,
  reshape,
  shape as shapeOf,
  slice,
  squeeze,
  stack,
  withDependencies,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import {
  above,
  asBatch,
  assertion,
  atLeast,
  checkAtLeast3D,
  dimensions,
  halved,
  larger,
  minus,
  negated,
  plus,
  type Size,
  same,
  smaller,
  staticSizes,
} from "./checks.ts";

const inScope = <R>(name: string, fn: (scope: string) => R): R => getDefaultGraph().nameScope(name, fn);

const unbatched = (image: Tensor, isBatch: boolean): Tensor => (isBatch ? image : squeeze(image, { axis: [0] }));

/** The middle of images, `centralFraction` of their height and width. Throws ValueError for a fraction outside (0, 1]. */
export const centralCrop = byKeyword(
  ["image", "centralFraction"],
  function centralCrop(given: TensorLike, centralFraction: number | Tensor): Tensor {
    return inScope("central_crop", () => {
      let image = convertToTensor(given, { name: "image" });
      const fraction =
        centralFraction instanceof Tensor
          ? ((getStaticValue(centralFraction)?.item() as number | undefined) ?? null)
          : centralFraction;
      const message = "central_fraction must be within (0, 1]";
      if (fraction === null) {
        const given = centralFraction as Tensor;
        image = withDependencies(assertion(logicalOr(given.greater(0), given.lessEqual(1)), message), image);
      } else {
        if (fraction <= 0 || fraction > 1) throw new ValueError(message);
        if (fraction === 1) return image;
      }
      withDependencies(checkAtLeast3D(image), image);
      const n = image.shape?.length;
      if (n !== 3 && n !== 4) {
        throw new ValueError(
          `\`image\` should either be a Tensor with rank = 3 or rank = 4. Had rank = ${n ?? "None"}.`,
        );
      }
      const first = n - 3;
      const sizes = [first, first + 1].map((axis): Size => image.shape![axis] ?? shapeOf(image).at(axis));
      const starts = sizes.map((size): Size => {
        if (fraction !== null && typeof size === "number") return Math.trunc((size - size * fraction) / 2);
        const wide = cast(size, float64) as Tensor;
        const share = cast(centralFraction as TensorLike, float64) as Tensor;
        return cast(wide.sub(wide.mul(share)).truediv(2), int32) as Tensor;
      });
      const lengths = sizes.map((size, i) => {
        const start = starts[i]!;
        return minus(size, start instanceof Tensor ? start.mul(2) : start * 2);
      });
      const begin = stack(n === 3 ? [...starts, 0] : [0, ...starts, 0]);
      const size = stack(n === 3 ? [...lengths, -1] : [-1, ...lengths, -1]);
      const cropped = slice(image, begin, size);
      const inner = [...staticSizes(lengths), image.shape![n - 1]!];
      cropped.setShape(n === 3 ? inner : [image.shape![0]!, ...inner]);
      return cropped;
    });
  },
);

/** Zeros around images, which begin at (offsetHeight, offsetWidth) of the target. Throws ValueError where they do not fit. */
export const padToBoundingBox = byKeyword(
  ["image", "offsetHeight", "offsetWidth", "targetHeight", "targetWidth"],
  function padToBoundingBox(
    given: TensorLike,
    offsetHeight: Size,
    offsetWidth: Size,
    targetHeight: Size,
    targetWidth: Size,
  ): Tensor {
    return inScope("pad_to_bounding_box", () => {
      const { batch, isBatch } = asBatch(convertToTensor(given, { name: "image" }));
      const [count, height, width, depth] = dimensions(batch);
      const afterWidth = minus(minus(targetWidth, offsetWidth), width);
      const afterHeight = minus(minus(targetHeight, offsetHeight), height);
      const checks = [
        ...checkAtLeast3D(batch),
        ...assertion(atLeast(offsetHeight, 0), "offset_height must be >= 0"),
        ...assertion(atLeast(offsetWidth, 0), "offset_width must be >= 0"),
        ...assertion(atLeast(afterWidth, 0), "width must be <= target - offset"),
        ...assertion(atLeast(afterHeight, 0), "height must be <= target - offset"),
      ];
      const image = withDependencies(checks, batch);
      const paddings = reshape(stack([0, 0, offsetHeight, afterHeight, offsetWidth, afterWidth, 0, 0]), [4, 2]);
      const padded = pad(image, paddings);
      padded.setShape(staticSizes([count, targetHeight, targetWidth, depth]));
      return unbatched(padded, isBatch);
    });
  },
);

/** The part of images that begins at (offsetHeight, offsetWidth). Throws ValueError where it does not lie inside. */
export const cropToBoundingBox = byKeyword(
  ["image", "offsetHeight", "offsetWidth", "targetHeight", "targetWidth"],
  function cropToBoundingBox(
    given: TensorLike,
    offsetHeight: Size,
    offsetWidth: Size,
    targetHeight: Size,
    targetWidth: Size,
  ): Tensor {
    return inScope("crop_to_bounding_box", () => {
      const { batch, isBatch } = asBatch(convertToTensor(given, { name: "image" }));
      const shapeChecks = checkAtLeast3D(batch);
      const [count, height, width, depth] = dimensions(batch);
      const checks = [
        ...shapeChecks,
        ...assertion(atLeast(offsetWidth, 0), "offset_width must be >= 0."),
        ...assertion(atLeast(offsetHeight, 0), "offset_height must be >= 0."),
        ...assertion(above(targetWidth, 0), "target_width must be > 0."),
        ...assertion(above(targetHeight, 0), "target_height must be > 0."),
        ...assertion(atLeast(width, plus(targetWidth, offsetWidth)), "width must be >= target + offset."),
        ...assertion(atLeast(height, plus(targetHeight, offsetHeight)), "height must be >= target + offset."),
      ];
      const image = withDependencies(checks, batch);
      const begin = stack([0, offsetHeight, offsetWidth, 0]);
      const size = stack([shapeOf(image).at(0), targetHeight, targetWidth, shapeOf(image).at(3)]);
      const cropped = slice(image, begin, size);
      cropped.setShape(staticSizes([count, targetHeight, targetWidth, depth]));
      return unbatched(cropped, isBatch);
    });
  },
);

/** Images cropped or padded, evenly on both sides, to targetHeight × targetWidth. */
export const resizeImageWithCropOrPad = byKeyword(
  ["image", "targetHeight", "targetWidth"],
  function resizeImageWithCropOrPad(given: TensorLike, targetHeight: Size, targetWidth: Size): Tensor {
    return inScope("resize_image_with_crop_or_pad", () => {
      const { batch, isBatch } = asBatch(convertToTensor(given, { name: "image" }));
      const checks = [
        ...checkAtLeast3D(batch),
        ...assertion(above(targetWidth, 0), "target_width must be > 0."),
        ...assertion(above(targetHeight, 0), "target_height must be > 0."),
      ];
      const image = withDependencies(checks, batch);
      const [rows, columns] = [targetHeight, targetWidth].map((target) =>
        target instanceof Tensor ? withDependencies(checks, target) : target,
      ) as [Size, Size];
      const [, height, width] = dimensions(image);
      const moreWidth = minus(columns, width);
      const cropWidth = larger(halved(negated(moreWidth)), 0);
      const padWidth = larger(halved(moreWidth), 0);
      const moreHeight = minus(rows, height);
      const cropHeight = larger(halved(negated(moreHeight)), 0);
      const padHeight = larger(halved(moreHeight), 0);
      const cropped = cropToBoundingBox(image, cropHeight, cropWidth, smaller(rows, height), smaller(columns, width));
      const resized = padToBoundingBox(cropped, padHeight, padWidth, rows, columns);
      const [, madeHeight, madeWidth] = dimensions(resized);
      const after = [
        ...assertion(same(madeHeight, rows), "resized height is not correct."),
        ...assertion(same(madeWidth, columns), "resized width is not correct."),
      ];
      return unbatched(withDependencies(after, resized), isBatch);
    });
  },
);

type RandomCropOptions = { readonly seed?: number | undefined; readonly name?: string | undefined };
const randomCropPlaces = ["seed", "name"] as const;

/** A part of `size` from anywhere in a value of the same rank. */
export const randomCrop = byKeyword(
  ["value", "size"],
  function randomCrop(
    given: TensorLike,
    size: TensorLike,
    ...rest: Rest<RandomCropOptions, typeof randomCropPlaces>
  ): Tensor {
    const options = byName<RandomCropOptions>(rest, randomCropPlaces);
    const { seed, name } = options;
    return inScope(name ?? "random_crop", (scope) => {
      const value = convertToTensor(given, { name: "value" });
      const sizes = convertToTensor(size, { dtype: int32, name: "size" });
      const all = shapeOf(value);
      const check = assertThat(reduceAll(greaterEqual(all, sizes)), ["Need value.shape >= size, got ", all, sizes], {
        summarize: 1000,
      });
      const shape = withDependencies([check], all);
      const limit = shape.sub(sizes).add(1);
      const drawn = randomUniform(shapeOf(shape), {
        dtype: int32,
        maxval: 2 ** 31 - 1,
        ...(seed === undefined ? {} : { seed }),
      });
      return slice(value, drawn.mod(limit), sizes, { name: scope });
    });
  },
);
