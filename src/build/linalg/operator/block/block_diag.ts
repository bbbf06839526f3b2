/** `tf.linalg.LinearOperatorBlockDiag`: operators along the diagonal. Source: linear_operator_block_diag.py. */
import { NotImplementedError, ValueError } from "../../../../core/error.ts";
import { isFull, type Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../../ops/index.ts";
import { broadcastMatrices } from "../broadcast.ts";
import { checkOperators, dynamicBatchOf, sharedByAll } from "../composition.ts";
import "../family.ts";
import { areNonSingular, broadcastBatches, hintsOf, type OperatorOptions, sizesTensor } from "../hints.ts";
import type { LinearOperator, ProductOptions, Sides } from "../operator.ts";
import { BlockOperator, type Blocks } from "./blockwise.ts";

export class LinearOperatorBlockDiag extends BlockOperator {
  readonly operators: readonly LinearOperator[];

  /** Throws ValueError for no operators and for hints that the blocks contradict, TypeError for blocks of different dtypes. */
  constructor(operators: readonly LinearOperator[], options: OperatorOptions = {}) {
    checkOperators(operators);
    const { isSquare = true } = options;
    const shared = (hint: "isNonSingular" | "isSelfAdjoint" | "isPositiveDefinite", words: string) =>
      sharedByAll(operators, hint, options[hint], `The direct sum of ${words} operators is always ${words}.`);
    const isNonSingular = shared("isNonSingular", "non-singular");
    const isSelfAdjoint = shared("isSelfAdjoint", "self-adjoint");
    const isPositiveDefinite = shared("isPositiveDefinite", "positive definite");
    const name = options.name ?? operators.map((operator) => operator.name).join("_ds_");
    inScope(name, name, () => undefined);
    super(operators[0]!.dtype, { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare, name });
    this.operators = [...operators];
  }

  protected override get diagonalOperators(): readonly LinearOperator[] {
    return this.operators;
  }

  protected override productSizes(adjoint: boolean): ReturnType<BlockOperator["productSizes"]> {
    return adjoint ? this.rangeSizes() : this.domainSizes();
  }

  protected override staticShape(): Shape {
    return this.blockShape(
      broadcastBatches(this.operators.map(({ batchShape }) => (batchShape.ndims === null ? null : batchShape))),
    );
  }

  protected override dynamicShape(): Tensor {
    const shape = this.staticShape();
    if (isFull(shape)) return sizesTensor(shape, "shape");
    const sizes = this.dynamicSizes();
    return tf.concat([dynamicBatchOf(this.operators), sizes], 0);
  }

  protected override operatorAdjoint(): LinearOperator {
    const operators = this.operators.map((operator) => operator.adjoint());
    return new LinearOperatorBlockDiag(operators, { ...hintsOf(this), isSquare: true });
  }

  protected override operatorCholesky(): LinearOperator {
    const operators = this.operators.map((operator) => operator.cholesky());
    return new LinearOperatorBlockDiag(operators, { isNonSingular: true, isSquare: true });
  }

  protected override operatorInverse(): LinearOperator {
    const operators = this.operators.map((operator) => operator.inverse());
    return new LinearOperatorBlockDiag(operators, { ...hintsOf(this), isSquare: true });
  }

  #zipped(right: LinearOperatorBlockDiag, act: (a: LinearOperator, b: LinearOperator) => LinearOperator) {
    const operators = this.operators.slice(0, right.operators.length).map((own, i) => act(own, right.operators[i]!));
    return new LinearOperatorBlockDiag(operators, { isNonSingular: areNonSingular(this, right) });
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    if (!(right instanceof LinearOperatorBlockDiag)) return super.operatorProduct(right);
    return this.#zipped(right, (a, b) => a.matmul(b));
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    if (!(right instanceof LinearOperatorBlockDiag)) return super.operatorSolution(right);
    return this.#zipped(right, (a, b) => a.solve(b));
  }

  protected override paired(
    other: LinearOperator,
    options: ProductOptions,
    argument: string,
  ): [LinearOperator, LinearOperator] {
    const [left, right] = super.paired(other, options, argument);
    if (left instanceof LinearOperatorBlockDiag && right instanceof LinearOperatorBlockDiag) {
      if (left.operators.length !== right.operators.length) {
        const what =
          argument === "x"
            ? "multiply two `LinearOperatorBlockDiag`s together when"
            : "solve `LinearOperatorBlockDiag` when";
        throw new ValueError(`Can not efficiently ${what} number of blocks differ.`);
      }
      for (const [i, { domainDimension }] of left.operators.entries()) {
        const { rangeDimension } = right.operators[i]!;
        if (rangeDimension === null || domainDimension === null || rangeDimension === domainDimension) continue;
        throw new ValueError(
          `Blocks are incompatible. Expected \`x\` to have dimension ${domainDimension} but got ${rangeDimension}.`,
        );
      }
    }
    return [left, right];
  }

  protected override blockProducts(parts: Blocks, sides: Sides): (Tensor | LinearOperator)[] {
    return this.operators.map((operator, i) => operator.matmul(parts[i] as Tensor, sides));
  }

  protected override blockSolutions(parts: Blocks, sides: Sides): (Tensor | LinearOperator)[] {
    return this.operators.map((operator, i) => operator.solve(parts[i] as Tensor, sides));
  }

  protected override det(): Tensor {
    return this.productOfDeterminants();
  }

  #needSquares(method: string): void {
    if (this.operators.every(({ isSquare }) => isSquare)) return;
    throw new NotImplementedError(`\`${method}\` not implemented for an operator whose blocks are not square.`);
  }

  protected override diagonal(): Tensor {
    this.#needSquares("diag_part");
    return this.stacked((operator) => operator.diagPart());
  }

  protected override sumOfDiagonal(): Tensor {
    this.#needSquares("trace");
    return super.sumOfDiagonal();
  }

  protected override eigenvalues(): Tensor {
    this.#needSquares("eigvals");
    return this.stacked((operator) => operator.eigvals());
  }

  protected override dense(): Tensor {
    let before: Tensor | number = 0;
    const rows: Tensor[] = [];
    for (const block of broadcastMatrices(this.operators.map((operator) => operator.toDense()))) {
      const shape = tf.shape(block).at(":-1");
      const left = tf.zeros(tf.concat([shape, [before]], -1), block.dtype);
      const width = tf.shape(block).at(-1);
      before = typeof before === "number" ? width.radd(before) : before.add(width);
      const rest = this.domainDimensionTensor().sub(before);
      const right = tf.zeros(tf.concat([shape, [rest]], -1), block.dtype);
      rows.push(tf.concat([left, block, right], -1));
    }
    const matrix = tf.concat(rows, -2);
    const { shape } = this;
    if (shape.ndims !== null) matrix.setShape(shape);
    return matrix;
  }

  protected override checkNonSingular(): Operation {
    return tf.group(...this.operators.map((operator) => operator.assertNonSingular()));
  }

  protected override checkSelfAdjoint(): Operation {
    return tf.group(...this.operators.map((operator) => operator.assertSelfAdjoint()));
  }

  protected override checkPositiveDefinite(): Operation {
    return tf.group(...this.operators.map((operator) => operator.assertPositiveDefinite()));
  }
}
