/** Lists of tensors from scattered rows, and lists after each other. Source: list_ops.cc, list_kernels.cc, list_ops.py. */
import { invalidArgument } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { cppName } from "../../graph/def/node_text.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { defineOp } from "../define.ts";
import { rowOf } from "../host/arrays.ts";
import { type Element, listHandle, listOf, shapeOf, TensorList } from "./list.ts";
import { checkRows, numbersOf } from "./list_batch.ts";
import { resized } from "./list_ops.ts";
import { listHandleData, listShape, merge, shapeInput } from "./list_shapes.ts";
import { elementsOf, variantsOf } from "./value.ts";
import { Versions } from "./versions.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

function checkIndices(tensor: NdArray, indices: NdArray): number[] {
  if (indices.shape.length !== 1)
    throw invalidArgument(`Expected indices to be a vector, but received shape: ${formatShape(indices.shape)}`);
  if (indices.size !== tensor.shape[0]) {
    throw invalidArgument(
      `Invalid number of rows in input tensor. Expected: ${indices.size} Actual: ${tensor.shape[0]}`,
    );
  }
  const places = numbersOf(indices);
  if (places.some((i) => i < 0)) throw invalidArgument("Indices in TensorListScatter must all be non-negative.");
  return places;
}

function scattered(list: TensorList, tensor: NdArray, places: readonly number[]): TensorList {
  const elements = list.elements.toArray();
  for (const [row, place] of places.entries()) elements[place] = rowOf(tensor, row);
  return list.with(new Versions(elements));
}

const afterLast = (places: readonly number[]): number => places.reduce((n, place) => Math.max(n, place + 1), 0);

/** output_handle = a list with tensor[i] at indices[i]. */
export const tensorListScatterOp = defineOp("TensorListScatter", {
  inputs: ["tensor: element_dtype", "indices: int32", "element_shape: shape_type"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ tensor, indices, element_shape, element_dtype }) {
    const elementShape = shapeOf(element_shape);
    checkRows(tensor, elementShape);
    const places = checkIndices(tensor, indices);
    const empty = new TensorList({ dtype: element_dtype, elementShape, elements: new Versions<Element>([]) });
    return listHandle(scattered(resized(empty, afterLast(places)), tensor, places));
  },
  gradient: (tf: Tools, op, dy) => ({ tensor: gatherGradient(tf, op, dy!) }),
});

const gatherGradient = (
  tf: Tools,
  { tensor, indices }: { readonly tensor: Tensor; readonly indices: Tensor },
  dlist: Tensor,
): Tensor =>
  tf.tensorListGatherOp({
    input_handle: dlist,
    indices,
    element_shape: tf.slice(tf.shape(tensor), [1], [-1]),
    element_dtype: tensor.dtype.baseDtype,
  });

/** As TensorListScatter, with a list of num_elements elements (-1: as many as indices ask for). */
export const tensorListScatterV2Op = defineOp("TensorListScatterV2", {
  inputs: ["tensor: element_dtype", "indices: int32", "element_shape: shape_type", "num_elements: int32"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type", "shape_type: {int32, int64}"],
  shape: ({ element_dtype }, context) => listShape(element_dtype, shapeInput(context)),
  compute({ tensor, indices, element_shape, num_elements, element_dtype }) {
    const elementShape = shapeOf(element_shape);
    checkRows(tensor, elementShape);
    const n = Number(num_elements.data[0]);
    if (n < -1) throw invalidArgument(`TensorListScatter expects num_elements >= -1, found: ${n}`);
    const places = checkIndices(tensor, indices);
    const last = afterLast(places);
    if (n >= 0 && last > n) {
      throw invalidArgument(`TensorListScatter: Trying to scatter at index ${last - 1} in list with size ${n}`);
    }
    const empty = new TensorList({ dtype: element_dtype, elementShape, elements: new Versions<Element>([]) });
    return listHandle(scattered(resized(empty, n >= 0 ? n : last), tensor, places));
  },
  gradient: (tf: Tools, op, dy) => ({ tensor: gatherGradient(tf, op, dy!) }),
});

/** output_handle = the list with tensor[i] at indices[i]; it grows where they are beyond its end. */
export const tensorListScatterIntoExistingListOp = defineOp("TensorListScatterIntoExistingList", {
  inputs: ["input_handle: variant", "tensor: element_dtype", "indices: int32"],
  outputs: ["output_handle: variant"],
  attrs: ["element_dtype: type"],
  shape: (_, context) => ({ shapes: [[]], handles: [listHandleData(context)] }),
  compute({ input_handle, tensor, indices, element_dtype }) {
    const list = listOf(input_handle, element_dtype);
    checkRows(tensor, list.elementShape);
    const places = checkIndices(tensor, indices);
    return listHandle(scattered(resized(list, Math.max(list.length, afterLast(places))), tensor, places));
  },
  gradient(tf: Tools, { tensor, indices, ...op }, dy) {
    const dtensor = gatherGradient(tf, { tensor, indices }, dy!);
    const zeros = tf.zerosLike(tensor);
    return {
      input_handle: tf.tensorListScatterIntoExistingListOp({
        input_handle: dy!,
        tensor: zeros,
        indices,
        element_dtype: op.element_dtype,
      }),
      tensor: dtensor,
    };
  },
});

/** output = the elements of two lists, or of each two lists of two arrays of lists. */
export const tensorListConcatListsOp = defineOp("TensorListConcatLists", {
  inputs: ["input_a: variant", "input_b: variant"],
  outputs: ["output: variant"],
  attrs: ["element_dtype: type"],
  shape({ input_a, input_b }, context) {
    return { shapes: [merge(input_a, input_b)], handles: [context.handle("input_a") ?? context.handle("input_b")] };
  },
  compute({ input_a, input_b, element_dtype }) {
    if (!sameShape(input_a.shape, input_b.shape)) {
      throw invalidArgument(
        `input_a and input_b must have the same shape, but saw: ${formatShape(input_a.shape)} vs. ${formatShape(input_b.shape)}`,
      );
    }
    const others = elementsOf(input_b);
    const lists = elementsOf(input_a).map((held, i) => {
      const [a, b] = [held, others[i]].map((each) => {
        if (!(each instanceof TensorList)) throw invalidArgument("input_a is not a TensorList");
        return each;
      }) as [TensorList, TensorList];
      for (const [name, list] of [
        ["input_a", a],
        ["input_b", b],
      ] as const) {
        if (list.dtype !== element_dtype) {
          throw invalidArgument(
            `${name}.element_dtype != element_dtype: ${cppName(list.dtype)} vs. ${cppName(element_dtype)}`,
          );
        }
      }
      if (formatShape(a.elementShape) !== formatShape(b.elementShape)) {
        throw invalidArgument(
          `input_a and input_b TensorList element shapes are not identical at index ${i}.  Saw ${formatShape(a.elementShape)} vs. ${formatShape(b.elementShape)}`,
        );
      }
      return a.with(new Versions([...a.elements.toArray(), ...b.elements.toArray()]));
    });
    return variantsOf(input_a.shape, lists);
  },
  gradient: "none",
});
