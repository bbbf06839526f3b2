/** Operators that keep lengths: `tf.linalg.LinearOperatorHouseholder`, `LinearOperatorPermutation`. Source: linear_operator_householder.py, linear_operator_permutation.py. */
import { type DType, float32, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, TypeError, ValueError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { argsort } from "../../../tensors/sort.ts";
import { held, implied, type OperatorOptions } from "../hints.ts";
import "../family.ts";
import { LinearOperator, type Sides } from "../operator.ts";

const squareShape = (shape: Shape): Shape => (shape === null ? null : [...shape, shape.at(-1)!]);

function dynamicSquare(of: Tensor): Tensor {
  const shape = tf.shape(of);
  return tf.concat([shape, [shape.at(-1)]], 0);
}

/** The reflection I - 2 v v^H, v the axis [..., n] made of length 1. */
export class LinearOperatorHouseholder extends LinearOperator {
  readonly reflectionAxis: Tensor;

  /** Throws ValueError for a scalar, and for hints that a reflection contradicts. */
  constructor(reflectionAxis: TensorLike, options: OperatorOptions = {}) {
    const { name = "LinearOperatorHouseholder" } = options;
    const axis = inScope(name, name, () => held(reflectionAxis, "reflection_axis"));
    if (axis.shape !== null && axis.shape.length < 1) {
      throw new ValueError(`Argument reflection_axis must have at least 1 dimension.  Found: ${axis}`);
    }
    const isSelfAdjoint = implied(options.isSelfAdjoint, true, "A Householder operator is always self adjoint.");
    const isPositiveDefinite = implied(
      options.isPositiveDefinite,
      false,
      "A Householder operator is always non-positive definite.",
    );
    const isSquare = implied(options.isSquare, true, "A Householder operator is always square.");
    super(axis.dtype, { ...options, isSelfAdjoint, isPositiveDefinite, isSquare, name });
    this.reflectionAxis = axis;
  }

  protected override staticShape(): Shape {
    return squareShape(this.reflectionAxis.shape);
  }

  protected override dynamicShape(): Tensor {
    return dynamicSquare(this.reflectionAxis);
  }

  protected override checkNonSingular(): Operation {
    return tf.noOp({ name: "assert_non_singular" });
  }

  protected override checkPositiveDefinite(): Operation {
    throw new InvalidArgumentError("Householder operators are always non-positive definite.");
  }

  protected override checkSelfAdjoint(): Operation {
    return tf.noOp({ name: "assert_self_adjoint" });
  }

  protected override operatorAdjoint(): LinearOperator {
    return this;
  }

  protected override operatorInverse(): LinearOperator {
    return this;
  }

  protected override product(x: Tensor, { adjointArg }: Sides): Tensor {
    const axis = convertToTensor(this.reflectionAxis);
    const right = adjointArg ? tf.adjoint(x) : x;
    const column = tf.l2Normalize(axis, { axis: -1 }).at("...", null);
    const dots = tf.matmul(column, right, { adjointA: true });
    return right.sub(column.rmul(2).mul(dots));
  }

  protected override solution(rhs: Tensor, sides: Sides): Tensor {
    return this.product(rhs, sides);
  }

  protected override sumOfDiagonal(): Tensor {
    const shape = this.shapeTensor();
    const sum = tf.cast(this.dynamicDomain(shape).sub(2), this.dtype) as Tensor;
    return sum.mul(tf.ones(this.dynamicBatch(shape), this.dtype));
  }

  protected override det(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype).neg();
  }

  protected override logAbsDet(): Tensor {
    return tf.zeros(this.batchShapeTensor(), this.dtype);
  }

  #unit(): Tensor {
    return tf.l2Normalize(convertToTensor(this.reflectionAxis), { axis: -1 });
  }

  protected override dense(): Tensor {
    const column = this.#unit().at("...", null);
    const matrix = tf.matmul(column, column, { adjointB: true }).rmul(-2);
    return tf.matrixSetDiag(matrix, tf.matrixDiagPart(matrix).radd(1));
  }

  protected override diagonal(): Tensor {
    const unit = this.#unit();
    return unit.rmul(2).mul(tf.conj(unit)).rsub(1);
  }

  protected override eigenvalues(): Tensor {
    const shape = tf.shape(this.reflectionAxis);
    const n = shape.at(-1);
    const positive = tf.concat([shape.at(":-1"), [n.sub(1)]], -1);
    const negative = tf.concat([shape.at(":-1"), [1]], -1);
    const ones = tf.ones(positive, this.dtype);
    return tf.concat([tf.ones(negative, this.dtype).neg(), ones], -1);
  }

  protected override condition(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype);
  }
}

export interface PermutationOptions extends OperatorOptions {
  /** float32 by default. */
  readonly dtype?: DType | undefined;
}

/** Throws ValueError for a vector that is no permutation, where it is known. */
function checkPermutation(perm: Tensor): void {
  if (perm.shape !== null && perm.shape.length < 1) {
    throw new ValueError(`Argument \`perm\` must have at least 1 dimension. Received: ${perm}.`);
  }
  if (!perm.dtype.isInteger) throw new TypeError(`Argument \`perm\` must be integer dtype. Received: ${perm}.`);
  const known = tf.getStaticValue(perm);
  if (known && !isPermutation(known)) {
    const last = known.shape.at(-1)! - 1;
    throw new ValueError(`Argument \`perm\` must be a vector of unique integers from 0 to ${last}.`);
  }
}

function isPermutation(perm: NdArray): boolean {
  const n = perm.shape.at(-1)!;
  const all = Array.from(perm.data as ArrayLike<number | bigint>, Number);
  for (let at = 0; at < all.length; at += n) {
    const sorted = all.slice(at, at + n).sort((a, b) => a - b);
    if (sorted.some((value, i) => value !== i)) return false;
  }
  return true;
}

/** Row i of the product is row perm[..., i] of the argument. */
export class LinearOperatorPermutation extends LinearOperator {
  readonly perm: Tensor;

  /** Throws ValueError for what is no permutation and for hints that one contradicts, TypeError for floats. */
  constructor(perm: TensorLike, options: PermutationOptions = {}) {
    const { dtype = float32, name = "LinearOperatorPermutation" } = options;
    const own = inScope(name, name, () => held(perm, "perm", int32));
    checkPermutation(own);
    const always = (hint: string): string =>
      `A Permutation operator is always ${hint === "is_square" ? "square" : "non-singular"}. Expected argument \`${hint}\` to be True. Received: False.`;
    if (options.isNonSingular === false) throw new ValueError(always("is_non_singular"));
    if (options.isSquare === false) throw new ValueError(always("is_square"));
    super(dtype, { ...options, isSquare: true, name });
    this.perm = own;
  }

  protected override staticShape(): Shape {
    return squareShape(this.perm.shape);
  }

  protected override dynamicShape(): Tensor {
    return dynamicSquare(this.perm);
  }

  protected override checkNonSingular(): Operation {
    return tf.noOp({ name: "assert_non_singular" });
  }

  protected override dynamicDomain(perm: Tensor = this.perm): Tensor {
    return tf.shape(perm).at(-1);
  }

  protected override product(given: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    let perm = convertToTensor(this.perm);
    if (adjoint && !this.isSelfAdjoint) perm = argsort(perm, { axis: -1 });
    let x = adjointArg ? tf.adjoint(given) : given;
    const rows = tf.broadcastDynamicShape(tf.shape(x).at(":-1"), tf.shape(perm));
    const k = tf.shape(x).at(-1);
    const all = tf.concat([rows, [k]], -1);
    x = tf.broadcastTo(x, all);
    perm = tf.broadcastTo(perm, rows);
    const m = tf.shape(x).at(-2);
    x = tf.reshape(x, [-1, m, k]);
    perm = tf.reshape(perm, [-1, m]);
    return tf.reshape(tf.gather(x, perm, { axis: -2, batchDims: 1 }), all);
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return this.product(rhs, { adjoint: !adjoint, adjointArg });
  }

  protected override logAbsDet(): Tensor {
    return tf.zeros(this.batchShapeTensor(), this.dtype);
  }

  protected override dense(): Tensor {
    const perm = convertToTensor(this.perm);
    const places = tf.range(0, this.dynamicDomain(perm));
    return tf.cast(tf.equal(places, perm.at("...", null)), this.dtype) as Tensor;
  }

  protected override diagonal(): Tensor {
    const perm = convertToTensor(this.perm);
    return tf.cast(tf.equal(tf.range(0, this.dynamicDomain(perm)), perm), this.dtype) as Tensor;
  }

  protected override condition(): Tensor {
    return tf.ones(this.batchShapeTensor(), this.dtype);
  }
}
