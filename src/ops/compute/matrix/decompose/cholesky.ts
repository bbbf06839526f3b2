/** Cholesky and LU factors. Source: linalg_ops.cc, cholesky_op.cc, lu_op.cc, linalg_grad.py. */

import { type DType, int32, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";
import { checkSquare, squareShape, withBatch } from "../linalg/batch.ts";
import { factorize, cholesky as factorOf, solveTriangular } from "../linalg/lu.ts";
import { adjoint, copy, type Matrix, matricesOf, multiply, packMatrices, zeros } from "../linalg/matrix.ts";
import { matrixTriangularSolveOp } from "../solve.ts";

/** A factor of what has none: NaN on and below the diagonal. */
function undefinedFactor(n: number): Matrix {
  const m = zeros(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) m.re[i * n + j] = Number.NaN;
  return m;
}

export function choleskyAll(input: NdArray): NdArray {
  checkSquare(input);
  const n = input.shape.at(-1)!;
  const factors = matricesOf(input).map((a) => factorOf(a) ?? undefinedFactor(n));
  return packMatrices(input.dtype, input.shape.slice(0, -2), [n, n], factors);
}

/** output = the lower L with input = L L^H, for positive definite matrices of which the lower part is read; NaN for others. */
export const choleskyOp = defineOp("Cholesky", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, half, complex64, complex128}"],
  shape({ input }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n, n)];
  },
  compute: ({ input }) => choleskyAll(input),
  gradient(tf, { output: l }, dy) {
    const rows = tf.shape(l).at(-1);
    const batch = tf.shape(l).at(":-2");
    const inverse = tf.matrixTriangularSolve(l, tf.eye(rows, { batchShape: batch, dtype: l.dtype.baseDtype }));
    const product = tf.matmul(l, dy!, { adjointA: true });
    const halved = tf.matrixSetDiag(product, tf.matrixDiagPart(product).rmul(0.5));
    const middle = tf.matrixBandPart(halved, -1, 0);
    const half = tf.matmul(tf.matmul(inverse, middle, { adjointA: true }), inverse);
    return { input: half.add(tf.adjoint(half)).mul(0.5) };
  },
});

/** The gradient of the input from that of its factor, lower and symmetric parts together. */
function choleskyGradient(l: Matrix, grad: Matrix): Matrix {
  const n = l.rows;
  const lower = copy(grad);
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) lower.re[i * n + j] = 0;
  const middle = multiply(adjoint(l), lower);
  for (let i = 0; i < n; i++) {
    middle.re[i * n + i]! /= 2;
    for (let j = i + 1; j < n; j++) middle.re[i * n + j] = 0;
  }
  const lh = adjoint(l);
  const left = solveTriangular(lh, middle, false);
  const full = adjoint(solveTriangular(lh, adjoint(left), false));
  const result = zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result.re[i * n + j] = (full.re[i * n + j]! + full.re[j * n + i]!) / 2;
  }
  return result;
}

export function choleskyGradAll(l: NdArray, grad: NdArray): NdArray {
  checkSquare(l);
  const grads = matricesOf(grad);
  const results = matricesOf(l).map((each, i) => choleskyGradient(each, grads[i]!));
  return packMatrices(l.dtype, l.shape.slice(0, -2), l.shape.slice(-2), results);
}

export const choleskyGradOp = defineOp("CholeskyGrad", {
  inputs: ["l: T", "grad: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, float, double}"],
  shape({ l }) {
    const { batch, n } = squareShape(l);
    return [withBatch(batch, n, n)];
  },
  compute: ({ l, grad }) => choleskyGradAll(l, grad),
  gradient: "unregistered",
});

/** lu = both factors in one matrix (ones on the lower one's diagonal are left out), p = the rows of input in the order of lu's. */
export const luOp = defineOp("Lu", {
  inputs: ["input: T"],
  outputs: ["lu: T", "p: output_idx_type"],
  attrs: ["T: {double, float, half, complex64, complex128}", "output_idx_type: {int32, int64} = DT_INT32"],
  shape({ input }) {
    const { batch, n } = squareShape(input);
    return [withBatch(batch, n, n), withBatch(batch, n)];
  },
  compute({ input, output_idx_type }) {
    checkSquare(input);
    const n = input.shape.at(-1)!;
    const batch = input.shape.slice(0, -2);
    const found = matricesOf(input).map((a) => {
      const factors = factorize(a);
      if (factors.isSingular) throw new InvalidArgumentError("Input is not invertible.");
      return factors;
    });
    const rows = found.flatMap((each) => each.permutation);
    const indices = output_idx_type === int64 ? BigInt64Array.from(rows, BigInt) : Int32Array.from(rows);
    const lu = packMatrices(
      input.dtype,
      batch,
      [n, n],
      found.map((each) => each.lu),
    );
    return [lu, new NdArray(output_idx_type, [...batch, n], indices)];
  },
  gradient: "unregistered",
});

/**
 * The lower triangular L of [..., m, m] with L Lᵀ = input, which is symmetric and positive definite. Throws INVALID_ARGUMENT where it is
 * not.
 */
export const cholesky = (input: TensorLike, name?: Name): Tensor => choleskyOp({ input }, nameOf(name));

/** x with A x = rhs, from the Cholesky factor of A. */
export const choleskySolve = byKeyword(
  ["chol", "rhs"],
  function choleskySolve(chol: TensorLike, rhs: TensorLike, name?: Name): Tensor {
    return inScope(nameOf(name), "cholesky_solve", () => {
      const y = matrixTriangularSolveOp({ matrix: chol, rhs, lower: true, adjoint: false });
      return matrixTriangularSolveOp({ matrix: chol, rhs: y, lower: true, adjoint: true });
    });
  },
);

export interface LuOptions extends Named {
  /** Of the permutation: int32 or int64. */
  readonly outputIdxType?: DType;
}

const luPlaces = ["outputIdxType", "name"] as const;

/** Both factors in one matrix, and the permutation of rows. */
export const lu = (
  input: TensorLike,
  ...rest: Rest<LuOptions, typeof luPlaces>
): { readonly lu: Tensor; readonly p: Tensor } => {
  const { outputIdxType = int32, name } = byName<LuOptions>(rest, luPlaces);
  return luOp({ input, output_idx_type: outputIdxType }, name);
};
