/** Lists of tensors, which variants hold. A list never changes: each change gives another one. Source: tensor_list.h, list_kernels.cc. */
import type { DType } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { compatible, type FullShape, formatShape, isFull, mergeShapes, type Shape } from "../../core/shape.ts";
import { cppName } from "../../graph/def/node_text.ts";
import { emptyArray } from "../compute/array/basic/elements.ts";
import { addArrays, heldBy, heldText, type VariantValue, variantOf, zerosLikeArray } from "./value.ts";
import { Versions } from "./versions.ts";

/** An element that nothing was written to is null: zeros, where its shape is known. */
export type Element = NdArray | null;

export class TensorList implements VariantValue {
  readonly typeName = "tensorflow::TensorList";
  readonly text = "TensorList";
  readonly dtype: DType;
  readonly elementShape: Shape;
  /** -1: any number. */
  readonly maxElements: number;
  readonly elements: Versions<Element>;

  constructor(options: { dtype: DType; elementShape: Shape; maxElements?: number; elements: Versions<Element> }) {
    this.dtype = options.dtype;
    this.elementShape = options.elementShape;
    this.maxElements = options.maxElements ?? -1;
    this.elements = options.elements;
  }

  get length(): number {
    return this.elements.length;
  }

  with(elements: Versions<Element>): TensorList {
    return new TensorList({ ...this, elements });
  }

  zerosLike(): TensorList {
    const elements = this.elements.toArray().map((element) => element && zerosLikeArray(element));
    return this.with(new Versions(elements));
  }

  plus(other: TensorList): TensorList {
    if (this.dtype !== other.dtype) {
      throw invalidArgument(
        `Trying to add two lists of tensors of different dtypes. One is ${cppName(this.dtype)} and the other is ${cppName(other.dtype)}`,
      );
    }
    if (!compatible(this.elementShape, other.elementShape)) {
      throw invalidArgument(
        `Trying to add two lists of tensors with incompatible element shapes. One is ${formatShape(this.elementShape)} and the other is ${formatShape(other.elementShape)}`,
      );
    }
    if (this.length !== other.length) {
      throw invalidArgument(
        `Trying to add two lists of tensors with different lengths. One is ${this.length} and the other is ${other.length}`,
      );
    }
    const others = other.elements.toArray();
    const elements = this.elements.toArray().map((element, i) => {
      const added = others[i] ?? null;
      return element && added ? addArrays(element, added) : (element ?? added);
    });
    return new TensorList({
      dtype: this.dtype,
      elementShape: mergeShapes(this.elementShape, other.elementShape),
      maxElements: this.maxElements,
      elements: new Versions(elements),
    });
  }

  /** The shape that all elements have, as far as the list and those written say. Throws INVALID_ARGUMENT when they differ. */
  knownShape(wanted: Shape): Shape {
    let shape = mergePartial(wanted, this.elementShape);
    if (isFull(shape)) return shape;
    for (const element of this.elements.toArray()) if (element) shape = mergePartial(shape, element.shape);
    return shape;
  }

  /** The element, or zeros of the shape. Throws INVALID_ARGUMENT when it has none and the shape is not known. */
  zerosAt(shape: FullShape): NdArray {
    return emptyArray(this.dtype, shape);
  }
}

/** Both shapes in one. Throws INVALID_ARGUMENT in the kernels' words. */
export function mergePartial(a: Shape, b: Shape): Shape {
  if (a && b && a.length !== b.length) {
    throw invalidArgument(`PartialTensorShape: Incompatible ranks during merge: ${a.length} vs. ${b.length}`);
  }
  if (!compatible(a, b)) {
    throw invalidArgument(
      `PartialTensorShape: Incompatible shapes during merge: ${formatShape(a)} vs. ${formatShape(b)}`,
    );
  }
  return mergeShapes(a, b);
}

export const listHandle = (list: TensorList): NdArray => variantOf(list);

/** The list in a variant. Throws INVALID_ARGUMENT in TensorFlow's words when there is none, or one of another dtype. */
export function listOf(handle: NdArray, dtype?: DType): TensorList {
  if (handle.shape.length !== 0)
    throw invalidArgument("Input list must be a scalar saw: ".concat(formatShape(handle.shape)));
  const list = heldBy(handle);
  if (!(list instanceof TensorList)) {
    throw invalidArgument(`Input handle is not a list. Saw: '${heldText(list)}'`);
  }
  if (dtype && list.dtype !== dtype) {
    throw invalidArgument(`Invalid data types; op elements ${cppName(dtype)} but list elements ${cppName(list.dtype)}`);
  }
  return list;
}

/** An element_shape input as a shape: -1 is unknown. Throws INVALID_ARGUMENT for another scalar. */
export function shapeOf(array: NdArray): Shape {
  const numbers = Array.from(array.data as Int32Array, Number);
  if (array.shape.length === 0) {
    if (numbers[0] === -1) return null;
    throw invalidArgument("The only valid scalar shape tensor is the fully unknown shape specified as -1.");
  }
  return numbers.map((n) => (n < 0 ? null : n));
}
