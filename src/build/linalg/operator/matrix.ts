/** Operators that hold their matrix: `tf.linalg.LinearOperatorFullMatrix`, `LinearOperatorLowerTriangular`. */
import { TypeError, ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertNoZeros } from "./broadcast.ts";
import { areNonSingular, areSelfAdjoint, held, type OperatorOptions } from "./hints.ts";
import "./family.ts";
import { LinearOperatorDiag } from "./diag.ts";
import { LinearOperator, type Sides } from "./operator.ts";

const floats = ["float16", "float32", "float64", "complex64", "complex128"];

function checkMatrix(value: Tensor): Tensor {
  const matrix = convertToTensor(value, { name: "matrix" });
  if (!floats.includes(matrix.dtype.base)) {
    const all = "[tf.float16, tf.float32, tf.float64, tf.complex64, tf.complex128]";
    throw new TypeError(`Argument \`matrix\` must have dtype in ${all}. Received: ${matrix.dtype}.`);
  }
  if (matrix.shape !== null && matrix.shape.length < 2) {
    throw new ValueError(`Argument \`matrix\` must have at least 2 dimensions. Received: ${matrix}.`);
  }
  return value;
}

/** Any matrix [..., m, n] of floats or complex numbers. */
export class LinearOperatorFullMatrix extends LinearOperator {
  readonly matrix: Tensor;

  /** Throws TypeError for other dtypes, ValueError for less than two axes. */
  constructor(matrix: TensorLike, options: OperatorOptions = {}) {
    const { name = "LinearOperatorFullMatrix" } = options;
    const own = inScope(name, name, () => checkMatrix(held(matrix, "matrix")));
    super(own.dtype, { ...options, name });
    this.matrix = own;
  }

  protected override staticShape(): Shape {
    return this.matrix.shape;
  }

  protected override dynamicShape(): Tensor {
    return tf.shape(this.matrix);
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return tf.matmul(this.matrix, x, { adjointA: adjoint, adjointB: adjointArg });
  }

  protected override dense(): Tensor {
    return this.matrix;
  }
}

/** The lower triangle of `tril` [..., n, n]; what is above the diagonal is not looked at. */
export class LinearOperatorLowerTriangular extends LinearOperator {
  readonly tril: Tensor;

  /** Throws ValueError for less than two axes, and for a hint that it is not square. */
  constructor(tril: TensorLike, options: OperatorOptions = {}) {
    const { name = "LinearOperatorLowerTriangular" } = options;
    if (options.isSquare === false) {
      throw new ValueError("Only square lower triangular operators supported at this time.");
    }
    const own = inScope(name, name, () => held(tril, "tril"));
    if (own.shape !== null && own.shape.length < 2) {
      throw new ValueError(`Argument tril must have at least 2 dimensions.  Found: ${own}`);
    }
    super(own.dtype, { ...options, isSquare: true, name });
    this.tril = own;
  }

  protected override staticShape(): Shape {
    return this.tril.shape;
  }

  protected override dynamicShape(): Tensor {
    return tf.shape(this.tril);
  }

  #lower(): Tensor {
    return tf.matrixBandPart(this.tril, -1, 0);
  }

  #diagonal(): Tensor {
    return tf.matrixDiagPart(this.tril);
  }

  protected override checkNonSingular(): Operation {
    return assertNoZeros(this.#diagonal(), "Singular operator:  Diagonal contained zero values.");
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return tf.matmul(this.#lower(), x, { adjointA: adjoint, adjointB: adjointArg });
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    if (!(right instanceof LinearOperatorDiag)) return super.operatorProduct(right);
    return new LinearOperatorLowerTriangular(this.toDense().mul(right.diag), {
      isNonSingular: areNonSingular(right, this),
      isSelfAdjoint: areSelfAdjoint(right, this),
      isSquare: true,
    });
  }

  protected override det(): Tensor {
    return tf.reduceProd(this.#diagonal(), { axis: [-1] });
  }

  protected override logAbsDet(): Tensor {
    return tf.reduceSum(tf.log(tf.abs(this.#diagonal())), { axis: [-1] });
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const right = adjointArg ? tf.adjoint(rhs) : rhs;
    return tf.matrixTriangularSolve(this.#lower(), right, { lower: true, adjoint });
  }

  protected override dense(): Tensor {
    return this.#lower();
  }

  protected override eigenvalues(): Tensor {
    return this.#diagonal();
  }
}
