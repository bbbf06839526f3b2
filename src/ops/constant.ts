/** Constants: the op that holds a value, and `tf.constant`. */
import type { DType } from "../core/dtype.ts";
import { TypeError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { elementCount, type FullShape } from "../core/shape.ts";
import { splat } from "../proto/tensor_proto.ts";
import { applyOp } from "./apply.ts";
import { type Literal, literalToArray } from "./convert.ts";
import { defineOp } from "./define.ts";
import type { Tensor } from "../graph/tensor.ts";

/** output = value. Source: array_ops.cc. */
export const constOp = defineOp("Const", {
  outputs: ["output: dtype"],
  attrs: ["value: tensor", "dtype: type"],
  value: ({ value }) => value,
  shape: ({ value }) => [value.shape],
  lower: (p, { value }) => p.constant(value),
  lowers: () => true,
  gradient: "none",
});

/** A Const node of this value in the default graph. */
export const constantTensor = (value: NdArray, name = "Const"): Tensor =>
  applyOp(constOp.definition, { value, dtype: value.dtype }, name) as Tensor;

export interface ConstantOptions {
  readonly dtype?: DType;
  readonly shape?: FullShape;
  readonly name?: string;
}

/**
 * A constant tensor: `tf.constant(2)` is int32, `tf.constant([1.5])` float32. With `shape`, one element fills it, otherwise the counts
 * must agree. Throws TypeError or ValueError in Python's words. Source: constant_op.py.
 */
export function constant(value: Literal, options: ConstantOptions | DType = {}): Tensor {
  const { dtype, shape, name = "Const" } = "base" in options ? ({ dtype: options } as ConstantOptions) : options;
  const array = literalToArray(value, dtype);
  return constantTensor(shape === undefined ? array : reshaped(array, shape), name);
}

function reshaped(array: NdArray, shape: FullShape): NdArray {
  const n = elementCount(shape);
  if (n === array.size) return new NdArray(array.dtype, shape, array.data);
  if (array.size === 1) return splat(array.dtype, shape, array);
  throw new TypeError(
    `Eager execution of tf.constant with unsupported shape. Tensor ${array} (converted from ${array}) has ${array.size} elements, but got \`shape\` ${JSON.stringify(shape)} with ${n} elements).`,
  );
}
