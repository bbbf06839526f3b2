/** `tf.linalg.LinearOperatorBlockLowerTriangular`: rows of operators up to the diagonal. Source: linear_operator_block_lower_triangular.py. */
import { TypeError, ValueError } from "../../../../core/error.ts";
import { printValue } from "../../../../core/print.ts";
import { isFull, type Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../../ops/index.ts";
import { broadcastMatrices } from "../broadcast.ts";
import "../family.ts";
import { broadcastBatches, type Hint, hintsOf, type OperatorOptions, sizesTensor } from "../hints.ts";
import { LinearOperatorScaledIdentity } from "../identity.ts";
import { LinearOperatorFullMatrix } from "../matrix.ts";
import type { LinearOperator, Sides } from "../operator.ts";
import { addOperators, isAddable } from "./addition.ts";
import { BlockOperator, type Blocks } from "./blockwise.ts";

type Rows = readonly (readonly LinearOperator[])[];

function checkSizes(rows: Rows): void {
  for (const [i, row] of rows.entries()) {
    if (row.length !== i + 1) {
      throw new ValueError(
        `Argument \`operators[${i}]\` must contain \`${i + 1}\` blocks. Received: ${row.length} blocks.`,
      );
    }
  }
  for (const [i, row] of rows.entries()) {
    for (const [j, block] of row.slice(0, -1).entries()) {
      const [above, right] = [rows[i - 1]![j]!, row[j + 1]!];
      checkEqual(
        `operators[${i}][${j}]`,
        `operators[${i - 1}][${j}]`,
        "domain_dimension",
        block.domainDimension,
        above.domainDimension,
      );
      checkEqual(
        `operators[${i}][${j}]`,
        `operators[${i}][${j + 1}]`,
        "range_dimension",
        block.rangeDimension,
        right.rangeDimension,
      );
    }
  }
}

function checkEqual(own: string, other: string, dim: string, a: number | null, b: number | null): void {
  if (a === null || b === null || a === b) return;
  throw new ValueError(`Argument \`${own}.${dim}\` (${a}) must be the same as \`${other}.${dim}\` (${b}).`);
}

function nonSingularHint(diagonal: readonly LinearOperator[], given: Hint | undefined): Hint {
  const wrong = (what: string, always: string): ValueError =>
    new ValueError(
      `A blockwise lower-triangular operator with ${what} on the main diagonal is always ${always}. Expected argument \`is_non_singular\` to be True. Received: ${printValue(given)}.`,
    );
  if (diagonal.every(({ isNonSingular }) => isNonSingular)) {
    if (given === false) throw wrong("non-singular operators", "non-singular");
    return true;
  }
  if (!diagonal.some(({ isNonSingular }) => isNonSingular === false)) return null;
  if (given === true) throw wrong("a singular operator", "singular");
  return false;
}

export class LinearOperatorBlockLowerTriangular extends BlockOperator {
  readonly operators: Rows;
  readonly #diagonal: readonly LinearOperator[];

  /** Row i has i + 1 operators. Throws ValueError for rows and sizes that do not go together, TypeError for different dtypes. */
  constructor(operators: Rows, options: OperatorOptions = {}) {
    const { name = "LinearOperatorBlockLowerTriangular" } = options;
    if (operators.length === 0) {
      throw new ValueError("Argument `operators` must be a list of >=1 operators. Received: [].");
    }
    const diagonal = operators.map((row) => row.at(-1)!);
    const { dtype } = operators[0]![0]!;
    for (const [i, row] of operators.entries()) {
      const other = row.find((operator) => operator.dtype !== dtype);
      if (!other) continue;
      throw new TypeError(
        `Expected all operators to have the same dtype.  Found ${other.dtype} in row ${i} and ${dtype} in row 0.`,
      );
    }
    const isNonSingular = nonSingularHint(diagonal, options.isNonSingular);
    checkSizes(operators);
    if (options.isSquare === false) {
      throw new ValueError(
        "`LinearOperatorBlockLowerTriangular` must be square. Expected argument `is_square` to be True. Received: False.",
      );
    }
    const i = diagonal.findIndex(({ isSquare }) => isSquare === false);
    if (i >= 0) {
      throw new ValueError(
        `Matrices on the diagonal (the final elements of each row-partition in the \`operators\` list) must be square. Expected argument \`operators[${i}][-1].is_square\` to be True. Received: False.`,
      );
    }
    inScope(name, name, () => undefined);
    super(dtype, { ...options, isNonSingular, isSquare: true, name });
    this.operators = operators.map((row) => [...row]);
    this.#diagonal = diagonal;
  }

  protected override get diagonalOperators(): readonly LinearOperator[] {
    return this.#diagonal;
  }

  protected override staticShape(): Shape {
    const all = this.operators.flat();
    return this.blockShape(
      broadcastBatches(all.map(({ batchShape }) => (batchShape.ndims === null ? null : batchShape))),
    );
  }

  protected override dynamicShape(): Tensor {
    const shape = this.staticShape();
    if (isFull(shape)) return sizesTensor(shape, "shape");
    const sizes = this.dynamicSizes();
    const [first, ...others] = this.operators.flat();
    const batch = others.reduce(
      (all, operator) => tf.broadcastDynamicShape(all, operator.batchShapeTensor()),
      first!.batchShapeTensor(),
    );
    return tf.concat([batch, sizes], 0);
  }

  /** The inverse of all rows but the last, and below it - D^-1 C A^-1 and D^-1. */
  protected override operatorInverse(): LinearOperator {
    const hints = { ...hintsOf(this), isSquare: true };
    if (this.operators.length === 1) {
      return new LinearOperatorBlockLowerTriangular([[this.operators[0]![0]!.inverse()]], hints);
    }
    const above = new LinearOperatorBlockLowerTriangular(this.operators.slice(0, -1)).inverse();
    const rows = (above as LinearOperatorBlockLowerTriangular).operators;
    const bottom = this.operators.at(-1)!;
    const corner = bottom.at(-1)!.inverse();
    const last = rows.map((_, i) => {
      const terms = rows.slice(i).map((row, j) => {
        const product = bottom[i + j]!.matmul(row[i]!);
        return isAddable(product) ? product : new LinearOperatorFullMatrix(product.toDense());
      });
      const block = corner.matmul(addOperators(terms));
      const n = corner.domainDimensionTensor();
      const minus = tf.cast(-1, block.dtype) as unknown as Tensor;
      return new LinearOperatorScaledIdentity(n, minus).matmul(block);
    });
    return new LinearOperatorBlockLowerTriangular([...rows, [...last, corner]], hints);
  }

  protected override blockProducts(parts: Blocks, sides: Sides): (Tensor | LinearOperator)[] {
    const n = this.operators.length;
    const sum = (blocks: readonly (readonly [LinearOperator, number])[]): Tensor =>
      blocks
        .map(
          ([operator, i]) =>
            () =>
              operator.matmul(parts[i] as Tensor, sides),
        )
        .reduce<Tensor | null>((all, product) => (all === null ? product() : all.add(product())), null)!;
    if (!sides.adjoint) return this.operators.map((row) => sum(row.map((operator, j) => [operator, j] as const)));
    return this.operators.map((_, i) =>
      sum(Array.from({ length: n - i }, (__, k) => [this.operators[i + k]![i]!, i + k] as const)),
    );
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    return super.solution(adjointArg ? tf.adjoint(rhs) : rhs, { adjoint, adjointArg: false });
  }

  protected override blockSolutions(given: Blocks, { adjoint, adjointArg }: Sides): (Tensor | LinearOperator)[] {
    const parts = (adjointArg ? given.map((part) => tf.adjoint(part as Tensor)) : given) as readonly Tensor[];
    const n = this.operators.length;
    const solved: Tensor[] = Array.from({ length: n });
    for (let step = 0; step < n; step++) {
      const i = adjoint ? n - 1 - step : step;
      let y = parts[i]!;
      for (let k = 0; k < step; k++) {
        const j = adjoint ? n - 1 - k : k;
        const block = adjoint ? this.operators[j]![i]! : this.operators[i]![j]!;
        y = y.sub(block.matmul(solved[j]!, { adjoint }));
      }
      solved[i] = this.#diagonal[i]!.solve(y, { adjoint });
    }
    return solved;
  }

  protected override det(): Tensor {
    return this.#diagonal.every(({ isPositiveDefinite }) => isPositiveDefinite)
      ? tf.exp(this.logAbsDet())
      : this.productOfDeterminants();
  }

  protected override diagonal(): Tensor {
    return this.stacked((operator) => operator.diagPart());
  }

  protected override eigenvalues(): Tensor {
    return this.stacked((operator) => operator.eigvals());
  }

  protected override dense(): Tensor {
    const blocks = broadcastMatrices(this.operators.flat().map((operator) => operator.toDense()));
    let columns: Tensor | null = null;
    const rows = this.operators.map((_, i) => {
      const row = blocks.slice((i * (i + 1)) / 2, ((i + 1) * (i + 2)) / 2);
      const shape = tf.shape(row[0]!).at(":-1");
      const width = tf.shape(row.at(-1)!).at(-1);
      columns = columns === null ? width.radd(0) : columns.add(width);
      const rest = this.domainDimensionTensor().sub(columns);
      const zeros = tf.zeros(tf.concat([shape, [rest]], -1), this.dtype);
      return tf.concat([...row, zeros], -1);
    });
    const matrix = tf.concat(rows, -2);
    const { shape } = this;
    if (shape.ndims !== null) matrix.setShape(shape);
    return matrix;
  }

  protected override checkNonSingular(): Operation {
    return tf.group(...this.#diagonal.map((operator) => operator.assertNonSingular()));
  }
}
