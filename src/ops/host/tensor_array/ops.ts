/**
 * Arrays of tensors that loops write and read, one element an iteration. A scalar float32, the flow, goes from write to write to read, so
 * that they happen in this order. Source: data_flow_ops.cc, tensor_array_ops.cc, tensor_array_grad.py.
 */
import { invalidArgument, ValueError } from "../../../core/error.ts";
import { elementAt, type NdArray, ndarray } from "../../../core/nd_array.ts";
import {
  type FullShape,
  formatShape,
  isFull,
  type Shape,
  sameShape,
  withRank,
  withRankAtLeast,
} from "../../../core/shape.ts";
import type { ComputeContext, ShapeContext } from "../../../graph/definition.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import { joinRows, rowOf, sliceRows, stackRows } from "../arrays.ts";
import { objectOf } from "../resource.ts";
import { Cells } from "./cells.ts";
import { TensorArray } from "./tensor_array.ts";

const container = "_tensor_arrays";

const cellsOf = (context: ComputeContext, handle: NdArray): Cells => objectOf<Cells>(context, handle, container);
const scalarOf = (array: NdArray): number => Number(elementAt(array, 0));
const flowStart = (): NdArray => ndarray(0, "float32");

/** The object of this name for as long as the run lasts; its handle. */
function makeCells(context: ComputeContext, name: string, create: () => Cells): NdArray {
  const { handle } = context.makeResource({ container, name, create });
  context.atEnd(() => context.deleteResource(handle));
  return handle;
}

function checkDtype(cells: Cells, dtype: Cells["dtype"], verb: string): void {
  if (cells.dtype !== dtype) {
    throw invalidArgument(`TensorArray dtype is ${cells.dtype} but Op ${verb} dtype ${dtype}.`);
  }
}

/** The shape of the elements, where the maker of the handle said that they have one. */
const elementShapeOf = (context: ShapeContext): Shape | undefined => context.handle("handle")?.[0]?.shape;

export const tensorArrayV3Op = defineOp("TensorArrayV3", {
  inputs: ["size: int32"],
  outputs: ["handle: resource", "flow: float32"],
  attrs: [
    "dtype: type",
    "element_shape: shape = unknown",
    "dynamic_size: bool = false",
    "clear_after_read: bool = true",
    "identical_element_shapes: bool = false",
    "tensor_array_name: string = ''",
  ],
  stateful: true,
  shape({ size, dtype, element_shape, identical_element_shapes }) {
    withRank(size, 0);
    const isKnown = identical_element_shapes || isFull(element_shape);
    return { shapes: [[2], []], handles: [isKnown ? [{ dtype, shape: element_shape }] : null, null] };
  },
  compute(op, context) {
    if (op.size.shape.length > 0) {
      throw invalidArgument(`TensorArray size must be scalar, but had shape: ${formatShape(op.size.shape)}`);
    }
    const size = scalarOf(op.size);
    if (size < 0) throw invalidArgument("Size should be >= 0.");
    const name = `${op.tensor_array_name || context.node.name}_${context.nextId()}`;
    const handle = makeCells(
      context,
      name,
      () =>
        new Cells({
          name,
          dtype: op.dtype,
          size,
          elementShape: op.element_shape,
          hasDynamicSize: op.dynamic_size,
          hasIdenticalShapes: op.identical_element_shapes,
          clearsAfterRead: op.clear_after_read,
          isGradient: false,
        }),
    );
    return [handle, flowStart()];
  },
  gradient: "none",
});

function gradientsOf(context: ComputeContext, handle: NdArray, source: string, prepended: FullShape): NdArray[] {
  const forward = cellsOf(context, handle);
  const name = `${forward.name}@${source}`;
  return [makeCells(context, name, () => forward.makeGradients(name, prepended)), flowStart()];
}

/** grad_handle = the array for the gradients of an array, the same for all who give the same source. */
export const tensorArrayGradV3Op = defineOp("TensorArrayGradV3", {
  inputs: ["handle: resource", "flow_in: float32"],
  outputs: ["grad_handle: resource", "flow_out: float32"],
  attrs: ["source: string"],
  stateful: true,
  shape: ({ handle }, context) => {
    withRank(handle, 1);
    return { shapes: [[2], []], handles: [context.handle("handle"), null] };
  },
  compute: ({ handle, source }, context) => gradientsOf(context, handle, source, []),
  gradient: "none",
});

/** As TensorArrayGradV3, with elements that have more dimensions in front. */
export const tensorArrayGradWithShapeOp = defineOp("TensorArrayGradWithShape", {
  inputs: ["handle: resource", "flow_in: float32", "shape_to_prepend: int32"],
  outputs: ["grad_handle: resource", "flow_out: float32"],
  attrs: ["source: string"],
  stateful: true,
  shape: ({ handle }) => {
    withRank(handle, 1);
    return [[2], []];
  },
  compute: ({ handle, source, shape_to_prepend }, context) =>
    gradientsOf(context, handle, source, Array.from(shape_to_prepend.data as Int32Array)),
  gradient: "none",
});

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

const gradientArray = (dtype: Cells["dtype"], handle: Tensor, flow: Tensor, from: Tensor): TensorArray =>
  new TensorArray(dtype, { handle, flow, colocateWithFirstWriteCall: false }).grad(sourceOf(from), { flow });

/** The flow of the gradient, after the forward write is done. */
// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
function afterWrite(tf: any, written: Tensor, flow: Tensor): Tensor {
  const done = tf.identity(written, { name: "flow_out" });
  return getDefaultGraph().controlDependencies([done], () => tf.identity(flow, { name: "write_barrier" }));
}

/** array[index] = value. */
export const tensorArrayWriteV3Op = defineOp("TensorArrayWriteV3", {
  inputs: ["handle: resource", "index: int32", "value: T", "flow_in: float32"],
  outputs: ["flow_out: float32"],
  attrs: ["T: type"],
  stateful: true,
  shape({ handle, index, flow_in, value }, context) {
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
    cells.write(scalarOf(index), value);
    return flow_in;
  },
  gradient(tf, { handle, index, flow_out, T }, flow) {
    const after = afterWrite(tf, flow_out, flow as Tensor);
    return { value: gradientArray(T, handle, after, flow as Tensor).read(index), flow_in: after };
  },
});

/** Throws where an element's shape contradicts the maker's. */
function checkAgainst(value: Shape, context: ShapeContext): void {
  const element = elementShapeOf(context);
  if (element && value && element.length !== value.length) withRank(value, element.length);
}

/** value = array[index]; an array may forget it then. */
export const tensorArrayReadV3Op = defineOp("TensorArrayReadV3", {
  inputs: ["handle: resource", "index: int32", "flow_in: float32"],
  outputs: ["value: dtype"],
  attrs: ["dtype: type"],
  stateful: true,
  shape({ handle, index, flow_in }, context) {
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
export const tensorArrayGatherV3Op = defineOp("TensorArrayGatherV3", {
  inputs: ["handle: resource", "indices: int32", "flow_in: float32"],
  outputs: ["value: dtype"],
  attrs: ["dtype: type", "element_shape: shape = unknown"],
  stateful: true,
  shape({ handle, indices, flow_in, element_shape }, context) {
    withRank(handle, 1);
    withRank(flow_in, 0);
    const rows = withRank(indices, 1);
    const known = elementShapeOf(context);
    const element = known === undefined ? element_shape : known;
    return [element && [...rows, ...element]];
  },
  compute({ handle, indices, dtype, element_shape }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, dtype, "requested");
    if (indices.shape.length !== 1) {
      throw invalidArgument(`Expected indices to be a vector, but received shape: ${formatShape(indices.shape)}`);
    }
    cells.mergeElementShape(element_shape);
    const values = Array.from(indices.data as Int32Array, (index) => cells.read(index));
    const shape = values[0]?.shape ?? cells.elementShape;
    if (!isFull(shape)) {
      throw invalidArgument(
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
    return stackRows(dtype, shape, values);
  },
  gradient: (_tf, { handle, indices, flow_in, dtype }, dy) => ({
    flow_in: gradientArray(dtype, handle, flow_in, dy as Tensor).scatter(indices, dy as Tensor).flow,
  }),
});

/** array[indices[i]] = value[i]. */
export const tensorArrayScatterV3Op = defineOp("TensorArrayScatterV3", {
  inputs: ["handle: resource", "indices: int32", "value: T", "flow_in: float32"],
  outputs: ["flow_out: float32"],
  attrs: ["T: type"],
  stateful: true,
  shape({ handle, indices, value, flow_in }, context) {
    withRank(handle, 1);
    withRank(indices, 1);
    withRank(flow_in, 0);
    withRankAtLeast(value, 1);
    if (value) checkAgainst(value.slice(1), context);
    return [[]];
  },
  compute({ handle, indices, value, flow_in, T }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, T, "is trying to write");
    if (value.shape.length === 0) {
      throw invalidArgument("Input value for unpack must be at least a vector but received shape: []");
    }
    if (indices.shape.length !== 1) {
      throw invalidArgument(`Expected indices to be a vector, but received shape: ${formatShape(indices.shape)}`);
    }
    if (indices.size !== value.shape[0]) {
      throw invalidArgument(`Expected len(indices) == values.shape[0], but saw: ${indices.size} vs. ${value.shape[0]}`);
    }
    const places = Array.from(indices.data as Int32Array);
    const last = Math.max(-1, ...places);
    if (!cells.hasDynamicSize && last >= cells.size) {
      throw invalidArgument(`Max scatter index must be < array size (${last} vs. ${cells.size})`);
    }
    cells.markSize(value.shape[0]!);
    for (const [i, place] of places.entries()) cells.write(place, rowOf(value, i));
    return flow_in;
  },
  gradient(tf, { handle, indices, flow_out, T }, flow) {
    const after = afterWrite(tf, flow_out, flow as Tensor);
    return { value: gradientArray(T, handle, after, flow as Tensor).gather(indices), flow_in: after };
  },
});

/** value = all elements after each other along their first dimension, lengths = their first dimensions. */
export const tensorArrayConcatV3Op = defineOp("TensorArrayConcatV3", {
  inputs: ["handle: resource", "flow_in: float32"],
  outputs: ["value: dtype", "lengths: int64"],
  attrs: ["dtype: type", "element_shape_except0: shape = unknown"],
  stateful: true,
  shape({ handle, flow_in }) {
    withRank(handle, 1);
    withRank(flow_in, 0);
    return [null, [null]];
  },
  compute({ handle, dtype, element_shape_except0: except0 }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, dtype, "requested");
    const count = cells.packedSize;
    if (count === 0) {
      if (!isFull(except0)) {
        throw invalidArgument(
          `TensorArray has size zero, but element_shape_except0 ${formatShape(except0)} is not fully defined. Currently only static shapes are supported when concatenating zero-size TensorArrays.`,
        );
      }
      return [joinRows(dtype, except0, []), ndarray([], "int64", [0])];
    }
    const values = Array.from({ length: count }, (_, i) => cells.read(i));
    const inner = values[0]!.shape.slice(1);
    for (const [i, { shape }] of values.entries()) {
      if (shape.length === 0) {
        throw invalidArgument(
          `Concat saw a scalar shape at index ${i} but requires at least vectors.  Did you mean to call pack?`,
        );
      }
      if (!sameShape(shape.slice(1), inner)) {
        throw invalidArgument(
          `TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: ${formatShape(inner)} but index ${i} has (excepting dimension 0) shape: ${formatShape(shape.slice(1))}`,
        );
      }
    }
    const lengths = values.map(({ shape }) => shape[0]!);
    return [joinRows(dtype, inner, values), ndarray(lengths, "int64")];
  },
  gradient: (_tf, { handle, flow_in, lengths, dtype }, dy) => ({
    flow_in: gradientArray(dtype, handle, flow_in, dy as Tensor).split(dy as Tensor, lengths).flow,
  }),
});

/** array[i] = the next lengths[i] rows of value. */
export const tensorArraySplitV3Op = defineOp("TensorArraySplitV3", {
  inputs: ["handle: resource", "value: T", "lengths: int64", "flow_in: float32"],
  outputs: ["flow_out: float32"],
  attrs: ["T: type"],
  stateful: true,
  shape({ handle, value, lengths, flow_in }) {
    withRank(handle, 1);
    withRank(flow_in, 0);
    withRank(lengths, 1);
    withRankAtLeast(value, 1);
    return [[]];
  },
  compute({ handle, value, lengths, flow_in, T }, context) {
    const cells = cellsOf(context, handle);
    checkDtype(cells, T, "is trying to write");
    if (lengths.shape.length !== 1) {
      throw invalidArgument(`Expected lengths to be a vector, received shape: ${formatShape(lengths.shape)}`);
    }
    if (value.shape.length === 0) {
      throw invalidArgument("Expected value to be at least a vector, but received shape: []");
    }
    const rows = Array.from(lengths.data as BigInt64Array, Number);
    const total = rows.reduce((sum, length) => sum + length, 0);
    if (total !== value.shape[0]) {
      throw invalidArgument(
        `Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ${total} and value's shape is: ${formatShape(value.shape)}`,
      );
    }
    if (!cells.hasDynamicSize && cells.size !== rows.length) {
      throw invalidArgument(
        `TensorArray's size is not equal to the size of lengths (${cells.size} vs. ${rows.length}), and the TensorArray is not marked as dynamically resizeable`,
      );
    }
    cells.markSize(rows.length);
    let from = 0;
    for (const [i, length] of rows.entries()) {
      cells.write(i, sliceRows(value, from, from + length));
      from += length;
    }
    return flow_in;
  },
  gradient(tf, { handle, flow_out, T }, flow) {
    const after = afterWrite(tf, flow_out, flow as Tensor);
    return { value: gradientArray(T, handle, after, flow as Tensor).concat(), flow_in: after };
  },
});

export const tensorArraySizeV3Op = defineOp("TensorArraySizeV3", {
  inputs: ["handle: resource", "flow_in: float32"],
  outputs: ["size: int32"],
  stateful: true,
  shape: ({ handle }) => {
    withRank(handle, 1);
    return [[]];
  },
  compute: ({ handle }, context) => ndarray(cellsOf(context, handle).size, "int32"),
  gradient: "none",
});

/** Frees the elements before the run is over. */
export const tensorArrayCloseV3Op = defineOp("TensorArrayCloseV3", {
  inputs: ["handle: resource"],
  stateful: true,
  shape: ({ handle }) => {
    withRank(handle, 1);
    return [];
  },
  compute: ({ handle }, context) => cellsOf(context, handle).close(),
  gradient: "none",
});
