/** Reductions over segments of rows that indices name, and their gradients. Source: segment_reduction_ops_impl.h, math_ops.cc, math_grad.py. */

import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray, type NumberArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, mergeShapes, type Shape, withRank, withRankAtLeast } from "../../../../core/shape.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { dimFromInput } from "../../array/basic/shape_input.ts";
import { filled, rowFunction, scaleRow } from "./rows.ts";

type Kind = "sum" | "mean" | "sqrtN";

const index = "{int32, int64} = DT_INT32";

export type SparseSegmentOp = OpBuilder<
  readonly ["data: T", "indices: Tidx", "segment_ids: Tsegmentids"],
  readonly ["output: T"],
  readonly [
    "T: realnumbertype",
    `Tidx: ${typeof index}`,
    `Tsegmentids: ${typeof index}`,
    "sparse_gradient: bool = false",
  ]
>;

export type SparseSegmentNumOp = OpBuilder<
  readonly ["data: T", "indices: Tidx", "segment_ids: Tsegmentids", "num_segments: Tnumsegments"],
  readonly ["output: T"],
  readonly [
    "T: realnumbertype",
    `Tidx: ${typeof index}`,
    `Tnumsegments: ${typeof index}`,
    `Tsegmentids: ${typeof index}`,
    "sparse_gradient: bool = false",
  ]
>;

/** The divisor of a segment of n rows. */
const divisorOf = (kind: Kind, n: number): number => (kind === "mean" ? n : kind === "sqrtN" ? Math.sqrt(n) : 1);

const numbers = (array: NdArray): number[] => Array.from(array.data as Int32Array, Number);

function staticShape(data: Shape, indices: Shape, ids: Shape, rows: Dim): readonly Shape[] {
  withRankAtLeast(data, 1);
  mergeShapes(withRank(indices, 1), withRank(ids, 1));
  return [data === null ? null : [rows, ...data.slice(1)]];
}

/** output[s] = the rows data[indices[i]] with segment_ids[i] = s, reduced. Throws the kernel's INVALID_ARGUMENT. */
function reduceSparse(kind: Kind, data: NdArray, indices: NdArray, segmentIds: NdArray, rows?: number): NdArray {
  if (indices.size !== segmentIds.size)
    throw new InvalidArgumentError("segment_ids and indices should have same size.");
  const [at, ids] = [numbers(indices), numbers(segmentIds)];
  const n = ids.length;
  const count = rows ?? (n > 0 ? ids[n - 1]! + 1 : 0);
  if (count < 0) throw new InvalidArgumentError("segment ids must be >= 0");
  const inner = elementCount(data.shape.slice(1));
  const output = filled(data.dtype, count * inner, 0);
  const add = rowFunction("sum", data.dtype);
  let from = 0;
  for (let i = 0; i < n; i++) {
    const [id, row] = [ids[i]!, at[i]!];
    if (i + 1 < n && ids[i + 1]! < id) throw new InvalidArgumentError("segment ids are not increasing");
    if (rows !== undefined && id < 0) throw new InvalidArgumentError("segment ids must be >= 0");
    if (id < 0 || id >= count) {
      throw new InvalidArgumentError(
        rows === undefined
          ? `Segment id ${id} out of range [0, ${count}), possibly because 'segment_ids' input is not sorted.`
          : `segment ids must be < num_segments`,
      );
    }
    if (row < 0 || row >= data.shape[0]!) {
      throw new InvalidArgumentError(`Bad: indices[${i}] == ${row} out of range [0, ${data.shape[0]})`);
    }
    add(output, id * inner, data.data as NumberArray, row * inner, inner);
    if (ids[i + 1] === id) continue;
    if (kind !== "sum") scaleRow(data.dtype, output, id * inner, inner, divisorOf(kind, i + 1 - from));
    from = i + 1;
  }
  return new NdArray(data.dtype, [count, ...data.shape.slice(1)], output);
}

interface SparseRecord {
  readonly data: Tensor;
  readonly indices: Tensor;
  readonly segment_ids: Tensor;
  readonly sparse_gradient: boolean;
}

const gradientOps = {
  sum: "sparseSegmentSumGrad",
  mean: "sparseSegmentMeanGrad",
  sqrtN: "sparseSegmentSqrtNGrad",
} as const;

function sparseGradient(tf: GradientTools, kind: Kind, op: SparseRecord, dy: Tensor): Tensor | IndexedSlices {
  const { data, indices, segment_ids } = op;
  const dims = tf.shape(data);
  const rows = dims.at(0);
  if (!op.sparse_gradient) {
    return tf[`${gradientOps[kind]}Op`]({ grad: dy, indices, segment_ids, output_dim0: rows });
  }
  const { output, sorted_unique_indices } = tf[`${gradientOps[kind]}V2Op`]({
    grad: dy,
    indices,
    segment_ids,
    dense_output_dim0: rows,
  });
  return new IndexedSlices(output, sorted_unique_indices, dims);
}

function sparseSegmentOp(type: string, kind: Kind, dtypes: string): SparseSegmentOp {
  return defineOp(type, {
    inputs: ["data: T", "indices: Tidx", "segment_ids: Tsegmentids"],
    outputs: ["output: T"],
    attrs: [
      `T: ${dtypes}` as "T: realnumbertype",
      `Tidx: ${index}`,
      `Tsegmentids: ${index}`,
      "sparse_gradient: bool = false",
    ],
    shape: ({ data, indices, segment_ids }) => staticShape(data, indices, segment_ids, null),
    compute: ({ data, indices, segment_ids }) => reduceSparse(kind, data, indices, segment_ids),
    gradient: (tf, op, dy) => ({ data: sparseGradient(tf, kind, op, dy!) }),
  });
}

function withNumSegments(type: string, kind: Kind, dtypes: string): SparseSegmentNumOp {
  return defineOp(type, {
    inputs: ["data: T", "indices: Tidx", "segment_ids: Tsegmentids", "num_segments: Tnumsegments"],
    outputs: ["output: T"],
    attrs: [
      `T: ${dtypes}` as "T: realnumbertype",
      `Tidx: ${index}`,
      `Tnumsegments: ${index}`,
      `Tsegmentids: ${index}`,
      "sparse_gradient: bool = false",
    ],
    shape: ({ data, indices, segment_ids, num_segments }, context) =>
      staticShape(data, indices, segment_ids, dimFromInput(context, "num_segments", num_segments)),
    compute: ({ data, indices, segment_ids, num_segments }) =>
      reduceSparse(kind, data, indices, segment_ids, numbers(num_segments)[0]!),
    gradient: (tf, op, dy) => ({ data: sparseGradient(tf, kind, op, dy!) }),
  });
}

const floats = "{bfloat16, half, float, double}";

export const sparseSegmentSumOp: SparseSegmentOp = sparseSegmentOp("SparseSegmentSum", "sum", "realnumbertype");
export const sparseSegmentMeanOp: SparseSegmentOp = sparseSegmentOp("SparseSegmentMean", "mean", floats);
export const sparseSegmentSqrtNOp: SparseSegmentOp = sparseSegmentOp("SparseSegmentSqrtN", "sqrtN", floats);
export const sparseSegmentSumWithNumSegmentsOp: SparseSegmentNumOp = withNumSegments(
  "SparseSegmentSumWithNumSegments",
  "sum",
  "realnumbertype",
);
export const sparseSegmentMeanWithNumSegmentsOp: SparseSegmentNumOp = withNumSegments(
  "SparseSegmentMeanWithNumSegments",
  "mean",
  floats,
);
export const sparseSegmentSqrtNWithNumSegmentsOp: SparseSegmentNumOp = withNumSegments(
  "SparseSegmentSqrtNWithNumSegments",
  "sqrtN",
  floats,
);

interface Scattered {
  readonly kind: Kind;
  readonly grad: NdArray;
  readonly indices: number[];
  readonly ids: number[];
  readonly rows: number;
}

/** output[indices[i]] += grad[segment_ids[i]] / divisor of that segment. Throws the kernel's INVALID_ARGUMENT. */
function scatterGradient({ kind, grad, indices, ids, rows }: Scattered): NdArray {
  const inner = elementCount(grad.shape.slice(1));
  const segments = grad.shape[0]!;
  const sizes = new Array<number>(segments).fill(0);
  for (const id of ids) {
    if (id < 0 || id >= segments) throw new InvalidArgumentError(`Segment id ${id} out of range [0, ${segments}).`);
    sizes[id]!++;
  }
  const output = filled(grad.dtype, rows * inner, 0);
  const row = filled(grad.dtype, inner, 0);
  const add = rowFunction("sum", grad.dtype);
  for (const [i, at] of indices.entries()) {
    if (at < 0 || at >= rows) throw new InvalidArgumentError(`Index ${at} out of range [0, ${rows}).`);
    row.set((grad.data as NumberArray).subarray(ids[i]! * inner, (ids[i]! + 1) * inner) as never);
    if (kind !== "sum") scaleRow(grad.dtype, row, 0, inner, divisorOf(kind, sizes[ids[i]!]!));
    add(output, at * inner, row, 0, inner);
  }
  return new NdArray(grad.dtype, [rows, ...grad.shape.slice(1)], output);
}

function checkRows(rows: number, indices: NdArray, ids: NdArray): void {
  if (indices.size !== ids.size) throw new InvalidArgumentError("segment_ids and indices should have same size.");
  if (rows < 0) throw new InvalidArgumentError(`Output dim0 must be non-negative, got ${rows}`);
}

export type SparseGradOp = OpBuilder<
  readonly ["grad: T", "indices: Tidx", "segment_ids: Tsegmentids", "output_dim0: int32"],
  readonly ["output: T"],
  readonly ["T: {bfloat16, half, float, double}", `Tidx: ${typeof index}`, `Tsegmentids: ${typeof index}`]
>;

function sparseGradOp(type: string, kind: Kind): SparseGradOp {
  return defineOp(type, {
    inputs: ["grad: T", "indices: Tidx", "segment_ids: Tsegmentids", "output_dim0: int32"],
    outputs: ["output: T"],
    attrs: ["T: {bfloat16, half, float, double}", `Tidx: ${index}`, `Tsegmentids: ${index}`],
    shape: ({ grad, indices, segment_ids, output_dim0 }, context) =>
      staticShape(grad, indices, segment_ids, dimFromInput(context, "output_dim0", output_dim0)),
    compute({ grad, indices, segment_ids, output_dim0 }) {
      const rows = numbers(output_dim0)[0]!;
      checkRows(rows, indices, segment_ids);
      return scatterGradient({ kind, grad, indices: numbers(indices), ids: numbers(segment_ids), rows });
    },
    gradient: "unregistered",
  });
}

export type SparseGradV2Op = OpBuilder<
  readonly ["grad: T", "indices: Tidx", "segment_ids: Tsegmentids", "dense_output_dim0: int32"],
  readonly ["output: T", "sorted_unique_indices: Tidx"],
  readonly ["T: {bfloat16, half, float, double}", `Tidx: ${typeof index}`, `Tsegmentids: ${typeof index}`]
>;

/** The gradient of the rows that are named, and which rows those are, in order. */
function sparseGradV2Op(type: string, kind: Kind): SparseGradV2Op {
  return defineOp(type, {
    inputs: ["grad: T", "indices: Tidx", "segment_ids: Tsegmentids", "dense_output_dim0: int32"],
    outputs: ["output: T", "sorted_unique_indices: Tidx"],
    attrs: ["T: {bfloat16, half, float, double}", `Tidx: ${index}`, `Tsegmentids: ${index}`],
    shape: ({ grad, indices, segment_ids }) => [...staticShape(grad, indices, segment_ids, null), [null]],
    compute({ grad, indices, segment_ids, dense_output_dim0, Tidx }) {
      const rows = numbers(dense_output_dim0)[0]!;
      checkRows(rows, indices, segment_ids);
      const at = numbers(indices);
      const bad = at.find((row) => row < 0 || row >= rows);
      if (bad !== undefined) throw new InvalidArgumentError(`Index ${bad} out of range [0, ${rows}).`);
      const unique = [...new Set(at)].sort((a, b) => a - b);
      const place = new Map(unique.map((row, i) => [row, i]));
      const output = scatterGradient({
        kind,
        grad,
        indices: at.map((row) => place.get(row)!),
        ids: numbers(segment_ids),
        rows: unique.length,
      });
      return [output, indexArray(Tidx, unique)];
    },
    gradient: "unregistered",
  });
}

const indexArray = (dtype: DType, values: readonly number[]): NdArray =>
  new NdArray(
    dtype,
    [values.length],
    dtype.base === "int64" ? BigInt64Array.from(values, BigInt) : Int32Array.from(values),
  );

export const sparseSegmentSumGradOp: SparseGradOp = sparseGradOp("SparseSegmentSumGrad", "sum");
export const sparseSegmentMeanGradOp: SparseGradOp = sparseGradOp("SparseSegmentMeanGrad", "mean");
export const sparseSegmentSqrtNGradOp: SparseGradOp = sparseGradOp("SparseSegmentSqrtNGrad", "sqrtN");
export const sparseSegmentSumGradV2Op: SparseGradV2Op = sparseGradV2Op("SparseSegmentSumGradV2", "sum");
export const sparseSegmentMeanGradV2Op: SparseGradV2Op = sparseGradV2Op("SparseSegmentMeanGradV2", "mean");
export const sparseSegmentSqrtNGradV2Op: SparseGradV2Op = sparseGradV2Op("SparseSegmentSqrtNGradV2", "sqrtN");

export interface SparseSegmentOptions extends Named {
  readonly numSegments?: TensorLike | null;
  /** IndexedSlices rather than a dense gradient. */
  readonly sparseGradient?: boolean;
}

const sparsePlaces = ["name", "numSegments", "sparseGradient"] as const;

export type SparseSegmentCall = (
  data: TensorLike,
  indices: TensorLike,
  segmentIds: TensorLike,
  ...rest: Rest<SparseSegmentOptions, typeof sparsePlaces>
) => Tensor;

const call =
  (op: SparseSegmentOp, withNum: SparseSegmentNumOp): SparseSegmentCall =>
  (data, indices, segmentIds, ...rest) => {
    const options = byName<SparseSegmentOptions>(rest, sparsePlaces);
    const { numSegments = null, sparseGradient: sparse_gradient = false, name } = options;
    const inputs = { data, indices, segment_ids: segmentIds, sparse_gradient };
    return numSegments === null ? op(inputs, name) : withNum({ ...inputs, num_segments: numSegments }, name);
  };

/** The sum of the rows of data at `indices` that have one segment id; ids are sorted. Row k of the result is segment k's. */
export const sparseSegmentSum: SparseSegmentCall = call(sparseSegmentSumOp, sparseSegmentSumWithNumSegmentsOp);
/** The mean of the rows of data at `indices` that have one segment id; ids are sorted. Row k of the result is segment k's. */
export const sparseSegmentMean: SparseSegmentCall = call(sparseSegmentMeanOp, sparseSegmentMeanWithNumSegmentsOp);
/** The sum over sqrt(n) of the rows of data at `indices` that have one segment id; ids are sorted. Row k of the result is segment k's. */
export const sparseSegmentSqrtN: SparseSegmentCall = call(sparseSegmentSqrtNOp, sparseSegmentSqrtNWithNumSegmentsOp);
