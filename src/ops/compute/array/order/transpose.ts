/** Axes in another order: Transpose, ConjugateTranspose, InvertPermutation. */

import { int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import { type Dim, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../basic/names.ts";
import { rank as rankOf, rankOp } from "../basic/shape.ts";
import { numbersFromInput } from "../basic/shape_input.ts";
import { concat } from "../join/concat.ts";

function transposedShape(x: Shape, perm: Shape, context: ShapeContext): Shape[] {
  const [count] = withRank(perm, 1);
  const axes = numbersFromInput(context, "perm");
  const rank = x?.length ?? count ?? axes?.length;
  if (rank === undefined || rank === null) return [null];
  const shape = withRank(x, rank);
  if (count !== null && count !== rank) throw invalidArgument(`Dimension must be ${rank} but is ${count}`);
  if (!axes) return [new Array<Dim>(rank).fill(null)];
  return [
    axes.map((axis) => {
      if (axis < -rank || axis >= rank) throw invalidArgument(`perm dim ${axis} is out of range of input rank ${rank}`);
      return shape[axis < 0 ? axis + rank : axis]!;
    }),
  ];
}

/** The axes as numbers from 0. Throws the kernel's INVALID_ARGUMENT. Source: transpose_op.cc. */
function permOf(p: Lowering, x: Value, perm: Value): number[] {
  const rank = x.shape.length;
  if (perm.shape.length !== 1)
    throw new InvalidArgumentError(`perm must be rank 1, got shape ${formatShape(perm.shape)}`);
  const axes = p.numbers(perm);
  if (axes.length !== rank) {
    throw new InvalidArgumentError(
      `transpose expects a vector of size ${rank}. But input(1) is a vector of size ${axes.length}`,
    );
  }
  const result = axes.map((axis) => {
    if (axis < -rank || axis >= rank) throw new InvalidArgumentError(`${axis} is out of range [0 .. ${rank})`);
    return axis < 0 ? axis + rank : axis;
  });
  for (let i = 0; i < rank; i++) {
    if (!result.includes(i)) throw new InvalidArgumentError(`${i} is missing from {${axes.join(",")}}.`);
  }
  return result;
}

/** y's axis i is x's axis perm[i]. Source: array_ops.cc, transpose_op.cc, array_grad.py. */
export const transposeOp = defineOp("Transpose", {
  inputs: ["x: T", "perm: Tperm"],
  outputs: ["y: T"],
  attrs: ["T: type", "Tperm: {int32, int64} = DT_INT32"],
  shape: ({ x, perm }, context) => transposedShape(x, perm, context),
  lower: (p, { x, perm }) => p.transpose(x, permOf(p, x, perm)),
  gradient: (tf, { perm }, dy) => ({ x: tf.transpose(dy!, { perm: tf.invertPermutation(perm) }) }),
});

/** As Transpose, with conjugate elements. */
export const conjugateTransposeOp = defineOp("ConjugateTranspose", {
  inputs: ["x: T", "perm: Tperm"],
  outputs: ["y: T"],
  attrs: ["T: type", "Tperm: {int32, int64} = DT_INT32"],
  shape: ({ x, perm }, context) => transposedShape(x, perm, context),
  lower(p, { x, perm }) {
    const moved = p.transpose(x, permOf(p, x, perm));
    if (x.dtype !== "complex64" && x.dtype !== "complex128") return moved;
    return conjugate(p, moved);
  },
  gradient: (tf, { perm }, dy) => ({ x: tf.transpose(dy!, { perm: tf.invertPermutation(perm), conjugate: true }) }),
});

/** The conjugate of a complex value: its pairs with the second number negated. */
function conjugate(p: Lowering, x: Value): Value {
  const part = x.dtype === "complex64" ? "float32" : "float64";
  const pairs = p.bitcast(x, part);
  const sign = p.cast(p.list([1, -1], "int32"), part);
  return p.bitcast(p.mul(pairs, sign), x.dtype);
}

/** y[x[i]] = i; x is a permutation of 0 … n - 1. */
export const invertPermutationOp = defineOp("InvertPermutation", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs: ["T: {int32, int64} = DT_INT32"],
  shape: ({ x }) => [withRank(x, 1)],
  lower(p, { x }) {
    if (x.shape.length !== 1) throw new InvalidArgumentError(`invert_permutation expects a 1D vector.`);
    const from = p.numbers(x);
    const result = new Array<number>(from.length).fill(-1);
    for (const [i, d] of from.entries()) {
      if (d < 0 || d >= from.length) throw new InvalidArgumentError(`${d} is not between 0 and ${from.length}`);
      if (result[d] !== -1) throw new InvalidArgumentError(`${d} is duplicated in the input.`);
      result[d] = i;
    }
    return p.list(result, x.dtype);
  },
  gradient: "none",
});

/** y with y[x[i]] = i for a vector x of 0..n-1 in any order. */
export const invertPermutation = (x: TensorLike, name?: Name): Tensor => invertPermutationOp({ x }, nameOf(name));

export interface TransposeOptions extends Named {
  /** The axes of the result; all of them backwards when left out. */
  readonly perm?: TensorLike | null | undefined;
  readonly conjugate?: boolean;
}

const places = ["perm", "name", "conjugate"] as const;

/** The tensor with its axes permuted. Source: array_ops.py. */
export const transpose = byKeyword(
  ["a"],
  function transpose(a: TensorLike, ...rest: Rest<TransposeOptions, typeof places>): Tensor {
    const { perm, conjugate: isConjugate = false, name } = byName<TransposeOptions>(rest, places);
    return inScope(name, "transpose", (scope) => {
      const x = convertToTensor(a, { name: "a" });
      const op = isConjugate && x.dtype.isComplex ? conjugateTransposeOp : transposeOp;
      if (perm !== undefined && perm !== null) return op({ x, perm }, scope);
      if (x.shape === null) {
        const last = ops.subtract(rankOp({ input: x }), 1, { name: "sub" });
        return op({ x, perm: ops.rangeOp({ start: last, limit: -1, delta: -1 }) }, scope);
      }
      const backwards = Array.from({ length: x.shape.length }, (_, i) => x.shape!.length - 1 - i);
      return op({ x, perm: Int32Array.from(backwards) }, scope);
    });
  },
);

type MatrixTransposeOptions = { readonly conjugate?: boolean } & Named;
const matrixTransposePlaces = ["name", "conjugate"] as const;

/** The last two axes exchanged. */
export function matrixTranspose(
  a: TensorLike,
  ...rest: Rest<MatrixTransposeOptions, typeof matrixTransposePlaces>
): Tensor {
  const options = byName<MatrixTransposeOptions>(rest, matrixTransposePlaces);
  const { conjugate: isConjugate = false, name } = options;
  return inScope(name, "matrix_transpose", () => {
    const x = convertToTensor(a, { name: "a" });
    const n = x.shape?.length;
    if (n !== undefined) {
      if (n < 2)
        throw new ValueError(
          `Argument \`a\` should be a (batch) matrix with rank >= 2.  Received \`a\` = ${x} with shape: ${formatShape(x.shape)}`,
        );
      const perm = Array.from({ length: n }, (_, i) => (i < n - 2 ? i : i === n - 2 ? n - 1 : n - 2));
      return transpose(x, { perm, conjugate: isConjugate });
    }
    const rank = rankOf(x);
    const before = ops.rangeOp({ start: 0, limit: ops.subtract(rank, 2, { name: "sub" }), delta: 1 });
    const last = [ops.subtract(rank, 1, { name: "sub" }), ops.subtract(rank, 2, { name: "sub" })];
    return transpose(x, { perm: concat([before, last], 0), conjugate: isConjugate });
  });
}

/** An int32 vector of the axes of a tensor: a constant where the rank is known. */
export function allAxes(x: Tensor): Tensor {
  const n = x.shape?.length;
  if (n !== undefined)
    return constant(
      Int32Array.from({ length: n }, (_, i) => i),
      { dtype: int32 },
    );
  return ops.rangeOp({ start: 0, limit: rankOf(x), delta: 1 });
}
