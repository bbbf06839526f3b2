/** What reductions share: shapes, axes, and Python's way to say "all of them". Source: common_shape_fns.cc, reduction_ops_common.cc, math_ops.py. */

import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { type FullShape, isFull, type Shape, withRankAtMost } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { isSymbolic, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";

interface Reducing<S> {
  readonly input: S;
  readonly reduction_indices: S;
  readonly keep_dims: boolean;
}

/** The static shape of a reduction. Throws `Invalid reduction dimension 2 for input with 2 dimensions.` */
export function reducedStaticShape(
  { input, reduction_indices, keep_dims }: Reducing<Shape>,
  context: ShapeContext,
): readonly Shape[] {
  withRankAtMost(reduction_indices, 1);
  const indices = numbersFromInput(context, "reduction_indices");
  if (indices === null || input === null) return [keep_dims && input !== null ? input.map(() => null) : null];
  const rank = input.length;
  const axes = new Set<number>();
  for (const index of indices) {
    if (index < -rank || index >= rank)
      throw invalidArgument(`Invalid reduction dimension ${index} for input with ${rank} dimensions.`);
    axes.add(index < 0 ? index + rank : index);
  }
  if (keep_dims) return [input.map((d, i) => (axes.has(i) ? 1 : d))];
  return [input.filter((_, i) => !axes.has(i))];
}

/** The axes of a reduction of concrete shape. Throws the kernels' INVALID_ARGUMENT. */
export function checkedAxes(shape: FullShape, indices: readonly number[]): number[] {
  const rank = shape.length;
  const axes = new Set<number>();
  for (const index of indices) {
    if (index < -rank || index >= rank) {
      throw new InvalidArgumentError(`Invalid reduction dimension (${index} for input with ${rank} dimension(s)`);
    }
    const axis = index < 0 ? index + rank : index;
    if (axes.has(axis))
      throw new InvalidArgumentError(`Invalid reduction arguments: Axes contains duplicate dimension: ${axis}`);
    axes.add(axis);
  }
  return [...axes].sort((a, b) => a - b);
}

/** Lowers a reduction by `reduce(input, axes, keepDims)`. */
export const lowerReduction =
  (reduce: (p: Lowering, input: Value, axes: readonly number[], keepDims: boolean) => Value) =>
  (p: Lowering, { input, reduction_indices, keep_dims }: Reducing<Value>): Value =>
    reduce(p, input, checkedAxes(input.shape, p.numbers(reduction_indices)), keep_dims);

/** How many elements go into each result. */
export const reducedCount = (shape: FullShape, axes: readonly number[]): number =>
  axes.reduce((n, axis) => n * shape[axis]!, 1);

export interface ReduceOptions extends Named {
  /** Axes to reduce, one or several, from the end if negative; all when null. */
  readonly axis?: TensorLike | null;
  /** Leaves reduced axes as dimensions of size 1. */
  readonly keepdims?: boolean | undefined;
  /** TensorFlow's older names of the two above. */
  readonly reductionIndices?: TensorLike | null;
  readonly keepDims?: boolean | undefined;
}

const reducePlaces = ["axis", "keepdims", "name"] as const;

/** `f(x)`, `f(x, 1)`, `f(x, 1, true)` (keepdims), `f(x, { axis: 1 })`, `f(x, 1, { keepdims: true })`. */
export type ReduceRest = Rest<ReduceOptions, typeof reducePlaces>;

/** The options of a reduction under their current names. */
export function reduceOptions(rest: ReduceRest) {
  const given = byName<ReduceOptions>(rest, reducePlaces);
  return {
    axis: given.axis ?? given.reductionIndices ?? null,
    keepDims: given.keepdims ?? given.keepDims ?? false,
    name: given.name,
  };
}

/** The axes as an input: those given, or nodes that name all axes of x. */
export function axesOf(x: TensorLike, axis: TensorLike | null): TensorLike {
  if (axis !== null) return axis;
  const rank = isSymbolic(x) ? (x as Tensor).shape?.length : undefined;
  if (rank)
    return constant(
      Array.from({ length: rank }, (_, i) => i),
      { dtype: int32 },
    );
  return ops.range(0, ops.rank(x));
}

/** Without axes a reduction gives a scalar even where the rank is unknown. */
export function knownScalar(output: Tensor, axis: TensorLike | null, keepDims: boolean): Tensor {
  if (!isFull(output.shape) && !keepDims && axis === null) output.setShape([]);
  return output;
}
