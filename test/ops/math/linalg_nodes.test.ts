/** Functions of linear algebra that are made of other ops make Python's nodes: test/fixtures/math_nodes/make.py. */
import { describe } from "vitest";
import { float64 } from "../../../src/core/dtype.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { linalg, placeholder } from "../../../src/index.ts";
import { f, grad, ids, testPrograms } from "./node_programs.ts";

const factored: readonly (readonly (readonly (number | null)[])[])[] = [
  [[3, 3], [3], [3, 2]],
  [
    [2, 3, 3],
    [2, 3],
    [2, 3, 2],
  ],
  [
    [null, 3, 3],
    [null, 3],
    [null, 3, 1],
  ],
];

const programs: Record<string, () => void> = {
  exponentials() {
    linalg.expm(f(3, 3));
    linalg.expm(placeholder(float64, [null, 2, 2]));
    const x = f(2, 3, 3);
    grad(linalg.expm(x), x);
  },
  factors() {
    for (const [a, p, r] of factored) {
      const [lu, perm, rhs] = [f(...a!), ids(...p!), f(...r!)] as [Tensor, Tensor, Tensor];
      linalg.luSolve(lu, perm, rhs);
      linalg.luMatrixInverse(lu, perm);
      linalg.luReconstruct(lu, perm);
    }
  },
  pseudo_inverses() {
    for (const x of [f(3, 2), f(null, 3, 2), f(4, null, null), placeholder(float64, [2, 2])]) {
      linalg.pinv(x);
      linalg.matrixRank(x);
    }
    const x = f(3, 2);
    grad(linalg.pinv(x, { rcond: 0.1 }), x);
    linalg.matrixRank(f(3, 3), { tol: 0.5 });
  },
  normalized() {
    const x = f(2, 3);
    linalg.normalize(x);
    linalg.normalize(x, { axis: 1 });
    linalg.normalize(x, { ord: 1, axis: 0 });
  },
  tridiagonals() {
    const [d, r, m] = [f(3, 4), f(4, 2), f(4, 4)];
    linalg.tridiagonalSolve(d, f(4));
    linalg.tridiagonalSolve(d, f(2, 4), { transposeRhs: true });
    linalg.tridiagonalSolve(d, r, { conjugateRhs: true });
    linalg.tridiagonalSolve(d, r, { partialPivoting: false });
    linalg.tridiagonalSolve([f(3), f(4), f(3)], r, { diagonalsFormat: "sequence" });
    linalg.tridiagonalSolve(m, r, { diagonalsFormat: "matrix" });
    linalg.tridiagonalMatmul(d, r);
    linalg.tridiagonalMatmul([f(4), f(4), f(4)], r, { diagonalsFormat: "sequence" });
    linalg.tridiagonalMatmul(m, r, { diagonalsFormat: "matrix" });
  },
};

describe("functions of linear algebra make Python's nodes", () => {
  testPrograms("linalg", programs);
});
