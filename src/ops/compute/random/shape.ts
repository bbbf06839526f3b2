/** What the random ops share: shapes and seeds. */
import { int32 } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import { type FullShape, type Shape, withRank } from "../../../core/shape.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";

/** The static shape that a shape input stands for. Throws INVALID_ARGUMENT unless it is a vector. */
export function drawnShape(shape: Shape, context: ShapeContext, input = "shape"): Shape {
  withRank(shape, 1);
  return context.valueAsShape(input);
}

/** Throws INVALID_ARGUMENT `Dimension -1 must be >= 0`. */
export function checkedDims(dims: readonly number[]): FullShape {
  const negative = dims.find((d) => d < 0);
  if (negative !== undefined) throw invalidArgument(`Dimension ${negative} must be >= 0`);
  return dims;
}

/** A shape input's value. */
export const dimsOf = (shape: NdArray): FullShape =>
  checkedDims(Array.from({ length: shape.size }, (_, i) => Number(elementAt(shape, i))));

export interface SeedAttrs {
  readonly seed?: number;
  readonly seed2?: number;
}

/** The seed attrs of a random op made now; none when neither graph nor op has a seed. */
export function seedAttrs(seed: number | bigint | null | undefined): SeedAttrs {
  const [a, b] = getDefaultGraph().takeSeeds(seed);
  return a === null ? {} : { seed: a, seed2: b };
}

/** A shape as a tensor called "shape": int32 unless it is a tensor already. */
export const shapeTensor = (shape: TensorLike): Tensor =>
  convertToTensor(
    shape,
    Array.isArray(shape) && shape.length === 0 ? { dtype: int32, name: "shape" } : { name: "shape" },
  );
