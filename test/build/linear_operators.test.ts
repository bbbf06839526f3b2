/** tf.linalg's operators, node for node: test/fixtures/build/linear_operators.py. */
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { linearOperators } from "./programs/linear_operators.ts";

comparePrograms("linear_operators", linearOperators);

describe("LinearOperator", () => {
  const { LinearOperatorDiag, LinearOperatorFullMatrix, LinearOperatorIdentity, LinearOperatorZeros } = tf.linalg;
  const matrix = [
    [1, 2],
    [3, 4],
  ];
  test.each<readonly [string, () => unknown, string]>([
    [
      "a positive definite matrix that is singular",
      () => new LinearOperatorFullMatrix(matrix, { isPositiveDefinite: true, isNonSingular: false }),
      "A positive definite matrix is always non-singular.",
    ],
    [
      "a real diagonal that is not self-adjoint",
      () => new LinearOperatorDiag([1, 2], { isSelfAdjoint: false }),
      "A real diagonal operator is always self adjoint.",
    ],
    [
      "a matrix of integers",
      () => new LinearOperatorFullMatrix(tf.constant(matrix, tf.int32)),
      "Argument `matrix` must have dtype in [tf.float16, tf.float32, tf.float64, tf.complex64, tf.complex128]. Received: <dtype: 'int32'>.",
    ],
    [
      "an argument of another dtype",
      () => new LinearOperatorFullMatrix(matrix).matmul(tf.constant(matrix, tf.float64)),
      "Expected argument to have dtype <dtype: 'float32'>.  Found: <dtype: 'float64'> in tensor",
    ],
    [
      "an argument of another size",
      () => new LinearOperatorFullMatrix(matrix).matmul([[1, 2]]),
      "Dimensions 2 and 1 are not compatible",
    ],
    [
      "operators of other sizes",
      () => new LinearOperatorFullMatrix(matrix).matmul(new LinearOperatorIdentity(3)),
      "Operators are incompatible. Expected `x` to have dimension 2 but got 3.",
    ],
    ["rows below zero", () => new LinearOperatorIdentity(-1), "Argument num_rows must be non-negative.  Found: -1"],
    [
      "zeros that have an inverse",
      () => new LinearOperatorZeros(2).inverse(),
      "Cannot take the Inverse: This operator represents a singular matrix.",
    ],
    [
      "a factor of a matrix without hints",
      () => new LinearOperatorFullMatrix(matrix).cholesky(),
      "Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.",
    ],
    [
      "eigenvalues of a matrix without hints",
      () => new LinearOperatorFullMatrix(matrix).eigvals(),
      "Only self-adjoint matrices are supported.",
    ],
  ])("refuses %s in TensorFlow's words", (_, make, words) =>
    new tf.Graph().asDefault(() => expect(make).toThrow(words)),
  );
});
