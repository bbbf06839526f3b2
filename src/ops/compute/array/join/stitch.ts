/** Dealing rows out and putting them together again: DynamicPartition, DynamicStitch, ParallelDynamicStitch. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, formatShape, mergeShapes, type Shape } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword } from "../../../options.ts";
import { copyElements, emptyArray, takeRows } from "../basic/elements.ts";
import { type Name, type Named, nameOf } from "../basic/names.ts";
import { numbersFromInput } from "../basic/shape_input.ts";

/** The place of a flat position: `[2]`, `[1,0]`, nothing for a scalar. */
function placeOf(position: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = position;
  for (const n of [...shape].reverse()) {
    place.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return place.length ? `[${place.join(",")}]` : "";
}

/** outputs[i] = data's rows whose partition is i, in order. Source: data_flow_ops.cc, dynamic_partition_op.cc, data_flow_grad.py. */
export const dynamicPartitionOp = defineOp("DynamicPartition", {
  inputs: ["data: T", "partitions: int32"],
  outputs: ["outputs: num_partitions * T"],
  attrs: ["num_partitions: int >= 1", "T: type"],
  shape({ data, partitions, num_partitions }) {
    if (data === null || partitions === null) return new Array<Shape>(num_partitions).fill(null);
    mergeShapes(data.slice(0, partitions.length), partitions);
    return new Array<Shape>(num_partitions).fill([null, ...data.slice(partitions.length)]);
  },
  compute({ data, partitions, num_partitions }) {
    const prefix = partitions.shape;
    if (data.shape.slice(0, prefix.length).join() !== prefix.join()) {
      throw new InvalidArgumentError(
        `data.shape must start with partitions.shape, got data.shape = ${formatShape(data.shape)}, partitions.shape = ${formatShape(prefix)}`,
      );
    }
    const rest = data.shape.slice(prefix.length);
    const rows: number[][] = Array.from({ length: num_partitions }, () => []);
    for (let i = 0; i < partitions.size; i++) {
      const to = partitions.data[i] as number;
      if (to < 0 || to >= num_partitions) {
        throw new InvalidArgumentError(`partitions${placeOf(i, prefix)} = ${to} is not in [0, ${num_partitions})`);
      }
      rows[to]!.push(i);
    }
    return rows.map((list) => takeRows(data, list, elementCount(rest), [list.length, ...rest]));
  },
  gradient(tf, { data, partitions, num_partitions }, ...dys) {
    const prefix = tf.shape(partitions);
    const places = tf.reshape(tf.range(tf.reduceProd(prefix)), prefix);
    const parts = tf.dynamicPartition(places, partitions, num_partitions);
    const whole = tf.parallelDynamicStitch(parts, dys);
    return { data: tf.reshape(whole, tf.shape(data)) };
  },
});

/** Source: data_flow_ops.cc, DynamicStitchShapeFunction. */
function stitchShape(indices: readonly Shape[], data: readonly Shape[], context: ShapeContext): Shape[] {
  let rest: Shape = null;
  let max: number | null = -1;
  let isAllKnown = true;
  for (const [i, at] of indices.entries()) {
    const values = numbersFromInput(context, "indices", i);
    if (!values) isAllKnown = false;
    else for (const n of values) max = Math.max(max!, n);
    const x = data[i]!;
    if (at === null || x === null) continue;
    mergeShapes(x.slice(0, at.length), at);
    const own = x.slice(at.length);
    rest = mergeShapes(own, rest);
  }
  const rows: Dim = isAllKnown ? max! + 1 : null;
  return [rest && [rows, ...rest]];
}

/** merged[indices[m][i], …] = data[m][i, …]; a later one wins. Source: dynamic_stitch_op.cc. */
function stitch(indices: readonly NdArray[], data: readonly NdArray[]): NdArray {
  const rest = data[0]!.shape.slice(indices[0]!.shape.length);
  let max = -1;
  for (const [m, at] of indices.entries()) {
    const x = data[m]!;
    if (x.shape.slice(0, at.shape.length).join() !== at.shape.join()) {
      throw new InvalidArgumentError(
        `data[${m}].shape = ${formatShape(x.shape)} does not start with indices[${m}].shape = ${formatShape(at.shape)}`,
      );
    }
    if (x.shape.slice(at.shape.length).join() !== rest.join()) {
      throw new InvalidArgumentError(
        `Need data[0].shape[${indices[0]!.shape.length}:] = data[${m}].shape[${at.shape.length}:], got data[0].shape = ${formatShape(data[0]!.shape)}, data[${m}].shape = ${formatShape(x.shape)}, indices[0].shape = ${formatShape(indices[0]!.shape)}, indices[${m}].shape = ${formatShape(at.shape)}`,
      );
    }
    for (let i = 0; i < at.size; i++) max = Math.max(max, at.data[i] as number);
  }
  const size = elementCount(rest);
  const { dtype } = data[0]!;
  const merged = emptyArray(dtype, [max + 1, ...rest]);
  for (const [m, at] of indices.entries()) {
    for (let i = 0; i < at.size; i++) {
      const row = at.data[i] as number;
      if (row < 0) throw new InvalidArgumentError(`indices[${i}] is out of range`);
      copyElements(dtype, data[m]!.data, i * size, merged.data, row * size, size);
    }
  }
  return merged;
}

/** Each piece of data gets its rows of the gradient. */
function stitchGradient(
  tf: GradientTools,
  indices: readonly Tensor[],
  merged: Tensor,
  dy: Tensor | IndexedSlices,
): Tensor[] {
  const dense =
    dy instanceof IndexedSlices ? tf.unsortedSegmentSum(dy.values, dy.indices, tf.getItem(tf.shape(merged), 0)) : dy;
  return indices.map((at) => tf.gather(dense, at));
}

export const dynamicStitchOp = defineOp("DynamicStitch", {
  inputs: ["indices: N * int32", "data: N * T"],
  outputs: ["merged: T"],
  attrs: ["N: int >= 1", "T: type"],
  shape: ({ indices, data }, context) => stitchShape(indices, data, context),
  compute: ({ indices, data }) => stitch(indices, data),
  gradient: (tf, { indices, merged }, dy) => ({ data: stitchGradient(tf, indices, merged, dy!) }),
});

export const parallelDynamicStitchOp = defineOp("ParallelDynamicStitch", {
  inputs: ["indices: N * int32", "data: N * T"],
  outputs: ["merged: T"],
  attrs: ["N: int >= 1", "T: type"],
  shape: ({ indices, data }, context) => stitchShape(indices, data, context),
  compute: ({ indices, data }) => stitch(indices, data),
  gradient: (tf, { indices, merged }, dy) => ({ data: stitchGradient(tf, indices, merged, dy!) }),
});

/** The data's rows dealt out by their partition numbers. */
export const dynamicPartition = byKeyword(
  ["data", "partitions", "numPartitions"],
  function dynamicPartition(data: TensorLike, partitions: TensorLike, numPartitions: number, name?: Name): Tensor[] {
    return dynamicPartitionOp({ data, partitions, num_partitions: numPartitions }, nameOf(name));
  },
);

/** The rows of several tensors put where their indices say. */
export const dynamicStitch = byKeyword(
  ["indices", "data"],
  function dynamicStitch(indices: readonly TensorLike[], data: readonly TensorLike[], name?: Name): Tensor {
    return dynamicStitchOp({ indices, data }, nameOf(name));
  },
);

export const parallelDynamicStitch = (
  indices: readonly TensorLike[],
  data: readonly TensorLike[],
  options: Named = {},
): Tensor => parallelDynamicStitchOp({ indices, data }, options.name);
