/** The gradient of joining: each input gets its piece. Source: array_grad.py, _ConcatGradHelper. */

import { int32 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { getStaticValue } from "../basic/static_value.ts";

/** Beyond this count of inputs one Split takes the place of a Slice for each. */
const manyInputs = 16;

export function concatGradient(
  tf: GradientTools,
  values: readonly Tensor[],
  axis: Tensor,
  dy: Tensor | IndexedSlices,
): (Tensor | IndexedSlices)[] {
  if (values.length === 1) return [dy];
  if (dy instanceof IndexedSlices) return slicesGradient(tf, values, axis, dy);
  if (!(dy instanceof Tensor)) throw new TypeError(`Expected Tensor or IndexedSlices, got ${typeof dy}`);
  const concatDim = inContextOf(tf, axis, dy);
  const dim = tf.floormod(concatDim, tf.rank(values[0]!), { name: "mod" });
  const sizes = shapesOf(tf, values);
  if (sizes.length > manyInputs) {
    const stacked = tf.stack(sizes, { axis: 1 });
    const row = tf.slice(stacked, [dim, 0], [1, -1]);
    return tf.split(dy, tf.squeeze(row), { axis: dim });
  }
  const offsets = tf.concatOffset(dim, sizes);
  return offsets.map((begin, i) => tf.slice(dy, begin, sizes[i]!));
}

/** A constant axis from another control-flow context is made anew here, so that it needs no way into the loop. */
function inContextOf(tf: GradientTools, axis: Tensor, dy: Tensor): Tensor {
  if (axis.op.definition.value === undefined || axis.op.controlFlowContext === dy.op.controlFlowContext) return axis;
  return tf.constant(axis.op.definition.value(Object.fromEntries([["value", axis.op.getAttr("value")]])), {
    dtype: axis.dtype,
  });
}

/** Constants when all shapes are known, else one ShapeN (after the constants made on the way, as Python leaves them). */
function shapesOf(tf: GradientTools, values: readonly Tensor[]): Tensor[] {
  const sizes: Tensor[] = [];
  for (const value of values) {
    const shape = tf.shape(value);
    if (shape.op.definition.value === undefined) return tf.shapeN(values);
    sizes.push(shape);
  }
  return sizes;
}

function slicesGradient(
  tf: GradientTools,
  values: readonly Tensor[],
  axis: Tensor,
  dy: IndexedSlices,
): IndexedSlices[] {
  const dim = tf.floormod(axis, tf.rank(values[0]!), { name: "mod" });
  const known = getStaticValue(axis);
  if (!known) throw new ValueError("Can only compute IndexedSlices gradient with statically-known concat_dim");
  let at = Number(elementAt(known, 0));
  if (at < 0) {
    const rank = getStaticValue(tf.rank(values[0]!));
    if (!rank) {
      throw new ValueError(
        "Can only compute IndexedSlices gradient with negative concat_dim when first value rank is statically-known.",
      );
    }
    at += Number(elementAt(rank, 0));
  }
  const sizes = values.map((value) => tf.shape(value));
  return at > 0 ? columns(tf, sizes, dim, dy) : rows(tf, sizes, dim, dy);
}

/** Every input has all the indices, and its columns of the values. */
function columns(tf: GradientTools, sizes: readonly Tensor[], dim: Tensor, dy: IndexedSlices): IndexedSlices[] {
  const rank = tf.shape(sizes[0]!);
  const before = tf.zeros(tf.expandDims(dim, 0), int32);
  const after = tf.zeros(tf.subtract(tf.subtract(rank, dim, { name: "sub" }), 1, { name: "sub" }), int32);
  const mask = tf.concat([before, [1], after], 0);
  let begin = tf.zeros(rank, int32);
  return sizes.map((size) => {
    const tail = tf.slice(size, [1], [-1]);
    const values = tf.slice(dy.values, begin, tf.concat([[-1], tail], 0));
    const slices = new IndexedSlices(values, dy.indices, size);
    begin = tf.add(begin, tf.multiply(size, mask, { name: "mul" }));
    return slices;
  });
}

/** Every input has the indices that lie in it, moved to its own beginning. */
function rows(tf: GradientTools, sizes: readonly Tensor[], dim: Tensor, dy: IndexedSlices): IndexedSlices[] {
  let start = tf.constant(0, { dtype: dy.indices.dtype });
  return sizes.map((size) => {
    let count = tf.gather(size, dim);
    if (count.dtype !== dy.indices.dtype) count = tf.cast(count, dy.indices.dtype);
    const end = tf.add(start, count, { name: "add" });
    const notBefore = tf.greaterEqual(dy.indices, start);
    const isInside = tf.logicalAnd(notBefore, tf.less(dy.indices, end));
    const chosen = tf.squeeze(tf.where(isInside), { axis: [1] });
    const indices = tf.subtract(tf.gather(dy.indices, chosen), start, { name: "sub" });
    const slices = new IndexedSlices(tf.gather(dy.values, chosen), indices, size);
    start = end;
    return slices;
  });
}
