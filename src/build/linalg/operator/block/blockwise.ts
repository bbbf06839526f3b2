/** Operators of blocks: arguments that come as one tensor or as one for each block. Source: linear_operator_block_diag.py, linear_operator_util.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Dim, Shape } from "../../../../core/shape.ts";
import { isFull } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { broadcastMatrices } from "../broadcast.ts";
import { checkDims, sumOfDims } from "../hints.ts";
import "../family.ts";
import { LinearOperator, type ProductOptions, type Sides, type VectorOptions } from "../operator.ts";

/** One for each block. */
export type Blocks = readonly (TensorLike | LinearOperator)[];

const isNested = (value: unknown): boolean =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

/** Is the argument a list of blocks? Throws ValueError when its sizes leave that open or fit neither way. */
function isBlockwise(dims: readonly Dim[], arg: unknown, axis: number): arg is Blocks {
  if (!Array.isArray(arg) || arg.length !== dims.length) return false;
  if (!arg.some(isNested)) return true;
  const sizes = arg.map((block) => convertToTensor(block as TensorLike).shape?.at(axis) ?? null);
  const isEven = sizes.every((size) => size === sizes[0]);
  if (dims.every((dim) => dim === null)) {
    if (sizes.length === 1) return false;
    if (!isEven) return true;
    throw new ValueError(
      "Parsing of the input structure is ambiguous. Please input a blockwise iterable of `Tensor`s or a single `Tensor`.",
    );
  }
  if (dims.every((dim, i) => dim === null || dim === sizes[i])) return true;
  const known = dims.reduce<number>((sum, dim) => sum + (dim ?? 0), 0);
  if (isEven && sizes[0]! >= known) return false;
  throw new ValueError("Input dimension does not match operator dimension.");
}

/** An operator whose diagonal blocks are operators. */
export abstract class BlockOperator extends LinearOperator {
  protected abstract get diagonalOperators(): readonly LinearOperator[];
  /** The products of all blocks with the parts of an argument. */
  protected abstract blockProducts(parts: Blocks, sides: Sides): (Tensor | LinearOperator)[];
  protected abstract blockSolutions(parts: Blocks, sides: Sides): (Tensor | LinearOperator)[];
  /** How many rows of the argument each block takes in a product. */
  protected productSizes(_adjoint: boolean): [readonly Dim[], () => Tensor[]] {
    return this.domainSizes();
  }

  protected rangeDims(): Dim[] {
    return this.diagonalOperators.map(({ rangeDimension }) => rangeDimension);
  }

  protected domainDims(): Dim[] {
    return this.diagonalOperators.map(({ domainDimension }) => domainDimension);
  }

  protected rangeSizes(): [readonly Dim[], () => Tensor[]] {
    return [this.rangeDims(), () => this.diagonalOperators.map((each) => each.rangeDimensionTensor())];
  }

  protected domainSizes(): [readonly Dim[], () => Tensor[]] {
    return [this.domainDims(), () => this.diagonalOperators.map((each) => each.domainDimensionTensor())];
  }

  #parts([dims, dynamic]: [readonly Dim[], () => Tensor[]], x: Tensor, axis: number): Tensor[] {
    const sizes: TensorLike = isFull(dims) ? [...dims] : dynamic();
    return tf.split(x, sizes, { axis });
  }

  #checkedBlocks(blocks: Blocks, dims: readonly Dim[], axis: number): Blocks {
    return blocks.map((block, i) => {
      if (block instanceof LinearOperator) return block;
      const tensor = this.argument(block);
      checkDims(dims[i], tensor.shape?.at(axis));
      return tensor;
    });
  }

  #checked(value: TensorLike, dim: Dim, axis: number, name: string): Tensor {
    const tensor = this.argument(value, name);
    checkDims(dim, tensor.shape?.at(axis));
    return tensor;
  }

  /** The product with one tensor, with a list of one for each block (which gives a list), or with an operator. */
  override matmul(x: Tensor, options?: ProductOptions): Tensor;
  override matmul(x: LinearOperator, options?: ProductOptions): LinearOperator;
  override matmul(x: Blocks, options?: ProductOptions): Tensor[];
  override matmul(x: TensorLike, options?: ProductOptions): Tensor;
  override matmul(x: TensorLike | LinearOperator | Blocks, options: ProductOptions = {}): never {
    if (x instanceof LinearOperator) return super.matmul(x, options) as never;
    const { adjoint = false, adjointArg = false, name = "matmul" } = options;
    return this.scoped(name, () => {
      const axis = adjointArg ? -1 : -2;
      const dims = adjoint ? this.rangeDims() : this.domainDims();
      if (isBlockwise(dims, x, axis)) {
        return this.blockProducts(this.#checkedBlocks(x, dims, axis), { adjoint, adjointArg });
      }
      const own = adjoint ? this.rangeDimension : this.domainDimension;
      return this.product(this.#checked(x as TensorLike, own, axis, "x"), { adjoint, adjointArg });
    }) as never;
  }

  protected override product(x: Tensor, sides: Sides): Tensor {
    const parts = this.#parts(this.productSizes(sides.adjoint), x, sides.adjointArg ? -1 : -2);
    return joined(this.blockProducts(parts, sides) as Tensor[]);
  }

  override matvec(x: Tensor, options?: VectorOptions): Tensor;
  override matvec(x: Blocks, options?: VectorOptions): Tensor[];
  override matvec(x: TensorLike, options?: VectorOptions): Tensor;
  override matvec(x: TensorLike | Blocks, { adjoint = false, name = "matvec" }: VectorOptions = {}): never {
    return this.scoped(name, () => {
      const dims = adjoint ? this.rangeDims() : this.domainDims();
      if (isBlockwise(dims, x, -1)) {
        const blocks = this.#checkedBlocks(x, dims, -1) as Tensor[];
        const columns = blocks.map((block) => block.at("...", null));
        const products = this.matmul(columns as Blocks, { adjoint });
        return products.map((y) => tf.squeeze(y, { axis: -1 }));
      }
      const own = adjoint ? this.rangeDimension : this.domainDimension;
      const column = this.#checked(x as TensorLike, own, -1, "x").at("...", null);
      return tf.squeeze(this.matmul(column, { adjoint }), { axis: -1 });
    }) as never;
  }

  /** X with A X = rhs, for one tensor, a list of one for each block (which gives a list), or an operator. */
  override solve(rhs: Tensor, options?: ProductOptions): Tensor;
  override solve(rhs: LinearOperator, options?: ProductOptions): LinearOperator;
  override solve(rhs: Blocks, options?: ProductOptions): Tensor[];
  override solve(rhs: TensorLike, options?: ProductOptions): Tensor;
  override solve(rhs: TensorLike | LinearOperator | Blocks, options: ProductOptions = {}): never {
    if (rhs instanceof LinearOperator) return super.solve(rhs, options) as never;
    const { adjoint = false, adjointArg = false, name = "solve" } = options;
    this.needSolvable();
    return this.scoped(name, () => {
      const dims = adjoint ? this.domainDims() : this.rangeDims();
      const axis = adjointArg ? -1 : -2;
      if (isBlockwise(dims, rhs, axis)) {
        return this.blockSolutions(this.#checkedBlocks(rhs, dims, axis), { adjoint, adjointArg });
      }
      const own = adjoint ? this.domainDimension : this.rangeDimension;
      return this.solution(this.#checked(rhs as TensorLike, own, axis, "rhs"), { adjoint, adjointArg });
    }) as never;
  }

  protected override solution(rhs: Tensor, sides: Sides): Tensor {
    const parts = this.#parts(this.domainSizes(), rhs, sides.adjointArg ? -1 : -2);
    return joined(this.blockSolutions(parts, sides) as Tensor[]);
  }

  override solvevec(rhs: Tensor, options?: VectorOptions): Tensor;
  override solvevec(rhs: Blocks, options?: VectorOptions): Tensor[];
  override solvevec(rhs: TensorLike, options?: VectorOptions): Tensor;
  override solvevec(rhs: TensorLike | Blocks, { adjoint = false, name = "solve" }: VectorOptions = {}): never {
    return this.scoped(name, () => {
      const dims = adjoint ? this.domainDims() : this.rangeDims();
      if (isBlockwise(dims, rhs, -1)) {
        const blocks = this.#checkedBlocks(rhs, dims, -1) as Tensor[];
        const columns = blocks.map((block) => tf.expandDims(block, -1));
        return this.solve(columns as Blocks, { adjoint }).map((x) => tf.squeeze(x, { axis: -1 }));
      }
      const own = adjoint ? this.domainDimension : this.rangeDimension;
      const column = tf.expandDims(this.#checked(rhs as TensorLike, own, -1, "rhs"), -1);
      return tf.squeeze(this.solve(column, { adjoint }), { axis: -1 });
    }) as never;
  }

  protected blockShape(batch: Shape): Shape {
    return batch === null ? null : [...batch, sumOfDims(this.rangeDims()), sumOfDims(this.domainDims())];
  }

  /** [rows, columns] of all blocks, int32. */
  protected dynamicSizes(): Tensor {
    const sum = (sizes: readonly Tensor[]): Tensor => sizes.slice(1).reduce((all, n) => all.add(n), sizes[0]!.radd(0));
    const columns = sum(this.diagonalOperators.map((each) => each.domainDimensionTensor()));
    const rows = sum(this.diagonalOperators.map((each) => each.rangeDimensionTensor()));
    return tf.stack([rows, columns]);
  }

  /** What each diagonal block gives, one below the other. */
  protected stacked(part: (operator: LinearOperator) => Tensor): Tensor {
    const columns = this.diagonalOperators.map((operator) => part(operator).at("...", null));
    return tf.squeeze(joined(columns), { axis: -1 });
  }

  protected override logAbsDet(): Tensor {
    const [first, ...others] = this.diagonalOperators;
    return others.reduce((sum, operator) => sum.add(operator.logAbsDeterminant()), first!.logAbsDeterminant());
  }

  protected productOfDeterminants(): Tensor {
    const [first, ...others] = this.diagonalOperators;
    return others.reduce((product, operator) => product.mul(operator.determinant()), first!.determinant());
  }

  protected override sumOfDiagonal(): Tensor {
    const [first, ...others] = this.diagonalOperators;
    return others.reduce((sum, operator) => sum.add(operator.trace()), first!.trace());
  }
}

/** Matrices one below the other. */
const joined = (matrices: readonly Tensor[]): Tensor => tf.concat(broadcastMatrices(matrices), -2);
