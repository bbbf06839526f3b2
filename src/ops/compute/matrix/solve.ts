/** Inverses, determinants and systems of equations. Source: linalg_ops.cc, matrix_inverse_op.cc, determinant_op.cc, linalg_grad.py. */

import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import {
  broadcastShapes,
  type FullShape,
  formatShape,
  isFull,
  mergeDims,
  mergeShapes,
  type Shape,
  sameShape,
} from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { pairsOf } from "../math/elementwise/operands.ts";
import { mayBroadcast } from "../math/elementwise/table.ts";
import { checkSquare, checkSystem, matrixShape, squareShape, withBatch } from "./linalg/batch.ts";
import { type Factors, factorize, inverse, solve, solveTriangular } from "./linalg/lu.ts";
import { adjoint, type Matrix, matricesOf, packMatrices, zeros } from "./linalg/matrix.ts";

const kinds = "T: {double, float, half, complex64, complex128}";

export function invertAll(input: NdArray, isAdjoint: boolean): NdArray {
  checkSquare(input);
  const results = matricesOf(input).map((a) => {
    const factors = factorize(isAdjoint ? adjoint(a) : a);
    if (factors.isSingular) throw new InvalidArgumentError("Input is not invertible.");
    return inverse(factors);
  });
  return packMatrices(input.dtype, input.shape.slice(0, -2), input.shape.slice(-2), results);
}

const squareOutput = ({ input }: { readonly input: Shape }): readonly Shape[] => {
  const { batch, n } = squareShape(input);
  return [withBatch(batch, n, n)];
};

/** output = the inverse (of the adjoint) of each matrix. Throws `Input is not invertible.` */
export const matrixInverseOp = defineOp("MatrixInverse", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["adjoint: bool = false", kinds],
  shape: squareOutput,
  compute: ({ input, adjoint: isAdjoint }) => invertAll(input, isAdjoint),
  gradient(tf, { output, adjoint: isAdjoint }, dy) {
    const inner = tf.matmul(dy!, output, { adjointA: isAdjoint, adjointB: !isAdjoint });
    return { input: tf.matmul(output, inner, { adjointA: !isAdjoint }).neg() };
  },
});

/** The product of the pivots with the sign of the permutation. */
function determinant({ lu, sign }: Factors): readonly [number, number] {
  let [x, y] = [sign as number, 0];
  for (let i = 0; i < lu.rows; i++) {
    const [p, q] = [lu.re[i * lu.rows + i]!, lu.im[i * lu.rows + i]!];
    [x, y] = [x * p - y * q, x * q + y * p];
  }
  return [x, y];
}

const scalarMatrix = ([x, y]: readonly [number, number]): Matrix => {
  const m = zeros(1, 1);
  m.re[0] = x;
  m.im[0] = y;
  return m;
};

const vectorOutput = ({ input }: { readonly input: Shape }): Shape => {
  const { batch, rows, columns } = matrixShape(input);
  mergeDims(columns, rows);
  return batch;
};

export function determinants(input: NdArray): NdArray {
  checkSquare(input);
  const results = matricesOf(input).map((a) => scalarMatrix(determinant(factorize(a))));
  return packMatrices(input.dtype, input.shape.slice(0, -2), [], results);
}

export const matrixDeterminantOp = defineOp("MatrixDeterminant", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, float, double, complex64, complex128}"],
  shape: (op) => [vectorOutput(op)],
  compute: ({ input }) => determinants(input),
  gradient: (tf, { input, output }, dy) => {
    const inverted = tf.matrixInverse(input, { adjoint: true });
    const factor = tf.reshape(dy!.mul(output), tf.concat([tf.shape(output), [1, 1]], 0));
    return { input: factor.mul(inverted) };
  },
});

/** The determinant as its sign (or phase) and the logarithm of its size. */
function logDeterminant(a: Matrix): { readonly sign: Matrix; readonly log: Matrix } {
  const { lu, sign } = factorize(a);
  let [x, y, log] = [sign as number, 0, 0];
  for (let i = 0; i < lu.rows; i++) {
    const [p, q] = [lu.re[i * lu.rows + i]!, lu.im[i * lu.rows + i]!];
    const size = Math.hypot(p, q);
    log += Math.log(size);
    if (size === 0) [x, y] = [0, 0];
    else [x, y] = [(x * p - y * q) / size, (x * q + y * p) / size];
  }
  return { sign: scalarMatrix([x, y]), log: scalarMatrix([log, 0]) };
}

export const logMatrixDeterminantOp = defineOp("LogMatrixDeterminant", {
  inputs: ["input: T"],
  outputs: ["sign: T", "log_abs_determinant: T"],
  attrs: ["T: {half, float, double, complex64, complex128}"],
  shape: (op) => [vectorOutput(op), vectorOutput(op)],
  compute({ input }) {
    checkSquare(input);
    const found = matricesOf(input).map(logDeterminant);
    const batch = input.shape.slice(0, -2);
    return [
      packMatrices(
        input.dtype,
        batch,
        [],
        found.map((each) => each.sign),
      ),
      packMatrices(
        input.dtype,
        batch,
        [],
        found.map((each) => each.log),
      ),
    ];
  },
  gradient(tf, { input, log_abs_determinant }, _, dy) {
    const inverted = tf.matrixInverse(input, { adjoint: true });
    const factor = tf.reshape(dy!, tf.concat([tf.shape(log_abs_determinant), [1, 1]], 0));
    return { input: factor.mul(inverted) };
  },
});

export function solveAll(matrix: NdArray, rhs: NdArray, isAdjoint: boolean): NdArray {
  checkSystem(matrix, rhs, true);
  const right = matricesOf(rhs);
  const results = matricesOf(matrix).map((a, i) => {
    const factors = factorize(isAdjoint ? adjoint(a) : a);
    if (factors.isSingular) throw new InvalidArgumentError("Input matrix is not invertible.");
    return solve(factors, right[i]!);
  });
  return packMatrices(rhs.dtype, rhs.shape.slice(0, -2), rhs.shape.slice(-2), results);
}

export interface System {
  readonly matrix: Shape;
  readonly rhs: Shape;
}

/** Batch dimensions are equal; the rows of rhs are those of the square matrix. */
export function solveShape({ matrix, rhs }: System): readonly Shape[] {
  const { batch, n } = squareShape(matrix);
  const right = matrixShape(rhs);
  const joined = mergeShapes(batch, right.batch);
  mergeDims(n, right.rows);
  return [withBatch(joined, right.rows ?? n, right.columns)];
}

/** output = x with matrix @ x = rhs (or its adjoint @ x). Throws `Input matrix is not invertible.` */
export const matrixSolveOp = defineOp("MatrixSolve", {
  inputs: ["matrix: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["adjoint: bool = false", kinds],
  shape: solveShape,
  compute: ({ matrix, rhs, adjoint: isAdjoint }) => solveAll(matrix, rhs, isAdjoint),
  gradient(tf, { matrix, output, adjoint: isAdjoint }, dy) {
    const rhs = tf.matrixSolve(matrix, dy!, { adjoint: !isAdjoint });
    return { matrix: outer(tf, rhs, output, isAdjoint), rhs };
  },
});

/** The gradient of the matrix of a system from that of its right side. */
const outer = (tf: GradientTools, rhs: Tensor, x: Tensor, isAdjoint: boolean): Tensor =>
  (isAdjoint ? tf.matmul(x, rhs, { adjointB: true }) : tf.matmul(rhs, x, { adjointB: true })).neg();

/** Throws the kernel's words for a triangular system whose parts do not go together. */
function checkTriangular(a: FullShape, b: FullShape): void {
  for (const [i, shape] of [a, b].entries()) {
    if (shape.length < 2) throw new InvalidArgumentError(`In[${i}] ndims must be >= 2: ${shape.length}`);
  }
  if (!mayBroadcast(a.slice(0, -2), b.slice(0, -2))) {
    throw new InvalidArgumentError(
      `In[0] and In[1] must have compatible batch dimensions: ${formatShape(a)} vs. ${formatShape(b)}`,
    );
  }
  const [rows, columns] = a.slice(-2) as [number, number];
  if (rows !== columns)
    throw new InvalidArgumentError(`In[0] matrices in the last dimensions must be square (${columns} =/= ${rows})`);
  if (columns !== b.at(-2)) {
    throw new InvalidArgumentError(
      `In[0] mismatch In[1] shape: ${columns} vs. ${b.at(-2)}: ${formatShape(a)} ${formatShape(b)} 1 0`,
    );
  }
}

/** Solves batch by batch; leading dimensions broadcast. */
export function solveBroadcast(matrix: NdArray, rhs: NdArray, solveOne: (a: Matrix, b: Matrix) => Matrix): NdArray {
  const { shape: batch, at } = pairsOf(matrix.shape.slice(0, -2), rhs.shape.slice(0, -2));
  const [left, right] = [matricesOf(matrix), matricesOf(rhs)];
  const count = batch.reduce((n, d) => n * d, 1);
  const results = Array.from({ length: count }, (_, i) => {
    const [a, b] = at(i);
    return solveOne(left[a]!, right[b]!);
  });
  return packMatrices(rhs.dtype, batch, rhs.shape.slice(-2), results);
}

export function solveTriangularAll(matrix: NdArray, rhs: NdArray, isLower: boolean, isAdjoint: boolean): NdArray {
  checkTriangular(matrix.shape, rhs.shape);
  return solveBroadcast(matrix, rhs, (a, b) => solveTriangular(isAdjoint ? adjoint(a) : a, b, isLower !== isAdjoint));
}

function triangularShape({ matrix, rhs }: System): readonly Shape[] {
  const { batch, n } = squareShape(matrix);
  const right = matrixShape(rhs);
  mergeDims(n, right.rows);
  return [withBatch(broadcastShapes(batch, right.batch), right.rows ?? n, right.columns)];
}

/** output = x with matrix @ x = rhs, of which only the lower or the upper part counts. */
export const matrixTriangularSolveOp = defineOp("MatrixTriangularSolve", {
  inputs: ["matrix: T", "rhs: T"],
  outputs: ["output: T"],
  attrs: ["lower: bool = true", "adjoint: bool = false", "T: {bfloat16, double, float, half, complex64, complex128}"],
  shape: triangularShape,
  compute: ({ matrix, rhs, lower, adjoint: isAdjoint }) => solveTriangularAll(matrix, rhs, lower, isAdjoint),
  gradient(tf, { matrix: a, rhs: b, output, lower, adjoint: isAdjoint }, dy) {
    const rhs = tf.matrixTriangularSolve(a, dy!, { lower, adjoint: !isAdjoint });
    const full = outer(tf, rhs, output, isAdjoint);
    const matrix = lower ? tf.matrixBandPart(full, -1, 0) : tf.matrixBandPart(full, 0, -1);
    if (isFull(a.shape) && isFull(b.shape) && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2)))
      return { matrix, rhs };
    return unbroadcast(tf, [a, b], [matrix, rhs]);
  },
});

/** Sums the gradients over batch dimensions that were broadcast. */
export function unbroadcast(
  tf: GradientTools,
  [a, b]: readonly [Tensor, Tensor],
  [ga, gb]: readonly [Tensor, Tensor],
): { matrix: Tensor; rhs: Tensor } {
  const [shapeA, shapeB] = [tf.shape(a), tf.shape(b)];
  const [batchA, batchB] = [shapeA.at(":-2"), shapeB.at(":-2")];
  const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: batchA, s1: batchB });
  return {
    matrix: tf.reshape(tf.reduceSum(ga, { axis: r0 }), shapeA),
    rhs: tf.reshape(tf.reduceSum(gb, { axis: r1 }), shapeB),
  };
}

export interface AdjointOptions extends Named {
  /** Take the conjugate transpose of the matrix. */
  readonly adjoint?: boolean;
}

const matrixInversePlaces = ["adjoint", "name"] as const;

/** The inverse of matrices [..., m, m] of floats or complex numbers. Throws INVALID_ARGUMENT for one that has none. */
export const matrixInverse = (input: TensorLike, ...rest: Rest<AdjointOptions, typeof matrixInversePlaces>): Tensor => {
  const options = byName<AdjointOptions>(rest, matrixInversePlaces);
  return matrixInverseOp({ input, adjoint: options.adjoint ?? false }, options.name);
};

/** The determinant, [...], of matrices [..., m, m] of floats or complex numbers. */
export const matrixDeterminant = (input: TensorLike, name?: Name): Tensor =>
  matrixDeterminantOp({ input }, nameOf(name));

/** Sign and logarithm of the size of the determinant. */
export const slogdet = (
  input: TensorLike,
  name?: Name,
): { readonly sign: Tensor; readonly log_abs_determinant: Tensor } => logMatrixDeterminantOp({ input }, nameOf(name));

/** x, [..., m, k], with matrix x = rhs; matrix [..., m, m]. Throws INVALID_ARGUMENT for one that is not invertible. */
export const matrixSolve = byKeyword(
  ["matrix", "rhs"],
  function matrixSolve(
    matrix: TensorLike,
    rhs: TensorLike,
    ...rest: Rest<AdjointOptions, typeof matrixInversePlaces>
  ): Tensor {
    const options = byName<AdjointOptions>(rest, matrixInversePlaces);
    return matrixSolveOp({ matrix, rhs, adjoint: options.adjoint ?? false }, options.name);
  },
);

type MatrixTriangularSolveOptions = { readonly lower?: boolean } & AdjointOptions;
const matrixTriangularSolvePlaces = ["lower", "adjoint", "name"] as const;

/** x, [..., m, k], with matrix x = rhs for a triangular matrix [..., m, m]. */
export const matrixTriangularSolve = byKeyword(
  ["matrix", "rhs"],
  function matrixTriangularSolve(
    matrix: TensorLike,
    rhs: TensorLike,
    ...rest: Rest<MatrixTriangularSolveOptions, typeof matrixTriangularSolvePlaces>
  ): Tensor {
    const options = byName<MatrixTriangularSolveOptions>(rest, matrixTriangularSolvePlaces);
    return inScope(options.name, "triangular_solve", () =>
      matrixTriangularSolveOp({ matrix, rhs, lower: options.lower ?? true, adjoint: options.adjoint ?? false }),
    );
  },
);
