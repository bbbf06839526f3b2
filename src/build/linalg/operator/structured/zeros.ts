/** `tf.linalg.LinearOperatorZeros`: matrices of zeros. Source: linear_operator_zeros.py. */
import { float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import "../family.ts";
import { broadcastTo, type IdentityOptions } from "../identity.ts";
import { LinearOperator, type Sides } from "../operator.ts";
import { batchArgument, checkArgumentSize, type SizeTensor, sizeArgument, withBatch } from "../sizes.ts";

export interface ZerosOptions extends IdentityOptions {
  /** As many as there are rows by default. */
  readonly numColumns?: TensorLike | undefined;
}

export class LinearOperatorZeros extends LinearOperator {
  readonly #rows: SizeTensor;
  readonly #columns: SizeTensor;
  readonly #batch: SizeTensor | null;
  readonly #checks: boolean;

  /** Throws ValueError for hints that zeros contradict and for sizes that are none, TypeError for sizes that are not whole. */
  constructor(numRows: TensorLike, options: ZerosOptions = {}) {
    const { batchShape, dtype = float32, assertProperShapes = false, name = "LinearOperatorZeros" } = options;
    const { isNonSingular = false, isSelfAdjoint = true, isPositiveDefinite = false, isSquare = true } = options;
    if (!isSelfAdjoint && isSquare) throw new ValueError("A zero operator is always self adjoint.");
    if (isNonSingular) throw new ValueError("A zero operator is always singular.");
    if (isPositiveDefinite) throw new ValueError("A zero operator is always not positive-definite.");
    const sizes = inScope(name, name, () => {
      const rows = sizeArgument(numRows, "num_rows", assertProperShapes);
      const columns = sizeArgument(options.numColumns ?? numRows, "num_columns", assertProperShapes);
      if (rows.known && columns.known && isSquare && rows.known[0] !== columns.known[0]) {
        throw new ValueError(
          `LinearOperatorZeros initialized as is_square=True, but got num_rows(${rows.known[0]}) != num_columns(${columns.known[0]})`,
        );
      }
      const batch = batchShape === undefined ? null : batchArgument(batchShape, assertProperShapes);
      return { rows, columns, batch };
    });
    super(dtype, { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare, name });
    this.#rows = sizes.rows;
    this.#columns = sizes.columns;
    this.#batch = sizes.batch;
    this.#checks = assertProperShapes;
  }

  protected override get isZero(): boolean {
    return true;
  }

  protected override staticShape(): Shape {
    return withBatch(this.#batch, [this.#rows.known?.[0] ?? null, this.#columns.known?.[0] ?? null]);
  }

  protected override dynamicShape(): Tensor {
    const matrix = tf.stack([this.#rows.tensor, this.#columns.tensor], { axis: 0 });
    return this.#batch ? tf.concat([this.#batch.tensor, matrix], 0) : matrix;
  }

  protected override checkNonSingular(): Operation {
    throw new InvalidArgumentError("Zero operators are always non-invertible.");
  }

  protected override checkPositiveDefinite(): Operation {
    throw new InvalidArgumentError("Zero operators are always non-positive definite.");
  }

  protected override checkSelfAdjoint(): Operation {
    return tf.noOp({ name: "assert_self_adjoint" });
  }

  protected override product(given: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    let x = given;
    if (this.#checks) x = checkArgumentSize(this, adjointArg ? tf.adjoint(x) : x);
    if (this.isSquare) {
      const shape = adjointArg
        ? tf.concat([tf.shape(x).at(":-2"), [tf.shape(x).at(-1), tf.shape(x).at(-2)]], 0)
        : tf.shape(x);
      return broadcastTo(this, this.#batch, tf.zeros(shape, x.dtype));
    }
    const shape = tf.shape(x);
    const n = (adjoint ? this.#columns : this.#rows).tensor;
    const m = shape.at(adjointArg ? -2 : -1);
    return broadcastTo(this, this.#batch, tf.zeros(tf.concat([shape.at(":-2"), [n, m]], 0), x.dtype));
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    if (this.isSquare && right.isSquare) return this;
    throw new ValueError(
      "Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported at this time.",
    );
  }

  #batchOfZeros(): Tensor {
    const { batchShape } = this;
    const shape = batchShape.isFullyDefined() ? (batchShape.asList() as number[]) : this.batchShapeTensor();
    return tf.zeros(shape, this.dtype);
  }

  protected override det(): Tensor {
    return this.#batchOfZeros();
  }

  protected override sumOfDiagonal(): Tensor {
    return this.#batchOfZeros();
  }

  protected override diagonal(): Tensor {
    const { shape } = this;
    if (shape.isFullyDefined()) {
      const [rows, columns] = shape.slice(-2) as [number, number];
      return tf.zeros([...(shape.slice(0, -2) as number[]), Math.min(rows, columns)], this.dtype);
    }
    const batch = this.batchShapeTensor();
    return tf.zeros(tf.concat([batch, [tf.reduceMin(this.shapeTensor().at("-2:"))]], 0), this.dtype);
  }

  override addToTensor(x: TensorLike): Tensor {
    return broadcastTo(this, this.#batch, convertToTensor(x, { preferredDtype: this.dtype }));
  }

  protected override eigenvalues(): Tensor {
    return this.diagonal();
  }
}
