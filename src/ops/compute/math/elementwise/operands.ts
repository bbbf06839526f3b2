/** The two operands of a binary function: as tensors of one dtype, and their elements pair by pair. */
import { broadcastShapes, type FullShape, rowMajorStrides } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";

/** Both as tensors; a literal takes the dtype of the other one where it fits. */
export function alike(x: TensorLike, y: TensorLike, names: readonly [string, string] = ["x", "y"]): [Tensor, Tensor] {
  const hint = isSymbolic(y) && !isSymbolic(x) ? (y as Tensor).dtype.baseDtype : undefined;
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
