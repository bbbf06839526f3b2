/**
 * Arrays of tensors that loops write and read, one element an iteration, in TensorFlow's three versions. They live as long as the run.
 * Source: data_flow_ops.cc, tensor_array_ops.cc.
 */
import { invalidArgument } from "../../../core/error.ts";
import { type NdArray, ndarray } from "../../../core/nd_array.ts";
import { type FullShape, formatShape, isFull, type Shape, withRank } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { Cells } from "./cells.ts";
import { elementOps } from "./elements.ts";
import { lengthOps } from "./lengths.ts";
import { cellsOf, makeCells, scalarOf } from "./shared.ts";

const flowStart = (): NdArray => ndarray(0, "float32");

interface Maker {
  readonly size: NdArray;
  readonly dtype: Cells["dtype"];
  readonly element_shape: Shape;
  readonly dynamic_size: boolean;
  readonly clear_after_read: boolean;
  readonly identical_element_shapes?: boolean;
  readonly tensor_array_name: string;
}

function make(op: Maker, isResource: boolean, context: ComputeContext): NdArray {
  if (op.size.shape.length > 0) {
    throw invalidArgument(`TensorArray size must be scalar, but had shape: ${formatShape(op.size.shape)}`);
  }
  const size = scalarOf(op.size);
  if (size < 0) throw invalidArgument("Size should be >= 0.");
  const name = `${op.tensor_array_name || context.node.name}_${context.nextId()}`;
  const create = () =>
    new Cells({
      name,
      dtype: op.dtype,
      size,
      elementShape: op.element_shape,
      hasDynamicSize: op.dynamic_size,
      hasIdenticalShapes: op.identical_element_shapes ?? false,
      clearsAfterRead: op.clear_after_read,
      isGradient: false,
    });
  return makeCells(context, { name, isResource, create });
}

export const tensorArrayOp = defineOp("TensorArray", {
  inputs: ["size: int32"],
  outputs: ["handle: Ref(string)"],
  attrs: [
    "dtype: type",
    "dynamic_size: bool = false",
    "clear_after_read: bool = true",
    "tensor_array_name: string = ''",
    "element_shape: shape = unknown",
  ],
  stateful: true,
  shape: () => [null],
  compute: (op, context) => make(op, false, context),
  gradient: "none",
});

export const tensorArrayV2Op = defineOp("TensorArrayV2", {
  inputs: ["size: int32"],
  outputs: ["handle: string"],
  attrs: [
    "dtype: type",
    "element_shape: shape = unknown",
    "dynamic_size: bool = false",
    "clear_after_read: bool = true",
    "tensor_array_name: string = ''",
  ],
  stateful: true,
  shape({ size }) {
    withRank(size, 0);
    return [[2]];
  },
  compute: (op, context) => make(op, false, context),
  gradient: "none",
});

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
  compute: (op, context) => [make(op, true, context), flowStart()],
  gradient: "none",
});

interface GradientsOf {
  readonly handle: NdArray;
  readonly source: string;
  readonly isResource: boolean;
  readonly prepended?: FullShape;
}

/** The array for the gradients of an array, the same for all who give the same source. */
function gradientsOf(context: ComputeContext, { handle, source, isResource, prepended = [] }: GradientsOf): NdArray {
  const forward = cellsOf(context, handle);
  const name = `${forward.name}@${source}`;
  return makeCells(context, { name, isResource, create: () => forward.makeGradients(name, prepended) });
}

export const tensorArrayGradOp = defineOp("TensorArrayGrad", {
  inputs: ["handle: string", "flow_in: float32"],
  outputs: ["grad_handle: Ref(string)"],
  attrs: ["source: string"],
  stateful: true,
  shape: () => [null],
  compute: ({ handle, source }, context) => gradientsOf(context, { handle, source, isResource: false }),
  gradient: "none",
});

export const tensorArrayGradV2Op = defineOp("TensorArrayGradV2", {
  inputs: ["handle: string", "flow_in: float32"],
  outputs: ["grad_handle: string"],
  attrs: ["source: string"],
  stateful: true,
  shape: ({ handle }) => {
    withRank(handle, 1);
    return [[2]];
  },
  compute: ({ handle, source }, context) => gradientsOf(context, { handle, source, isResource: false }),
  gradient: "none",
});

export const tensorArrayGradV3Op = defineOp("TensorArrayGradV3", {
  inputs: ["handle: resource", "flow_in: float32"],
  outputs: ["grad_handle: resource", "flow_out: float32"],
  attrs: ["source: string"],
  stateful: true,
  shape: ({ handle }, context) => {
    withRank(handle, 1);
    return { shapes: [[2], []], handles: [context.handle("handle"), null] };
  },
  compute: ({ handle, source }, context) => [gradientsOf(context, { handle, source, isResource: true }), flowStart()],
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
  compute({ handle, source, shape_to_prepend }, context) {
    const prepended = Array.from(shape_to_prepend.data as Int32Array);
    return [gradientsOf(context, { handle, source, isResource: true, prepended }), flowStart()];
  },
  gradient: "none",
});

export const {
  write: tensorArrayWriteOp,
  read: tensorArrayReadOp,
  gather: tensorArrayGatherOp,
  scatter: tensorArrayScatterOp,
} = elementOps("", "handle: Ref(string)");
export const {
  write: tensorArrayWriteV2Op,
  read: tensorArrayReadV2Op,
  gather: tensorArrayGatherV2Op,
  scatter: tensorArrayScatterV2Op,
} = elementOps("V2", "handle: string");
export const {
  write: tensorArrayWriteV3Op,
  read: tensorArrayReadV3Op,
  gather: tensorArrayGatherV3Op,
  scatter: tensorArrayScatterV3Op,
} = elementOps("V3", "handle: resource");

export const {
  concat: tensorArrayConcatOp,
  split: tensorArraySplitOp,
  size: tensorArraySizeOp,
  close: tensorArrayCloseOp,
} = lengthOps("", "handle: Ref(string)");
export const {
  concat: tensorArrayConcatV2Op,
  split: tensorArraySplitV2Op,
  size: tensorArraySizeV2Op,
  close: tensorArrayCloseV2Op,
} = lengthOps("V2", "handle: string");
export const {
  concat: tensorArrayConcatV3Op,
  split: tensorArraySplitV3Op,
  size: tensorArraySizeV3Op,
  close: tensorArrayCloseV3Op,
} = lengthOps("V3", "handle: resource");

export { tensorArrayPackOp, tensorArrayUnpackOp } from "./elements.ts";
