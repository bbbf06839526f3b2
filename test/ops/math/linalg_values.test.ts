/** Functions of linear algebra that are made of other ops: what they compute, and their errors in Python's words. */
import { describe, expect, it } from "vitest";
import { NdArray } from "../../../src/core/nd_array.ts";
import * as tf from "../../../src/index.ts";
import { checkGradient, checkOp } from "../../check_op.ts";

const { linalg } = tf;
const matrix = (rows: readonly (readonly number[])[]): tf.Tensor => tf.constant(rows as number[][], tf.float64);
const a = [
  [4, 1, 2],
  [1, 3, 0],
  [2, 0, 5],
];
const one = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

describe("functions of linear algebra", () => {
  it("raises e to matrices, also to large ones", async () => {
    const rotation = (t: number): number[][] => [
      [0, -t],
      [t, 0],
    ];
    const turned = (t: number): number[][] => [
      [Math.cos(t), -Math.sin(t)],
      [Math.sin(t), Math.cos(t)],
    ];
    const angles = [0.01, 0.2, 0.9, 2, 30];
    await checkOp(() => linalg.expm(tf.constant(angles.map(rotation), tf.float64)), angles.map(turned), 1e-10);
    await checkOp(() => linalg.expm(tf.constant(rotation(1.5), tf.float32)), turned(1.5), 1e-5);
    await checkOp(
      () =>
        linalg.expm(
          matrix([
            [Number.POSITIVE_INFINITY, 0],
            [0, 1],
          ]),
        ),
      [
        [Number.NaN, Number.NaN],
        [Number.NaN, Number.NaN],
      ],
    );
    expect(() => linalg.expm([[1]])).toThrow("tf.linalg.expm does not support matrices of type");
  });

  it("has a gradient of the exponential", async () => {
    await checkGradient(
      (x) => linalg.expm(x),
      [new NdArray(tf.float64, [2, 2], Float64Array.of(0.3, -1, 2.5, 4))],
      1e-4,
    );
  });

  it("solves, inverts and multiplies out by LU factors, in batches too", async () => {
    for (const batch of [a, [a, one]]) {
      const made = () => {
        const x = tf.constant(batch as number[][], tf.float64);
        return { x, ...linalg.lu(x) };
      };
      await checkOp(() => {
        const { lu, p } = made();
        return linalg.luReconstruct(lu, p);
      }, batch);
      const ones = batch === a ? one : [one, one];
      await checkOp(() => {
        const { x, lu, p } = made();
        return tf.matmul(x, linalg.luMatrixInverse(lu, p));
      }, ones);
      await checkOp(() => {
        const { x, lu, p } = made();
        return linalg.luSolve(lu, p, x);
      }, ones);
    }
    expect(() => linalg.luSolve([1, 2], [0], [[1]])).toThrow("Input `lower_upper` must have at least 2 dimensions.");
    expect(() => linalg.luReconstruct(a, [[0]])).toThrow("`rank(lower_upper)` must equal `rank(perm) + 1`");
    expect(() => linalg.luSolve(a, [0, 1, 2], [[1]])).toThrow("`lower_upper.shape[-1]` must equal `rhs.shape[-1]`.");
  });

  it("finds ranks and pseudo-inverses", async () => {
    const flat = [
      [1, 2],
      [2, 4],
      [3, 6],
    ];
    await checkOp(() => linalg.matrixRank(matrix(flat)), 1);
    await checkOp(() => linalg.matrixRank(matrix(a)), 3);
    await checkOp(() => linalg.matrixRank(matrix(a), { tol: 100 }), 0);
    await checkOp(
      () => linalg.pinv(matrix(flat)),
      [
        [1 / 70, 2 / 70, 3 / 70],
        [2 / 70, 4 / 70, 6 / 70],
      ],
    );
    expect(() => linalg.pinv([[1, 2]])).toThrow("Input `a` must have `float`-like `dtype` (saw int32).");
  });

  it("solves and multiplies tridiagonal matrices however they are given", async () => {
    const full = [
      [4, 1, 0],
      [2, 5, 3],
      [0, 1, 6],
    ];
    const compact = [
      [1, 3, 0],
      [4, 5, 6],
      [0, 2, 1],
    ];
    const rows = (list: readonly (readonly number[])[]): tf.Tensor[] =>
      list.map((row) => tf.constant([...row], tf.float64));
    const [x, y] = [
      [1, 2, 3],
      [6, 21, 20],
    ];
    await checkOp(() => linalg.tridiagonalSolve(matrix(compact), tf.constant(y, tf.float64)), x);
    await checkOp(
      () =>
        linalg.tridiagonalSolve(
          rows([
            [1, 3],
            [4, 5, 6],
            [2, 1],
          ]),
          tf.constant(y, tf.float64),
          { diagonalsFormat: "sequence" },
        ),
      x,
    );
    await checkOp(
      () => linalg.tridiagonalSolve(matrix(full), matrix([y]), { diagonalsFormat: "matrix", transposeRhs: true }),
      [[1], [2], [3]],
    );
    const column = (): tf.Tensor => matrix(x.map((value) => [value]));
    const product = [[6], [21], [20]];
    await checkOp(() => linalg.tridiagonalMatmul(matrix(compact), column()), product);
    await checkOp(() => linalg.tridiagonalMatmul(rows(compact), column(), { diagonalsFormat: "sequence" }), product);
    await checkOp(() => linalg.tridiagonalMatmul(matrix(full), column(), { diagonalsFormat: "matrix" }), product);
    expect(() => linalg.tridiagonalSolve(matrix([[1, 2]]), matrix([[1]]))).toThrow("Expected 3 diagonals got 1");
    expect(() => linalg.tridiagonalSolve(matrix(compact), matrix([[1]]))).toThrow(
      "Expected number of left-hand sided and right-hand sides to be equal, got 3 and 1",
    );
    expect(() =>
      linalg.tridiagonalSolve(matrix(compact), matrix(a), { partialPivoting: false, perturbSingular: true }),
    ).toThrow("partial_pivoting must be True if perturb_singular is.");
  });

  it("measures and normalizes", async () => {
    const rows = [
      [3, 4],
      [6, 8],
    ];
    await checkOp(
      () => Object.values(linalg.normalize(matrix(rows), { axis: 1 })),
      [
        [
          [0.6, 0.8],
          [0.6, 0.8],
        ],
        [[5], [10]],
      ],
    );
    const spectral = Math.sqrt(125);
    await checkOp(() => linalg.norm(matrix(rows), { ord: 2, axis: [0, 1] }), spectral);
    await checkOp(() => {
      const shape = tf.placeholderWithDefault(tf.constant([1, 2, 2]), null);
      return linalg.norm(tf.reshape(matrix(rows), shape), { ord: 2, axis: [-1, 1], keepdims: true });
    }, [[[spectral]]]);
  });
});
