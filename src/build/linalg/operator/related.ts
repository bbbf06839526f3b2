/** Operators that stand for another one's adjoint or inverse: `tf.linalg.LinearOperatorAdjoint`, `LinearOperatorInversion`. */
import { ValueError } from "../../../core/error.ts";
import { printValue } from "../../../core/print.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../ops/index.ts";
import { type Hints, mergedHint, type OperatorOptions } from "./hints.ts";
import "./family.ts";
import { LinearOperator, type Sides } from "./operator.ts";

/** The hints of an operator with those given for its adjoint or inverse. Throws ValueError where they contradict each other. */
function sharedHints(operator: LinearOperator, options: Hints, what: "adjoint" | "inverse"): Hints {
  const merged = (hint: keyof Hints, words: string) =>
    mergedHint(operator[hint], options[hint], `An operator is ${words} if and only if its ${what} is ${words}.`);
  return {
    isSquare: merged("isSquare", "square"),
    isNonSingular: merged("isNonSingular", "non-singular"),
    isSelfAdjoint: merged("isSelfAdjoint", "self-adjoint"),
    isPositiveDefinite: merged("isPositiveDefinite", "positive-definite"),
  };
}

/** What is the case for an operator as for its adjoint and its inverse. */
abstract class Related extends LinearOperator {
  readonly operator: LinearOperator;

  constructor(operator: LinearOperator, options: OperatorOptions) {
    super(operator.dtype, options);
    this.operator = operator;
  }

  protected override checkNonSingular(): Operation {
    return this.operator.assertNonSingular();
  }

  protected override checkPositiveDefinite(): Operation {
    return this.operator.assertPositiveDefinite();
  }

  protected override checkSelfAdjoint(): Operation {
    return this.operator.assertSelfAdjoint();
  }
}

/** The conjugate transpose of an operator. */
export class LinearOperatorAdjoint extends Related {
  /** Throws ValueError for hints that contradict the operator's. */
  constructor(operator: LinearOperator, options: OperatorOptions = {}) {
    const hints = sharedHints(operator, options, "adjoint");
    const name = options.name ?? `${operator.name}_adjoint`;
    inScope(name, name, () => undefined);
    super(operator, { ...hints, name });
  }

  protected override operatorAdjoint(): LinearOperator {
    return this.operator;
  }

  protected override staticShape(): Shape {
    const { shape } = this.operator;
    return shape.ndims === null ? null : [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
  }

  protected override dynamicShape(): Tensor {
    const shape = this.operator.shapeTensor();
    return tf.concat([shape.at(":-2"), [shape.at(-1), shape.at(-2)]], -1);
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return this.operator.matmul(x, { adjoint: !adjoint, adjointArg });
  }

  protected override productWithVector(x: Tensor, adjoint: boolean): Tensor {
    return this.operator.matvec(x, { adjoint: !adjoint });
  }

  protected override det(): Tensor {
    const own = this.operator.determinant();
    return this.isSelfAdjoint ? own : tf.conj(own);
  }

  protected override logAbsDet(): Tensor {
    return this.operator.logAbsDeterminant();
  }

  protected override sumOfDiagonal(): Tensor {
    const own = this.operator.trace();
    return this.isSelfAdjoint ? own : tf.conj(own);
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return this.operator.solve(rhs, { adjoint: !adjoint, adjointArg });
  }

  protected override solutionOfVector(rhs: Tensor, adjoint: boolean): Tensor {
    return this.operator.solvevec(rhs, { adjoint: !adjoint });
  }

  protected override dense(): Tensor {
    const own = this.operator.toDense();
    return this.isSelfAdjoint ? own : tf.adjoint(own);
  }

  protected override eigenvalues(): Tensor {
    const own = this.operator.eigvals();
    return this.operator.isSelfAdjoint ? own : tf.conj(own);
  }

  protected override condition(): Tensor {
    return this.operator.cond();
  }
}

const needed = (hint: "is_non_singular" | "is_square", own: unknown, given: unknown): ValueError =>
  new ValueError(
    `Argument \`${hint}\` or argument \`operator\` must have supplied hint \`${hint}\` equal to \`True\` or \`None\`. Found \`operator.${hint}\`: ${printValue(own)}, \`${hint}\`: ${printValue(given)}.`,
  );

/** The inverse of an operator. */
export class LinearOperatorInversion extends Related {
  /** Throws ValueError for operators that are known to have none, and for hints that contradict the operator's. */
  constructor(operator: LinearOperator, options: OperatorOptions = {}) {
    const { isNonSingular = null, isSquare = null } = options;
    if (operator.isNonSingular === false || isNonSingular === false) {
      throw needed("is_non_singular", operator.isNonSingular, isNonSingular);
    }
    if (operator.isSquare === false || isSquare === false) throw needed("is_square", operator.isSquare, isSquare);
    const hints = sharedHints(operator, options, "inverse");
    const name = options.name ?? `${operator.name}_inv`;
    inScope(name, name, () => undefined);
    super(operator, { ...hints, name });
  }

  protected override operatorInverse(): LinearOperator {
    return this.operator;
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    return this.operator.matmul(right);
  }

  protected override staticShape(): Shape {
    const { shape } = this.operator;
    return shape.ndims === null ? null : shape.asList();
  }

  protected override dynamicShape(): Tensor {
    return this.operator.shapeTensor();
  }

  protected override product(x: Tensor, sides: Sides): Tensor {
    return this.operator.solve(x, sides);
  }

  protected override det(): Tensor {
    return this.operator.determinant().rdiv(1);
  }

  protected override logAbsDet(): Tensor {
    return this.operator.logAbsDeterminant().rmul(-1);
  }

  protected override solution(rhs: Tensor, sides: Sides): Tensor {
    return this.operator.matmul(rhs, sides);
  }

  protected override eigenvalues(): Tensor {
    return this.operator.eigvals().rdiv(1);
  }

  protected override condition(): Tensor {
    return this.operator.cond();
  }
}
