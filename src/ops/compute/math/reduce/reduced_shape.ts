/** The shape that a reduced tensor has with its reduced axes kept as 1: constants where all is known, else nodes. Source: math_ops.py, reduced_shape. */
import { int32 } from "../../../../core/dtype.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import type { GradientTools } from "../../../gradient_tools.ts";

export const numbersOf = (array: NdArray): number[] => Array.from(array.data as Int32Array, Number);

/** A vector of int32, as Python's lists of numbers become. */
export const vector = (values: readonly number[]): NdArray =>
  new NdArray(int32, [values.length], Int32Array.from(values));

export function withOnes(shape: readonly number[], axes: readonly number[]): number[] {
  const kept = [...shape];
  for (const axis of axes) kept[axis < 0 ? axis + shape.length : axis] = 1;
  return kept;
}

export function reducedShape(tf: GradientTools, inputShape: Tensor, reduced: Tensor): TensorLike {
  const shapeValue = tf.getStaticValue(inputShape);
  const axesValue = shapeValue && tf.getStaticValue(reduced);
  if (shapeValue && axesValue) return vector(withOnes(numbersOf(shapeValue), numbersOf(axesValue)));
  const rank = tf.size(inputShape, { outType: reduced.dtype.baseDtype });
  const axes = reduced.add(rank).mod(rank);
  const axesShape = tf.shape(axes);
  const all = tf.range(rank);
  return tf.dynamicStitch([all, axes], [inputShape, tf.ones(axesShape, inputShape.dtype.baseDtype)]);
}
