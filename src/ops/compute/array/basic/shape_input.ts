/** Inputs that say a shape: read while building, and by kernels. */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, type FullShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";

/**
 * The shape that an int vector input stands for; -1 is an unknown dimension. Throws INVALID_ARGUMENT for a vector of another rank or with
 * smaller numbers. Source: shape_inference.cc, MakeShapeFromShapeTensor.
 */
export function shapeFromInput(context: ShapeContext, input: string, inputShape: Shape): Shape {
  const value = context.value(input);
  if (value && value.shape.length === 0) {
    const n = Number(elementAt(value, 0));
    if (n !== -1) throw invalidArgument(`Shape must be rank 1 but is rank 0`);
    return null;
  }
  withRank(inputShape, 1);
  if (value) {
    for (let i = 0; i < value.size; i++) {
      const n = Number(elementAt(value, i));
      if (n < -1) throw invalidArgument(`Dimension size, given by scalar input ${n} must be in range [-1, inf)`);
    }
  }
  return context.valueAsShape(input);
}

/** An int scalar input while building, or null. Throws INVALID_ARGUMENT when it is no scalar. */
export function scalarFromInput(context: ShapeContext, input: string, inputShape: Shape): number | null {
  withRank(inputShape, 0);
  const value = context.value(input);
  return value ? Number(elementAt(value, 0)) : null;
}

/** The numbers of an int input while building, or null. */
export function numbersFromInput(context: ShapeContext, input: string, index = 0): number[] | null {
  const value = context.value(input, index);
  return value ? Array.from({ length: value.size }, (_, i) => Number(elementAt(value, i))) : null;
}

/** A dimension for output: the input's number, null where it is unknown. Throws INVALID_ARGUMENT for a negative one. */
export function dimFromInput(context: ShapeContext, input: string, inputShape: Shape): Dim {
  const n = scalarFromInput(context, input, inputShape);
  if (n !== null && n < 0)
    throw invalidArgument(`Dimension size, given by scalar input ${input}, must be non-negative but is ${n}`);
  return n;
}

/** The full shape that a kernel is asked for. Throws TensorFlow's `Dimension -1 must be >= 0`. */
export function checkedShape(p: Lowering, dims: Value): FullShape {
  const shape = p.numbers(dims);
  const bad = shape.find((d) => d < 0);
  if (bad !== undefined) throw new InvalidArgumentError(`Dimension ${bad} must be >= 0`);
  if (elementCount(shape) >= 2 ** 53) throw new InvalidArgumentError(`Shape [${shape.join(",")}] is too large`);
  return shape;
}

/** size / by. Throws INVALID_ARGUMENT when it does not come out even. */
export function divided(size: number, by: number): number {
  if (size % by !== 0) throw invalidArgument(`Dimension size must be evenly divisible by ${by} but is ${size}`);
  return size / by;
}
