/** The gradient of GatherV2: slices for axis 0, else a sum over segments with the axis moved to the front. Source: array_grad.py. */

import { ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { getStaticValue } from "../basic/static_value.ts";

interface Gathering {
  readonly params: Tensor;
  readonly indices: Tensor;
  readonly axis: Tensor;
  readonly batchDims: number;
}

export function gatherGradient(tf: GradientTools, op: Gathering, dy: Tensor): Tensor | IndexedSlices {
  const { params, indices, axis } = op;
  const paramsShape = getDefaultGraph().colocateWith(params.op, () => tf.shape(params));
  const indicesSize = tf.expandDims(tf.size(indices), 0);
  const known = getStaticValue(axis);
  const batchDims = resolveBatch(op);
  if (known && Number(elementAt(known, 0)) === 0) {
    const tail = tf.getItem(paramsShape, "1:");
    const valuesShape = tf.concat([indicesSize, tail], 0);
    const values = tf.reshape(tf.denseGradient(dy), valuesShape);
    return new IndexedSlices(values, tf.reshape(indices, indicesSize), paramsShape);
  }
  const outer = tf.getItem(paramsShape, { stop: axis });
  const inner = tf.getItem(tf.getItem(paramsShape, { start: axis }), "1:");
  const valuesShape = tf.concat([outer, [-1], inner], 0);
  const valuesDims = tf.size(valuesShape);
  const axisDims = tf.size(outer);
  const outerAxes = tf.range(batchDims);
  const batchAxes = tf.range(batchDims, axisDims);
  const innerAxes = tf.range(tf.add(axisDims, 1, { name: "add" }), valuesDims);
  const values = tf.reshape(tf.denseGradient(dy), valuesShape);
  const forward = tf.concat([outerAxes, [axisDims], batchAxes, innerAxes], 0);
  const moved = tf.transpose(values, { perm: forward });
  const movedShape = tf.gather(paramsShape, forward);
  const rows = tf.getItem(paramsShape, axis);
  const summed = summedRows(tf, { paramsShape: movedShape, values: moved, indices, batchDims, rows });
  const back = tf.concat([outerAxes, tf.add(batchAxes, 1, { name: "add" }), [batchDims], innerAxes], 0);
  const gradient = tf.transpose(summed, { perm: back });
  return tf.reshape(gradient, tf.shape(params));
}

function resolveBatch({ indices, batchDims }: Gathering): number {
  if (batchDims >= 0) return batchDims;
  if (indices.shape === null) {
    throw new ValueError(
      `Currently, it is unsupported to take the gradient of tf.gather when batch_dims < 0 and the rank of the indices is unknown. Please pass a positive batch_dims or use tf.ensure_shape to update the shape of indices when calling tf.gather. Got batch_dims=${batchDims} and indices=${indices}`,
    );
  }
  return batchDims + indices.shape.length;
}

interface Rows {
  readonly paramsShape: Tensor;
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly batchDims: number;
  readonly rows: Tensor;
}

/** Adds the values of equal indices; the gathered axis is the first after the batch dimensions. */
function summedRows(tf: GradientTools, { paramsShape, values, indices, batchDims, rows }: Rows): Tensor {
  const indicesSize = tf.expandDims(tf.size(indices), 0);
  if (batchDims === 0) return tf.unsortedSegmentSum(values, tf.reshape(indices, indicesSize), rows);
  const valuesShape = tf.shape(values);
  const outer = tf.getItem(valuesShape, { stop: batchDims });
  const inner = tf.getItem(tf.getItem(valuesShape, { start: batchDims }), "1:");
  const batchSize = tf.prodOp({ input: outer, reduction_indices: [0], keep_dims: false });
  const flatShape = tf.concat([[-1], inner], 0);
  const total = tf.multiply(rows, batchSize, { name: "mul" });
  const offset = withBatchOffsets(tf, paramsShape, indices, batchDims);
  const flatValues = tf.reshape(tf.denseGradient(values), flatShape);
  const sums = tf.unsortedSegmentSum(flatValues, tf.reshape(offset, indicesSize), total);
  return tf.reshape(sums, tf.concat([outer, flatShape], 0));
}

/** The indices moved into one numbering over all batch entries. */
function withBatchOffsets(tf: GradientTools, paramsShape: Tensor, indices: Tensor, batchDims: number): Tensor {
  const dtype = indices.dtype.baseDtype;
  const dims = tf.cast(paramsShape, dtype);
  let result = indices;
  let block = tf.ones([], dtype);
  for (let dim = batchDims; dim > 0; dim--) {
    const count = tf.getItem(dims, dim - 1);
    block = tf.multiply(block, tf.getItem(dims, dim), { name: "mul" });
    const start = tf.zeros([], dtype);
    const step = tf.ones([], dtype);
    const places = tf.multiply(tf.range(start, count, step), block, { name: "mul" });
    const before = tf.tile([1], [dim - 1]);
    const after = tf.tile([1], [tf.subtract(tf.rank(indices), dim, { name: "sub" })]);
    const shape = tf.concat([before, [count], after], 0);
    result = tf.add(result, tf.reshape(places, shape), { name: "add" });
  }
  return result;
}
