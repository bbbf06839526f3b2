/** Ops of matrices and their gradients make Python's nodes: test/fixtures/math_nodes/make.py. */
import { describe } from "vitest";
import { tridiagonalSolve } from "../../../src/build/linalg/tridiagonal.ts";
import { float32, int32 } from "../../../src/core/dtype.ts";
import { NdArray } from "../../../src/core/nd_array.ts";
import type { Shape } from "../../../src/core/shape.ts";
import * as tf from "../../../src/ops/index.ts";
import { anyRank, f, grad, ids, ofShape, testPrograms } from "./node_programs.ts";

const batches: readonly (readonly (number | null)[])[] = [
  [3, 3],
  [2, 3, 3],
  [null, 3, 3],
];
const literal = (shape: readonly number[], ...values: number[]) =>
  new NdArray(float32, shape, Float32Array.from(values));

const equations: readonly (readonly [string, ...Shape[]])[] = [
  ["ij,jk->ik", [2, 3], [3, 4]],
  ["ij->ji", [2, 3]],
  ["ij->i", [2, 3]],
  ["bij,bjk->bik", [null, 2, 3], [null, 3, 4]],
  ["...ij,...jk->...ik", [5, 2, 3], [3, 4]],
  ["...ij,jk->...ik", [null, 2, 3], [3, 4]],
  ["ij,jk", [2, 3], [3, 4]],
  ["ijk,ij->k", [2, 3, 4], [2, 3]],
  ["ii->i", [3, 3]],
  ["i,j->ij", [2], [3]],
];

const programs: Record<string, () => void> = {
  products() {
    const [x, y, u, v] = [f(2, 3), f(3, 4), f(null, 2, 3), f(5, 3, 4)];
    grad(tf.matmul(x, y), x, y);
    grad(tf.matmul(y, x, { transposeA: true, transposeB: true }), x, y);
    grad(u.matmul(v), u, v);
    grad(tf.matmul(v, u, { transposeA: true, adjointB: true }), u, v);
    tf.matvec(x, f(3));
    tf.matmul(literal([1, 2], 1, 2), literal([2, 1], 3, 4));
    const [w, z] = [f(5, 2, 3), anyRank()];
    grad(w.matmul(v), w, v);
    grad(w.matmul(z), w, z);
  },
  systems() {
    for (const shape of batches) {
      const [x, y] = [f(...shape), f(...shape.slice(0, -1), 2)];
      grad(tf.matrixInverse(x), x);
      grad(tf.matrixDeterminant(x), x);
      grad(tf.cholesky(x), x);
      grad(tf.matrixSquareRoot(x), x);
      grad(tf.trace(x), x);
      grad(tf.logdet(x), x);
      grad(tf.matrixSolve(x, y), x, y);
      grad(tf.matrixSolve(x, y, { adjoint: true }), x, y);
      grad(tf.matrixTriangularSolve(x, y), x, y);
      grad(tf.matrixTriangularSolve(x, y, { lower: false, adjoint: true }), x, y);
      grad(tf.choleskySolve(x, y), x, y);
      grad(tf.matrixSolveLs(x, y), x, y);
      grad(tf.matrixSolveLs(x, y, { l2Regularizer: 0.5 }), x, y);
      grad(tf.slogdet(x).log_abs_determinant, x);
    }
  },
  decompositions() {
    for (const shape of batches) {
      const x = f(...shape);
      const { e, v } = tf.selfAdjointEig(x);
      grad(e, x);
      grad(v, x);
      grad(tf.selfAdjointEigvals(x), x);
    }
    for (const shape of [
      [3, 3],
      [4, 3],
      [3, 4],
      [2, 3, 4],
    ]) {
      const x = f(...shape);
      const { s, u, v } = tf.svd(x);
      for (const each of [s, u, v]) grad(each, x);
      grad(tf.svd(x, { computeUv: false }), x);
      const { q, r } = tf.qr(x);
      grad(q, x);
      grad(r, x);
    }
    const x = f(3, 4);
    grad(tf.svd(x, { fullMatrices: true }).v, x);
  },
  diagonals() {
    const [x, y, z, w] = [f(2, 3), f(2, 3, 4), f(null, null), f(null)];
    grad(tf.matrixDiag(x), x);
    grad(tf.matrixDiag(x, { k: 1 }), x);
    grad(tf.matrixDiagPart(y), y);
    grad(tf.matrixDiagPart(z), z);
    grad(tf.matrixDiagPart(y, { k: [-1, 1] }), y);
    grad(tf.matrixSetDiag(y, x), y, x);
    grad(tf.matrixBandPart(y, 1, -1), y);
    grad(tf.diag(x), x);
    grad(tf.diagPart(f(3, 3)), f(3, 3));
    grad(tf.matrixDiagOp({ diagonal: x }), x);
    grad(tf.matrixDiagPartOp({ input: y }), y);
    grad(tf.matrixSetDiagOp({ input: y, diagonal: x }), y, x);
    grad(tf.matrixSetDiagOp({ input: z, diagonal: w }), z, w);
    grad(tf.matrixDiagV2Op({ diagonal: x, k: 0, num_rows: -1, num_cols: -1, padding_value: 0 }), x);
    grad(tf.matrixDiagPartV2Op({ input: y, k: 0, padding_value: 0 }), y);
    grad(tf.matrixSetDiagV2Op({ input: y, diagonal: x, k: 0 }), y, x);
  },
  eyes() {
    tf.eye(3);
    tf.eye(3, { numColumns: 4 });
    tf.eye(2, { batchShape: [3] });
    tf.eye(ids());
    tf.eye(2, { batchShape: ids(1) });
    tf.eye(ids(), { numColumns: 2 });
    tf.eye(3, { dtype: int32, name: "q" });
  },
  equations() {
    for (const [equation, ...shapes] of equations) {
      const xs = shapes.map(ofShape);
      grad(tf.einsum(equation, ...xs), ...xs);
    }
  },
  contractions() {
    const [x, y, z, w] = [f(2, 3, 4), f(4, 3, 5), f(null, 3, 4), anyRank()];
    const both = [
      [1, 2],
      [1, 0],
    ] as const;
    tf.tensordot(x, f(4, 5), 1);
    tf.tensordot(x, y, both);
    tf.tensordot(z, y, [[2], [0]]);
    tf.tensordot(z, y, both);
    tf.tensordot(w, f(4, 5), [[1], [0]]);
    tf.tensordot(w, y, 1);
    tf.tensordot(x, x, 3);
  },
  norms() {
    const [x, y] = [f(2, 3), anyRank()];
    for (const ord of ["euclidean", 1, 2, 3, Number.POSITIVE_INFINITY] as const) {
      tf.norm(x, { ord });
      tf.norm(x, { ord, axis: 1, keepdims: true });
      tf.norm(y, { ord, axis: -1 });
    }
    for (const ord of ["fro", 1, Number.POSITIVE_INFINITY] as const) tf.norm(x, { ord, axis: [0, 1] });
  },
  bands() {
    const [x, y] = [f(3, 4), f(4, 2)];
    grad(tf.bandedTriangularSolveOp({ matrix: x, rhs: y }), x, y);
    const [superdiag, maindiag, subdiag, rhs] = [f(1, 4), f(1, 4), f(1, 4), f(4, 2)];
    grad(tf.tridiagonalMatMulOp({ superdiag, maindiag, subdiag, rhs }), superdiag, maindiag, subdiag, rhs);
    for (const shape of [
      [3, 4],
      [null, 3, 4],
    ]) {
      const [d, r] = [f(...shape), f(...shape.slice(0, -2), 4, 2)];
      grad(tridiagonalSolve(d, r), d, r);
    }
  },
};

describe("ops of matrices make Python's nodes", () => {
  testPrograms("matrix", programs);
});
