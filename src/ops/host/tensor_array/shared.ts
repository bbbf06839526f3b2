/** TensorArrays behind handles of three versions: a reference to two texts, two texts, a resource. Source: tensor_array_ops.cc. */
import { string } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import { formatShape, type Shape, withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ComputeContext, ShapeContext } from "../../../graph/definition.ts";
import { bytesOfText } from "../arrays.ts";
import { objectOf } from "../resource.ts";
import type { Cells } from "./cells.ts";

export type Version = "" | "V2" | "V3";
export type Handle = "handle: Ref(string)" | "handle: string" | "handle: resource";

const container = "_tensor_arrays";

export const cellsOf = (context: ComputeContext, handle: NdArray): Cells => objectOf<Cells>(context, handle, container);
export const scalarOf = (array: NdArray): number => Number(elementAt(array, 0));

/** The object of this name for as long as the run lasts; its handle. */
export function makeCells(
  context: ComputeContext,
  { name, isResource, create }: { name: string; isResource: boolean; create: () => Cells },
): NdArray {
  let isNew = false;
  const make = (): Cells => {
    isNew = true;
    return create();
  };
  const { handle } = context.makeResource({ container, kind: container, name, create: make });
  if (isNew) context.atEnd(() => context.deleteResource(handle));
  return isResource ? handle : new NdArray(string, [2], [bytesOfText(container), bytesOfText(name)]);
}

export function checkDtype(cells: Cells, dtype: Cells["dtype"], verb: string): void {
  if (cells.dtype !== dtype) {
    throw invalidArgument(`TensorArray dtype is ${cppName(cells.dtype)} but Op ${verb} dtype ${cppName(dtype)}.`);
  }
}

export function vectorOf(indices: NdArray): number[] {
  if (indices.shape.length !== 1) {
    throw invalidArgument(`Expected indices to be a vector, but received shape: ${formatShape(indices.shape)}`);
  }
  return Array.from(indices.data as Int32Array);
}

/** The shape of the elements, where the maker of the handle said that they have one. */
export const elementShapeOf = (context: ShapeContext): Shape | undefined => context.handle("handle")?.[0]?.shape;

/** Throws where an element's shape contradicts the maker's. */
export function checkAgainst(value: Shape, context: ShapeContext): void {
  const element = elementShapeOf(context);
  if (element && value && element.length !== value.length) withRank(value, element.length);
}
