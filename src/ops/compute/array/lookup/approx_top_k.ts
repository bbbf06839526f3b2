/** The k largest (or smallest) elements along an axis, nearly. Here they are exact. Source: approx_topk.cc, nn_ops.cc, nn_grad.py. */

import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementAt, NdArray, setElement } from "../../../../core/nd_array.ts";
import { elementCount, type Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { emptyArray } from "../basic/elements.ts";
import type { Named } from "../basic/names.ts";

/** Elements that a row's parts hold: without aggregation as many come out as a tile of the hardware takes. */
const tile = 128;

/**
 * How many elements come out of n: k, or without aggregation the largest of each of so many parts that the share `recall` of the true ones
 * is met. Source: ApproxTopKReductionOutputSize in xla/client/lib/approx_topk_shape.cc.
 */
function outputSize(n: number, rank: number, k: number, recall: number, inputOverride: number): number {
  const size = inputOverride >= 0 ? inputOverride : n;
  const lanes = rank === 1 ? 8 * tile : tile;
  if (n <= lanes) return n;
  if (k === 1) return lanes;
  const least = Math.min(n, Math.max(Math.ceil((1 - k) / Math.log(Math.fround(recall))), lanes));
  const reduction = Math.floor(Math.log2(Math.floor(size / least)));
  if (reduction === 0) return n;
  return Math.ceil(Math.ceil(n / lanes) / 2 ** reduction) * lanes;
}

interface Sizes {
  readonly axis: number;
  readonly count: number;
}

function sizesOf(shape: readonly number[], op: TopAttrs): Sizes {
  const rank = shape.length;
  const axis = op.reduction_dimension < 0 ? rank + op.reduction_dimension : op.reduction_dimension;
  if (axis < 0 || axis >= rank)
    throw invalidArgument(`Reduction dimension must be within the rank of the input, got ${op.reduction_dimension}`);
  const n = shape[axis]!;
  if (n < op.k) throw invalidArgument(`input must have last dimension >= k = ${op.k} but was ${n}`);
  const count = op.aggregate_to_topk
    ? op.k
    : outputSize(n, rank, op.k, op.recall_target, op.reduction_input_size_override);
  return { axis, count };
}

interface TopAttrs {
  readonly k: number;
  readonly reduction_dimension: number;
  readonly recall_target: number;
  readonly is_max_k: boolean;
  readonly reduction_input_size_override: number;
  readonly aggregate_to_topk: boolean;
}

function pick(input: NdArray, { axis, count }: Sizes, op: TopAttrs): [NdArray, NdArray] {
  const n = input.shape[axis]!;
  const inner = elementCount(input.shape.slice(axis + 1));
  const outer = elementCount(input.shape.slice(0, axis));
  const shape = input.shape.map((size, i) => (i === axis ? count : size));
  const values = emptyArray(input.dtype, shape);
  const indices = new Int32Array(outer * count * inner);
  const sign = op.is_max_k ? -1 : 1;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = (j: number): number => Number(elementAt(input, (o * n + j) * inner + i));
      const order = Array.from({ length: n }, (_, j) => j).sort((a, b) => sign * (at(a) - at(b)) || a - b);
      for (let j = 0; j < count; j++) {
        const place = (o * count + j) * inner + i;
        setElement(input.dtype, values.data, place, elementAt(input, (o * n + order[j]!) * inner + i));
        indices[place] = order[j]!;
      }
    }
  return [values, new NdArray(int32, shape, indices)];
}

/** values, indices = the k largest elements along reduction_dimension, or the smallest. */
export const approxTopKOp = defineOp("ApproxTopK", {
  inputs: ["input: T"],
  outputs: ["values: T", "indices: int32"],
  attrs: [
    "k: int >= 0",
    "reduction_dimension: int = -1",
    "recall_target: float = 0.949999988079071",
    "is_max_k: bool = true",
    "reduction_input_size_override: int = -1",
    "aggregate_to_topk: bool = true",
    "T: {half, bfloat16, float}",
  ],
  shape({ input, ...op }) {
    if (input === null) return [null, null];
    const rank = input.length;
    const axis = op.reduction_dimension < 0 ? rank + op.reduction_dimension : op.reduction_dimension;
    if (axis < 0 || axis >= rank)
      throw invalidArgument(`Reduction dimension must be within the rank of the input, got ${op.reduction_dimension}`);
    const n = input[axis]!;
    const count = op.aggregate_to_topk
      ? op.k
      : n === null
        ? null
        : sizesOf(
            [...input].map((d) => d ?? 1),
            op,
          ).count;
    if (n !== null && n < op.k) throw invalidArgument(`input must have last dimension >= k = ${op.k} but was ${n}`);
    const shape: Shape = input.map((size, i) => (i === axis ? count : size));
    return [shape, shape];
  },
  compute({ input, ...op }) {
    if (input.shape.length < 1) throw new InvalidArgumentError("input must be >= 1-D");
    return pick(input, sizesOf(input.shape, op), op);
  },
  gradient(tf, { input, indices, reduction_dimension }, dy) {
    const shape = indices.shape as readonly number[];
    const rank = shape.length;
    const axis = reduction_dimension < 0 ? rank + reduction_dimension : reduction_dimension;
    const lifted = [...shape, 1];
    const count = elementCount(shape);
    const places = shape.map((size, d) => {
      if (d === axis) return tf.reshape(indices, lifted);
      const iota = tf.reshape(
        tf.range(size),
        lifted.map((_, i) => (i === d ? size : 1)),
      );
      return tf.broadcastTo(iota, lifted);
    });
    const flat = tf.reshape(tf.concat(places, rank), [count, rank]);
    return { input: tf.scatterNd(flat, tf.reshape(dy!, [count]), input.shape as readonly number[]) };
  },
});

interface ApproxOptions extends Named {
  /** The axis; the last one by default. */
  readonly reductionDimension?: number;
  /** The share of the true elements that is found at least: 0.95. */
  readonly recallTarget?: number;
  readonly reductionInputSizeOverride?: number;
  /** False gives more elements than k, in which the k largest are. */
  readonly aggregateToTopk?: boolean;
}

interface TopOptions extends ApproxOptions {
  readonly isMaxK?: boolean;
}

type Found = { readonly values: Tensor; readonly indices: Tensor };

const call = (operand: TensorLike, k: number, isMax: boolean, options: ApproxOptions): Found =>
  approxTopKOp(
    {
      input: convertToTensor(operand),
      k,
      reduction_dimension: options.reductionDimension ?? -1,
      recall_target: options.recallTarget ?? 0.95,
      is_max_k: isMax,
      reduction_input_size_override: options.reductionInputSizeOverride ?? -1,
      aggregate_to_topk: options.aggregateToTopk ?? true,
    },
    options.name,
  );

const approxPlaces = [
  "reductionDimension",
  "recallTarget",
  "reductionInputSizeOverride",
  "aggregateToTopk",
  "name",
] as const;

/** The k largest elements along an axis and where they are. float16, bfloat16 or float32. */
export const approxMaxK = byKeyword(
  ["operand", "k"],
  function approxMaxK(operand: TensorLike, k: number, ...rest: Rest<ApproxOptions, typeof approxPlaces>): Found {
    return call(operand, k, true, byName<ApproxOptions>(rest, approxPlaces));
  },
);

/** The k smallest elements along an axis and where they are. float16, bfloat16 or float32. */
export const approxMinK = byKeyword(
  ["operand", "k"],
  function approxMinK(operand: TensorLike, k: number, ...rest: Rest<ApproxOptions, typeof approxPlaces>): Found {
    return call(operand, k, false, byName<ApproxOptions>(rest, approxPlaces));
  },
);

const topPlaces = [
  "reductionDimension",
  "recallTarget",
  "isMaxK",
  "reductionInputSizeOverride",
  "aggregateToTopk",
  "name",
] as const;

/** The op: the k largest elements, or the smallest where `isMaxK` is false. */
export const approxTopK = byKeyword(
  ["input", "k"],
  function approxTopK(input: TensorLike, k: number, ...rest: Rest<TopOptions, typeof topPlaces>): Found {
    const options = byName<TopOptions>(rest, topPlaces);
    return call(input, k, options.isMaxK ?? true, options);
  },
);
