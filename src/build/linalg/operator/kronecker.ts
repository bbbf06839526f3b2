/** `tf.linalg.LinearOperatorKronecker`: Kronecker products. Source: linear_operator_kronecker.py. */
import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, TypeError, ValueError } from "../../../core/error.ts";

import { printValue } from "../../../core/print.ts";
import { isFull, type Shape } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { sharedByAll } from "./composition.ts";
import "./family.ts";
import { broadcastBatches, hintsOf, type OperatorOptions, productOfDims } from "./hints.ts";
import { LinearOperator, type Sides } from "./operator.ts";

type Sizes = readonly number[] | Tensor;

/** The sizes of x: numbers where all are known, else a tensor. */
const sizesOf = (x: Tensor): Sizes => (isFull(x.shape) ? x.shape : tf.shape(x));

const isNumbers = (sizes: Sizes): sizes is readonly number[] => Array.isArray(sizes);

const cut = (sizes: Sizes, dropped: number): Sizes =>
  isNumbers(sizes) ? sizes.slice(0, -dropped) : sizes.at(`:${-dropped}`);

/** All sizes as what reshape takes. */
function joined(first: Sizes, last: readonly (number | Tensor)[]): TensorLike {
  const known = last.map((n) => (typeof n === "number" ? n : (tf.getStaticValue(n)?.item() as number | undefined)));
  if (isNumbers(first) && known.every((n) => n !== undefined)) return [...first, ...(known as number[])];
  return tf.concat([first as TensorLike, last as TensorLike], 0);
}

const at = (sizes: Sizes, i: number): number | Tensor => (isNumbers(sizes) ? sizes.at(i)! : sizes.at(i));

export class LinearOperatorKronecker extends LinearOperator {
  readonly operators: readonly LinearOperator[];

  /** Throws ValueError for no operators and for hints that the factors contradict, TypeError for factors of different dtypes. */
  constructor(operators: readonly LinearOperator[], options: OperatorOptions = {}) {
    if (operators.length === 0) {
      throw new ValueError("Argument `operators` must be a list of >=1 operators. Received: [].");
    }
    const { dtype } = operators[0]!;
    if (operators.some((operator) => operator.dtype !== dtype)) {
      const all = operators.map((operator) => `(${printValue(operator.name)}, ${operator.dtype.repr()})`);
      throw new TypeError(
        `Expected every operation in argument \`operators\` to have the same dtype. Received ${printValue(all)}.`,
      );
    }
    const shared = (hint: "isNonSingular" | "isSelfAdjoint" | "isPositiveDefinite", argument: string, words: string) =>
      sharedByAll(
        operators,
        hint,
        options[hint],
        `The Kronecker product of ${words} operators is always ${words}. Expected argument \`${argument}\` to be True. Received: False.`,
      );
    const isNonSingular = shared("isNonSingular", "is_non_singular", "non-singular");
    const isSelfAdjoint = shared("isSelfAdjoint", "is_self_adjoint", "self-adjoint");
    const isPositiveDefinite = shared("isPositiveDefinite", "is_positive_definite", "positive-definite");
    const name = options.name ?? operators.map((operator) => operator.name).join("_x_");
    inScope(name, name, () => undefined);
    super(dtype, { ...options, isNonSingular, isSelfAdjoint, isPositiveDefinite, name });
    this.operators = [...operators];
  }

  protected override staticShape(): Shape {
    const batch = broadcastBatches(
      this.operators.map(({ batchShape }) => (batchShape.ndims === null ? null : batchShape)),
    );
    const rows = productOfDims(this.operators.map(({ rangeDimension }) => rangeDimension));
    const columns = productOfDims(this.operators.map(({ domainDimension }) => domainDimension));
    return batch === null ? null : [...batch, rows, columns];
  }

  protected override dynamicShape(): Tensor {
    const [first, ...others] = this.operators;
    const columns = others.reduce((n, each) => n.mul(each.domainDimensionTensor()), first!.domainDimensionTensor());
    const rows = others.reduce((n, each) => n.mul(each.rangeDimensionTensor()), first!.rangeDimensionTensor());
    const batch = others.reduce(
      (shape, each) => tf.broadcastDynamicShape(shape, each.batchShapeTensor()),
      first!.batchShapeTensor(),
    );
    return tf.concat([batch, [rows, columns]], 0);
  }

  protected override operatorAdjoint(): LinearOperator {
    const operators = this.operators.map((operator) => operator.adjoint());
    return new LinearOperatorKronecker(operators, { ...hintsOf(this), isSquare: true });
  }

  protected override operatorCholesky(): LinearOperator {
    const operators = this.operators.map((operator) => operator.cholesky());
    return new LinearOperatorKronecker(operators, { isNonSingular: true, isSquare: true });
  }

  protected override operatorInverse(): LinearOperator {
    const operators = this.operators.map((operator) => operator.inverse());
    return new LinearOperatorKronecker(operators, { ...hintsOf(this), isSquare: true });
  }

  /** One factor after the other acts on its own axis. */
  #byFactors(x: Tensor, sides: Sides, act: (operator: LinearOperator, x: Tensor, adjoint: boolean) => Tensor): Tensor {
    const { adjoint, adjointArg } = sides;
    let output = x;
    if (!adjointArg) output = tf.matrixTranspose(output);
    else if (this.dtype.isComplex) output = tf.conj(output);
    for (const operator of [...this.operators].reverse()) {
      const size = adjoint ? operator.rangeDimensionTensor() : operator.domainDimensionTensor();
      const shape = sizesOf(output);
      const known = tf.getStaticValue(size)?.item() as number | undefined;
      const [rows, columns] = [at(shape, -2), at(shape, -1)];
      const rest =
        known !== undefined && typeof rows === "number"
          ? Math.floor((rows * (columns as number)) / known)
          : (tf.cast((rows as Tensor).mul(columns).floordiv(known ?? size), int32) as Tensor);
      output = tf.reshape(output, joined(cut(shape, 2), [rest, known ?? size]));
      if (this.dtype.isComplex) output = tf.conj(output);
      output = act(operator, output, adjoint);
    }
    const columns = at(sizesOf(x), adjointArg ? -2 : -1);
    const rows = adjoint ? this.domainDimensionTensor() : this.rangeDimensionTensor();
    output = tf.reshape(output, joined(cut(sizesOf(output), 2), [rows, columns]));
    if (isFull(x.shape)) {
      const { batchShape } = this;
      const batch = broadcastBatches([x.shape.slice(0, -2), batchShape.ndims === null ? null : batchShape]);
      const dims = [adjoint ? this.domainDimension : this.rangeDimension, x.shape.at(adjointArg ? -2 : -1)!];
      output.setShape(batch === null ? null : [...batch, ...dims]);
    }
    return output;
  }

  protected override product(x: Tensor, sides: Sides): Tensor {
    return this.#byFactors(x, sides, (each, y, adjoint) => each.matmul(y, { adjoint, adjointArg: true }));
  }

  protected override solution(rhs: Tensor, sides: Sides): Tensor {
    return this.#byFactors(rhs, sides, (each, y, adjoint) => each.solve(y, { adjoint, adjointArg: true }));
  }

  /** How often each factor's determinant counts, as a number of its dtype. */
  #power(operator: LinearOperator, total: Tensor): Tensor {
    return tf.cast(total.div(operator.domainDimensionTensor()), operator.dtype) as Tensor;
  }

  protected override det(): Tensor {
    const total = this.domainDimensionTensor();
    let result: Tensor | null = null;
    for (const operator of this.operators) {
      const factor = operator.determinant().pow(this.#power(operator, total));
      result = result === null ? factor.rmul(1) : result.mul(factor);
    }
    return result!;
  }

  protected override logAbsDet(): Tensor {
    const total = this.domainDimensionTensor();
    let result: Tensor | null = null;
    for (const operator of this.operators) {
      const log = operator.logAbsDeterminant();
      const term = log.mul(this.#power(operator, total));
      result = result === null ? term.radd(0) : result.add(term);
    }
    return result!;
  }

  protected override sumOfDiagonal(): Tensor {
    const [first, ...others] = this.operators;
    return others.reduce((product, operator) => product.mul(operator.trace()), first!.trace().rmul(1));
  }

  protected override diagonal(): Tensor {
    const [first, ...others] = this.operators;
    let part = first!.diagPart();
    for (const operator of others) {
      part = part.at("...", ":", null);
      part = part.mul(operator.diagPart().at("...", null, ":"));
      part = tf.reshape(part, tf.concat([tf.shape(part).at(":-2"), [-1]], 0));
    }
    const [rows, columns] = [this.rangeDimension, this.domainDimension];
    const n = rows !== null && columns !== null && rows > columns ? columns : rows;
    const { batchShape } = this;
    if (batchShape.ndims !== null) part.setShape([...batchShape, n]);
    return part;
  }

  protected override dense(): Tensor {
    const [first, ...others] = this.operators;
    let product = first!.toDense();
    for (const operator of others) {
      product = product.at("...", ":", null, ":", null);
      product = product.mul(operator.toDense().at("...", null, ":", null, ":"));
      const shape = sizesOf(product);
      const first = cut(shape, 4);
      const folded = ([-4, -2] as const).map((i): number | Tensor => {
        const [a, b] = [at(shape, i), at(shape, i + 1)];
        return typeof a === "number" ? a * (b as number) : a.mul(b);
      });
      product = tf.reshape(product, joined(first, folded));
    }
    const { shape } = this;
    if (shape.ndims !== null) product.setShape(shape);
    return product;
  }

  protected override eigenvalues(): Tensor {
    const [first, ...others] = this.operators.map((operator) => operator.eigvals());
    let product = first!;
    for (const values of others) {
      product = product.at("...", null);
      product = product.mul(values.at("...", null, ":"));
      product = tf.reshape(product, tf.concat([tf.shape(product).at(":-2"), [-1]], 0));
    }
    const { shape } = this;
    if (shape.ndims !== null) product.setShape(shape.slice(0, -1));
    return product;
  }

  #needSquares(): void {
    if (this.operators.every(({ isSquare }) => isSquare)) return;
    throw new InvalidArgumentError(
      "All Kronecker factors must be square for the product to be invertible. Expected hint `is_square` to be True for every operator in argument `operators`.",
    );
  }

  protected override checkNonSingular(): Operation {
    this.#needSquares();
    return tf.group(...this.operators.map((operator) => operator.assertNonSingular()));
  }

  protected override checkSelfAdjoint(): Operation {
    this.#needSquares();
    return tf.group(...this.operators.map((operator) => operator.assertSelfAdjoint()));
  }
}
