/** `tf.linalg.LinearOperatorDiag`: diagonal matrices. Source: linear_operator_diag.py. */
import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertPositive } from "../../checks/compare.ts";
import { assertNoZeros, assertReal } from "./broadcast.ts";
import { commutingHints, held, type OperatorOptions } from "./hints.ts";
import "./family.ts";
import { LinearOperatorScaledIdentity } from "./identity.ts";
import { LinearOperatorLowerTriangular } from "./matrix.ts";
import { LinearOperator, type Sides } from "./operator.ts";

export class LinearOperatorDiag extends LinearOperator {
  /** [..., n]. */
  readonly diag: Tensor;

  /** Throws ValueError for a scalar, and for hints that a diagonal matrix contradicts. */
  constructor(diag: TensorLike, options: OperatorOptions = {}) {
    const { name = "LinearOperatorDiag" } = options;
    let { isSelfAdjoint } = options;
    const own = inScope(name, name, () => held(diag, "diag"));
    if (own.shape !== null && own.shape.length < 1) {
      throw new ValueError(`Argument diag must have at least 1 dimension.  Found: ${own}`);
    }
    if (!own.dtype.isComplex) {
      if (isSelfAdjoint === false) throw new ValueError("A real diagonal operator is always self adjoint.");
      isSelfAdjoint = true;
    }
    if (options.isSquare === false) throw new ValueError("Only square diagonal operators currently supported.");
    super(own.dtype, { ...options, isSelfAdjoint, isSquare: true, name });
    this.diag = own;
  }

  protected override staticShape(): Shape {
    const { shape } = this.diag;
    return shape === null ? null : [...shape, shape.at(-1)!];
  }

  protected override dynamicShape(): Tensor {
    const shape = tf.shape(this.diag);
    return tf.concat([shape, [shape.at(-1)]], 0);
  }

  protected override operatorInverse(): LinearOperator {
    const { isNonSingular, isSelfAdjoint, isPositiveDefinite } = this;
    return new LinearOperatorDiag(this.diag.rdiv(1), {
      isNonSingular,
      isSelfAdjoint,
      isPositiveDefinite,
      isSquare: true,
    });
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    const hints = commutingHints(this, right);
    if (right instanceof LinearOperatorDiag) return new LinearOperatorDiag(this.diag.mul(right.diag), hints);
    if (right instanceof LinearOperatorScaledIdentity) {
      return new LinearOperatorDiag(this.diag.mul(right.multiplier), hints);
    }
    if (!(right instanceof LinearOperatorLowerTriangular)) return super.operatorProduct(right);
    const tril = this.diag.at("...", null).mul(right.toDense());
    return new LinearOperatorLowerTriangular(tril, { ...hints, isPositiveDefinite: null });
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    const hints = commutingHints(this, right);
    if (right instanceof LinearOperatorDiag) return new LinearOperatorDiag(right.diag.div(this.diag), hints);
    if (right instanceof LinearOperatorScaledIdentity) {
      return new LinearOperatorDiag(right.multiplier.div(this.diag), hints);
    }
    if (!(right instanceof LinearOperatorLowerTriangular)) return super.operatorSolution(right);
    const tril = right.toDense().div(this.diag.at("...", null));
    return new LinearOperatorLowerTriangular(tril, { ...hints, isPositiveDefinite: null });
  }

  protected override checkNonSingular(): Operation {
    return assertNoZeros(this.diag, "Singular operator:  Diagonal contained zero values.");
  }

  protected override checkPositiveDefinite(): Operation {
    const message = this.dtype.isComplex
      ? "Diagonal operator had diagonal entries with non-positive real part, thus was not positive definite."
      : "Real diagonal operator had non-positive diagonal entries, thus was not positive definite.";
    return assertPositive(tf.real(this.diag), { message });
  }

  protected override checkSelfAdjoint(): Operation {
    const message = "This diagonal operator contained non-zero imaginary values.   Thus it was not self-adjoint.";
    return assertReal(this.diag, message);
  }

  protected override operatorAdjoint(): LinearOperator {
    const { isNonSingular, isSelfAdjoint, isPositiveDefinite } = this;
    const diag = this.diag.dtype.isComplex ? tf.conj(this.diag) : this.diag;
    return new LinearOperatorDiag(diag, { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare: true });
  }

  protected override operatorCholesky(): LinearOperator {
    const hints = { isNonSingular: true, isSelfAdjoint: true, isPositiveDefinite: true, isSquare: true };
    return new LinearOperatorDiag(tf.sqrt(this.diag), hints);
  }

  #term(adjoint: boolean): Tensor {
    return adjoint ? tf.conj(this.diag) : this.diag;
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const term = this.#term(adjoint);
    const right = adjointArg ? tf.adjoint(x) : x;
    return tf.expandDims(term, -1).mul(right);
  }

  protected override productWithVector(x: Tensor, adjoint: boolean): Tensor {
    return this.#term(adjoint).mul(x);
  }

  protected override det(): Tensor {
    return tf.reduceProd(this.diag, { axis: [-1] });
  }

  protected override logAbsDet(): Tensor {
    const sum = tf.reduceSum(tf.log(tf.abs(this.diag)), { axis: [-1] });
    return this.dtype.isComplex ? (tf.cast(sum, this.dtype) as Tensor) : sum;
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const term = this.#term(adjoint);
    const right = adjointArg ? tf.adjoint(rhs) : rhs;
    return right.mul(tf.expandDims(term.rdiv(1), -1));
  }

  protected override dense(): Tensor {
    return tf.matrixDiag(this.diag);
  }

  protected override diagonal(): Tensor {
    return this.diag;
  }

  protected override sumWith(x: Tensor): Tensor {
    return tf.matrixSetDiag(x, this.diag.add(tf.matrixDiagPart(x)));
  }

  protected override eigenvalues(): Tensor {
    return convertToTensor(this.diag);
  }

  protected override condition(): Tensor {
    const sizes = tf.abs(this.diag);
    return tf.reduceMax(sizes, { axis: -1 }).div(tf.reduceMin(sizes, { axis: -1 }));
  }
}
