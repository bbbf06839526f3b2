/** `tf.linalg.LinearOperatorIdentity`, `LinearOperatorScaledIdentity`. Source: linear_operator_identity.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { isFull, type Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { realDtype } from "../../../ops/compute/math/elementwise/complex.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual, assertPositive } from "../../checks/compare.ts";
import { LinearOperatorDiag } from "./diag.ts";
import { commutingHints, held, type OperatorOptions } from "./hints.ts";
import "./family.ts";
import { LinearOperator, type Sides } from "./operator.ts";
import type { MethodOptions } from "./shaped.ts";
import { batchArgument, checkArgumentSize, type SizeTensor, sizeArgument, withBatch } from "./sizes.ts";

export interface IdentityOptions extends OperatorOptions {
  /** The leading axes; none by default. */
  readonly batchShape?: TensorLike | undefined;
  /** float32 by default. */
  readonly dtype?: DType | undefined;
  /** Nodes check sizes at run time. */
  readonly assertProperShapes?: boolean | undefined;
}

const diagonalOfOnes = (operator: LinearOperator, dynamicLength: () => Tensor): Tensor => {
  const { shape } = operator;
  if (shape.isFullyDefined())
    return tf.ones([...shape.slice(0, -2), Math.min(...(shape.slice(-2) as number[]))], operator.dtype);
  return tf.ones(tf.concat([operator.batchShapeTensor(), [dynamicLength()]], 0), operator.dtype);
};

/** The identity matrix of `numRows` rows, also as a batch. */
export class LinearOperatorIdentity extends LinearOperator {
  readonly #rows: SizeTensor;
  readonly #batch: SizeTensor | null;
  readonly #checks: boolean;

  /** Throws ValueError for hints that an identity contradicts and for sizes that are none, TypeError for sizes that are not whole. */
  constructor(numRows: TensorLike, options: IdentityOptions = {}) {
    const { batchShape, dtype = float32, assertProperShapes = false, name = "LinearOperatorIdentity" } = options;
    const { isNonSingular = true, isSelfAdjoint = true, isPositiveDefinite = true, isSquare = true } = options;
    if (!isSelfAdjoint) throw new ValueError("An identity operator is always self adjoint.");
    if (!isNonSingular) throw new ValueError("An identity operator is always non-singular.");
    if (!isPositiveDefinite) throw new ValueError("An identity operator is always positive-definite.");
    if (!isSquare) throw new ValueError("An identity operator is always square.");
    const sizes = inScope(name, name, () => ({
      rows: sizeArgument(numRows, "num_rows", assertProperShapes),
      batch: batchShape === undefined ? null : batchArgument(batchShape, assertProperShapes),
    }));
    super(dtype, { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare, name });
    this.#rows = sizes.rows;
    this.#batch = sizes.batch;
    this.#checks = assertProperShapes;
  }

  protected override get isIdentity(): boolean {
    return true;
  }

  protected override staticShape(): Shape {
    const n = this.#rows.known?.[0] ?? null;
    return withBatch(this.#batch, [n, n]);
  }

  protected override dynamicShape(): Tensor {
    const matrix = tf.stack([this.#rows.tensor, this.#rows.tensor], { axis: 0 });
    return this.#batch ? tf.concat([this.#batch.tensor, matrix], 0) : matrix;
  }

  protected override operatorAdjoint(): LinearOperator {
    return this;
  }

  protected override operatorInverse(): LinearOperator {
    return this;
  }

  protected override operatorCholesky(): LinearOperator {
    const batchShape = this.batchShape.asList() as number[];
    return new LinearOperatorIdentity(this.#rows.tensor, { batchShape, dtype: this.dtype });
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    return right;
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    return right;
  }

  protected override checkNonSingular(): Operation {
    return tf.noOp({ name: "assert_non_singular" });
  }

  protected override checkPositiveDefinite(): Operation {
    return tf.noOp({ name: "assert_positive_definite" });
  }

  protected override checkSelfAdjoint(): Operation {
    return tf.noOp({ name: "assert_self_adjoint" });
  }

  protected override product(x: Tensor, { adjointArg }: Pick<Sides, "adjointArg">): Tensor {
    const right = adjointArg ? tf.adjoint(x) : x;
    return broadcastTo(this, this.#batch, this.#checks ? checkArgumentSize(this, right) : right);
  }

  protected override solution(rhs: Tensor, { adjointArg }: Sides): Tensor {
    return this.product(rhs, { adjointArg });
  }

  protected override det(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype);
  }

  protected override logAbsDet(): Tensor {
    return tf.zeros(this.batchShapeTensor(), this.dtype);
  }

  protected override sumOfDiagonal(): Tensor {
    const ones = tf.ones(onesShape(this), this.dtype);
    const n = this.domainDimension;
    return n === null ? (tf.cast(this.#length(), this.dtype) as Tensor).mul(ones) : ones.rmul(n);
  }

  #length(): Tensor {
    return tf.reduceMin(this.shapeTensor().at("-2:"));
  }

  protected override diagonal(): Tensor {
    return diagonalOfOnes(this, () => this.#length());
  }

  override addToTensor(x: TensorLike, { name = "add_to_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => {
      const matrix = this.argument(x, "mat");
      return tf.matrixSetDiag(matrix, tf.matrixDiagPart(matrix).radd(1));
    });
  }

  protected override eigenvalues(): Tensor {
    return diagonalOfOnes(this, () => this.#length());
  }

  protected override condition(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype);
  }
}

const onesShape = (operator: LinearOperator): number[] | Tensor =>
  operator.batchShape.isFullyDefined() ? (operator.batchShape.asList() as number[]) : operator.batchShapeTensor();

/** x with the batch of an operator, which its own broadcasts with. */
export function broadcastTo(operator: LinearOperator, batch: SizeTensor | null, x: Tensor): Tensor {
  if (!batch) return x;
  const { batchShape, dtype } = operator;
  const special = batchShape.ndims === null ? null : [...batchShape, 1, 1];
  if (isFull(special)) {
    const { shape } = x;
    const isSame =
      shape !== null &&
      shape.length >= special.length &&
      special.every((d, i) => d === 1 || d === shape[shape.length - special.length + i]);
    return isSame ? x : x.add(tf.zeros(special, dtype));
  }
  return x.add(tf.zeros(tf.concat([operator.batchShapeTensor(), [1, 1]], 0), dtype));
}

export interface ScaledIdentityOptions extends OperatorOptions {
  readonly assertProperShapes?: boolean | undefined;
}

/** The identity matrix of `numRows` rows times each of the multipliers [...]. */
export class LinearOperatorScaledIdentity extends LinearOperator {
  readonly multiplier: Tensor;
  readonly #rows: SizeTensor;
  readonly #checks: boolean;
  readonly #rowsCast: Tensor;
  readonly #rowsCastReal: Tensor;

  /** Throws ValueError for hints that it contradicts. */
  constructor(numRows: TensorLike, multiplier: TensorLike, options: ScaledIdentityOptions = {}) {
    const { assertProperShapes = false, isSquare = true, name = "LinearOperatorScaledIdentity" } = options;
    let { isSelfAdjoint } = options;
    const made = inScope(name, name, () => {
      const factor = held(multiplier, "multiplier");
      const dtype = factor.dtype.baseDtype;
      if (!dtype.isComplex) {
        if (isSelfAdjoint === false) throw new ValueError("A real diagonal operator is always self adjoint.");
        isSelfAdjoint = true;
      }
      if (!isSquare) throw new ValueError("A ScaledIdentity operator is always square.");
      const rows = sizeArgument(numRows, "num_rows", assertProperShapes);
      const cast = tf.cast(rows.tensor, dtype) as Tensor;
      return { factor, rows, cast, real: tf.cast(rows.tensor, realDtype(dtype)) as Tensor };
    });
    super(made.factor.dtype, { ...options, isSelfAdjoint, isSquare, name });
    this.multiplier = made.factor;
    this.#rows = made.rows;
    this.#checks = assertProperShapes;
    this.#rowsCast = made.cast;
    this.#rowsCastReal = made.real;
  }

  protected override staticShape(): Shape {
    const n = this.#rows.known?.[0] ?? null;
    const { shape } = this.multiplier;
    return shape === null ? null : [...shape, n, n];
  }

  protected override dynamicShape(): Tensor {
    const matrix = tf.stack([this.#rows.tensor, this.#rows.tensor], { axis: 0 });
    return tf.concat([tf.shape(this.multiplier), matrix], 0);
  }

  protected override checkNonSingular(): Operation {
    return assertPositive(tf.abs(this.multiplier), { message: "LinearOperator was singular" });
  }

  protected override checkPositiveDefinite(): Operation {
    return assertPositive(tf.real(this.multiplier), { message: "LinearOperator was not positive definite." });
  }

  protected override checkSelfAdjoint(): Operation {
    const imaginary = tf.imag(this.multiplier);
    return assertEqual(tf.zerosLike(imaginary), imaginary, { message: "LinearOperator was not self-adjoint" });
  }

  #factor(adjoint = false): Tensor {
    const matrix = tf.expandDims(tf.expandDims(this.multiplier, -1), -1);
    return adjoint ? tf.conj(matrix) : matrix;
  }

  protected override operatorAdjoint(): LinearOperator {
    const { isNonSingular, isSelfAdjoint, isPositiveDefinite } = this;
    const multiplier = this.multiplier.dtype.isComplex ? tf.conj(this.multiplier) : this.multiplier;
    const hints = { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare: true };
    return new LinearOperatorScaledIdentity(this.#rows.tensor, multiplier, hints);
  }

  protected override operatorCholesky(): LinearOperator {
    const hints = { isNonSingular: true, isSelfAdjoint: true, isPositiveDefinite: true, isSquare: true };
    return new LinearOperatorScaledIdentity(this.#rows.tensor, tf.sqrt(this.multiplier), hints);
  }

  protected override operatorInverse(): LinearOperator {
    const { isNonSingular, isPositiveDefinite } = this;
    const hints = { isNonSingular, isSelfAdjoint: true, isPositiveDefinite, isSquare: true };
    return new LinearOperatorScaledIdentity(this.#rows.tensor, this.multiplier.rdiv(1), hints);
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    const hints = commutingHints(this, right);
    if (right instanceof LinearOperatorScaledIdentity) {
      const n = this.domainDimensionTensor();
      return new LinearOperatorScaledIdentity(n, this.multiplier.mul(right.multiplier), hints);
    }
    if (!(right instanceof LinearOperatorDiag)) return super.operatorProduct(right);
    return new LinearOperatorDiag(right.diag.mul(this.multiplier), hints);
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    const hints = commutingHints(this, right);
    if (right instanceof LinearOperatorScaledIdentity) {
      const n = this.domainDimensionTensor();
      return new LinearOperatorScaledIdentity(n, right.multiplier.div(this.multiplier), hints);
    }
    if (!(right instanceof LinearOperatorDiag)) return super.operatorSolution(right);
    return new LinearOperatorDiag(right.diag.div(this.multiplier), hints);
  }

  #right(x: Tensor, adjointArg: boolean): Tensor {
    const right = adjointArg ? tf.adjoint(x) : x;
    return this.#checks ? checkArgumentSize(this, right) : right;
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return this.#right(x, adjointArg).mul(this.#factor(adjoint));
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return this.#right(rhs, adjointArg).div(this.#factor(adjoint));
  }

  protected override det(): Tensor {
    return this.multiplier.pow(this.#rowsCast);
  }

  protected override logAbsDet(): Tensor {
    return this.#rowsCastReal.mul(tf.log(tf.abs(this.multiplier)));
  }

  #length(): Tensor {
    return tf.reduceMin(this.shapeTensor().at("-2:"));
  }

  protected override sumOfDiagonal(): Tensor {
    const ones = tf.ones(onesShape(this), this.dtype);
    const n = this.domainDimension;
    const factor = n === null ? this.multiplier.mul(tf.cast(this.#length(), this.dtype)) : this.multiplier.mul(n);
    return factor.mul(ones);
  }

  protected override diagonal(): Tensor {
    return diagonalOfOnes(this, () => this.#length()).mul(this.multiplier.at("...", null));
  }

  override addToTensor(x: TensorLike, { name = "add_to_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => {
      const factors = tf.expandDims(this.multiplier, -1);
      const matrix = this.argument(x, "mat");
      return tf.matrixSetDiag(matrix, factors.add(tf.matrixDiagPart(matrix)));
    });
  }

  protected override eigenvalues(): Tensor {
    return this.diagonal();
  }

  protected override condition(): Tensor {
    const isSingular = tf.equal(this.multiplier, 0);
    const [singular, regular] = [Number.NaN, 1].map(
      (value) => tf.cast(new NdArray(float32, [], new Float32Array([value])), this.dtype) as Tensor,
    );
    return tf.whereV2(isSingular, singular, regular);
  }
}
