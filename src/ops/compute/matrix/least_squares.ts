/** Least squares. Source: linalg_ops.cc, matrix_solve_ls_op_impl.h, linalg_ops.py, linalg_grad.py. */

import { InvalidArgumentError, UnimplementedError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { elementCount, isFull, mergeDims, mergeShapes, type Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { checkSystem, matrixShape, withBatch } from "./linalg/batch.ts";
import { cholesky as factorOf, solveTriangular } from "./linalg/lu.ts";
import {
  addScaled,
  adjoint,
  identity,
  leading,
  type Matrix,
  matricesOf,
  multiply,
  packMatrices,
} from "./linalg/matrix.ts";
import { singularValues } from "./linalg/svd.ts";
import type { System } from "./solve.ts";

/** x with (A^H A + l I) x = A^H b, or the smallest x with A x = b for more columns than rows; null when the factor does not exist. */
function byNormalEquations(a: Matrix, b: Matrix, regularizer: number): Matrix | null {
  const ah = adjoint(a);
  const isTall = a.rows >= a.columns;
  const gram = isTall ? multiply(ah, a) : multiply(a, ah);
  const l = factorOf(addScaled(gram, identity(gram.rows), regularizer));
  if (!l) return null;
  const through = (rhs: Matrix): Matrix => solveTriangular(adjoint(l), solveTriangular(l, rhs, true), false);
  return isTall ? through(multiply(ah, b)) : multiply(ah, through(b));
}

/** The smallest x of the least residual, whatever the rank of A. */
function byPseudoInverse(a: Matrix, b: Matrix): Matrix {
  const { values, u, v } = singularValues(a, false);
  const n = values.length;
  const smallest = (values[0] ?? 0) * Math.max(a.rows, a.columns) * 2 ** -52;
  const scaled = multiply(adjoint(leading(u, u.rows, n)), b);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < scaled.columns; j++) {
      const at = i * scaled.columns + j;
      const factor = values[i]! > smallest ? 1 / values[i]! : 0;
      scaled.re[at]! *= factor;
      scaled.im[at]! *= factor;
    }
  }
  return multiply(leading(v, v.rows, n), scaled);
}

export function leastSquares(matrix: NdArray, rhs: NdArray, regularizer: NdArray, isFast: boolean): NdArray {
  checkSystem(matrix, rhs, false);
  const l2 = (regularizer.data as Float64Array)[0]!;
  if (l2 < 0) throw new InvalidArgumentError("l2_regularizer must be >= 0.");
  const [m, n] = matrix.shape.slice(-2) as [number, number];
  const k = rhs.shape.at(-1)!;
  const right = matricesOf(rhs);
  const results = matricesOf(matrix).map((a, i) => {
    const x = isFast || l2 > 0 ? byNormalEquations(a, right[i]!, l2) : byPseudoInverse(a, right[i]!);
    if (x && m > 0 && x.re.every(Number.isFinite)) return x;
    throw new InvalidArgumentError(
      "Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide a larger l2_regularizer > 0.",
    );
  });
  return packMatrices(rhs.dtype, rhs.shape.slice(0, -2), [n, k], results);
}

export function leastSquaresShape({ matrix, rhs }: System): readonly Shape[] {
  const left = matrixShape(matrix);
  const right = matrixShape(rhs);
  const batch = mergeShapes(left.batch, right.batch);
  mergeDims(left.rows, right.rows);
  return [withBatch(batch, left.columns, right.columns)];
}

/** output = the x that makes matrix @ x nearest to rhs, with a penalty on its size. */
export const matrixSolveLsOp = defineOp("MatrixSolveLs", {
  inputs: ["matrix: T", "rhs: T", "l2_regularizer: double"],
  outputs: ["output: T"],
  attrs: ["T: {double, float, half, complex64, complex128}", "fast: bool = true"],
  shape: leastSquaresShape,
  compute: ({ matrix, rhs, l2_regularizer, fast }) => leastSquares(matrix, rhs, l2_regularizer, fast),
  gradient(tf, op, dy) {
    if (!op.fast) throw new ValueError("Gradient not defined for fast=False");
    const inner = op.matrix.shape?.slice(-2);
    if (inner && isFull(inner)) return inner[0]! >= inner[1]! ? overdetermined(op, dy!) : underdetermined(op, dy!);
    const shape = tf.shape(op.matrix).at("-2:");
    const isTall = tf.greaterEqual(shape.at(-2), shape.at(-1));
    const [tall, wide] = [overdetermined(op, dy!), underdetermined(op, dy!)];
    return { matrix: tf.whereV2(isTall, tall.matrix, wide.matrix), rhs: tf.whereV2(isTall, tall.rhs, wide.rhs) };
  },
});

interface Solved {
  readonly matrix: Tensor;
  readonly rhs: Tensor;
  readonly l2_regularizer: Tensor;
  readonly output: Tensor;
}

interface Gradients {
  readonly matrix: Tensor;
  readonly rhs: Tensor;
}

function overdetermined({ matrix: a, rhs: b, l2_regularizer, output: x }: Solved, dy: Tensor): Gradients {
  const chol = gramCholesky(a, ops.cast(l2_regularizer, a.dtype.baseDtype), true);
  const z = ops.choleskySolve(chol, dy);
  const xzt = ops.matmul(x, z, { adjointB: true });
  const symmetric = xzt.add(ops.matrixTranspose(xzt));
  const first = ops.matmul(a, symmetric).neg();
  return { matrix: first.add(ops.matmul(b, z, { adjointB: true })), rhs: ops.matmul(a, z) };
}

function underdetermined({ matrix: a, rhs: b, l2_regularizer }: Solved, dy: Tensor): Gradients {
  const chol = gramCholesky(a, ops.cast(l2_regularizer, a.dtype.baseDtype), false);
  const rhs = ops.choleskySolve(chol, ops.matmul(a, dy));
  const solved = ops.choleskySolve(chol, b);
  const first = ops.matmul(rhs, ops.matmul(solved, a, { adjointA: true })).neg();
  const residual = dy.sub(ops.matmul(a, rhs, { adjointA: true }));
  return { matrix: first.add(ops.matmul(solved, residual, { adjointB: true })), rhs };
}

/** The Cholesky factor of A^H A + l I (or of A A^H + l I). */
function gramCholesky(matrix: Tensor, regularizer: TensorLike, isFirst: boolean): Tensor {
  let gram = ops.matmul(matrix, matrix, { adjointA: isFirst, adjointB: !isFirst });
  if (isSymbolic(regularizer) || regularizer !== 0) {
    const shape = ops.shape(matrix);
    const batch = shape.at(":-2");
    const small = shape.at(isFirst ? -1 : -2);
    const eye = ops.eye(small, { batchShape: batch, dtype: matrix.dtype.baseDtype });
    const known = matrix.shape;
    if (known !== null) {
      const n = known.at(isFirst ? -1 : -2)!;
      eye.setShape([...known.slice(0, -2), n, n]);
    }
    gram = gram.add(isSymbolic(regularizer) ? (regularizer as Tensor).mul(eye) : eye.rmul(regularizer));
  }
  return ops.choleskyOp({ input: gram });
}

export interface LeastSquaresOptions extends Named {
  readonly l2Regularizer?: TensorLike;
  /** False: by an orthogonal decomposition, for matrices without full rank. */
  readonly fast?: boolean;
}

const cacheBytes = 256000;

const matrixSolveLsPlaces = ["l2Regularizer", "fast", "name"] as const;

/** The x that makes matrix @ x nearest to rhs. Throws UNIMPLEMENTED for complex128 with a regularizer. */
export const matrixSolveLs = byKeyword(
  ["matrix", "rhs"],
  function matrixSolveLs(
    matrix: TensorLike,
    rhs: TensorLike,
    ...rest: Rest<LeastSquaresOptions, typeof matrixSolveLsPlaces>
  ): Tensor {
    const options = byName<LeastSquaresOptions>(rest, matrixSolveLsPlaces);
    const { l2Regularizer = 0, fast = true, name } = options;
    const a = convertToTensor(matrix, { name: "matrix" });
    if (a.dtype.base === "complex128" && l2Regularizer !== 0) {
      throw new UnimplementedError(
        "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to poor accuracy.",
      );
    }
    if (!fast || !isComposite(a)) return matrixSolveLsOp({ matrix: a, rhs, l2_regularizer: l2Regularizer, fast }, name);
    return inScope(name, "matrix_solve_ls", () => {
      const inner = a.shape?.slice(-2);
      const tall = (): Tensor =>
        ops.choleskySolve(gramCholesky(a, l2Regularizer, true), ops.matmul(a, rhs, { adjointA: true }));
      const wide = (): Tensor =>
        ops.matmul(a, ops.choleskySolve(gramCholesky(a, l2Regularizer, false), rhs), { adjointA: true });
      if (inner && isFull(inner)) return inner[0]! >= inner[1]! ? tall() : wide();
      const shape = ops.shape(a).at("-2:");
      const isTall = ops.greaterEqual(shape.at(-2), shape.at(-1));
      return ops.whereV2(isTall, tall(), wide());
    });
  },
);

/** Many small matrices go to one op, others to a composition that has a gradient. */
function isComposite(a: Tensor): boolean {
  if (!isFull(a.shape)) return true;
  const isMany = elementCount(a.shape.slice(0, -2)) > Math.min(...a.shape.slice(-2));
  return !(elementCount(a.shape) * a.dtype.sizeBytes > cacheBytes && isMany);
}

export const lstsq: typeof matrixSolveLs = matrixSolveLs;
