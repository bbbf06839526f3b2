/** Lists of tensors: made, written and read one element at a time. A list's gradient is a list. Source: list_ops.cc, list_kernels.cc, list_ops.py. */
import { int32 } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import { type NdArray, ndarray } from "../../core/nd_array.ts";
import { compatible, formatShape, isFull, type Shape } from "../../core/shape.ts";
import { integerArray } from "../compute/array/basic/elements.ts";
import { defineOp } from "../define.ts";
import { copyArray, rowOf } from "../host/arrays.ts";
import { type Element, listHandle, listOf, shapeOf, TensorList } from "./list.ts";
import { elementShapeOf, listHandleData, listShape, merge, shapeInput } from "./list_shapes.ts";
import { elementsOf, variantsOf } from "./value.ts";
import { Versions } from "./versions.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

const scalarOf = (array: NdArray): number => Number(array.data[0]);

/** handle = an empty list of up to max_num_elements (-1: any number) elements. */
export const emptyTensorListOp = defineOp("EmptyTensorList", {
  inputs: ["element_shape: shape_type", "max_num_elements: int32"],
  outputs: ["handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ element_shape, max_num_elements, element_dtype }) {
    if (max_num_elements.shape.length > 0) {
      throw invalidArgument(
        `max_num_elements expected to be a scalar but got shape: ${formatShape(max_num_elements.shape)}`,
      );
    }
    const maxElements = scalarOf(max_num_elements);
    const elementShape = shapeOf(element_shape);
    return listHandle(new TensorList({ dtype: element_dtype, elementShape, maxElements, elements: new Versions([]) }));
  },
  gradient: "unregistered",
});

/** handle = a list of num_elements elements that nothing was written to. */
export const tensorListReserveOp = defineOp("TensorListReserve", {
  inputs: ["element_shape: shape_type", "num_elements: int32"],
  outputs: ["handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ element_shape, num_elements, element_dtype }) {
    const elementShape = shapeOf(element_shape);
    if (num_elements.size !== 1) {
      throw invalidArgument(
        `The num_elements to reserve must be a tensor size 1, but got ${formatShape(num_elements.shape)}`,
      );
    }
    const n = scalarOf(num_elements);
    if (n < 0) throw invalidArgument(`The num_elements to reserve must be a non negative number, but got ${n}`);
    const elements = new Versions<Element>(new Array<Element>(n).fill(null));
    return listHandle(new TensorList({ dtype: element_dtype, elementShape, elements }));
  },
  gradient: "unregistered",
});

export const tensorListLengthOp = defineOp("TensorListLength", {
  inputs: ["input_handle: variant"],
  outputs: ["length: int32"],
  shape: () => [[]],
  compute: ({ input_handle }) => ndarray(listOf(input_handle).length, "int32"),
  gradient: "none",
});

/** element_shape = what is known of the elements' shape: -1 for unknown dimensions, or alone for an unknown rank. */
export const tensorListElementShapeOp = defineOp("TensorListElementShape", {
  inputs: ["input_handle: variant"],
  outputs: ["element_shape: shape_type"],
  attrs: ["shape_type: {int32, int64}"],
  shape(_, context) {
    const known = listHandleData(context)?.[0];
    return [known ? (known.shape === null ? null : [known.shape.length]) : null];
  },
  partialValue: (_, context) => listHandleData(context)?.[0]?.shape ?? null,
  compute({ input_handle, shape_type }) {
    const { elementShape } = listOf(input_handle);
    return elementShape === null
      ? integerArray(shape_type, [-1], [])
      : integerArray(
          shape_type,
          elementShape.map((n) => n ?? -1),
        );
  },
  gradient: "none",
});

/** The tensor as the next element. Throws INVALID_ARGUMENT for another dtype or shape, and when the list is full. */
function pushed(list: TensorList, tensor: NdArray): TensorList {
  if (!compatible(list.elementShape, tensor.shape)) {
    throw invalidArgument(
      `Tried to append a tensor with incompatible shape to a list. Op element shape: ${formatShape(tensor.shape)} list shape: ${formatShape(list.elementShape)}`,
    );
  }
  if (list.maxElements !== -1 && list.length >= list.maxElements) {
    throw invalidArgument(
      `Tried to push item into a full list list size: ${list.length} max_num_elements: ${list.maxElements}`,
    );
  }
  return list.with(list.elements.pushed(tensor));
}

/** output_handle = the list with tensor at its end. */
export const tensorListPushBackOp = defineOp("TensorListPushBack", {
  inputs: ["input_handle: variant", "tensor: element_dtype"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, elementShapeOf(context, element_dtype, "push")),
  compute({ input_handle, tensor, element_dtype }) {
    return listHandle(pushed(listOf(input_handle, element_dtype), copyArray(tensor)));
  },
  gradient(tf: Tools, { tensor, element_dtype }, dy) {
    const popped = tf.tensorListPopBackOp({ input_handle: dy!, element_shape: tf.shape(tensor), element_dtype });
    return { input_handle: popped.output_handle, tensor: popped.tensor };
  },
});

/** output_handles[i] = the list input_handles[i] with tensor[i] at its end. */
export const tensorListPushBackBatchOp = defineOp("TensorListPushBackBatch", {
  inputs: ["input_handles: variant", "tensor: element_dtype"],
  outputs: ["output_handles: variant"],
  attrs: ["element_dtype: type"],
  shape({ input_handles, tensor, element_dtype }, context) {
    const known = elementShapeOf(context, element_dtype, "push", "input_handles");
    const lead = input_handles && tensor ? tensor.slice(0, input_handles.length) : null;
    const shape = lead ? merge(input_handles, lead) : input_handles;
    return { shapes: [shape], handles: [[{ dtype: element_dtype, shape: known }]] };
  },
  compute({ input_handles, tensor, element_dtype }) {
    if (tensor.shape.length === 0) throw invalidArgument("Expected tensor to be at least a vector, but saw shape: []");
    const prefix = tensor.shape.slice(0, input_handles.shape.length);
    if (formatShape(prefix) !== formatShape(input_handles.shape)) {
      throw invalidArgument(
        `Expected tensor.shape[0] == input_handles.size, but saw ${tensor.shape[0]} vs. ${input_handles.size}`,
      );
    }
    const lists = elementsOf(input_handles).map((held, i) => {
      const list = listOf(listHandle(held as TensorList), element_dtype);
      return pushed(list, rowOf(tensor, i));
    });
    return variantsOf(input_handles.shape, lists);
  },
  gradient: "none",
});

/** tensor = the last element, output_handle = the list without it. */
export const tensorListPopBackOp = defineOp("TensorListPopBack", {
  inputs: ["input_handle: variant", "element_shape: int32"],
  outputs: ["output_handle: variant", "tensor: element_dtype"],
  attrs: ["element_dtype: type"],
  shape({ element_dtype }, context) {
    const shape = merge(elementShapeOf(context, element_dtype, "read"), shapeInput(context));
    return { shapes: [[], shape], handles: [[{ dtype: element_dtype, shape }], null] };
  },
  compute({ input_handle, element_shape, element_dtype }) {
    const list = listOf(input_handle, element_dtype);
    if (list.length === 0) throw invalidArgument("Trying to pop from an empty list.");
    const last = list.elements.get(list.length - 1);
    const tensor = last ?? readZeros(list, shapeOf(element_shape), null);
    return [listHandle(list.with(list.elements.popped())), tensor];
  },
  gradient: (tf: Tools, { element_dtype }, dlist, delement) => ({
    input_handle: tf.tensorListPushBackOp({ input_handle: dlist!, tensor: delement!, element_dtype }),
  }),
});

/** Zeros for an element that nothing was written to. Throws INVALID_ARGUMENT when its shape is not known. */
function readZeros(list: TensorList, wanted: Shape, index: number | null): NdArray {
  const shape = list.knownShape(wanted);
  if (!isFull(shape)) {
    throw invalidArgument(
      index === null
        ? `Trying to read an uninitialized tensor but element_shape is not fully defined.${formatShape(shape)}`
        : `Trying to read an uninitialized tensor but element_shape is not fully defined: ${formatShape(shape)} and no list element is set.`,
    );
  }
  return list.zerosAt(shape);
}

/** item = the element at index; zeros when nothing was written there. */
export const tensorListGetItemOp = defineOp("TensorListGetItem", {
  inputs: ["input_handle: variant", "index: int32", "element_shape: Tshape"],
  outputs: ["item: element_dtype"],
  attrs: ["element_dtype: type", "Tshape: {int32, int64} = DT_INT32"],
  shape: ({ element_dtype }, context) => [merge(elementShapeOf(context, element_dtype, "read"), shapeInput(context))],
  compute({ input_handle, index, element_shape, element_dtype }) {
    const list = listOf(input_handle, element_dtype);
    const i = scalarOf(index);
    if (i < 0 || i >= list.length) {
      throw invalidArgument(`Trying to access element ${i} in a list with ${list.length} elements.`);
    }
    return list.elements.get(i) ?? readZeros(list, shapeOf(element_shape), i);
  },
  gradient(tf: Tools, { input_handle, index, element_dtype }, dy) {
    const num_elements = tf.tensorListLengthOp({ input_handle });
    const element_shape = tf.tensorListElementShapeOp({ input_handle, shape_type: int32 });
    const reserved = tf.tensorListReserveOp({ element_shape, num_elements, element_dtype });
    return { input_handle: tf.tensorListSetItemOp({ input_handle: reserved, index, item: dy! }) };
  },
});

/** output_handle = the list with item at index. */
export const tensorListSetItemOp = defineOp("TensorListSetItem", {
  inputs: ["input_handle: variant", "index: int32", "item: element_dtype"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type", "resize_if_index_out_of_bounds: bool = false"],
  shape({ item, element_dtype }, context) {
    const known = elementShapeOf(context, element_dtype, "read");
    const data = listHandleData(context)?.[0];
    if (data) merge(known, item);
    return listShape(element_dtype, data ? known : item === null ? null : known);
  },
  compute({ input_handle, index, item, element_dtype, resize_if_index_out_of_bounds }) {
    let list = listOf(input_handle, element_dtype);
    const i = scalarOf(index);
    if (i < 0 || (i >= list.length && !resize_if_index_out_of_bounds)) {
      throw invalidArgument(`Trying to modify element ${i} in a list with ${list.length} elements.`);
    }
    if (i >= list.length) list = resized(list, i + 1);
    if (!compatible(list.elementShape, item.shape)) {
      throw invalidArgument(
        `Tried to set a tensor with incompatible shape at a list index. Item element shape: ${formatShape(item.shape)} list shape: ${formatShape(list.elementShape)}`,
      );
    }
    return listHandle(list.with(list.elements.with(i, copyArray(item))));
  },
  gradient(tf: Tools, { input_handle, index, item, element_dtype, resize_if_index_out_of_bounds }, dy) {
    let dlist = tf.tensorListSetItemOp({ input_handle: dy!, index, item: tf.zerosLike(item) });
    const ditem = tf.tensorListGetItemOp({
      input_handle: dy!,
      index,
      element_shape: tf.shape(item),
      element_dtype,
    });
    if (resize_if_index_out_of_bounds) {
      dlist = tf.tensorListResizeOp({ input_handle: dlist, size: tf.tensorListLengthOp({ input_handle }) });
    }
    return { input_handle: dlist, item: ditem };
  },
});

/** The first `size` elements, with empty ones behind them where there are fewer. */
export function resized(list: TensorList, size: number): TensorList {
  const elements = list.elements.toArray().slice(0, size);
  while (elements.length < size) elements.push(null);
  return list.with(new Versions(elements));
}

/** output_handle = the list with `size` elements. */
export const tensorListResizeOp = defineOp("TensorListResize", {
  inputs: ["input_handle: variant", "size: int32"],
  outputs: ["output_handle: variant"],
  shape: (_, context) => ({ shapes: [[]], handles: [listHandleData(context)] }),
  compute({ input_handle, size }) {
    const list = listOf(input_handle);
    const n = scalarOf(size);
    if (n < 0) throw invalidArgument(`TensorListSlice expects size to be non-negative. Got: ${n}`);
    return listHandle(resized(list, n));
  },
  gradient: (tf: Tools, { input_handle }, dy) => ({
    input_handle: tf.tensorListResizeOp({ input_handle: dy!, size: tf.tensorListLengthOp({ input_handle }) }),
  }),
});
