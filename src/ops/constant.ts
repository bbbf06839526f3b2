/** Constants: the op that holds a value, and `tf.constant`. */

import { type DTypeLike, toDtype } from "../core/dtype.ts";
import { TypeError, ValueError } from "../core/error.ts";
import { allocateElements, NdArray } from "../core/nd_array.ts";
import { elementCount, type FullShape, formatShapePython, sameShape } from "../core/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { splat } from "../proto/tensor_proto.ts";
import { applyOp } from "./apply.ts";
import { constantArray, type Literal } from "./convert.ts";
import { defineOp } from "./define.ts";
import { byKeyword, byName, type Rest } from "./options.ts";

/** output = value. Source: array_ops.cc. */
export const constOp = defineOp("Const", {
  outputs: ["output: dtype"],
  attrs: ["value: tensor", "dtype: type"],
  value: ({ value }) => value,
  shape: ({ value }) => [value.shape],
  lower: (p, { value }) => p.constant(value),
  lowers: ({ dtype }) => dtype.base !== "string",
  compute: ({ value }) => value,
  gradient: "none",
});

/** A Const node of this value in the default graph. */
export const constantTensor = (value: NdArray, name = "Const"): Tensor =>
  applyOp(constOp.definition, { value, dtype: value.dtype }, name) as Tensor;

export interface ConstantOptions {
  readonly dtype?: DTypeLike;
  readonly shape?: FullShape;
  readonly name?: string;
  /** Refuses a value of another shape, rather than filling the shape with it. */
  readonly verifyShape?: boolean;
}

const places = ["dtype", "shape", "name", "verifyShape"] as const;

/**
 * A constant tensor: `tf.constant(2)` is int32, `tf.constant([1.5])` float32. With `shape`, the last element fills what is left of
 * it; too many are an error. Throws TypeError or ValueError in Python's words. Source: constant_op.py.
 */
export const constant = byKeyword(
  ["value"],
  function constant(value: Literal, ...rest: Rest<ConstantOptions, typeof places>): Tensor {
    const { dtype, shape, name = "Const", verifyShape = false } = byName<ConstantOptions>(rest, places);
    const array = constantArray(value, dtype === undefined ? undefined : toDtype(dtype));
    if (verifyShape && shape !== undefined && !sameShape(array.shape, shape)) {
      throw new TypeError(
        `Expected Tensor's shape: ${formatShapePython(shape)}, got ${formatShapePython(array.shape)}.`,
      );
    }
    return constantTensor(shape === undefined ? array : reshaped(array, shape), name);
  },
);

function reshaped(array: NdArray, shape: FullShape): NdArray {
  const n = elementCount(shape);
  if (n === array.size) return new NdArray(array.dtype, shape, array.data);
  if (array.size === 1) return splat(shape, array);
  if (n < array.size) throw new ValueError(`Too many elements provided. Takes at most ${n}, but got ${array.size}.`);
  return repeated(array, shape);
}

/** The elements, and the last of them as often as the shape has places left. */
function repeated(array: NdArray, shape: FullShape): NdArray {
  const n = elementCount(shape);
  if (array.size === 0) return new NdArray(array.dtype, shape, allocateElements(array.dtype, n));
  const width = array.dtype.isComplex ? 2 : 1;
  const data = allocateElements(array.dtype, n) as unknown[];
  for (let i = 0; i < n * width; i++)
    data[i] = array.data[i < array.size * width ? i : array.size * width - width + (i % width)];
  return new NdArray(array.dtype, shape, data as unknown as typeof array.data);
}
