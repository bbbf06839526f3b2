/**
 * `tf.linalg.LinearOperator`: matrices [..., m, n] (the leading axes are a batch) that are known by their structure. The methods here open
 * the scope `name/method` and check what they get; how a matrix multiplies, solves and so on is for each class to say, and by default
 * goes by way of the dense matrix. Source: linear_operator.py.
 */
import { NotImplementedError, TypeError, ValueError } from "../../../core/error.ts";
import { inspectKey } from "../../../core/text/inspect.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual, assertLess, assertPositive } from "../../checks/compare.ts";
import { solveBroadcast } from "./broadcast.ts";
import { checkDims, type Hints, hintsOf, productHints } from "./hints.ts";
import { type MethodOptions, Shaped } from "./shaped.ts";

export interface VectorOptions extends MethodOptions {
  /** With the adjoint of this operator. */
  readonly adjoint?: boolean | undefined;
}

export interface ProductOptions extends VectorOptions {
  /** With the adjoint of the argument. */
  readonly adjointArg?: boolean | undefined;
}

/** Which sides of a product or a system are taken as adjoints. */
export interface Sides {
  readonly adjoint: boolean;
  readonly adjointArg: boolean;
}

/** Makes operators of the classes below this one; set by family.ts, since those classes extend this one. */
export const family = {} as {
  composition: (operators: readonly LinearOperator[], hints: Hints) => LinearOperator;
  adjoint: (operator: LinearOperator, hints: Hints) => LinearOperator;
  inversion: (operator: LinearOperator, hints?: Hints) => LinearOperator;
  lowerTriangular: (tril: TensorLike, hints: Hints) => LinearOperator;
};

const epsilon: Readonly<Record<string, number>> = {
  float16: 2 ** -10,
  float32: 2 ** -23,
  float64: 2 ** -52,
  complex64: 2 ** -23,
  complex128: 2 ** -52,
};

export abstract class LinearOperator extends Shaped {
  protected abstract product(x: Tensor, sides: Sides): Tensor;

  get H(): LinearOperator {
    return this.adjoint();
  }

  /** An operation that fails when the matrix is singular. */
  assertNonSingular({ name = "assert_non_singular" }: MethodOptions = {}): Operation {
    return this.scoped(name, () => this.checkNonSingular());
  }

  protected checkNonSingular(): Operation {
    if (this.usesCholesky) return this.assertPositiveDefinite();
    const values = tf.svd(this.toDense(), { computeUv: false });
    const condition = tf.reduceMax(values, { axis: -1 }).div(tf.reduceMin(values, { axis: -1 }));
    return assertLess(condition, this.largestCondition(), { message: "Singular matrix up to precision epsilon." });
  }

  private largestCondition(): Tensor {
    return getDefaultGraph().nameScope("max_nonsingular_condition_number", () => {
      const rows = tf.cast(this.rangeDimensionTensor(), this.dtype) as Tensor;
      const columns = tf.cast(this.domainDimensionTensor(), this.dtype) as Tensor;
      const eps = (tf.cast(tf.reduceMax([100, rows, columns]), this.dtype) as Tensor).mul(epsilon[this.dtype.base]!);
      return eps.rdiv(1);
    });
  }

  /** An operation that fails unless the matrix, which is self-adjoint, is positive definite. */
  assertPositiveDefinite({ name = "assert_positive_definite" }: MethodOptions = {}): Operation {
    return this.scoped(name, () => this.checkPositiveDefinite());
  }

  protected checkPositiveDefinite(): Operation {
    if (!this.isSelfAdjoint) throw new NotImplementedError("assert_positive_definite is not implemented.");
    const diagonal = tf.matrixDiagPart(tf.cholesky(this.toDense()));
    return assertPositive(diagonal, { message: "Matrix was not positive definite." });
  }

  /** An operation that fails unless the matrix equals its adjoint. */
  assertSelfAdjoint({ name = "assert_self_adjoint" }: MethodOptions = {}): Operation {
    return this.scoped(name, () => this.checkSelfAdjoint());
  }

  protected checkSelfAdjoint(): Operation {
    const dense = this.toDense();
    return assertEqual(dense, tf.adjoint(dense), { message: "Matrix was not equal to its adjoint." });
  }

  protected checkDtype(x: Tensor): void {
    if (x.dtype.baseDtype === this.dtype) return;
    throw new TypeError(`Expected argument to have dtype ${this.dtype}.  Found: ${x.dtype} in tensor ${x}`);
  }

  /** An argument as a tensor of this dtype. Throws TypeError for other ones. */
  protected argument(value: TensorLike, name?: string): Tensor {
    const x = convertToTensor(value, { preferredDtype: this.dtype, ...(name === undefined ? {} : { name }) });
    this.checkDtype(x);
    return x;
  }

  /** This operator and the other one as they stand side by side. Throws ValueError when their sizes do not go together. */
  protected paired(other: LinearOperator, options: ProductOptions, argument: string): [LinearOperator, LinearOperator] {
    const left = options.adjoint ? this.adjoint() : this;
    const right = options.adjointArg ? other.adjoint() : other;
    const [rows, columns] = [right.rangeDimension, left.domainDimension];
    if (rows !== null && columns !== null && rows !== columns) {
      throw new ValueError(
        `Operators are incompatible. Expected \`${argument}\` to have dimension ${columns} but got ${rows}.`,
      );
    }
    return [left, right];
  }

  /** The product with a matrix [..., n, k] or an operator. Throws TypeError for another dtype, ValueError for another size. */
  matmul(x: TensorLike, options?: ProductOptions): Tensor;
  matmul(x: LinearOperator, options?: ProductOptions): LinearOperator;
  matmul(x: TensorLike | LinearOperator, options: ProductOptions = {}): Tensor | LinearOperator {
    const { adjoint = false, adjointArg = false, name = "matmul" } = options;
    if (x instanceof LinearOperator) {
      const [left, right] = this.paired(x, options, "x");
      return this.scoped(name, () => left.operatorProduct(right));
    }
    return this.scoped(name, () => {
      const tensor = this.argument(x, "x");
      checkDims(this.staticShape()?.at(adjoint ? -2 : -1), tensor.shape?.at(adjointArg ? -1 : -2));
      return this.product(tensor, { adjoint, adjointArg });
    });
  }

  protected operatorProduct(right: LinearOperator): LinearOperator {
    if (right.isIdentity) return this;
    if (right.isZero) {
      if (!right.isSquare || !this.isSquare) {
        throw new ValueError(
          "Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported at this time.",
        );
      }
      return right;
    }
    return family.composition([this, right], productHints(this, right));
  }

  /** Is it of LinearOperatorIdentity, of LinearOperatorZeros? */
  protected get isIdentity(): boolean {
    return false;
  }

  protected get isZero(): boolean {
    return false;
  }

  /** The product with a vector [..., n]. */
  matvec(x: TensorLike, { adjoint = false, name = "matvec" }: VectorOptions = {}): Tensor {
    return this.scoped(name, () => {
      const vector = this.argument(x, "x");
      checkDims(this.staticShape()?.at(adjoint ? -2 : -1), vector.shape?.at(-1));
      return this.productWithVector(vector, adjoint);
    });
  }

  protected productWithVector(x: Tensor, adjoint: boolean): Tensor {
    return tf.squeeze(this.matmul(tf.expandDims(x, -1), { adjoint }), { axis: -1 });
  }

  private needSquare(): void {
    if (this.isSquare !== false) return;
    throw new NotImplementedError("Determinant not implemented for an operator that is expected to not be square.");
  }

  /** [...]. Throws NotImplementedError when it is known not to be square. */
  determinant({ name = "det" }: MethodOptions = {}): Tensor {
    this.needSquare();
    return this.scoped(name, () => this.det());
  }

  protected det(): Tensor {
    return this.usesCholesky ? tf.exp(this.logAbsDeterminant()) : tf.matrixDeterminant(this.toDense());
  }

  logAbsDeterminant({ name = "log_abs_det" }: MethodOptions = {}): Tensor {
    this.needSquare();
    return this.scoped(name, () => this.logAbsDet());
  }

  protected logAbsDet(): Tensor {
    if (!this.usesCholesky) return tf.slogdet(this.toDense()).log_abs_determinant;
    const diagonal = tf.matrixDiagPart(tf.cholesky(this.toDense()));
    return tf.reduceSum(tf.log(diagonal), { axis: [-1] }).rmul(2);
  }

  protected needSolvable(): void {
    for (const [fact, words] of [
      [this.isNonSingular, "be singular"],
      [this.isSquare, "not be square"],
    ] as const) {
      if (fact === false) {
        throw new NotImplementedError(`Exact solve not implemented for an operator that is expected to ${words}.`);
      }
    }
  }

  /** X with A X = rhs, for rhs [..., n, k] or an operator. Throws NotImplementedError when A is known to be singular or not square. */
  solve(rhs: TensorLike, options?: ProductOptions): Tensor;
  solve(rhs: LinearOperator, options?: ProductOptions): LinearOperator;
  solve(rhs: TensorLike | LinearOperator, options: ProductOptions = {}): Tensor | LinearOperator {
    const { adjoint = false, adjointArg = false, name = "solve" } = options;
    this.needSolvable();
    if (rhs instanceof LinearOperator) {
      const [left, right] = this.paired(rhs, options, "rhs");
      return this.scoped(name, () => left.operatorSolution(right));
    }
    return this.scoped(name, () => {
      const tensor = this.argument(rhs, "rhs");
      checkDims(this.staticShape()?.at(adjoint ? -1 : -2), tensor.shape?.at(adjointArg ? -1 : -2));
      return this.solution(tensor, { adjoint, adjointArg });
    });
  }

  protected operatorSolution(right: LinearOperator): LinearOperator {
    if (right.isIdentity) return this.inverse();
    const hints = productHints(this, right);
    return family.composition([family.inversion(this), right], hints);
  }

  /** By way of the dense matrix. */
  protected solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    if (this.isSquare === false)
      throw new NotImplementedError("Solve is not yet implemented for non-square operators.");
    const right = adjointArg ? tf.adjoint(rhs) : rhs;
    if (this.usesCholesky) return tf.choleskySolve(tf.cholesky(this.toDense()), right);
    return solveBroadcast(this.toDense(), right, adjoint);
  }

  /** x with A x = rhs, for rhs [..., n]. */
  solvevec(rhs: TensorLike, { adjoint = false, name = "solve" }: VectorOptions = {}): Tensor {
    return this.scoped(name, () => {
      const vector = this.argument(rhs, "rhs");
      checkDims(this.staticShape()?.at(adjoint ? -1 : -2), vector.shape?.at(-1));
      return this.solutionOfVector(vector, adjoint);
    });
  }

  protected solutionOfVector(rhs: Tensor, adjoint: boolean): Tensor {
    return tf.squeeze(this.solve(tf.expandDims(rhs, -1), { adjoint }), { axis: -1 });
  }

  adjoint({ name = "adjoint" }: MethodOptions = {}): LinearOperator {
    return this.isSelfAdjoint ? this : this.scoped(name, () => this.operatorAdjoint());
  }

  protected operatorAdjoint(): LinearOperator {
    return family.adjoint(this, hintsOf(this));
  }

  /** Throws ValueError when it is known to be singular or not square. */
  inverse({ name = "inverse" }: MethodOptions = {}): LinearOperator {
    if (this.isSquare === false) {
      throw new ValueError("Cannot take the Inverse: This operator represents a non square matrix.");
    }
    if (this.isNonSingular === false) {
      throw new ValueError("Cannot take the Inverse: This operator represents a singular matrix.");
    }
    return this.scoped(name, () => this.operatorInverse());
  }

  protected operatorInverse(): LinearOperator {
    return family.inversion(this, hintsOf(this));
  }

  protected get usesCholesky(): boolean {
    return Boolean(this.isSelfAdjoint && this.isPositiveDefinite);
  }

  /** The lower factor. Throws ValueError unless the hints say positive definite and self-adjoint. */
  cholesky({ name = "cholesky" }: MethodOptions = {}): LinearOperator {
    if (!this.usesCholesky) {
      throw new ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.");
    }
    return this.scoped(name, () => this.operatorCholesky());
  }

  protected operatorCholesky(): LinearOperator {
    const hints = { isNonSingular: true, isSelfAdjoint: false, isSquare: true };
    return family.lowerTriangular(tf.cholesky(this.toDense()), hints);
  }

  /** [..., m, n]. */
  toDense({ name = "to_dense" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.dense());
  }

  protected dense(): Tensor {
    const batch = this.batchShape;
    const batchShape = batch.isFullyDefined() ? (batch.asList() as number[]) : this.batchShapeTensor();
    const n = this.domainDimension ?? this.domainDimensionTensor();
    return this.matmul(tf.eye(n, { batchShape, dtype: this.dtype }));
  }

  /** [..., min(m, n)]. */
  diagPart({ name = "diag_part" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.diagonal());
  }

  protected diagonal(): Tensor {
    return tf.matrixDiagPart(this.toDense());
  }

  /** [...]. */
  trace({ name = "trace" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.sumOfDiagonal());
  }

  protected sumOfDiagonal(): Tensor {
    return tf.reduceSum(this.diagPart(), { axis: -1 });
  }

  /** The matrix plus x. */
  addToTensor(x: TensorLike, { name = "add_to_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.sumWith(this.argument(x, "x")));
  }

  protected sumWith(x: Tensor): Tensor {
    return this.toDense().add(x);
  }

  /** [..., n]. Throws NotImplementedError unless the hints say self-adjoint. */
  eigvals({ name = "eigvals" }: MethodOptions = {}): Tensor {
    if (!this.isSelfAdjoint) throw new NotImplementedError("Only self-adjoint matrices are supported.");
    return this.scoped(name, () => this.eigenvalues());
  }

  protected eigenvalues(): Tensor {
    return tf.eigvalsh(this.toDense());
  }

  /** The condition number, [...]. */
  cond({ name = "cond" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.condition());
  }

  protected condition(): Tensor {
    const values = this.isSelfAdjoint ? tf.abs(this.eigenvalues()) : tf.svd(this.toDense(), { computeUv: false });
    return tf.reduceMax(values, { axis: -1 }).div(tf.reduceMin(values, { axis: -1 }));
  }

  [inspectKey](): string {
    return `<${this.constructor.name} '${this.name}' shape=${this.shape} dtype=${this.dtype.name}>`;
  }
}
