/** `tf.image`: flips, turns, transposes. Source: image_ops_impl.py. */

import { int32 } from "../../core/dtype.ts";
import { ndarray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  equal,
  floormod,
  less,
  randomUniform,
  rank,
  reshape,
  reverse,
  round,
  shape as shapeOf,
  transpose,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { caseOf, cond } from "../control_flow/branch/cond.ts";
import { atLeast3D, threeOrFour } from "./checks.ts";

interface Named {
  readonly name?: string | undefined;
}

/** What is done with one image, or with a batch; by a cond where the rank is not known. */
function byRank(image: Tensor, one: () => Tensor, batch: () => Tensor, space?: string): Tensor {
  const n = image.shape?.length;
  if (n === undefined) return cond(equal(rank(image), 3), one, batch) as Tensor;
  if (n === 3) return one();
  if (n === 4) return batch();
  throw threeOrFour(image, space);
}

function keepShape(image: Tensor, result: Tensor): Tensor {
  result.setShape(image.shape ?? [null, null, null]);
  return result;
}

function flip(given: TensorLike, axis: number, name: string): Tensor {
  return getDefaultGraph().nameScope(name, () => {
    const image = atLeast3D(convertToTensor(given, { name: "image" }));
    return byRank(
      image,
      () => keepShape(image, reverse(image, [axis])),
      () => reverse(image, [axis + 1]),
      "",
    );
  });
}

/** Mirrors images [h, w, c] or [n, h, w, c]. Throws ValueError for other ranks. */
export const flipLeftRight = (image: TensorLike): Tensor => flip(image, 1, "flip_left_right");

/** Turns images [h, w, c] or [n, h, w, c] upside down. */
export const flipUpDown = (image: TensorLike): Tensor => flip(image, 0, "flip_up_down");

interface Seeded {
  readonly seed?: number | undefined;
}

function randomFlip(given: TensorLike, axis: number, { seed }: Seeded, name: string): Tensor {
  const range = { minval: 0, maxval: ndarray(1, "float32"), ...(seed === undefined ? {} : { seed }) };
  return getDefaultGraph().nameScope(name, (scope) => {
    const image = atLeast3D(convertToTensor(given, { name: "image" }));
    const one = (): Tensor => {
      const isMirrored = less(randomUniform([], range), 0.5);
      const result = cond(
        isMirrored,
        () => reverse(image, [axis]),
        () => image,
        { name: scope },
      ) as Tensor;
      return keepShape(image, result);
    };
    const batch = (): Tensor => {
      const size = shapeOf(image).at(0);
      const uniform = randomUniform([size], range);
      const flips = cast(round(reshape(uniform, [size, 1, 1, 1])), image.dtype) as Tensor;
      const flipped = reverse(image, [axis + 1]);
      return flips.mul(flipped).add(flips.rsub(1).mul(image));
    };
    return byRank(image, one, batch);
  });
}

const randomFlipLeftRightPlaces = ["seed"] as const;

/** Mirrors each image with probability one half. */
export const randomFlipLeftRight = (
  image: TensorLike,
  ...rest: Rest<Seeded, typeof randomFlipLeftRightPlaces>
): Tensor => {
  const options = byName<Seeded>(rest, randomFlipLeftRightPlaces);
  return randomFlip(image, 1, options, "random_flip_left_right");
};

/** Turns each image upside down with probability one half. */
export const randomFlipUpDown = (
  image: TensorLike,
  ...rest: Rest<Seeded, typeof randomFlipLeftRightPlaces>
): Tensor => {
  const options = byName<Seeded>(rest, randomFlipLeftRightPlaces);
  return randomFlip(image, 0, options, "random_flip_up_down");
};

function turned(image: Tensor, quarters: Tensor, first: 0 | 1, name: string): Tensor {
  const [rows, columns] = [first, first + 1];
  const perm = first === 0 ? [1, 0, 2] : [0, 2, 1, 3];
  const quarter = (): Tensor => transpose(reverse(image, [columns]), { perm });
  const half = (): Tensor => reverse(image, [rows, columns]);
  const threeQuarters = (): Tensor => reverse(transpose(image, { perm }), [columns]);
  const result = caseOf(
    [
      [equal(quarters, 1), quarter],
      [equal(quarters, 2), half],
      [equal(quarters, 3), threeQuarters],
    ],
    { default: () => image, exclusive: true, name },
  ) as Tensor;
  const channels = image.shape![first + 2]!;
  result.setShape(first === 0 ? [null, null, channels] : [result.shape?.[0] ?? null, null, null, channels]);
  return result;
}

type Rot90Options = { readonly k?: TensorLike } & Named;
const rot90Places = ["k", "name"] as const;

/** Turns images by k quarters counterclockwise. */
export function rot90(given: TensorLike, ...rest: Rest<Rot90Options, typeof rot90Places>): Tensor {
  const options = byName<Rot90Options>(rest, rot90Places);
  return getDefaultGraph().nameScope(options.name ?? "rot90", (scope) => {
    const image = atLeast3D(convertToTensor(given, { name: "image" }));
    const k = floormod(convertToTensor(options.k ?? 1, { dtype: int32, name: "k" }), 4, { name: "mod" });
    return byRank(
      image,
      () => turned(image, k, 0, scope),
      () => turned(image, k, 1, scope),
    );
  });
}

/** Rows as columns: [h, w, c] to [w, h, c], and so for batches. */
export function transposeImage(given: TensorLike, options: Named = {}): Tensor {
  const name = options.name ? { name: options.name } : {};
  return getDefaultGraph().nameScope(options.name ?? "transpose", () => {
    const image = atLeast3D(convertToTensor(given, { name: "image" }));
    return byRank(
      image,
      () => transpose(image, { perm: [1, 0, 2], ...name }),
      () => transpose(image, { perm: [0, 2, 1, 3], ...name }),
    );
  });
}
