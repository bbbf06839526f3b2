/** `tf.linalg.LinearOperatorLowRankUpdate`: L + U D V^H. Source: linear_operator_low_rank_update.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { broadcastStaticShape } from "../../../tensors/convert.ts";
import { solveBroadcast } from "../broadcast.ts";
import { LinearOperatorDiag } from "../diag.ts";
import { checkDims, type Hint, held, type OperatorOptions } from "../hints.ts";
import "../family.ts";
import { LinearOperatorIdentity } from "../identity.ts";
import { LinearOperator, type Sides } from "../operator.ts";

export interface LowRankUpdateOptions extends OperatorOptions {
  /** The diagonal of D, [..., k]; ones by default. */
  readonly diagUpdate?: TensorLike | undefined;
  /** [..., n, k]; u by default. */
  readonly v?: TensorLike | undefined;
  readonly isDiagUpdatePositive?: Hint | undefined;
}

const lead = (shape: Shape, kept: number): Shape => shape?.slice(0, -kept) ?? null;

export class LinearOperatorLowRankUpdate extends LinearOperator {
  readonly baseOperator: LinearOperator;
  readonly u: Tensor;
  readonly v: Tensor;
  readonly diagUpdate: Tensor | null;
  readonly diagOperator: LinearOperator;
  readonly isDiagUpdatePositive: Hint;
  readonly #usesCholesky: boolean;

  /** Throws ValueError for hints that contradict what the operator is, and for sizes that do not go together. */
  constructor(baseOperator: LinearOperator, u: TensorLike, options: LowRankUpdateOptions = {}) {
    const { name = "LinearOperatorLowRankUpdate" } = options;
    let { isDiagUpdatePositive = null, isSelfAdjoint, isPositiveDefinite } = options;
    const { dtype } = baseOperator;
    if (options.diagUpdate === undefined) {
      if (isDiagUpdatePositive === false) {
        throw new ValueError(
          "Default diagonal is the identity, which is positive.  However, user set 'is_diag_update_positive' to False.",
        );
      }
      isDiagUpdatePositive = true;
    }
    const isSymmetric = baseOperator.isSelfAdjoint && options.v === undefined;
    const usesCholesky = Boolean(baseOperator.isPositiveDefinite && isSymmetric && isDiagUpdatePositive);
    if (isSymmetric && !dtype.isComplex) {
      if (isSelfAdjoint === false) {
        throw new ValueError(
          "A = L + UDU^H, with L self-adjoint and D real diagonal.  Since UDU^H is self-adjoint, this must be a self-adjoint operator.",
        );
      }
      isSelfAdjoint = true;
    }
    if (usesCholesky) {
      if ([isPositiveDefinite, isSelfAdjoint, options.isNonSingular].includes(false)) {
        throw new ValueError("Arguments imply this is self-adjoint positive-definite operator.");
      }
      isPositiveDefinite = true;
      isSelfAdjoint = true;
    }
    const made = inScope(name, name, () => {
      const left = held(u, "u");
      const right = options.v === undefined ? left : held(options.v, "v");
      const diag = options.diagUpdate === undefined ? null : held(options.diagUpdate, "diag_update");
      const rank = (): TensorLike => left.shape?.at(-1) ?? tf.shape(left).at(-1);
      const operator = diag
        ? new LinearOperatorDiag(diag, { isPositiveDefinite: isDiagUpdatePositive })
        : new LinearOperatorIdentity(rank(), { dtype });
      return { left, right, diag, operator };
    });
    super(dtype, { ...options, isSelfAdjoint, isPositiveDefinite, name });
    this.baseOperator = baseOperator;
    this.u = made.left;
    this.v = made.right;
    this.diagUpdate = made.diag;
    this.diagOperator = made.operator;
    this.isDiagUpdatePositive = isDiagUpdatePositive;
    this.#usesCholesky = usesCholesky;
    this.#checkShapes();
  }

  #checkShapes(): void {
    const both = broadcastStaticShape(this.u.shape, this.v.shape);
    const batch = broadcastStaticShape(this.#baseBatch(), lead(both, 2));
    checkDims(this.baseOperator.domainDimension, both?.at(-2));
    if (!this.diagUpdate) return;
    checkDims(both?.at(-1), this.diagUpdate.shape?.at(-1));
    broadcastStaticShape(batch, lead(this.diagUpdate.shape, 1));
  }

  #baseBatch(): Shape {
    const { batchShape } = this.baseOperator;
    return batchShape.ndims === null ? null : batchShape;
  }

  protected override staticShape(): Shape {
    const { batchShape } = this.diagOperator;
    const others = [batchShape.ndims === null ? null : batchShape, lead(this.u.shape, 2), lead(this.v.shape, 2)];
    const batch = others.reduce<Shape>((all, shape) => broadcastStaticShape(all, shape), this.#baseBatch());
    const { shape } = this.baseOperator;
    return batch === null || shape.ndims === null ? null : [...batch, ...shape.slice(-2)];
  }

  protected override dynamicShape(): Tensor {
    let batch = tf.broadcastDynamicShape(this.baseOperator.batchShapeTensor(), this.diagOperator.batchShapeTensor());
    batch = tf.broadcastDynamicShape(batch, tf.shape(this.u).at(":-2"));
    batch = tf.broadcastDynamicShape(batch, tf.shape(this.v).at(":-2"));
    return tf.concat([batch, this.baseOperator.shapeTensor().at("-2:")], 0);
  }

  protected override checkSelfAdjoint(): Operation {
    return this.u === this.v && this.diagUpdate === null
      ? this.baseOperator.assertSelfAdjoint()
      : super.checkSelfAdjoint();
  }

  #sides(): { u: Tensor; v: Tensor } {
    const u = convertToTensor(this.u);
    return { u, v: this.v === this.u ? u : convertToTensor(this.v) };
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const { u, v } = this.#sides();
    const [inner, outer] = adjoint ? [u, v] : [v, u];
    const first = this.baseOperator.matmul(x, { adjoint, adjointArg });
    const projected = tf.matmul(inner, x, { adjointA: true, adjointB: adjointArg });
    const scaled = this.diagOperator.matmul(projected, { adjoint });
    return first.add(tf.matmul(outer, scaled));
  }

  #capacitance(u: Tensor, v: Tensor): Tensor {
    const solved = tf.matmul(v, this.baseOperator.solve(u), { adjointA: true });
    return this.diagOperator.inverse().addToTensor(solved);
  }

  protected override det(): Tensor {
    if (this.isPositiveDefinite) return tf.exp(this.logAbsDeterminant());
    const { u, v } = this.#sides();
    const capacitance = tf.matrixDeterminant(this.#capacitance(u, v));
    const diagonal = this.diagOperator.determinant();
    const base = this.baseOperator.determinant();
    return capacitance.mul(diagonal).mul(base);
  }

  protected override diagonal(): Tensor {
    const { u, v } = this.#sides();
    let product = u.mul(tf.conj(v));
    if (this.diagUpdate) product = product.mul(tf.expandDims(this.diagUpdate, -2));
    return tf.reduceSum(product, { axis: -1 }).add(this.baseOperator.diagPart());
  }

  protected override logAbsDet(): Tensor {
    const { u, v } = this.#sides();
    const diagonal = this.diagOperator.logAbsDeterminant();
    const base = this.baseOperator.logAbsDeterminant();
    return this.#logCapacitance(u, v).add(diagonal).add(base);
  }

  #logCapacitance(u: Tensor, v: Tensor): Tensor {
    if (this.#usesCholesky) {
      const factor = tf.matrixDiagPart(tf.cholesky(this.#capacitance(u, v)));
      return tf.reduceSum(tf.log(factor), { axis: [-1] }).rmul(2);
    }
    const log = tf.log(tf.abs(tf.matrixDeterminant(this.#capacitance(u, v))));
    return this.dtype.isComplex ? (tf.cast(log, this.dtype) as Tensor) : log;
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const base = this.baseOperator;
    if (base.isNonSingular === false) {
      throw new ValueError("Solve not implemented unless this is a perturbation of a non-singular LinearOperator.");
    }
    const sides = this.#sides();
    const [u, v] = adjoint ? [sides.v, sides.u] : [sides.u, sides.v];
    const capacitance = this.#capacitance(sides.u, sides.v);
    const solved = base.solve(rhs, { adjoint, adjointArg });
    const projected = tf.matmul(v, solved, { adjointA: true });
    const inner = this.#usesCholesky
      ? tf.choleskySolve(tf.cholesky(capacitance), projected)
      : solveBroadcast(capacitance, projected, adjoint);
    return solved.sub(base.solve(tf.matmul(u, inner), { adjoint }));
  }
}
