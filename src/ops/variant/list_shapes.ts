/** What is known of lists while building: dtype and shape of the elements go with the handle. Source: list_ops.cc. */
import type { DType } from "../../core/dtype.ts";
import { invalidArgument } from "../../core/error.ts";
import { compatible, mergeShapes, type Shape } from "../../core/shape.ts";
import { cppName } from "../../graph/def/node_text.ts";
import type { HandleData, InferredShapes, ShapeContext } from "../../graph/definition.ts";

/** The shape that an element_shape input says; a scalar says nothing. */
export function shapeInput(context: ShapeContext, input = "element_shape"): Shape {
  const value = context.value(input);
  return value?.shape.length === 0 ? null : context.valueAsShape(input);
}

/** The element shape that the handle's maker said. Throws INVALID_ARGUMENT for another dtype. */
export function elementShapeOf(
  context: ShapeContext,
  dtype: DType,
  verb: "push" | "read",
  input = "input_handle",
): Shape {
  const known = context.handle(input)?.[0];
  if (!known) return null;
  if (known.dtype !== dtype) {
    throw invalidArgument(
      verb === "push"
        ? `Trying to push to list with wrong element dtype. List has type ${cppName(known.dtype)} but trying to push element with type ${cppName(dtype)}`
        : `Trying to read from list with wrong element dtype. List has type ${cppName(known.dtype)} but expected type ${cppName(dtype)}`,
    );
  }
  return known.shape;
}

/** Both shapes in one. Throws INVALID_ARGUMENT when they contradict each other. */
export function merge(a: Shape, b: Shape): Shape {
  if (a && b && a.length !== b.length)
    throw invalidArgument(`Shapes must be equal rank, but are ${a.length} and ${b.length}`);
  if (a && b && !compatible(a, b)) {
    const i = a.findIndex((n, k) => n !== null && b[k] !== null && n !== b[k]);
    throw invalidArgument(
      `Dimension ${i} in both shapes must be equal, but are ${a[i]} and ${b[i]}. Shapes are ${bracketed(a)} and ${bracketed(b)}.`,
    );
  }
  return mergeShapes(a, b);
}

const bracketed = (shape: Shape): string => `[${shape!.map((n) => n ?? "?").join(",")}]`;

/** A scalar handle of lists with these elements. */
export const listShape = (dtype: DType, shape: Shape): InferredShapes => ({
  shapes: [[]],
  handles: [[{ dtype, shape }]],
});

export const listHandleData = (context: ShapeContext, input = "input_handle"): readonly HandleData[] | null =>
  context.handle(input);
