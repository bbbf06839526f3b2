/**
 * Writes and reads of TensorArrays, the same for the three versions of their handles. A scalar float32, the flow, goes from write to write to
 * read, so that they happen in this order. Source: data_flow_ops.cc, tensor_array_ops.cc, tensor_array_grad.py.
 */
import { invalidArgument, UnimplementedError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { formatShape, isFull, mergeDims, sameShape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import { rowViewOf, stackRows } from "../arrays.ts";
import type { Cells } from "./cells.ts";
import {
  cellsOf,
  checkAgainst,
  checkDtype,
  elementShapeOf,
  type Handle,
  scalarOf,
  type Version,
  vectorOf,
} from "./shared.ts";
import { TensorArray } from "./tensor_array.ts";

/** Which call of `gradients` a tensor belongs to: its name up to the scope `gradients…`. */
function sourceOf(tensor: Tensor): string {
  const parts = tensor.name.split("/");
  const last = parts.findLastIndex((part) => part.startsWith("gradients"));
  if (last < 0) {
    throw new ValueError(
      `Expected op/tensor name to start with gradients (excluding scope), got: ${tensor.name}. This means that a tf.gradients op with this op in its dependency path has a custom name that does not start with 'gradients'. Please make sure all calls to tf.gradients that have non-empty \`name\` arguments use names that start with 'gradients'.`,
    );
  }
  return parts.slice(0, last + 1).join("/");
}

export const gradientArray = (dtype: Cells["dtype"], handle: Tensor, flow: Tensor, from: Tensor): TensorArray =>
  new TensorArray(dtype, { handle, flow, colocateWithFirstWriteCall: false }).grad(sourceOf(from), { flow });

/** The flow of the gradient, after the forward write is done. */
// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
export function afterWrite(tf: any, written: Tensor, flow: Tensor): Tensor {
  const done = tf.identity(written, { name: "flow_out" });
  return getDefaultGraph().controlDependencies([done], () => tf.identity(flow, { name: "write_barrier" }));
}

/** Elements of one shape as the rows of one array. Throws INVALID_ARGUMENT where shapes differ, or there is none. */
function gathered(cells: Cells, indices: readonly number[]): NdArray {
  const values = indices.map((index) => cells.read(index));
  const shape = values[0]?.shape ?? cells.elementShape;
  if (!isFull(shape)) {
    throw new UnimplementedError(
      `TensorArray has size zero, but element shape ${formatShape(shape)} is not fully defined. Currently only static shapes are supported when packing zero-size TensorArrays.`,
    );
  }
  for (const [i, value] of values.entries()) {
    if (!sameShape(value.shape, shape)) {
      throw invalidArgument(
        `TensorArray has inconsistent shapes.  Index 0 has shape: ${formatShape(shape)} but index ${i} has shape: ${formatShape(value.shape)}`,
      );
    }
  }
  return stackRows(cells.dtype, shape, values);
}

/** Row i becomes element places[i]. */
function scattered(context: ComputeContext, cells: Cells, places: readonly number[], value: NdArray): void {
  if (places.length !== value.shape[0]) {
    throw invalidArgument(`Expected len(indices) == values.shape[0], but saw: ${places.length} vs. ${value.shape[0]}`);
  }
  const last = places.reduce((most, place) => Math.max(most, place), -1);
  if (!cells.hasDynamicSize && last >= cells.size) {
    throw invalidArgument(`Max scatter index must be < array size (${last} vs. ${cells.size})`);
  }
  cells.markSize(value.shape[0]!);
  const keep = (row: NdArray) => context.keep(row);
  for (const [i, place] of places.entries()) cells.write(place, rowViewOf(value, i), keep);
}

function checkRows(value: NdArray): void {
  if (value.shape.length === 0) {
    throw invalidArgument("Input value for unpack must be at least a vector but received shape: []");
  }
}

const anyElement = "element_shape: shape = unknown";

export function elementOps(version: Version, handleArg: Handle) {
  const stateful = version === "V3";
  /** array[index] = value. */
  const write = defineOp(`TensorArrayWrite${version}`, {
    inputs: [handleArg, "index: int32", "value: T", "flow_in: float32"],
    outputs: ["flow_out: float32"],
    attrs: ["T: type"],
    stateful,
    shape({ handle, index, flow_in, value }, context) {
      if (version === "") return [null];
      withRank(handle, 1);
      for (const shape of [index, flow_in]) withRank(shape, 0);
      checkAgainst(value, context);
      return [[]];
    },
    compute({ handle, index, value, flow_in, T }, context) {
      if (index.shape.length > 0) {
        throw invalidArgument(`TensorArray index must be scalar, but had shape: ${formatShape(index.shape)}`);
      }
      const cells = cellsOf(context, handle);
      checkDtype(cells, T, "is trying to write");
      cells.write(scalarOf(index), value, (each) => context.keep(each));
      return flow_in;
    },
    gradient(tf, { handle, index, flow_out, T }, flow) {
      const after = afterWrite(tf, flow_out, flow as Tensor);
      return { value: gradientArray(T, handle, after, flow as Tensor).read(index), flow_in: after };
    },
  });
  /** value = array[index]; an array may forget it then. */
  const read = defineOp(`TensorArrayRead${version}`, {
    inputs: [handleArg, "index: int32", "flow_in: float32"],
    outputs: ["value: dtype"],
    attrs: ["dtype: type"],
    stateful,
    shape({ handle, index, flow_in }, context) {
      if (version === "") return [null];
      withRank(handle, 1);
      for (const shape of [index, flow_in]) withRank(shape, 0);
      return [elementShapeOf(context) ?? null];
    },
    compute({ handle, index, dtype }, context) {
      const cells = cellsOf(context, handle);
      checkDtype(cells, dtype, "requested");
      return cells.read(scalarOf(index));
    },
    gradient: (_tf, { handle, index, flow_in, dtype }, dy) => ({
      flow_in: gradientArray(dtype, handle, flow_in, dy as Tensor).write(index, dy as Tensor).flow,
    }),
  });
  /** value[i] = array[indices[i]]. */
  const gather = defineOp(`TensorArrayGather${version}`, {
    inputs: [handleArg, "indices: int32", "flow_in: float32"],
    outputs: ["value: dtype"],
    attrs: ["dtype: type", anyElement],
    stateful,
    shape({ handle, indices, flow_in, element_shape }, context) {
      if (version === "") return [null];
      withRank(handle, 1);
      withRank(flow_in, 0);
      const rows = withRank(indices, 1);
      if (version === "V2") return [null];
      const known = elementShapeOf(context);
      const element = known === undefined ? element_shape : known;
      return [element && [...rows, ...element]];
    },
    compute({ handle, indices, dtype, element_shape }, context) {
      const cells = cellsOf(context, handle);
      checkDtype(cells, dtype, "requested");
      const places = vectorOf(indices);
      cells.mergeElementShape(element_shape);
      return gathered(cells, places);
    },
    gradient: (_tf, { handle, indices, flow_in, dtype }, dy) => ({
      flow_in: gradientArray(dtype, handle, flow_in, dy as Tensor).scatter(indices, dy as Tensor).flow,
    }),
  });
  /** array[indices[i]] = value[i]. */
  const scatter = defineOp(`TensorArrayScatter${version}`, {
    inputs: [handleArg, "indices: int32", "value: T", "flow_in: float32"],
    outputs: ["flow_out: float32"],
    attrs: ["T: type"],
    stateful,
    shape({ handle, indices, value, flow_in }, context) {
      if (version === "") return [null];
      withRank(handle, 1);
      const [rows] = withRank(indices, 1);
      withRank(flow_in, 0);
      if (version === "V2") return [[]];
      withRankAtLeast(value, 1);
      if (value) {
        mergeDims(rows!, value[0]!);
        checkAgainst(value.slice(1), context);
      }
      return [[]];
    },
    compute({ handle, indices, value, flow_in, T }, context) {
      const cells = cellsOf(context, handle);
      checkDtype(cells, T, "is trying to write");
      checkRows(value);
      scattered(context, cells, vectorOf(indices), value);
      return flow_in;
    },
    gradient(tf, { handle, indices, flow_out, T }, flow) {
      const after = afterWrite(tf, flow_out, flow as Tensor);
      return { value: gradientArray(T, handle, after, flow as Tensor).gather(indices), flow_in: after };
    },
  });
  return { write, read, gather, scatter };
}

/** value = all elements as rows. */
export const tensorArrayPackOp = defineOp("TensorArrayPack", {
  inputs: ["handle: Ref(string)", "flow_in: float32"],
  outputs: ["value: dtype"],
  attrs: ["dtype: type", anyElement],
  shape: () => [null],
  compute({ handle, dtype, element_shape }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, dtype, "requested");
    cells.mergeElementShape(element_shape);
    return gathered(
      cells,
      Array.from({ length: cells.packedSize }, (_, i) => i),
    );
  },
  gradient: "unregistered",
});

/** Element i = row i of the value. */
export const tensorArrayUnpackOp = defineOp("TensorArrayUnpack", {
  inputs: ["handle: Ref(string)", "value: T", "flow_in: float32"],
  outputs: ["flow_out: float32"],
  attrs: ["T: type"],
  shape: () => [null],
  compute({ handle, value, flow_in, T }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, T, "is trying to write");
    checkRows(value);
    if (!cells.hasDynamicSize && value.shape[0] !== cells.size) {
      throw invalidArgument(
        `Input value must have first dimension equal to the array size (${value.shape[0]} vs. ${cells.size})`,
      );
    }
    scattered(
      context,
      cells,
      Array.from({ length: value.shape[0]! }, (_, i) => i),
      value,
    );
    return flow_in;
  },
  gradient: "unregistered",
});
