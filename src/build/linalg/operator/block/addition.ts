/** The sum of operators, kept as special as it can be. Source: linear_operator_addition.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../../ops/index.ts";
import { LinearOperatorDiag } from "../diag.ts";
import { LinearOperatorIdentity, LinearOperatorScaledIdentity } from "../identity.ts";
import { LinearOperatorFullMatrix, LinearOperatorLowerTriangular } from "../matrix.ts";
import type { LinearOperator } from "../operator.ts";

const isScaled = (operator: LinearOperator): boolean =>
  operator instanceof LinearOperatorIdentity || operator instanceof LinearOperatorScaledIdentity;
const isDiagonal = (operator: LinearOperator): boolean => isScaled(operator) || operator instanceof LinearOperatorDiag;
const isTriangular = (operator: LinearOperator): boolean =>
  isDiagonal(operator) || operator instanceof LinearOperatorLowerTriangular;

/** Can it be a term of a sum as it is? */
export const isAddable = (operator: LinearOperator): boolean =>
  isTriangular(operator) || operator instanceof LinearOperatorFullMatrix;

const multiplierOf = (operator: LinearOperator): Tensor =>
  operator instanceof LinearOperatorScaledIdentity
    ? operator.multiplier
    : tf.ones(operator.batchShapeTensor(), operator.dtype);

const denseSum = (a: LinearOperator, b: LinearOperator): Tensor =>
  isDiagonal(a) ? a.addToTensor(b.toDense()) : b.addToTensor(a.toDense());

interface Options {
  readonly isNonSingular: true | null;
  readonly isSelfAdjoint: boolean | null;
  readonly isPositiveDefinite: boolean | null;
  readonly name: string;
}

/** From the most special kind of sum to any. */
const tiers: readonly {
  readonly scope: string;
  readonly fits: (operator: LinearOperator) => boolean;
  readonly add: (a: LinearOperator, b: LinearOperator, options: Options) => LinearOperator;
}[] = [
  {
    scope: "AddAndReturnScaledIdentity",
    fits: isScaled,
    add(a, b, options) {
      const [x, y] = [multiplierOf(a), multiplierOf(b)];
      return new LinearOperatorScaledIdentity(a.rangeDimensionTensor(), x.add(y), options);
    },
  },
  {
    scope: "AddAndReturnDiag",
    fits: isDiagonal,
    add: (a, b, options) => new LinearOperatorDiag(a.diagPart().add(b.diagPart()), options),
  },
  {
    scope: "AddAndReturnTriL",
    fits: isTriangular,
    add: (a, b, options) => new LinearOperatorLowerTriangular(denseSum(a, b), options),
  },
  {
    scope: "AddAndReturnMatrix",
    fits: () => true,
    add: (a, b, options) => new LinearOperatorFullMatrix(denseSum(a, b), options),
  },
];

/** One operator, the sum of all; each of them is addable. */
export const addOperators = (operators: readonly LinearOperator[]): LinearOperator =>
  inScope(undefined, "add_operators", () => {
    let left = [...operators].reverse();
    for (const { scope, fits, add } of tiers) {
      const next: LinearOperator[] = [];
      for (let a = left.pop(); a; a = left.pop()) {
        const i = fits(a) ? left.findLastIndex(fits) : -1;
        if (i < 0) {
          next.push(a);
          continue;
        }
        const [b] = left.splice(i, 1) as [LinearOperator];
        const isPositiveDefinite = a.isPositiveDefinite && b.isPositiveDefinite;
        const options: Options = {
          isNonSingular: isPositiveDefinite ? true : null,
          isSelfAdjoint: a.isSelfAdjoint && b.isSelfAdjoint,
          isPositiveDefinite,
          name: `Add/${a.name}__${b.name}/`,
        };
        const first = a;
        left.push(inScope(scope, scope, () => add(first, b, options)));
      }
      left = next;
    }
    return left[0]!;
  });
