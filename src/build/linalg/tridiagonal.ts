/** Systems and products of tridiagonal matrices, given in several ways. Source: linalg_impl.py. */
import { ValueError } from "../../core/error.ts";
import { compatible, compatibleDims, formatShapePython } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";

/**
 * How the diagonals are given: "compact" as one tensor [..., 3, m] of superdiagonal, diagonal and subdiagonal, "sequence" as a list of
 * the three, "matrix" as the full matrix [..., m, m].
 */
export type DiagonalsFormat = "compact" | "sequence" | "matrix";

export interface TridiagonalOptions extends Named {
  /** "compact" by default. */
  readonly diagonalsFormat?: DiagonalsFormat;
}

export interface TridiagonalSolveOptions extends TridiagonalOptions {
  readonly transposeRhs?: boolean;
  readonly conjugateRhs?: boolean;
  /** True by default. */
  readonly partialPivoting?: boolean;
  readonly perturbSingular?: boolean;
}

type Diagonals = TensorLike | readonly TensorLike[];

function checkSquare(matrix: Tensor): void {
  const [rows, columns] = [matrix.shape?.at(-2), matrix.shape?.at(-1)];
  if (rows && columns && rows !== columns) {
    throw new ValueError(`Expected last two dimensions of diagonals to be same, got ${columns} and ${rows}`);
  }
}

const ofMatrix = (diagonals: TensorLike): Tensor => {
  const matrix = convertToTensor(diagonals);
  checkSquare(matrix);
  return tf.matrixDiagPart(matrix, { k: [-1, 1], paddingValue: 0, align: "LEFT_RIGHT" });
};

function ofSequence(diagonals: Diagonals): Tensor {
  if (!Array.isArray(diagonals) || diagonals.length !== 3) {
    throw new ValueError("Expected diagonals to be a sequence of length 3.");
  }
  const [above, middle, below] = diagonals.map((each) => convertToTensor(each)) as [Tensor, Tensor, Tensor];
  const batch = middle.shape?.slice(0, -1) ?? null;
  if ([below, above].some(({ shape }) => !compatible(shape?.slice(0, -1) ?? null, batch))) {
    const shown = [below, middle, above].map(({ shape }) => formatShapePython(shape)).join(", ");
    throw new ValueError(
      `Tensors representing the three diagonals must have the same shape,except for the last dimension, got ${shown}`,
    );
  }
  const m = middle.shape?.at(-1);
  const padded = (t: Tensor, name: string, ends: readonly number[]): Tensor => {
    const n = t.shape?.at(-1);
    if (!n || n === m) return t;
    if (n !== (m ?? Number.NaN) - 1) {
      throw new ValueError(`Expected ${name} to be have length ${m} or ${(m ?? Number.NaN) - 1}, got ${n}.`);
    }
    return tf.pad(t, [...t.shape!.slice(1).map(() => [0, 0]), [...ends]]);
  };
  const last = padded(below, "subdiagonal", [1, 0]);
  const first = padded(above, "superdiagonal", [0, 1]);
  return tf.stack([first, middle, last], { axis: -2 });
}

/** Throws ValueError in Python's words for systems whose parts do not go together. */
function checkSystem({ shape }: Tensor, rhs: Tensor): void {
  const rank = rhs.shape?.length;
  if (!shape) return;
  if (shape.length < 2) throw new ValueError(`Expected diagonals to have rank at least 2, got ${shape.length}`);
  if (rank && rank !== shape.length && rank !== shape.length - 1) {
    throw new ValueError(`Expected the rank of rhs to be ${shape.length - 1} or ${shape.length}, got ${rank}`);
  }
  const [a, b] = [shape.slice(0, -2), rhs.shape?.slice(0, shape.length - 2) ?? null];
  if (!compatible(a, b)) {
    throw new ValueError(`Batch shapes ${formatShapePython(a)} and ${formatShapePython(b)} are incompatible`);
  }
  if (shape.at(-2) && shape.at(-2) !== 3) throw new ValueError(`Expected 3 diagonals got ${shape.at(-2)}`);
}

function checkCounts({ shape }: Tensor, rhs: Tensor): void {
  const [m, n] = [shape?.at(-1) ?? null, rhs.shape?.at(-2) ?? null];
  if (m && n && !compatibleDims(m, n)) {
    throw new ValueError(`Expected number of left-hand sided and right-hand sides to be equal, got ${m} and ${n}`);
  }
}

/** x with A x = rhs for tridiagonal A; rhs: [..., m] or [..., m, k]. Throws ValueError for shapes that do not go together. */
export function tridiagonalSolve(diagonals: Diagonals, rhs: TensorLike, options: TridiagonalSolveOptions = {}): Tensor {
  const { diagonalsFormat = "compact", transposeRhs = false, conjugateRhs = false, name } = options;
  const { partialPivoting = true, perturbSingular = false } = options;
  if (perturbSingular && !partialPivoting) {
    throw new ValueError("partial_pivoting must be True if perturb_singular is.");
  }
  const compact = compactOf(diagonals, diagonalsFormat);
  const given = convertToTensor(rhs);
  checkSystem(compact, given);
  const solve = (right: Tensor): Tensor => {
    checkCounts(compact, right);
    const attrs = { partial_pivoting: partialPivoting, perturb_singular: perturbSingular };
    return tf.tridiagonalSolveOp({ diagonals: compact, rhs: right, ...attrs }, name);
  };
  if (given.shape && compact.shape && given.shape.length === compact.shape.length - 1) {
    return tf.squeeze(solve(tf.expandDims(conjugateRhs ? tf.conj(given) : given, -1)), { axis: -1 });
  }
  if (transposeRhs) return solve(tf.matrixTranspose(given, { conjugate: conjugateRhs }));
  return solve(conjugateRhs ? tf.conj(given) : given);
}

function compactOf(diagonals: Diagonals, format: DiagonalsFormat): Tensor {
  if (format === "compact") return convertToTensor(diagonals as TensorLike);
  if (format === "sequence") return ofSequence(diagonals);
  if (format === "matrix") return ofMatrix(diagonals as TensorLike);
  throw new ValueError(`Unrecognized diagonals_format: ${String(format)}`);
}

/** The product of tridiagonal matrices with rhs: [..., m, k]. */
export function tridiagonalMatmul(diagonals: Diagonals, rhs: TensorLike, options: TridiagonalOptions = {}): Tensor {
  const { diagonalsFormat = "compact", name } = options;
  const [superdiag, maindiag, subdiag] = threeOf(diagonals, diagonalsFormat).map((each) => tf.expandDims(each, -2));
  return tf.tridiagonalMatMulOp({ superdiag: superdiag!, maindiag: maindiag!, subdiag: subdiag!, rhs }, name);
}

function threeOf(diagonals: Diagonals, format: DiagonalsFormat): readonly TensorLike[] {
  if (format === "sequence") return diagonals as readonly TensorLike[];
  if (format !== "compact" && format !== "matrix") {
    throw new ValueError(`Unrecognized diagonals_format: ${String(format)}`);
  }
  const compact = format === "matrix" ? ofMatrix(diagonals as TensorLike) : convertToTensor(diagonals as TensorLike);
  return [0, 1, 2].map((row) => compact.at("...", row, ":"));
}
