/** `tf.linalg.LinearOperatorComposition`: operators applied one after the other, the last one first. Source: linear_operator_composition.py. */
import { TypeError, ValueError } from "../../../core/error.ts";
import { printValue } from "../../../core/print.ts";
import { isFull, type Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../ops/index.ts";
import { broadcastBatches, checkDims, implied, type OperatorOptions, sizesTensor } from "./hints.ts";
import "./family.ts";
import { LinearOperatorLowerTriangular } from "./matrix.ts";
import { LinearOperator, type Sides } from "./operator.ts";

/** Throws ValueError for no operators, TypeError for operators of different dtypes. */
export function checkOperators(operators: readonly LinearOperator[]): void {
  if (operators.length === 0) throw new ValueError("Expected a non-empty list of operators. Found: []");
  if (operators.every(({ dtype }) => dtype === operators[0]!.dtype)) return;
  const all = operators.map(({ name, dtype }) => `(${printValue(name)}, ${dtype.repr()})`).join("   ");
  throw new TypeError(`Expected all operators to have the same dtype.  Found ${all}`);
}

/** A hint that all of them share holds for what is made of them. Throws ValueError with `words` when the user has said the opposite. */
export const sharedByAll = (
  operators: readonly LinearOperator[],
  hint: "isNonSingular" | "isSelfAdjoint" | "isPositiveDefinite",
  given: boolean | null | undefined,
  words: string,
): boolean | null | undefined => (operators.every((each) => each[hint]) ? implied(given, true, words) : given);

/** The batch shape that all broadcast to, by way of adding zeros. */
export function dynamicBatchOf(operators: readonly LinearOperator[]): Tensor {
  let zeros = tf.zeros(operators[0]!.batchShapeTensor());
  for (const operator of operators.slice(1)) zeros = zeros.add(tf.zeros(operator.batchShapeTensor()));
  return tf.shape(zeros);
}

function areAdjoint(x: LinearOperator, y: LinearOperator): boolean {
  if (x === y && x.isSelfAdjoint !== null) return x.isSelfAdjoint;
  return x.H === y || y.H === x;
}

/** Is the product A A^H? */
const isSymmetric = (operators: readonly LinearOperator[]): boolean =>
  operators.length % 2 === 0 &&
  operators.slice(0, operators.length / 2).every((operator, i) => areAdjoint(operator, operators.at(-1 - i)!));

export class LinearOperatorComposition extends LinearOperator {
  readonly operators: readonly LinearOperator[];

  /** Throws ValueError for no operators and for hints that what they are contradicts, TypeError for different dtypes. */
  constructor(operators: readonly LinearOperator[], options: OperatorOptions = {}) {
    checkOperators(operators);
    let { isSelfAdjoint, isSquare, isPositiveDefinite } = options;
    const isNonSingular = sharedByAll(
      operators,
      "isNonSingular",
      options.isNonSingular,
      "The composition of non-singular operators is always non-singular.",
    );
    if ((operators.length === 1 && operators[0]!.isSelfAdjoint) || isSymmetric(operators)) {
      isSelfAdjoint = implied(
        isSelfAdjoint,
        true,
        "The composition was determined to be self-adjoint but user provided incorrect `False` hint.",
      );
    }
    if (isSymmetric(operators)) {
      isSquare = implied(
        isSquare,
        true,
        "The composition was determined have the form A @ A.H, hence it must be square. The user provided an incorrect `False` hint.",
      );
    }
    if (isSymmetric(operators) && isNonSingular) {
      isPositiveDefinite = implied(
        isPositiveDefinite,
        true,
        "The composition was determined to be non-singular and have the form A @ A.H, hence it must be positive-definite. The user provided an incorrect `False` hint.",
      );
    }
    const name = options.name ?? operators.map((operator) => operator.name).join("_o_");
    inScope(name, name, () => undefined);
    super(operators[0]!.dtype, { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare, name });
    this.operators = [...operators];
  }

  protected override staticShape(): Shape {
    const [first, ...others] = this.operators;
    let columns = first!.domainDimension;
    for (const operator of others) {
      checkDims(columns, operator.rangeDimension);
      columns = operator.domainDimension;
    }
    const batch = broadcastBatches(
      this.operators.map(({ batchShape }) => (batchShape.rank === null ? null : batchShape)),
    );
    return batch === null ? null : [...batch, first!.rangeDimension, columns];
  }

  protected override dynamicShape(): Tensor {
    const shape = this.staticShape();
    if (isFull(shape)) return sizesTensor(shape, "shape");
    const sizes = tf.stack([this.operators[0]!.rangeDimensionTensor(), this.operators.at(-1)!.domainDimensionTensor()]);
    return tf.concat([dynamicBatchOf(this.operators), sizes], 0);
  }

  protected override operatorCholesky(): LinearOperator {
    const [left] = this.operators;
    const isProduct = this.operators.length === 2 && isSymmetric(this.operators);
    if (!isProduct || !(left instanceof LinearOperatorLowerTriangular)) return super.operatorCholesky();
    if (left.isPositiveDefinite) return left;
    const sign = tf.expandDims(tf.sign(left.diagPart()), -2);
    return new LinearOperatorLowerTriangular(left.tril.div(sign), {
      isNonSingular: left.isNonSingular,
      isSelfAdjoint: left.isSelfAdjoint,
      isSquare: true,
    });
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const [first, ...others] = adjoint ? this.operators : [...this.operators].reverse();
    return others.reduce(
      (result, operator) => operator.matmul(result, { adjoint }),
      first!.matmul(x, { adjoint, adjointArg }),
    );
  }

  protected override det(): Tensor {
    const [first, ...others] = this.operators;
    return others.reduce((result, operator) => result.mul(operator.determinant()), first!.determinant());
  }

  protected override logAbsDet(): Tensor {
    const [first, ...others] = this.operators;
    return others.reduce((result, operator) => result.add(operator.logAbsDeterminant()), first!.logAbsDeterminant());
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const [first, ...others] = adjoint ? [...this.operators].reverse() : this.operators;
    return others.reduce(
      (result, operator) => operator.solve(result, { adjoint }),
      first!.solve(rhs, { adjoint, adjointArg }),
    );
  }

  protected override checkNonSingular(): Operation {
    if (!this.operators.every(({ isSquare }) => isSquare)) return super.checkNonSingular();
    return tf.group(...this.operators.map((operator) => operator.assertNonSingular()));
  }
}
