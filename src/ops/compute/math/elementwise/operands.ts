/** The two operands of a binary function: as tensors of one dtype, and their elements pair by pair. */
import { float32 } from "../../../../core/dtype.ts";
import { broadcastShapes, type FullShape, rowMajorStrides } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";

const hasFraction = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(hasFraction) : typeof value === "number" && !Number.isInteger(value);

/** Both as tensors; a literal takes the dtype of the other one where it fits: 1 beside 2.5 is float32. */
export function alike(x: TensorLike, y: TensorLike, names: readonly [string, string] = ["x", "y"]): [Tensor, Tensor] {
  const hint = isSymbolic(x)
    ? undefined
    : isSymbolic(y)
      ? (y as Tensor).dtype.baseDtype
      : hasFraction(y)
        ? float32
        : undefined;
  const a = convertToTensor(x, { name: names[0], preferredDtype: hint });
  return [a, convertToTensor(y, { name: names[1], preferredDtype: a.dtype.baseDtype })];
}

/** The broadcast shape, and for each of its elements the positions in a and in b. */
export function pairsOf(
  a: FullShape,
  b: FullShape,
): { readonly shape: FullShape; readonly at: (i: number) => readonly [number, number] } {
  const shape = broadcastShapes(a, b) as FullShape;
  const steps = rowMajorStrides(shape);
  const stridesOf = (from: FullShape): number[] => {
    const own = rowMajorStrides(from);
    const lead = shape.length - from.length;
    return shape.map((_, d) => (d < lead || from[d - lead] === 1 ? 0 : own[d - lead]!));
  };
  const [sa, sb] = [stridesOf(a), stridesOf(b)];
  return {
    shape,
    at(i) {
      let [rest, ia, ib] = [i, 0, 0];
      for (let d = 0; d < shape.length; d++) {
        const index = Math.floor(rest / steps[d]!);
        rest -= index * steps[d]!;
        ia += index * sa[d]!;
        ib += index * sb[d]!;
      }
      return [ia, ib];
    },
  };
}
