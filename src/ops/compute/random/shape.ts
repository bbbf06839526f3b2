/** What the random ops share: shapes and seeds. */
import { int32 } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import { type FullShape, formatShape } from "../../../core/shape.ts";
import type { Lowering } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { checkedShape } from "../array/basic/shape_input.ts";

/** The full shape that a draw is asked for. */
export function drawnDims(p: Lowering, shape: Value): FullShape {
  if (shape.shape.length !== 1) {
    throw invalidArgument(`shape must be a vector of {int32,int64}, got shape ${formatShape(shape.shape)}`);
  }
  return checkedShape(p, shape);
}

/** A shape input's value. */
export function dimsOf(shape: NdArray): FullShape {
  const dims = Array.from({ length: shape.size }, (_, i) => Number(elementAt(shape, i)));
  const negative = dims.find((d) => d < 0);
  if (negative !== undefined) throw invalidArgument(`Dimension ${negative} must be >= 0`);
  return dims;
}

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

/** Throws unless a shape ends in the dimensions of the parameters. */
export function checkEndsIn(shape: FullShape, inner: FullShape): void {
  const tail = shape.slice(shape.length - inner.length);
  if (inner.length > shape.length || inner.some((d, i) => d !== tail[i]))
    throw invalidArgument("Shape passed in must end with broadcasted shape.");
}

/** Reads an array as if it were broadcast to the shape. */
export function spread(array: NdArray, shape: FullShape): (i: number) => number {
  const values = toNumbers(array);
  const dims = [...new Array<number>(shape.length - array.shape.length).fill(1), ...array.shape];
  return (i) => {
    let at = 0;
    let rest = i;
    let size = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const place = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      if (dims[axis] !== 1) at += place * size;
      size *= dims[axis]!;
    }
    return values[at]!;
  };
}
