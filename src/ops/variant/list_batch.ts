/** Lists of tensors and whole tensors: stacked, joined, gathered, split and scattered. Source: list_ops.cc, list_kernels.cc, list_ops.py. */
import { int32, int64 } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { compatible, type FullShape, formatShape, isFull, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { integerArray } from "../compute/array/basic/elements.ts";
import { defineOp } from "../define.ts";
import { joinRows, rowOf, sliceRows, stackRows } from "../host/arrays.ts";
import { type Element, listHandle, listOf, mergePartial, shapeOf, TensorList } from "./list.ts";
import { elementShapeOf, listShape, merge, shapeInput } from "./list_shapes.ts";
import { Versions } from "./versions.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

export const numbersOf = (array: NdArray): number[] => Array.from(array.data as Int32Array, Number);

/** The elements at these places, zeros where nothing was written: [n, ...shape]. Throws INVALID_ARGUMENT when shapes differ or are not known. */
function stacked(list: TensorList, wanted: Shape, elements: readonly Element[], verb: string): NdArray {
  let shape = list.knownShape(wanted);
  for (const element of elements) {
    if (!element) continue;
    shape = mergePartial(shape, element.shape);
  }
  if (!isFull(shape)) {
    throw invalidArgument(
      elements.length === 0
        ? `Tried to ${verb} elements of an empty list with non-fully-defined element_shape: ${formatShape(shape)}`
        : `Tried to ${verb} list which only contains uninitialized tensors and has a non-fully-defined element_shape: ${formatShape(shape)}`,
    );
  }
  const full = shape as FullShape;
  return stackRows(
    list.dtype,
    full,
    elements.map((element) => element ?? list.zerosAt(full)),
  );
}

/** tensor = the elements as rows: [n, ...shape]. */
export const tensorListStackOp = defineOp("TensorListStack", {
  inputs: ["input_handle: variant", "element_shape: int32"],
  outputs: ["tensor: element_dtype"],
  attrs: ["element_dtype: type", "num_elements: int = -1"],
  shape({ element_dtype, num_elements }, context) {
    const shape = merge(elementShapeOf(context, element_dtype, "read"), shapeInput(context));
    return [shape && [num_elements < 0 ? null : num_elements, ...shape]];
  },
  compute({ input_handle, element_shape, element_dtype, num_elements }) {
    const list = listOf(input_handle, element_dtype);
    if (num_elements !== -1 && num_elements !== list.length) {
      throw invalidArgument(
        `Operation expected a list with ${num_elements} elements but got a list with ${list.length} elements.`,
      );
    }
    return stacked(list, shapeOf(element_shape), list.elements.toArray(), "stack");
  },
  gradient: (tf: Tools, __, dy) => ({
    input_handle: tf.tensorListFromTensorOp({ tensor: dy!, element_shape: shapeLiteral(dy!.shape?.slice(1) ?? null) }),
  }),
});

/** A static shape as Python writes it for the list ops: -1 for what is not known. */
const shapeLiteral = (shape: Shape): never =>
  (shape === null
    ? -1
    : integerArray(
        int32,
        shape.map((n) => n ?? -1),
        [shape.length],
      )) as never;

/** values[i] = the element at indices[i]. */
export const tensorListGatherOp = defineOp("TensorListGather", {
  inputs: ["input_handle: variant", "indices: int32", "element_shape: int32"],
  outputs: ["values: element_dtype"],
  attrs: ["element_dtype: type"],
  shape({ indices, element_dtype }, context) {
    const shape = merge(elementShapeOf(context, element_dtype, "read"), shapeInput(context));
    return [shape && indices && [...indices, ...shape]];
  },
  compute({ input_handle, indices, element_shape, element_dtype }) {
    const list = listOf(input_handle, element_dtype);
    const elements = numbersOf(indices).map((i) => {
      if (i < 0 || i >= list.length) {
        throw invalidArgument(`Trying to gather element ${i} in a list with ${list.length} elements.`);
      }
      return list.elements.get(i);
    });
    return stacked(list, shapeOf(element_shape), elements, "gather");
  },
  gradient(tf: Tools, { input_handle, indices, element_dtype }, dy) {
    const element_shape = tf.tensorListElementShapeOp({ input_handle, shape_type: int32 });
    const num_elements = tf.tensorListLengthOp({ input_handle });
    const reserved = tf.tensorListReserveOp({ element_shape, num_elements, element_dtype });
    return {
      input_handle: tf.tensorListScatterIntoExistingListOp({ input_handle: reserved, tensor: dy!, indices }),
    };
  },
});

export function checkRows(tensor: NdArray, wanted: Shape): void {
  if (tensor.shape.length === 0) {
    throw invalidArgument(`Tensor must be at least a vector, but saw shape: ${formatShape(tensor.shape)}`);
  }
  const rest = tensor.shape.slice(1);
  if (!compatible(wanted, rest)) {
    throw invalidArgument(
      `Specified a list with shape ${formatShape(wanted)} from a tensor with shape ${formatShape(rest)}`,
    );
  }
}

const rowsOf = (tensor: NdArray): Element[] => Array.from({ length: tensor.shape[0]! }, (_, i) => rowOf(tensor, i));

/** output_handle = the rows of a tensor as a list. */
export const tensorListFromTensorOp = defineOp("TensorListFromTensor", {
  inputs: ["tensor: element_dtype", "element_shape: shape_type"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ tensor, element_shape, element_dtype }) {
    const elementShape = shapeOf(element_shape);
    checkRows(tensor, elementShape);
    return listHandle(new TensorList({ dtype: element_dtype, elementShape, elements: new Versions(rowsOf(tensor)) }));
  },
  gradient(tf: Tools, { tensor, element_dtype }, dy) {
    const n = tensor.shape?.[0] ?? -1;
    const element_shape = tf.slice(tf.shape(tensor), [1], [-1]);
    return { tensor: tf.tensorListStackOp({ input_handle: dy!, element_shape, element_dtype, num_elements: n }) };
  },
});

/** tensor = the elements after each other along their first axis; lengths = how long each one is. */
function joined(list: TensorList, wanted: Shape, leading: readonly number[]): NdArray[] {
  const elements = list.elements.toArray();
  let rest: Shape = wanted?.slice(1) ?? null;
  if (wanted?.length === 0) {
    throw invalidArgument(`Concat requires elements to be at least vectors, found scalars instead.`);
  }
  for (const element of elements) {
    if (!element) continue;
    if (element.shape.length > 0) rest = mergePartial(rest, element.shape.slice(1));
  }
  if (!isFull(rest)) {
    throw invalidArgument(
      elements.length === 0
        ? `All except the first dimension must be fully defined when concating an empty tensor list. element_shape: ${formatShape(wanted)}`
        : `Trying to concat list with only uninitialized tensors but element_shape_except_first_dim is not fully defined: ${formatShape(rest)}`,
    );
  }
  const inner = rest;
  const parts = elements.map((element, i) => {
    if (element) return element;
    const first = leading[i] ?? wanted?.[0] ?? null;
    if (first === null) {
      throw invalidArgument(
        `List contains uninitialized tensor at index ${i} but leading_dims has only ${leading.length} elements.`,
      );
    }
    return list.zerosAt([first, ...inner]);
  });
  return [
    joinRows(list.dtype, inner, parts),
    integerArray(
      int64,
      parts.map((part) => part.shape[0]!),
    ),
  ];
}

const concatShapes = (shape: Shape): Shape[] => [shape && [null, ...shape.slice(1)], [null]];

export const tensorListConcatOp = defineOp("TensorListConcat", {
  inputs: ["input_handle: variant"],
  outputs: ["tensor: element_dtype", "lengths: int64"],
  attrs: ["element_dtype: type", "element_shape: shape = unknown"],
  shape: ({ element_dtype, element_shape }, context) =>
    concatShapes(merge(elementShapeOf(context, element_dtype, "read"), element_shape)),
  compute({ input_handle, element_dtype, element_shape }) {
    const list = listOf(input_handle, element_dtype);
    return joined(list, element_shape, []);
  },
  gradient: (tf: Tools, { input_handle, lengths }, dtensor) => ({
    input_handle: splitGradient(tf, input_handle, lengths, dtensor!),
  }),
});

const splitGradient = (tf: Tools, input_handle: Tensor, lengths: Tensor, dtensor: Tensor): Tensor =>
  tf.tensorListSplitOp({
    tensor: dtensor,
    element_shape: tf.tensorListElementShapeOp({ input_handle, shape_type: int32 }),
    lengths,
  });

export const tensorListConcatV2Op = defineOp("TensorListConcatV2", {
  inputs: ["input_handle: variant", "element_shape: shape_type", "leading_dims: int64"],
  outputs: ["tensor: element_dtype", "lengths: int64"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) =>
    concatShapes(merge(elementShapeOf(context, element_dtype, "read"), shapeInput(context))),
  compute({ input_handle, element_shape, leading_dims, element_dtype }) {
    const list = listOf(input_handle, element_dtype);
    const wanted = shapeOf(element_shape);
    return joined(list, mergePartial(wanted, list.elementShape), numbersOf(leading_dims));
  },
  gradient: (tf: Tools, { input_handle, lengths }, dtensor) => ({
    input_handle: splitGradient(tf, input_handle, lengths, dtensor!),
  }),
});

/** output_handle = a tensor cut along its first axis into parts of these lengths. */
export const tensorListSplitOp = defineOp("TensorListSplit", {
  inputs: ["tensor: element_dtype", "element_shape: shape_type", "lengths: int64"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ tensor, element_shape, lengths, element_dtype }) {
    const elementShape = shapeOf(element_shape);
    if (lengths.shape.length !== 1)
      throw invalidArgument(`Expected lengths to be a vector, received shape: ${formatShape(lengths.shape)}`);
    if (tensor.shape.length === 0) {
      throw invalidArgument(`Tensor must be at least a vector, but saw shape: ${formatShape(tensor.shape)}`);
    }
    const sizes = numbersOf(lengths);
    let at = 0;
    const elements: Element[] = [];
    for (const size of sizes) {
      if (size < 0) throw invalidArgument(`Invalid value in lengths: ${size}`);
      if (at + size > tensor.shape[0]!) {
        throw invalidArgument(`Attempting to slice [${at}, ${at + size}] from tensor with length ${tensor.shape[0]}`);
      }
      const part = sliceRows(tensor, at, at + size);
      if (!compatible(elementShape, part.shape)) {
        throw invalidArgument(
          `tensor shape ${formatShape(tensor.shape)} is not compatible with element_shape ${formatShape(elementShape)}`,
        );
      }
      elements.push(part);
      at += size;
    }
    if (at !== tensor.shape[0]) {
      throw invalidArgument(`Unused values in tensor. Length of tensor: ${tensor.shape[0]} Values used: ${at}`);
    }
    return listHandle(new TensorList({ dtype: element_dtype, elementShape, elements: new Versions(elements) }));
  },
  gradient(tf: Tools, { tensor, lengths, element_dtype }, dy) {
    const element_shape = tf.concat([[-1], tf.slice(tf.shape(tensor), [1], [-1])], 0);
    const joint = tf.tensorListConcatV2Op({ input_handle: dy!, element_shape, leading_dims: lengths, element_dtype });
    return { tensor: (joint as { readonly tensor: Tensor }).tensor };
  },
});
