/** Picking rows: Gather, GatherV2, and the dense form of their gradients. */

import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { type Dim, formatShape, mergeDims, mergeShapes, type Shape, withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { CheckNumbers, Value } from "../../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { compositeCall, convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { type Name, type Named, nameOf } from "../basic/names.ts";
import { scalarFromInput } from "../basic/shape_input.ts";
import { getStaticValue } from "../basic/static_value.ts";
import { gatherGradient } from "./gather_gradient.ts";

/** Words for an index out of range. `shape` is that of the indices. */
function outside(shape: readonly number[], numbers: CheckNumbers): InvalidArgumentError {
  let rest = numbers.position;
  const place: number[] = [];
  for (const n of [...shape].reverse()) {
    place.unshift(n === 0 ? 0 : rest % n);
    rest = n === 0 ? 0 : Math.floor(rest / n);
  }
  return new InvalidArgumentError(
    `indices${place.length ? `[${place.join(",")}]` : ""} = ${numbers.value} is not in [0, ${numbers.limit})`,
  );
}

function gathered(p: Lowering, params: Value, indices: Value, axis: number, batchDims: number): Value {
  return p.gather(params, indices.dtype === "int16" ? p.cast(indices, "int32") : indices, {
    axis,
    batchDims,
    onError: (numbers) => outside(indices.shape, numbers),
  });
}

/** output[i, …] = params[indices[i], …]. Source: array_ops.cc, gather_op.cc, array_grad.py. */
export const gatherOp = defineOp("Gather", {
  inputs: ["params: Tparams", "indices: Tindices"],
  outputs: ["output: Tparams"],
  attrs: ["validate_indices: bool = true", "Tparams: type", "Tindices: {int32, int64}"],
  shape({ params, indices }) {
    withRankAtLeast(params, 1);
    return [params === null || indices === null ? null : [...indices, ...params.slice(1)]];
  },
  lower(p, { params, indices }) {
    if (params.shape.length < 1) throw new InvalidArgumentError("params must be at least 1 dimensional");
    return gathered(p, params, indices, 0, 0);
  },
  gradient(tf, { params, indices }, dy) {
    const shape = getDefaultGraph().colocateWith(params.op, () => tf.shape(params));
    const size = tf.expandDims(tf.size(indices), 0);
    const valuesShape = tf.concat([size, tf.getItem(shape, "1:")], 0);
    const values = tf.reshape(tf.denseGradient(dy!), valuesShape);
    return { params: new tf.IndexedSlices(values, tf.reshape(indices, size), shape) };
  },
});

/** Source: array_ops.cc, GatherV2's shape function. */
function gatherShape(params: Shape, indices: Shape, axis: number | null, batchDims: number): Shape {
  if (axis === null) {
    if (params === null || indices === null) return null;
    const batch = batchDims < 0 ? batchDims + indices.length : batchDims;
    return new Array<Dim>(params.length - 1 + indices.length - batch).fill(null);
  }
  withRankAtLeast(params, axis < 0 ? -axis : axis + 1);
  if (indices !== null && (batchDims < -indices.length || batchDims > indices.length)) {
    throw invalidArgument(
      `Expected batch_dims in the range [${-indices.length}, ${indices.length}], but got ${batchDims}`,
    );
  }
  if (params === null || indices === null) return null;
  const batch = batchDims < 0 ? batchDims + indices.length : batchDims;
  const at = axis < 0 ? axis + params.length : axis;
  if (batch > at) throw invalidArgument(`batch_dims (${batch}) must be less than or equal to axis (${at})`);
  mergeShapes(indices.slice(0, batch), params.slice(0, batch));
  const outer = params.slice(0, at).map((d, i) => (i < batch ? mergeDims(d, indices[i]!) : d));
  return [...outer, ...indices.slice(batch), ...params.slice(at + 1)];
}

/** output = params with the axis replaced by the dimensions of indices; the first batch_dims dimensions of both go together. */
export const gatherV2Op = defineOp("GatherV2", {
  inputs: ["params: Tparams", "indices: Tindices", "axis: Taxis"],
  outputs: ["output: Tparams"],
  attrs: ["batch_dims: int = 0", "Tparams: type", "Tindices: {int16, int32, int64}", "Taxis: {int32, int64}"],
  shape({ params, indices, axis, batch_dims }, context) {
    withRankAtLeast(params, 1);
    return [gatherShape(params, indices, scalarFromInput(context, "axis", axis), batch_dims)];
  },
  lower(p, { params, indices, axis, batch_dims }) {
    const rank = params.shape.length;
    if (rank < 1) throw new InvalidArgumentError("params must be at least 1 dimensional");
    const given = p.numbers(axis)[0]!;
    const at = given < 0 ? given + rank : given;
    if (at < 0 || at >= rank)
      throw new InvalidArgumentError(`Expected axis in the range [${-rank}, ${rank}), but got ${given}`);
    const n = indices.shape.length;
    if (batch_dims < -n || batch_dims > n)
      throw new InvalidArgumentError(`Expected batch_dims in the range [${-n}, ${n}], but got ${batch_dims}`);
    const batch = batch_dims < 0 ? batch_dims + n : batch_dims;
    if (batch > at) throw new InvalidArgumentError(`batch_dims (${batch}) must be less than or equal to axis (${at}).`);
    for (let i = 0; i < batch; i++) {
      if (params.shape[i] !== indices.shape[i]) {
        throw new InvalidArgumentError(
          `params.shape[${i}]: ${params.shape[i]} should be equal to indices.shape[${i}]: ${indices.shape[i]}`,
        );
      }
    }
    return gathered(p, params, indices, at, batch);
  },
  gradient: (tf, { params, indices, axis, batch_dims }, dy) => ({
    params: gatherGradient(tf, { params, indices, axis, batchDims: batch_dims }, dy!),
  }),
});

/** The gradient as one tensor: slices are added up into zeros of the dense shape. */
export function denseGradient(dy: Tensor | IndexedSlices): Tensor {
  if (!(dy instanceof IndexedSlices)) return dy;
  if (!dy.denseShape) throw new ValueError(`Tensor conversion requested for IndexedSlices without dense_shape: ${dy}`);
  return ops.unsortedSegmentSum(dy.values, dy.indices, dy.denseShape.at(0));
}

export interface GatherOptions extends Named {
  /** Without effect: indices are always checked. */
  readonly validateIndices?: boolean;
  readonly axis?: TensorLike | null;
  readonly batchDims?: number;
}

interface SparseReadable {
  sparseRead(indices: TensorLike, options: Named): Tensor;
}

const isSparseReadable = (params: unknown): params is SparseReadable =>
  typeof params === "object" && params !== null && typeof (params as Partial<SparseReadable>).sparseRead === "function";

const gatherPlaces = ["validateIndices", "name", "axis", "batchDims"] as const;

/** The parts of params that the indices name along `axis`. A resource variable reads only those rows. Source: array_ops.py. */
export const gather = byKeyword(
  ["params", "indices"],
  function gather(params: TensorLike, indices: TensorLike, ...rest: Rest<GatherOptions, typeof gatherPlaces>): Tensor {
    const options = byName<GatherOptions>(rest, gatherPlaces);
    const { batchDims = 0, name } = options;
    const ragged = compositeCall<Tensor>("gather", params, indices, options);
    if (ragged) return ragged;
    const axis = options.axis ?? batchDims;
    const known = isSymbolic(axis) ? getStaticValue(convertToTensor(axis)) : null;
    const isFirst = axis === 0 || (known !== null && Number(elementAt(known, 0)) === 0);
    if (!isFirst) return gatherV2Op({ params, indices, axis, batch_dims: batchDims }, name);
    if (isSparseReadable(params)) return params.sparseRead(indices, { name });
    return gatherV2Op({ params, indices, axis }, name);
  },
);

/** Gathers in each batch entry by itself: all dimensions of the indices but the last are batch dimensions. Source: array_ops.py. */
export const batchGather = byKeyword(
  ["params", "indices"],
  function batchGather(params: TensorLike, indices: TensorLike, name?: Name): Tensor {
    const at = convertToTensor(indices, { name: "indices" });
    if (at.shape === null) throw new ValueError("batch_gather does not allow indices with unknown shape.");
    if (at.shape.length === 0) throw new ValueError(`indices must not be a scalar: ${formatShape(at.shape)}`);
    return gatherV2Op(
      { params, indices: at, axis: at.shape.length - 1, batch_dims: at.shape.length - 1 },
      nameOf(name),
    );
  },
);
