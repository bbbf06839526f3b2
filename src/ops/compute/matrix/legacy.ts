/** Ops that graphs of TensorFlow before 0.12 hold, whose names begin with Batch. None has a gradient. Source: linalg_ops.cc, array_ops.cc. */
import { type Dim, mergeDims, type Shape, withRankAtLeast } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { choleskyAll, choleskyGradAll } from "./decompose/cholesky.ts";
import { selfAdjointAll, stackedEigen } from "./decompose/eigen.ts";
import { svdAll, svdShape } from "./decompose/svd.ts";
import { matrixDiagOp, matrixDiagPartOp } from "./diagonal/diag.ts";
import { lowerBand, matrixSetDiagOp } from "./diagonal/set_diag.ts";
import { leastSquares, leastSquaresShape } from "./least_squares.ts";
import { matrixShape, squareShape, withBatch } from "./linalg/batch.ts";
import { determinants, invertAll, solveAll, solveShape, solveTriangularAll } from "./solve.ts";

const square = (input: Shape): readonly Shape[] => {
  const { batch, n } = squareShape(input);
  return [withBatch(batch, n, n)];
};

export const batchCholeskyOp = defineOp("BatchCholesky", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float}"],
  shape: ({ input }) => square(input),
  compute: ({ input }) => choleskyAll(input),
  gradient: "unregistered",
});

export const batchCholeskyGradOp = defineOp("BatchCholeskyGrad", {
  inputs: ["l: T", "grad: T"],
  outputs: ["output: T"],
  attrs: ["T: {float, double}"],
  shape: ({ l }) => square(l),
  compute: ({ l, grad }) => choleskyGradAll(l, grad),
  gradient: "unregistered",
});

export const batchMatrixInverseOp = defineOp("BatchMatrixInverse", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["adjoint: bool = false", "T: {double, float}"],
  shape: ({ input }) => square(input),
  compute: ({ input, adjoint }) => invertAll(input, adjoint),
  gradient: "unregistered",
});

export const batchMatrixDeterminantOp = defineOp("BatchMatrixDeterminant", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {float, double, complex64, complex128}"],
  shape({ input }) {
    const { batch, rows, columns } = matrixShape(input);
    mergeDims(columns, rows);
    return [batch];
  },
  compute: ({ input }) => determinants(input),
  gradient: "unregistered",
});

export const batchMatrixSolveOp = defineOp("BatchMatrixSolve", {
  inputs: ["matrix: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["adjoint: bool = false", "T: {double, float}"],
  shape: solveShape,
  compute: ({ matrix, rhs, adjoint }) => solveAll(matrix, rhs, adjoint),
  gradient: "unregistered",
});

export const batchMatrixTriangularSolveOp = defineOp("BatchMatrixTriangularSolve", {
  inputs: ["matrix: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["lower: bool = true", "adjoint: bool = false", "T: {double, float}"],
  shape: solveShape,
  compute: ({ matrix, rhs, lower, adjoint }) => solveTriangularAll(matrix, rhs, lower, adjoint),
  gradient: "unregistered",
});

export const batchMatrixSolveLsOp = defineOp("BatchMatrixSolveLs", {
  inputs: ["matrix: T", "rhs: T", "l2_regularizer: double"],
  outputs: ["output: T"],
  attrs: ["T: {double, float}", "fast: bool = true"],
  shape: leastSquaresShape,
  compute: ({ matrix, rhs, l2_regularizer, fast }) => leastSquares(matrix, rhs, l2_regularizer, fast),
  gradient: "unregistered",
});

export const batchSelfAdjointEigOp = defineOp("BatchSelfAdjointEig", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float}"],
  shape({ input }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n === null ? null : n + 1, n)];
  },
  compute: ({ input }) => stackedEigen(input),
  gradient: "unregistered",
});

export const batchSelfAdjointEigV2Op = defineOp("BatchSelfAdjointEigV2", {
  inputs: ["input: T"],
  outputs: ["e: T", "v: T"],
  attrs: ["compute_v: bool = true", "T: {double, float}"],
  shape({ input, compute_v }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n), compute_v ? withBatch(batch, n, n) : [0]];
  },
  compute: ({ input, compute_v }) => selfAdjointAll(input, compute_v),
  gradient: "unregistered",
});

export const batchSvdOp = defineOp("BatchSvd", {
  inputs: ["input: T"],
  outputs: ["s: T", "u: T", "v: T"],
  attrs: ["compute_uv: bool = true", "full_matrices: bool = false", "T: {double, float, complex64, complex128}"],
  shape: ({ input, ...wanted }) => svdShape(input, wanted),
  compute: ({ input, ...wanted }) => svdAll(input, wanted),
  gradient: "unregistered",
});

export const batchMatrixBandPartOp = defineOp("BatchMatrixBandPart", {
  inputs: ["input: T", "num_lower: int64", "num_upper: int64"],
  outputs: ["band: T"],
  attrs: ["T: type"],
  shape: ({ input }) => [input],
  lower: (p, { input, num_lower, num_upper }) => lowerBand(p, input, num_lower, num_upper),
  gradient: "unregistered",
});

export const batchMatrixDiagOp = defineOp("BatchMatrixDiag", {
  inputs: ["diagonal: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ diagonal }) => [withRankAtLeast(diagonal, 1) === null ? null : [...diagonal!, diagonal!.at(-1)!]],
  lower: (p, op, node) => matrixDiagOp.definition.lower!(p, op, node),
  gradient: "unregistered",
});

export const batchMatrixDiagPartOp = defineOp("BatchMatrixDiagPart", {
  inputs: ["input: T"],
  outputs: ["diagonal: T"],
  attrs: ["T: type"],
  shape({ input }) {
    const { batch, rows, columns } = matrixShape(input);
    const least: Dim = rows === null || columns === null ? null : Math.min(rows, columns);
    return [withBatch(batch, least)];
  },
  lower: (p, op, node) => matrixDiagPartOp.definition.lower!(p, op, node),
  gradient: "unregistered",
});

export const batchMatrixSetDiagOp = defineOp("BatchMatrixSetDiag", {
  inputs: ["input: T", "diagonal: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ input }) => [withRankAtLeast(input, 2)],
  lower: (p, op, node) => matrixSetDiagOp.definition.lower!(p, op, node),
  gradient: "unregistered",
});
