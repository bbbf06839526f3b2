/** Repeating: Tile, BroadcastTo, and the arithmetic of broadcast shapes. */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { type Dim, type FullShape, formatShape, mergeDims, withRank, withRankAtMost } from "../../../../core/shape.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword } from "../../../options.ts";
import { bracketed, type Name, nameOf } from "../basic/names.ts";
import { numbersFromInput, shapeFromInput } from "../basic/shape_input.ts";

/** output = input repeated multiples[i] times along axis i. Source: array_ops.cc, tile_ops.cc, array_grad.py. */
export const tileOp = defineOp("Tile", {
  inputs: ["input: T", "multiples: Tmultiples"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tmultiples: {int32, int64} = DT_INT32"],
  shape({ input, multiples }, context) {
    const [count] = withRank(multiples, 1);
    if (typeof count === "number" && input !== null && input.length !== count)
      throw invalidArgument(`Shape must be rank ${input.length} but is rank ${count}`);
    const shape = count === null ? input : withRank(input, count!);
    if (shape === null) return [null];
    if (count === null) mergeDims(shape.length, count);
    const times = numbersFromInput(context, "multiples");
    if (times?.some((n) => n < 0)) throw invalidArgument(`Expected multiples >= 0, but got ${bracketed(times)}`);
    const partial = context.valueAsShape("multiples");
    return [shape.map((n, i) => (n === null || !partial || partial[i] === null ? null : n * partial[i]!))];
  },
  lower(p, { input, multiples }) {
    const { shape } = input;
    if (multiples.shape.length !== 1)
      throw new InvalidArgumentError(`Expected multiples to be 1-D, but got shape ${formatShape(multiples.shape)}`);
    const times = p.numbers(multiples);
    if (times.length !== shape.length) {
      throw new InvalidArgumentError(
        `Expected multiples argument to be a vector of length ${shape.length} but got length ${times.length}`,
      );
    }
    const bad = times.findIndex((n) => n < 0);
    if (bad >= 0) throw new InvalidArgumentError(`Expected multiples[${bad}] >= 0, but got ${times[bad]}`);
    const ones = shape.flatMap((n) => [1, n]);
    const wide = shape.flatMap((n, i) => [times[i]!, n]);
    return p.reshape(
      p.broadcast(p.reshape(input, ones), wide),
      shape.map((n, i) => n * times[i]!),
    );
  },
  gradient(tf, { input, multiples }, grad) {
    let dy: Tensor | IndexedSlices = grad!;
    const shape = tf.shape(input, { outType: multiples.dtype });
    let split = tf.reshape(tf.transpose(tf.stack([multiples, shape])), [-1]);
    const axes = tf.range(0, tf.size(split), 2);
    if (dy instanceof IndexedSlices) {
      const rows = tf.cast(tf.getItem(shape, 0), dy.indices.dtype);
      dy = tf.unsortedSegmentSum(dy.values, tf.mod(dy.indices, rows), rows);
      split = tf.concat([[1], tf.getItem(split, "1:")], 0);
    }
    const sum = tf.reduceSum(tf.reshape(dy, split), { axis: axes });
    sum.setShape(input.shape);
    return { input: sum };
  },
});

/** The shape that two broadcast to; null where they do not. */
function broadcastOf(a: FullShape, b: FullShape): number[] | null {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return null;
    result.push(m === 1 ? n : m);
  }
  return result;
}

/** output = input repeated along dimensions of size 1 to the given shape. Source: array_ops.cc, broadcast_to_op.cc. */
export const broadcastToOp = defineOp("BroadcastTo", {
  inputs: ["input: T", "shape: Tidx"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tidx: {int32, int64} = DT_INT32"],
  shape({ input, shape }, context) {
    const [count] = withRank(shape, 1);
    if (input === null && count === null) return [null];
    const wanted = shapeFromInput(context, "shape", shape);
    if (wanted === null) return [null];
    const from = withRankAtMost(input, wanted.length);
    if (from === null) return [wanted];
    for (const [i, n] of from.entries()) {
      const d: Dim = wanted[i + wanted.length - from.length]!;
      if (n !== null && d !== null && n !== 1 && n !== d)
        throw invalidArgument(`Dimensions must be equal, but are ${n} and ${d}`);
    }
    return [wanted];
  },
  lower(p, { input, shape }) {
    if (shape.shape.length !== 1) throw new InvalidArgumentError(`Invalid shape rank: ${shape.shape.length}`);
    const wanted = p.numbers(shape);
    const bad = wanted.find((n) => n < 0);
    if (bad !== undefined) throw new InvalidArgumentError(`Dimension ${bad} must be >= 0`);
    const from = input.shape;
    if (from.length > wanted.length) {
      throw new InvalidArgumentError(
        `Rank of input (${from.length}) must be no greater than rank of output shape (${wanted.length}).`,
      );
    }
    const both = broadcastOf(from, wanted);
    if (!both || both.some((n, i) => n !== wanted[i])) {
      throw new InvalidArgumentError(`Incompatible shapes: ${formatShape(from)} vs. ${formatShape(wanted)}`);
    }
    return p.broadcast(input, wanted);
  },
  gradient(tf, { input, shape }, dy) {
    const inputShape = tf.shape(input, { outType: shape.dtype });
    const known = constantValue(shape);
    const wanted = known
      ? tf.constant(
          Array.from({ length: known.size }, (_, i) => Number(elementAt(known, i))),
          { dtype: shape.dtype },
        )
      : shape;
    const axes = tf.broadcastGradientArgsOp({ s0: wanted, s1: inputShape }).r1;
    return { input: tf.reshape(tf.reduceSum(dy!, { axis: axes, keepdims: true }), inputShape) };
  },
});

/** The tensor repeated along each axis; multiples: [rank]. */
export const tile = byKeyword(
  ["input", "multiples"],
  function tile(input: TensorLike, multiples: TensorLike, name?: Name): Tensor {
    return tileOp({ input, multiples }, nameOf(name));
  },
);

/** The input repeated along dimensions of 1 and new leading ones to this shape. */
export const broadcastTo = byKeyword(
  ["input", "shape"],
  function broadcastTo(input: TensorLike, shape: TensorLike, name?: Name): Tensor {
    return broadcastToOp({ input, shape }, nameOf(name));
  },
);

/** The shape that two shape vectors broadcast to, when run. */
export const broadcastDynamicShape = byKeyword(
  ["shapeX", "shapeY"],
  function broadcastDynamicShape(shapeX: TensorLike, shapeY: TensorLike): Tensor {
    return ops.broadcastArgsOp({ s0: shapeX, s1: shapeY });
  },
);
