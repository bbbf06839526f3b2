/** Shapes of ops over batches of matrices, and how a function of matrices becomes `compute`. Source: linalg_ops.cc, linalg_ops_common.cc. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, mergeDims, type Shape, sameShape, withRankAtLeast } from "../../../../core/shape.ts";

export interface MatrixShape {
  readonly batch: readonly Dim[] | null;
  readonly rows: Dim;
  readonly columns: Dim;
}

/** A shape as batch dimensions and the last two. Throws `Shape must be at least rank 2 but is rank 1`. */
export function matrixShape(shape: Shape): MatrixShape {
  const known = withRankAtLeast(shape, 2);
  if (known === null) return { batch: null, rows: null, columns: null };
  return { batch: known.slice(0, -2), rows: known.at(-2)!, columns: known.at(-1)! };
}

export const withBatch = (batch: readonly Dim[] | null, ...dims: readonly Dim[]): Shape =>
  batch === null ? null : [...batch, ...dims];

/** The shape of square matrices. Throws `Dimensions must be equal, but are 2 and 3`. */
export function squareShape(shape: Shape): MatrixShape & { readonly n: Dim } {
  const parts = matrixShape(shape);
  const n = mergeDims(parts.rows, parts.columns);
  return { ...parts, n };
}

/** Throws the kernels' `Input tensor 0 must have rank >= 2, got 1`. */
export function checkRank(...inputs: readonly NdArray[]): void {
  for (const [i, { shape }] of inputs.entries()) {
    if (shape.length < 2) throw new InvalidArgumentError(`Input tensor ${i} must have rank >= 2, got ${shape.length}`);
  }
}

/** Throws `Input matrix must be square.` */
export function checkSquare(input: NdArray): void {
  checkRank(input);
  if (input.shape.at(-1) !== input.shape.at(-2)) throw new InvalidArgumentError("Input matrix must be square.");
}

/** Throws the kernels' words for a system whose parts do not go together. */
export function checkSystem(matrix: NdArray, rhs: NdArray, isSquare: boolean): void {
  checkRank(matrix);
  const [a, b] = [matrix.shape, rhs.shape];
  if (a.length !== b.length) throw new InvalidArgumentError("All input tensors must have the same rank.");
  if (!sameShape(a.slice(0, -2), b.slice(0, -2)))
    throw new InvalidArgumentError("All input tensors must have the same outer dimensions.");
  if (isSquare && a.at(-1) !== a.at(-2)) throw new InvalidArgumentError("First input (lhs) must be a square matrix.");
  if (a.at(-2) !== b.at(-2)) throw new InvalidArgumentError("Input matrix and rhs are incompatible.");
}
