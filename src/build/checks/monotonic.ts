/** Is a tensor numeric, are its elements in order? Source: tensorflow/python/ops/check_ops.py. */

import { bool, string } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  greater,
  greaterEqual,
  less,
  reduceAll,
  reshape,
  shape as shapeOf,
  size,
  stridedSlice,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { cond } from "../control_flow/branch/cond.ts";

export const isNumericTensor = (tensor: unknown): boolean =>
  tensor instanceof Tensor &&
  tensor.dtype !== bool &&
  tensor.dtype !== string &&
  (tensor.dtype.isInteger || tensor.dtype.isFloating || tensor.dtype.isComplex);

type Comparison = (x: TensorLike, y: TensorLike) => Tensor;

function comparedToNext(x: TensorLike, compare: Comparison): Tensor {
  const flat = reshape(x, [-1]);
  if (!isNumericTensor(flat)) throw new TypeError(`Expected x to be numeric, instead found: ${flat}`);
  const isShort = less(size(flat), 2);
  const length = shapeOf(flat).sub(1);
  return cond(
    isShort,
    () => convertToTensor([], { dtype: bool }),
    () => compare(stridedSlice(flat, [1], length.radd([1])), stridedSlice(flat, [0], length)),
  ) as Tensor;
}

const isNonDecreasingPlaces = ["name"] as const;

/** Whether no element is less than the one before it, in row-major order. */
export const isNonDecreasing = (
  x: TensorLike,
  ...rest: Rest<{ readonly name?: string }, typeof isNonDecreasingPlaces>
): Tensor => {
  const options = byName<{ readonly name?: string }>(rest, isNonDecreasingPlaces);
  return getDefaultGraph().nameScope(options.name ?? "is_non_decreasing", () =>
    reduceAll(comparedToNext(x, greaterEqual)),
  );
};

/** Whether each element is greater than the one before it, in row-major order. */
export const isStrictlyIncreasing = (
  x: TensorLike,
  ...rest: Rest<{ readonly name?: string }, typeof isNonDecreasingPlaces>
): Tensor => {
  const options = byName<{ readonly name?: string }>(rest, isNonDecreasingPlaces);
  return getDefaultGraph().nameScope(options.name ?? "is_strictly_increasing", () =>
    reduceAll(comparedToNext(x, greater)),
  );
};
