/** Words for indices that are out of range. */
import { invalidArgument } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import type { CheckNumbers } from "../../engine/primitive.ts";

/** `[1,2]` for the element at a flat position; nothing for a scalar. */
export function positionText(shape: FullShape, position: number): string {
  if (shape.length === 0) return "";
  const at: number[] = [];
  let rest = position;
  for (const n of [...shape].reverse()) {
    at.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return `[${at.join(",")}]`;
}

/** TensorFlow's words for an index beyond the rows of a variable. */
export const outOfRange =
  (indices: FullShape) =>
  ({ position, value, limit }: CheckNumbers): Error =>
    invalidArgument(`indices${positionText(indices, position)} = ${value} is not in [0, ${limit})`);
