/** What the image functions ask of their inputs, while building where it is known and in the run else. Source: image_ops_impl.py. */
import { ValueError } from "../../core/error.ts";
import { type Dim, formatShapePython, isFull } from "../../core/shape.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";

import {
  equal,
  expandDims,
  maximum,
  minimum,
  rank,
  shape as shapeOf,
  unstack,
  withDependencies,
} from "../../ops/index.ts";
import { assertEqual, assertGreaterEqual, assertPositive } from "../checks/compare.ts";
import { assertThat } from "../control_flow/assert.ts";
import { add, sub } from "../operators.ts";

/** A size: a number where it is known, else a tensor of the run. */
export type Size = number | Tensor;

/** ValueError while building for a false boolean, an Assert for a tensor. */
export function assertion(condition: boolean | Tensor, message: string): Operation[] {
  if (condition instanceof Tensor) return [assertThat(condition, [message])];
  if (!condition) throw new ValueError(message);
  return [];
}

export function checkAtLeast3D(image: Tensor): Operation[] {
  const { shape } = image;
  if (shape && shape.length < 3) {
    throw new ValueError(`'image' (shape ${formatShapePython(shape)}) must be at least three-dimensional.`);
  }
  const inner: readonly Dim[] = shape ? shape.slice(-3) : [null, null, null];
  if (inner.includes(0)) {
    throw new ValueError(`inner 3 dims of 'image.shape' must be > 0: ${formatShapePython(shape)}`);
  }
  if (isFull(inner)) return [];
  return [
    assertPositive(shapeOf(image).at("-3:"), { data: ["inner 3 dims of 'image.shape' must be > 0."] }),
    assertGreaterEqual(rank(image), 3, { message: "'image' must be at least three-dimensional." }),
  ];
}

export const atLeast3D = (image: Tensor): Tensor => withDependencies(checkAtLeast3D(image), image);

export function grayscale(image: Tensor): Tensor {
  const { shape } = image;
  if (shape && shape.length < 2) {
    throw new ValueError(`A grayscale image (shape ${formatShapePython(shape)}) must be at least two-dimensional.`);
  }
  if (shape && isFull(shape)) {
    if (shape.at(-1) !== 1) throw new ValueError("Last dimension of a grayscale image should be size 1.");
    return withDependencies([], image);
  }
  const checks = [
    assertEqual(shapeOf(image).at(-1), 1, { message: "Last dimension of a grayscale image should be size 1." }),
    assertGreaterEqual(rank(image), 3, { message: "A grayscale image must be at least two-dimensional." }),
  ];
  return withDependencies(checks, image);
}

export const threeOrFour = (image: Tensor, space = " "): ValueError =>
  new ValueError(`'image' (shape ${formatShapePython(image.shape)})${space}must have either 3 or 4 dimensions.`);

/** One image as a batch of one. Throws ValueError for other ranks. */
export function asBatch(image: Tensor): { batch: Tensor; isBatch: boolean } {
  const n = image.shape?.length;
  if (n === 4) return { batch: image, isBatch: true };
  if (n !== undefined && n !== 3) throw threeOrFour(image);
  const batch = expandDims(image, 0);
  if (n === undefined) batch.setShape([null, null, null, null]);
  return { batch, isBatch: false };
}

/** The sizes of a tensor of rank 4, unknown ones as tensors. */
export function dimensions(image: Tensor): [Size, Size, Size, Size] {
  const { shape } = image;
  if (shape && isFull(shape)) return [...shape] as unknown as [number, number, number, number];
  const dynamic = unstack(shapeOf(image), { num: 4 });
  return dynamic.map((size, i) => shape?.[i] ?? size) as unknown as [Size, Size, Size, Size];
}

export const staticSizes = (sizes: readonly Size[]): Dim[] =>
  sizes.map((size) => (size instanceof Tensor ? null : size));

const isDynamic = (x: Size, y: Size): boolean => x instanceof Tensor || y instanceof Tensor;

export const plus = (x: Size, y: Size): Size => (isDynamic(x, y) ? add(x, y) : (x as number) + (y as number));
export const minus = (x: Size, y: Size): Size => (isDynamic(x, y) ? sub(x, y) : (x as number) - (y as number));
export const larger = (x: Size, y: Size): Size =>
  isDynamic(x, y) ? maximum(x, y) : Math.max(x as number, y as number);
export const smaller = (x: Size, y: Size): Size =>
  isDynamic(x, y) ? minimum(x, y) : Math.min(x as number, y as number);
export const halved = (x: Size): Size => (x instanceof Tensor ? x.floordiv(2) : Math.floor(x / 2));
export const negated = (x: Size): Size => (x instanceof Tensor ? x.neg() : -x);
export const same = (x: Size, y: Size): boolean | Tensor => (isDynamic(x, y) ? equal(x, y) : x === y);
export const atLeast = (x: Size, y: Size): boolean | Tensor =>
  x instanceof Tensor ? x.greaterEqual(y) : y instanceof Tensor ? y.lessEqual(x) : x >= y;
export const above = (x: Size, y: number): boolean | Tensor => (x instanceof Tensor ? x.greater(y) : x > y);
