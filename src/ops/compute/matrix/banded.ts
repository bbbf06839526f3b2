/** Matrices given by a few of their diagonals. Source: linalg_ops.cc, banded_triangular_solve_op.cc, tridiagonal_solve_op.cc, linalg_grad.py. */
import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { broadcastShapes, isFull, mergeDims, mergeShapes, sameShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { checkRank, matrixShape, withBatch } from "./linalg/batch.ts";
import { factorize, solve, solveTriangular } from "./linalg/lu.ts";
import { adjoint, type Matrix, matricesOf, multiply, packMatrices, zeros } from "./linalg/matrix.ts";
import { type AdjointOptions, solveBroadcast, unbroadcast } from "./solve.ts";

/** The full matrix of a band: row 0 is the main diagonal of a lower one, the last row that of an upper one. */
function fromBand(band: Matrix, isLower: boolean): Matrix {
  const n = band.columns;
  const full = zeros(n, n);
  for (let b = 0; b < band.rows; b++) {
    const offset = isLower ? -b : band.rows - 1 - b;
    for (let j = 0; j < n; j++) {
      const column = j + offset;
      if (column < 0 || column >= n) continue;
      full.re[j * n + column] = band.re[b * n + j]!;
      full.im[j * n + column] = band.im[b * n + j]!;
    }
  }
  return full;
}

/** output = x with A x = rhs for a triangular A of which matrix holds the diagonals as rows. */
export const bandedTriangularSolveOp = defineOp("BandedTriangularSolve", {
  inputs: ["matrix: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["lower: bool = true", "adjoint: bool = false", "T: {double, float, half, complex64, complex128}"],
  shape({ matrix, rhs }) {
    const left = matrixShape(matrix);
    const right = matrixShape(rhs);
    const n = mergeDims(left.columns, right.rows);
    return [withBatch(broadcastShapes(left.batch, right.batch), n, right.columns)];
  },
  compute({ matrix, rhs, lower, adjoint: isAdjoint }) {
    checkRank(matrix, rhs);
    if (matrix.shape.at(-1) !== rhs.shape.at(-2))
      throw new InvalidArgumentError("Input matrix and rhs are incompatible.");
    return solveBroadcast(matrix, rhs, (band, b) => {
      const a = fromBand(band, lower);
      return solveTriangular(isAdjoint ? adjoint(a) : a, b, lower !== isAdjoint);
    });
  },
  gradient(tf, { matrix: a, rhs: b, output, lower, adjoint: isAdjoint }, dy) {
    const bands = tf.shape(a).at(-2);
    const rhs: Tensor = tf.bandedTriangularSolveOp({ matrix: a, rhs: dy!, lower, adjoint: !isAdjoint });
    const product = isAdjoint ? tf.matmul(output, rhs, { adjointB: true }) : tf.matmul(rhs, output, { adjointB: true });
    const full = product.neg();
    const k = lower ? [bands.sub(1).neg(), 0] : [0, bands.sub(1)];
    const matrix = tf.matrixDiagPart(full, { k, align: "LEFT_RIGHT" });
    if (isFull(a.shape) && isFull(b.shape) && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2)))
      return { matrix, rhs };
    return unbroadcast(tf, [a, b], [matrix, rhs]);
  },
});

/** The full matrix of [superdiagonal, diagonal, subdiagonal], whose ends outside the matrix do not count. */
function fromTridiagonal(d: Matrix): Matrix {
  const n = d.columns;
  const full = zeros(n, n);
  for (let i = 0; i < n; i++) {
    const put = (row: number, column: number): void => {
      if (column < 0 || column >= n) return;
      full.re[i * n + column] = d.re[row * n + i]!;
      full.im[i * n + column] = d.im[row * n + i]!;
    };
    put(0, i + 1);
    put(1, i);
    put(2, i - 1);
  }
  return full;
}

/** output = x with A x = rhs for a tridiagonal A given by its three diagonals. Throws for a singular one. */
export const tridiagonalSolveOp = defineOp("TridiagonalSolve", {
  inputs: ["diagonals: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: [
    "partial_pivoting: bool = true",
    "perturb_singular: bool = false",
    "T: {double, float, complex64, complex128}",
  ],
  shape({ diagonals, rhs }) {
    const left = matrixShape(diagonals);
    const right = matrixShape(rhs);
    const batch = mergeShapes(left.batch, right.batch);
    const n = mergeDims(left.columns, right.rows);
    mergeDims(left.rows, 3);
    return [withBatch(batch, n, right.columns)];
  },
  compute({ diagonals, rhs }) {
    checkRank(diagonals, rhs);
    if (diagonals.shape.at(-2) !== 3) {
      throw new InvalidArgumentError(`Expected diagonals to have 3 rows, got ${diagonals.shape.at(-2)}`);
    }
    const right = matricesOf(rhs);
    const results = matricesOf(diagonals).map((d, i) => {
      const factors = factorize(fromTridiagonal(d));
      if (factors.isSingular) {
        throw new InvalidArgumentError("The first element of diagonals is zero, or the matrix is not invertible.");
      }
      return solve(factors, right[i]!);
    });
    return packMatrices(rhs.dtype, rhs.shape.slice(0, -2), rhs.shape.slice(-2), results);
  },
  gradient(tf, { diagonals, output, partial_pivoting, perturb_singular }, dy): { diagonals: Tensor; rhs: Tensor } {
    const transposed = transposedDiagonals(tf, diagonals);
    const rhs: Tensor = tf.tridiagonalSolveOp({ diagonals: transposed, rhs: dy!, partial_pivoting, perturb_singular });
    return { diagonals: threeDiagonals(tf, rhs, output).neg(), rhs };
  },
});

/** The amounts for `pad`: none, then `ends` for the last axes. */
const paddings = (tf: GradientTools, none: Tensor, ends: number[][]): Tensor => tf.concat([none, tf.constant(ends)], 0);

function transposedDiagonals(tf: GradientTools, diagonals: Tensor): Tensor {
  const middle = diagonals.at("...", 1, ":");
  const stacked = (above: Tensor, below: Tensor): Tensor => tf.stack([above, middle, below], { axis: -2 });
  if (isFull(diagonals.shape)) {
    const none = tf.zeros([...diagonals.shape.slice(0, -2), 1], diagonals.dtype);
    const above = tf.concat([diagonals.at("...", 2, "1:"), none], -1);
    return stacked(above, tf.concat([none, diagonals.at("...", 0, ":-1")], -1));
  }
  const none = tf.zeros([tf.rank(diagonals).sub(2), 2], int32);
  const behind = paddings(tf, none, [[0, 1]]);
  const above = tf.pad(diagonals.at("...", 2, "1:"), behind);
  const before = paddings(tf, none, [[1, 0]]);
  return stacked(above, tf.pad(diagonals.at("...", 0, ":-1"), before));
}

/** Rows moved up or down by one, with zeros where they came from. */
function shiftedRows(tf: GradientTools, x: Tensor, isUp: boolean, none?: Tensor): Tensor {
  const zeroRows = none ?? tf.zeros([tf.rank(x).sub(2), 2], int32);
  const by = paddings(tf, zeroRows, [isUp ? [0, 1] : [1, 0], [0, 0]]);
  return tf.pad(isUp ? x.at("...", "1:", ":") : x.at("...", ":-1", ":"), by);
}

/** Three diagonals of x y^T. */
function threeDiagonals(tf: GradientTools, x: Tensor, y: Tensor): Tensor {
  const sumOf = (product: Tensor): Tensor => tf.reduceSum(product, { axis: -1 });
  const middle = sumOf(x.mul(y));
  const stacked = (above: Tensor, below: Tensor): Tensor => tf.stack([above, middle, below], { axis: -2 });
  if (isFull(y.shape) && x.shape) {
    const none = tf.zeros([...x.shape.slice(0, -2), 1, x.shape.at(-1)!] as number[], x.dtype);
    const above = sumOf(x.mul(tf.concat([y.at("...", "1:", ":"), none], -2)));
    return stacked(above, sumOf(x.mul(tf.concat([none, y.at("...", ":-1", ":")], -2))));
  }
  const none = tf.zeros([tf.rank(y).sub(2), 2], int32);
  const above = sumOf(x.mul(shiftedRows(tf, y, true, none)));
  return stacked(above, sumOf(x.mul(shiftedRows(tf, y, false, none))));
}

/** output = A rhs for a tridiagonal A; each diagonal is [..., 1, m]. */
export const tridiagonalMatMulOp = defineOp("TridiagonalMatMul", {
  inputs: ["superdiag: T", "maindiag: T", "subdiag: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, complex64, complex128}"],
  shape: ({ rhs }) => [rhs],
  compute({ superdiag, maindiag, subdiag, rhs }) {
    checkRank(superdiag, maindiag, subdiag, rhs);
    const [above, middle, below, right] = [superdiag, maindiag, subdiag, rhs].map(matricesOf);
    const results = right!.map((b, i) => {
      const n = b.rows;
      const d = zeros(3, n);
      for (const [row, source] of [above![i]!, middle![i]!, below![i]!].entries()) {
        d.re.set(source.re, row * n);
        d.im.set(source.im, row * n);
      }
      return multiply(fromTridiagonal(d), b);
    });
    return packMatrices(rhs.dtype, rhs.shape.slice(0, -2), rhs.shape.slice(-2), results);
  },
  gradient(tf, op, dy) {
    const above = tf.matrixTranspose(op.superdiag, { conjugate: true });
    const middle = tf.matrixTranspose(op.maindiag, { conjugate: true });
    const below = tf.matrixTranspose(op.subdiag, { conjugate: true });
    const rhs = tf.conj(op.rhs);
    const sumOf = (x: Tensor): Tensor => tf.reduceSum(x, { axis: -1 });
    const superdiag = sumOf(shiftedRows(tf, rhs, true).mul(dy!));
    const maindiag = sumOf(rhs.mul(dy!));
    const subdiag = sumOf(shiftedRows(tf, rhs, false).mul(dy!));
    const first = shiftedRows(tf, above.mul(dy!), false).add(middle.mul(dy!));
    const grad = first.add(shiftedRows(tf, below.mul(dy!), true));
    return {
      superdiag: tf.expandDims(superdiag, -2),
      maindiag: tf.expandDims(maindiag, -2),
      subdiag: tf.expandDims(subdiag, -2),
      rhs: grad,
    };
  },
});

/** x with A x = rhs for the triangular A of which `bands` holds the diagonals, [..., k, m]. */
export const bandedTriangularSolve = (
  bands: TensorLike,
  rhs: TensorLike,
  options: { readonly lower?: boolean } & AdjointOptions = {},
): Tensor =>
  bandedTriangularSolveOp(
    { matrix: bands, rhs, lower: options.lower ?? true, adjoint: options.adjoint ?? false },
    options.name,
  );
