/** Parts of resource variables that are read without reading all. Source: resource_variable_ops.cc, resource_variable_ops.py, array_grad.py. */
import { int32 } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import { elementCount, type FullShape, formatShape, isFull, withRankAtLeast } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { rowNumbers } from "../compute/array/index/coordinates.ts";
import { defineOp } from "../define.ts";
import type { GradientTools } from "../gradient_tools.ts";
import { readResource, variableData } from "./variable_data.ts";
import { outOfRange, positionText } from "./words.ts";

/** The shape of a handle's variable: a constant where it is known. */
function variableShape(tf: GradientTools, handle: Tensor): Tensor {
  const shape = handle.handleData?.[0]?.shape ?? null;
  return isFull(shape) ? tf.constant([...shape], { dtype: int32 }) : tf.variableShapeOp({ input: handle });
}

/** output[i, …] = the variable's rows at indices. */
export const resourceGatherOp = defineOp("ResourceGather", {
  inputs: ["resource: resource", "indices: Tindices"],
  outputs: ["output: dtype"],
  attrs: ["batch_dims: int = 0", "validate_indices: bool = true", "dtype: type", "Tindices: {int32, int64}"],
  stateful: true,
  shape({ indices, dtype, batch_dims }, context) {
    const params = withRankAtLeast(variableData(context, dtype).shape, 1);
    if (indices !== null && (batch_dims < -indices.length || batch_dims > indices.length)) {
      throw invalidArgument(
        `Expected batch_dims in the range [${-indices.length}, ${indices.length}], but got ${batch_dims}`,
      );
    }
    if (params === null || indices === null) return [null];
    const batch = batch_dims < 0 ? batch_dims + indices.length : batch_dims;
    return [[...indices, ...params.slice(batch + 1)]];
  },
  lower(p, { resource, indices, batch_dims }) {
    const params = readResource(p, resource);
    if (params.shape.length < 1) throw invalidArgument("params must be at least 1 dimensional");
    const batchDims = batch_dims < 0 ? batch_dims + indices.shape.length : batch_dims;
    return p.gather(params, indices, { axis: batchDims, batchDims, onError: outOfRange(indices.shape) });
  },
  gradient(tf, { resource, indices }, dy) {
    const shape = variableShape(tf, resource);
    const size = tf.expandDims(tf.size(indices), 0);
    const values = tf.reshape(dy!, tf.concat([size, shape.at("1:")], 0));
    return { resource: new tf.IndexedSlices(values, tf.reshape(indices, size), shape) };
  },
});

/** output[i, …] = the variable at indices[i], whose last axis holds coordinates. */
export const resourceGatherNdOp = defineOp("ResourceGatherNd", {
  inputs: ["resource: resource", "indices: Tindices"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type", "Tindices: {int32, int64}"],
  stateful: true,
  shape({ indices, dtype }, context) {
    const params = variableData(context, dtype).shape;
    const k = withRankAtLeast(indices, 1)?.at(-1);
    if (params === null || indices === null || k === null || k === undefined) return [null];
    if (k > params.length) {
      throw invalidArgument(
        `indices.shape[-1] must be <= params.rank, but saw indices shape: ${formatShape(indices)} and params shape: ${formatShape(params)}`,
      );
    }
    return [[...indices.slice(0, -1), ...params.slice(k)]];
  },
  lower(p, { resource, indices }, node) {
    const params = readResource(p, resource);
    const k = indices.shape.at(-1)!;
    if (k > params.shape.length) {
      throw invalidArgument(
        `index innermost dimension length must be <= params rank; saw: ${k} vs. ${params.shape.length}`,
      );
    }
    const outer = indices.shape.slice(0, -1) as FullShape;
    const dims = params.shape.slice(0, k);
    const rest = params.shape.slice(k);
    const { rows, decode } = rowNumbers(p, p.reshape(indices, [elementCount(outer), k]), dims);
    const picked = p.gather(p.reshape(params, [elementCount(dims), ...rest]), rows, {
      onError: (numbers) =>
        invalidArgument(
          `indices${positionText(outer, numbers.position)} = [${decode(numbers).join(", ")}] does not index into param shape ${formatShape(params.shape)}, node name: ${node.name}`,
        ),
    });
    return p.reshape(picked, [...outer, ...rest]);
  },
  gradient(tf, { resource, indices }, dy) {
    const shape = tf.variableShapeOp({ input: resource, out_type: indices.dtype });
    if (indices.shape?.length === 2 && indices.shape[1] === 1) {
      return { resource: new tf.IndexedSlices(dy!, tf.squeeze(indices, { axis: -1 }), shape) };
    }
    return { resource: tf.scatterNd(indices, dy!, shape) };
  },
});
