/** What operators know of themselves without computing: name, dtype, hints, static and dynamic shapes. Source: linear_operator.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { type Dim, isFull, type Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { TensorShape } from "../../../graph/tensor_shape.ts";
import * as tf from "../../../ops/index.ts";
import { type Hint, type OperatorOptions, sizesTensor } from "./hints.ts";

export interface MethodOptions {
  readonly name?: string | undefined;
}

export abstract class Shaped {
  readonly name: string;
  readonly dtype: DType;
  readonly isNonSingular: Hint;
  readonly isSelfAdjoint: Hint;
  readonly isPositiveDefinite: Hint;
  readonly #isSquare: Hint;

  /** Throws ValueError for hints that contradict each other. */
  constructor(dtype: DType, options: OperatorOptions = {}) {
    const { isSelfAdjoint = null, isPositiveDefinite = null } = options;
    let { isNonSingular = null, isSquare = null } = options;
    if (isPositiveDefinite) {
      if (isNonSingular === false) throw new ValueError("A positive definite matrix is always non-singular.");
      isNonSingular = true;
    }
    if (isNonSingular) {
      if (isSquare === false) throw new ValueError("A non-singular matrix is always square.");
      isSquare = true;
    }
    if (isSelfAdjoint) {
      if (isSquare === false) throw new ValueError("A self-adjoint matrix is always square.");
      isSquare = true;
    }
    this.name = options.name || new.target.name;
    this.dtype = dtype.baseDtype;
    this.isNonSingular = isNonSingular;
    this.isSelfAdjoint = isSelfAdjoint;
    this.isPositiveDefinite = isPositiveDefinite;
    this.#isSquare = isSquare;
  }

  protected abstract staticShape(): Shape;
  protected abstract dynamicShape(): Tensor;

  /** Throws ValueError when the user has said false and the shape says true. */
  get isSquare(): Hint {
    const [n, m] = [this.domainDimension, this.rangeDimension];
    const bySizes = n === null || m === null ? null : n === m;
    if (this.#isSquare === false && bySizes) {
      throw new ValueError("User set is_square hint to False, but the operator was square.");
    }
    return this.#isSquare ?? bySizes;
  }

  get shape(): TensorShape {
    return new TensorShape(this.staticShape());
  }

  get batchShape(): TensorShape {
    return new TensorShape(this.staticShape()?.slice(0, -2) ?? null);
  }

  get tensorRank(): number | null {
    return this.staticShape()?.length ?? null;
  }

  /** Columns. */
  get domainDimension(): Dim {
    return this.staticShape()?.at(-1) ?? null;
  }

  /** Rows. */
  get rangeDimension(): Dim {
    return this.staticShape()?.at(-2) ?? null;
  }

  protected scoped<R>(name: string, fn: () => R): R {
    return getDefaultGraph().nameScope(`${this.name}/${name}`, fn);
  }

  shapeTensor({ name = "shape_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => {
      const shape = this.staticShape();
      return isFull(shape) ? sizesTensor(shape) : this.dynamicShape();
    });
  }

  batchShapeTensor({ name = "batch_shape_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.dynamicBatch());
  }

  protected dynamicBatch(shape?: Tensor): Tensor {
    const batch = this.staticShape()?.slice(0, -2) ?? null;
    return isFull(batch) ? sizesTensor(batch, "batch_shape") : (shape ?? this.shapeTensor()).at(":-2");
  }

  tensorRankTensor({ name = "tensor_rank_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => {
      const rank = this.tensorRank;
      return rank === null ? tf.size(this.shapeTensor()) : tf.constant(rank);
    });
  }

  domainDimensionTensor({ name = "domain_dimension_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => this.dynamicDomain());
  }

  protected dynamicDomain(shape?: Tensor): Tensor {
    const n = this.domainDimension;
    return n === null ? (shape ?? this.shapeTensor()).at(-1) : tf.constant(n);
  }

  rangeDimensionTensor({ name = "range_dimension_tensor" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => {
      const m = this.rangeDimension;
      return m === null ? this.shapeTensor().at(-2) : tf.constant(m);
    });
  }
}
