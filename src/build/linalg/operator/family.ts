/** The operators that the methods of every operator make. */
import { LinearOperatorComposition } from "./composition.ts";
import { LinearOperatorLowerTriangular } from "./matrix.ts";
import { family } from "./operator.ts";
import { LinearOperatorAdjoint, LinearOperatorInversion } from "./related.ts";

family.composition = (operators, hints) => new LinearOperatorComposition(operators, hints);
family.adjoint = (operator, hints) => new LinearOperatorAdjoint(operator, hints);
family.inversion = (operator, hints) => new LinearOperatorInversion(operator, hints);
family.lowerTriangular = (tril, hints) => new LinearOperatorLowerTriangular(tril, hints);
