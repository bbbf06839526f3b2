/** Solving by conjugate gradients. Source: linalg/sparse/conjugate_gradient.py. */
import { int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  broadcastDynamicShape,
  broadcastTo,
  concat,
  constant,
  greater,
  less,
  logicalAnd,
  matvec,
  norm,
  reduceAny,
  shape as shapeOf,
  squeeze,
  zeros,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { whileLoop } from "../control_flow/while_loop.ts";
import type { LinearOperator } from "./operator/operator.ts";

export interface ConjugateGradientOptions {
  /** Approximates the operator's inverse. */
  readonly preconditioner?: LinearOperator | null;
  /** Where to begin, [..., n]; zeros by default. */
  readonly x?: TensorLike | null;
  /** 1e-5 of the norm of rhs. */
  readonly tol?: number;
  readonly maxIter?: number;
  readonly name?: string;
}
const places = ["preconditioner", "x", "tol", "maxIter", "name"] as const;

/** Steps taken, the solution, the residual, the last direction and the residual's scaled square. */
export interface ConjugateGradientState {
  readonly i: Tensor;
  readonly x: Tensor;
  readonly r: Tensor;
  readonly p: Tensor;
  readonly gamma: Tensor;
}

const dot = (x: Tensor, y: Tensor): Tensor => squeeze(matvec(x.at("...", null), y, { adjointA: true }), { axis: -1 });

/** x with operator x = rhs [..., n] for a self-adjoint positive definite operator, nearly. Throws ValueError for other operators. */
export function conjugateGradient(
  operator: LinearOperator,
  rhs: TensorLike,
  ...rest: Rest<ConjugateGradientOptions, typeof places>
): ConjugateGradientState {
  const options = byName<ConjugateGradientOptions>(rest, places);
  const { preconditioner = null, tol = 1e-5, maxIter = 20, name = "conjugate_gradient" } = options;
  if (!(operator.isSelfAdjoint && operator.isPositiveDefinite))
    throw new ValueError("Expected a self-adjoint, positive definite operator.");
  return getDefaultGraph().nameScope(name, () => {
    const right = convertToTensor(rhs);
    let outer = broadcastDynamicShape(shapeOf(right).at(":-1"), operator.batchShapeTensor());
    if (preconditioner) outer = broadcastDynamicShape(outer, preconditioner.batchShapeTensor());
    const whole = concat([outer, [shapeOf(right).at(-1)] as never], -1);
    let r0 = broadcastTo(right, whole);
    const limit = norm(r0, { axis: -1 }).rmul(tol);
    let start: Tensor;
    if (options.x === undefined || options.x === null) start = zeros(whole, right.dtype.baseDtype);
    else {
      start = convertToTensor(options.x);
      r0 = right.sub(operator.matvec(start));
    }
    const p0 = preconditioner ? preconditioner.matvec(r0) : r0;
    const gamma0 = dot(r0, p0);
    const goesOn = (i: Tensor, [, , r]: readonly Tensor[]): Tensor =>
      logicalAnd(less(i, maxIter), reduceAny(greater(norm(r!, { axis: -1 }), limit)));
    const step = (i: Tensor, [, x, r, p, gamma]: readonly Tensor[]) => {
      const z = operator.matvec(p!);
      const alpha = gamma!.div(dot(p!, z));
      const nextX = x!.add(alpha.at("...", null).mul(p!));
      const nextR = r!.sub(alpha.at("...", null).mul(z));
      const q = preconditioner ? preconditioner.matvec(nextR) : nextR;
      const nextGamma = dot(nextR, q);
      const beta = nextGamma.div(gamma!);
      const nextP = q.add(beta.at("...", null).mul(p!));
      return [i.add(1), [i.add(1), nextX, nextR, nextP, nextGamma]];
    };
    const i0 = constant(0, int32);
    const found = whileLoop(goesOn as never, step as never, [i0, [i0, start, r0, p0, gamma0]] as never) as unknown as [
      Tensor,
      Tensor[],
    ];
    const [i, x, r, p, gamma] = found[1] as [Tensor, Tensor, Tensor, Tensor, Tensor];
    return { i, x, r, p, gamma };
  });
}
