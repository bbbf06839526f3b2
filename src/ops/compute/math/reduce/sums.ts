/** Sum, mean, product and Euclidean norm along axes. Source: math_ops.cc, reduction_ops.h, math_grad.py. */
import { int32 } from "../../../../core/dtype.ts";
import { elementCount, isFull } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { compositeCall, type TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { conjugate } from "../elementwise/complex.ts";
import {
  axesOf,
  knownScalar,
  lowerReduction,
  type ReduceRest,
  reducedCount,
  reducedStaticShape,
  reduceOptions,
} from "./axes.ts";
import { numbersOf, reducedShape, vector, withOnes } from "./reduced_shape.ts";

export type ReduceOp = OpBuilder<
  readonly ["input: T", "reduction_indices: Tidx"],
  readonly ["output: T"],
  readonly ["keep_dims: bool = false", "T: numbertype", "Tidx: {int32, int64} = DT_INT32"]
>;

export interface ReduceRecord {
  readonly input: Tensor;
  readonly reduction_indices: Tensor;
  readonly output: Tensor;
  readonly keep_dims: boolean;
}

type ReduceGradient = (tf: GradientTools, op: ReduceRecord, dy: Tensor) => Tensor;
type Reduce = (p: Lowering, input: Value, axes: readonly number[], keepDims: boolean) => Value;

/** output = the input with `reduction_indices` reduced, one number for each set of indices that is left. */
export function reduction(type: string, reduce: Reduce, gradient: ReduceGradient, dtypes = "numbertype"): ReduceOp {
  return defineOp(type, {
    inputs: ["input: T", "reduction_indices: Tidx"],
    outputs: ["output: T"],
    attrs: ["keep_dims: bool = false", `T: ${dtypes}` as "T: numbertype", "Tidx: {int32, int64} = DT_INT32"],
    shape: reducedStaticShape,
    lower: lowerReduction(reduce),
    gradient: (tf, op, dy) => ({ input: gradient(tf, op, dy!) }),
  });
}

/** dy repeated over what was summed. */
function sumGradient(tf: GradientTools, { input, reduction_indices, keep_dims }: ReduceRecord, dy: Tensor): Tensor {
  const dims = input.shape;
  const indices = dims === null ? null : tf.getStaticValue(reduction_indices);
  if (dims !== null && indices) {
    const axes = numbersOf(indices);
    if (indices.shape.length === 1 && axes.length === dims.length && axes.every((axis, i) => axis === i)) {
      const grad = tf.reshape(
        dy,
        dims.map(() => 1),
      );
      return tf.tile(grad, isFull(dims) ? tf.constant(vector(dims)) : tf.shape(input));
    }
    if (isFull(dims)) {
      const { kept, scaling } = repeats(tf, dims, axes);
      return tf.tile(tf.reshape(dy, vector(kept)), vector(scaling));
    }
  }
  const shape = tf.shape(input);
  if (keep_dims) return tf.broadcastTo(dy, shape);
  const kept = getDefaultGraph().colocateWith(shape, () => reducedShape(tf, shape, reduction_indices));
  return tf.broadcastTo(tf.reshape(dy, kept), shape);
}

interface Repeats {
  readonly kept: readonly number[];
  readonly scaling: readonly number[];
}

const cache: unique symbol = Symbol("shapes of reductions");

/**
 * The kept shape and how often each axis repeats. TensorFlow computes the latter with nodes, once for a shape and axes in a graph, and
 * leaves the nodes there.
 */
function repeats(tf: GradientTools, dims: readonly number[], axes: readonly number[]): Repeats {
  const { extras } = getDefaultGraph();
  let known = extras.get(cache) as Map<string, Repeats> | undefined;
  if (!known) {
    known = new Map();
    extras.set(cache, known);
  }
  const key = `${dims}/${axes}`;
  let found = known.get(key);
  if (!found) {
    const kept = withOnes(dims, axes);
    tf.maximum(vector(kept), 1).rfloordiv(vector(dims));
    found = { kept, scaling: dims.map((d, i) => Math.floor(d / Math.max(kept[i]!, 1))) };
    known.set(key, found);
  }
  return found;
}

/** The gradient of the sum, divided by the count. */
function meanGradient(tf: GradientTools, op: ReduceRecord, dy: Tensor): Tensor {
  const grad = sumGradient(tf, op, dy);
  const dtype = grad.dtype.baseDtype;
  const [from, to] = [op.input.shape, op.output.shape];
  if (isFull(from) && isFull(to)) {
    const factor = tf.constant(Math.floor(elementCount(from) / Math.max(elementCount(to), 1)), { dtype });
    return tf.truediv(grad, factor);
  }
  const shape = tf.shape(op.input);
  const rank = tf.size(shape);
  const axes = tf.cast(op.reduction_indices, rank.dtype.baseDtype).add(rank).mod(rank);
  const factor = tf.reduceProd(tf.gather(shape, axes));
  return tf.truediv(grad, tf.cast(factor, dtype));
}

/** The product of the others, by running products from both sides: no division by zeros. */
function prodGradient(tf: GradientTools, { input, reduction_indices, keep_dims }: ReduceRecord, dy: Tensor): Tensor {
  const shape = tf.shape(input);
  const flat = tf.reshape(reduction_indices, vector([-1]));
  const kept = keep_dims ? dy : tf.reshape(dy, reducedShape(tf, shape, reduction_indices));
  const grad = tf.broadcastTo(kept, shape);
  const { perm, reducedNum, otherNum } = getDefaultGraph().device("/cpu:0", () => {
    const rank = tf.rank(input);
    const reduced = tf.cast(flat, rank.dtype.baseDtype).add(rank).mod(rank);
    const { out: other } = tf.listDiffOp({ x: tf.range(0, rank), y: reduced, out_idx: int32 });
    return {
      perm: tf.concat([reduced, other], 0),
      reducedNum: tf.reduceProd(tf.gather(shape, reduced)),
      otherNum: tf.reduceProd(tf.gather(shape, other)),
    };
  });
  const permuted = tf.transpose(input, { perm });
  const permutedShape = tf.shape(permuted);
  const table = tf.reshape(permuted, [reducedNum, otherNum]);
  const left = tf.cumprod(table, { axis: 0, exclusive: true });
  const right = tf.cumprod(table, { axis: 0, exclusive: true, reverse: true });
  const y = tf.reshape(tf.conj(left).mul(tf.conj(right)), permutedShape);
  const product = grad.mul(tf.transpose(y, { perm: tf.invertPermutation(perm) }));
  return tf.reshape(product, shape);
}

export const sumOp: ReduceOp = reduction("Sum", (p, x, axes, keep) => p.reduce("sum", x, axes, keep), sumGradient);

export const prodOp: ReduceOp = reduction("Prod", (p, x, axes, keep) => p.reduce("prod", x, axes, keep), prodGradient);

const isHalf = (x: Value): boolean => x.dtype === "float16" || x.dtype === "bfloat16";

/** Integers are divided as integers; the mean of nothing is NaN, of no integers 0. */
function mean(p: Lowering, x: Value, axes: readonly number[], keep: boolean): Value {
  if (isHalf(x)) return p.cast(mean(p, p.cast(x, "float32"), axes, keep), x.dtype);
  const count = reducedCount(x.shape, axes);
  const isInteger = x.dtype.includes("int");
  return p.div(p.reduce("sum", x, axes, keep), p.scalar(isInteger ? Math.max(count, 1) : count, x.dtype));
}

export const meanOp: ReduceOp = reduction("Mean", mean, meanGradient);

/** The root of the sum of squares; integers go through float64. */
function euclideanNorm(p: Lowering, x: Value, axes: readonly number[], keep: boolean): Value {
  if (isHalf(x)) return p.cast(euclideanNorm(p, p.cast(x, "float32"), axes, keep), x.dtype);
  if (x.dtype.includes("int")) return p.cast(euclideanNorm(p, p.cast(x, "float64"), axes, keep), x.dtype);
  return p.sqrt(p.reduce("sum", p.mul(x, conjugate(p, x)), axes, keep));
}

export const euclideanNormOp: ReduceOp = reduction("EuclideanNorm", euclideanNorm, (tf, op, dy) => {
  if (op.keep_dims) return tf.truediv(op.input, op.output.div(dy));
  const kept = reducedShape(tf, tf.shape(op.input), op.reduction_indices);
  const y = tf.reshape(op.output, kept);
  return tf.truediv(op.input, y.div(tf.reshape(dy, kept)));
});

export type ReduceCall = (input: TensorLike, ...rest: ReduceRest) => Tensor;

/** The public function of a reduction: along `axis`, or along all axes. */
export const callReduction =
  (op: ReduceOp): ReduceCall =>
  (input, ...rest) => {
    const { axis, keepDims, name } = reduceOptions(rest);
    const ragged = compositeCall<Tensor>(op.definition.type, input, { axis, keepdims: keepDims, name });
    if (ragged) return ragged;
    const reduction_indices = axesOf(input, axis);
    return knownScalar(op({ input, reduction_indices, keep_dims: keepDims }, name), axis, keepDims);
  };

/**
 * The sum over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims` stay with size 1; dtype of the
 * input, numbers.
 */
export const reduceSum: ReduceCall = callReduction(sumOp);
/**
 * The mean over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims` stay with size 1; dtype of the
 * input, numbers; integers round down.
 */
export const reduceMean: ReduceCall = callReduction(meanOp);
/**
 * The product over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims` stay with size 1; dtype of
 * the input, numbers.
 */
export const reduceProd: ReduceCall = callReduction(prodOp);
/**
 * The square root of the sum of squares over `axis`, one or several: over all of them without. They leave the shape, or with `keepdims`
 * stay with size 1; dtype of the input, numbers.
 */
export const reduceEuclideanNorm: ReduceCall = callReduction(euclideanNormOp);
