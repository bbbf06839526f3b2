/** The largest elements of rows: TopK, TopKV2, NthElement. */

import { type DType, int32, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementCount, type Shape, withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../basic/names.ts";
import { scalarFromInput } from "../basic/shape_input.ts";

function topShapes(input: Shape, k: number | null): Shape[] {
  withRankAtLeast(input, 1);
  if (k !== null && k < 0) throw invalidArgument(`Need k >= 0, got ${k}`);
  const n = input?.at(-1) ?? null;
  if (n !== null && k !== null && n < k)
    throw invalidArgument(`input must have last dimension >= k = ${k} but is ${n}`);
  const shape = input && [...input.slice(0, -1), k];
  return [shape, shape];
}

/** Equal elements keep their order. Source: topk_op.cc. */
function topLowered(p: Lowering, input: Value, k: number, indexType: "int32" | "int64" | "int16"): Value[] {
  if (k < 0) throw new InvalidArgumentError(`Need k >= 0, got ${k}`);
  if (input.shape.length < 1) throw new InvalidArgumentError("input must be >= 1-D");
  const n = input.shape.at(-1)!;
  if (n < k) throw new InvalidArgumentError(`input must have at least k columns. Had ${n}, needed ${k}`);
  const outer = input.shape.slice(0, -1);
  const rows = elementCount(outer);
  const flat = p.reshape(input, [rows, n]);
  const chosen = p.slice(p.order(flat, true), [0, 0], [rows, k]);
  const values = p.gather(flat, chosen, { axis: 1, batchDims: 1 });
  const indices = indexType === "int32" ? chosen : p.cast(chosen, indexType);
  return [p.reshape(values, [...outer, k]), p.reshape(indices, [...outer, k])];
}

/** The gradient of the values scattered back to where they came from. Source: nn_grad.py. */
function topGradient(tf: GradientTools, input: Tensor, indices: Tensor, dy: Tensor): Tensor {
  const inShape = tf.shape(input);
  const indexShape = tf.shape(indices);
  const lastOf = (shape: Tensor): Tensor => {
    const wide = tf.cast(shape, int64);
    return tf.gather(wide, tf.subtract(tf.size(shape), 1, { name: "sub" }));
  };
  const k = lastOf(indexShape);
  const indices2d = tf.reshape(indices, tf.stack([-1, k]));
  const n = lastOf(inShape);
  const rows = tf.getItem(tf.shape(indices2d), 0);
  const limit = tf.multiply(tf.cast(rows, int64), n, { name: "mul" });
  const starts = tf.expandDims(tf.range(0, limit, n), -1);
  const flat = tf.reshape(tf.add(indices2d, tf.cast(starts, int32), { name: "add" }), [-1]);
  const places = tf.expandDims(flat, -1);
  const updates = tf.reshape(dy, [-1]);
  return tf.reshape(tf.scatterNd(places, updates, [tf.reduceProd(inShape)]), inShape);
}

export const topKOp = defineOp("TopK", {
  inputs: ["input: T"],
  outputs: ["values: T", "indices: int32"],
  attrs: ["k: int >= 0", "sorted: bool = true", "T: realnumbertype"],
  shape: ({ input, k }) => topShapes(input, k),
  lower: (p, { input, k }) => topLowered(p, input, k, "int32"),
  gradient: (tf, { input, indices }, dy) => ({ input: topGradient(tf, input, indices, dy!) }),
});

/** values, indices: the k largest of each row (the last axis), largest first. */
export const topKV2Op = defineOp("TopKV2", {
  inputs: ["input: T", "k: Tk"],
  outputs: ["values: T", "indices: index_type"],
  attrs: [
    "sorted: bool = true",
    "T: realnumbertype",
    "Tk: {int16, int32, int64} = DT_INT32",
    "index_type: {int16, int32, int64} = DT_INT32",
  ],
  shape: ({ input, k }, context) => topShapes(input, scalarFromInput(context, "k", k)),
  lower: (p, { input, k, index_type }) => topLowered(p, input, p.numbers(k)[0]!, index_type.base as "int32"),
  gradient(tf, { input, indices }, dy) {
    const gradient = topGradient(tf, input, indices, dy!);
    return { input: gradient, k: tf.zeros([], int32) };
  },
});

/** values = the n-th smallest (or largest) element of each row. Source: nth_element_op.cc. */
export const nthElementOp = defineOp("NthElement", {
  inputs: ["input: T", "n: int32"],
  outputs: ["values: T"],
  attrs: ["reverse: bool = false", "T: realnumbertype"],
  shape({ input, n }, context) {
    withRankAtLeast(input, 1);
    const at = scalarFromInput(context, "n", n);
    if (at !== null && at < 0) throw invalidArgument(`Input must have last dimension > n = ${at}`);
    const size = input?.at(-1) ?? null;
    if (size !== null && at !== null && size <= at)
      throw invalidArgument(`Input must have last dimension > n = ${at} but is ${size}`);
    return [input?.slice(0, -1) ?? null];
  },
  lower(p, { input, n, reverse }) {
    const at = p.numbers(n)[0]!;
    if (at < 0) throw new InvalidArgumentError(`n must be non-negative but is ${at}`);
    if (input.shape.length < 1)
      throw new InvalidArgumentError(`Input must be at least rank 1 but is rank ${input.shape.length}`);
    const size = input.shape.at(-1)!;
    if (size <= at) throw new InvalidArgumentError(`Input must have last dimension > n = ${at}`);
    const outer = input.shape.slice(0, -1);
    const rows = elementCount(outer);
    const flat = p.reshape(input, [rows, size]);
    const chosen = p.slice(p.order(flat, reverse), [0, at], [rows, 1]);
    return p.reshape(p.gather(flat, chosen, { axis: 1, batchDims: 1 }), outer);
  },
  gradient(tf, { input, values }, grad) {
    const found = tf.expandDims(values, -1);
    const isFound = tf.cast(tf.equal(found, input), grad!.dtype);
    const dy = tf.expandDims(grad!, -1);
    const count = tf.expandDims(tf.reduceSum(isFound, { axis: -1 }), -1);
    return { input: tf.multiply(tf.divide(isFound, count), dy, { name: "mul" }) };
  },
});

export interface TopKOptions extends Named {
  readonly k?: TensorLike;
  readonly sorted?: boolean;
  readonly indexType?: DType;
}

const topKPlaces = ["k", "sorted", "indexType", "name"] as const;

/** The k largest elements of each row and where they are. Source: nn_ops.py. */
export function topK(
  input: TensorLike,
  ...rest: Rest<TopKOptions, typeof topKPlaces>
): Iterable<Tensor> & { readonly values: Tensor; readonly indices: Tensor } {
  const options = byName<TopKOptions>(rest, topKPlaces);
  const { k = 1, sorted = true, indexType = int32, name } = options;
  return topKV2Op({ input, k, sorted, index_type: indexType }, name);
}

/** The n-th smallest element of each row; with `reverse`, the n-th largest. */
export const nthElement = (
  input: TensorLike,
  n: TensorLike,
  options: { readonly reverse?: boolean } & Named = {},
): Tensor => nthElementOp({ input, n, reverse: options.reverse ?? false }, options.name);
