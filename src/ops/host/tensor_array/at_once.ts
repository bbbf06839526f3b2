/** A TensorArray where ops run at once: a list of tensors. Source: tensorflow/python/ops/tensor_array_ops.py, _EagerTensorArray. */
import { type DType, int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, NotImplementedError, OutOfRangeError, ValueError } from "../../../core/error.ts";
import { compatible, formatShapePython, isFull, mergeShapes, type Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { concat, constant, split, stack, unstack, zeros } from "../../index.ts";

interface Options {
  readonly size: TensorLike;
  readonly dynamicSize: boolean;
  readonly clearAfterRead: boolean;
  readonly inferShape: boolean;
  readonly elementShape: Shape;
}

const numberOf = (value: TensorLike): number => Number(convertToTensor(value).numpy().item());
const numbersOf = (value: TensorLike): number[] =>
  Array.from(convertToTensor(value).numpy().data as Int32Array, Number);

/** Writes change the list itself, and give it back. */
export class TensorList {
  readonly dtype: DType;
  readonly dynamicSize: boolean;
  readonly handle: null = null;
  readonly #clearAfterRead: boolean;
  readonly #infersShape: boolean;
  readonly #read = new Set<number>();
  #elementShape: Shape;
  #tensors: (Tensor | null)[];

  constructor(dtype: DType, options: Options) {
    this.dtype = dtype.baseDtype;
    this.dynamicSize = options.dynamicSize;
    this.#clearAfterRead = options.clearAfterRead;
    this.#infersShape = options.inferShape;
    this.#elementShape = options.elementShape;
    this.#tensors = new Array(numberOf(options.size)).fill(null);
  }

  get elementShape(): Shape {
    return this.#elementShape;
  }

  get flow(): Tensor {
    return constant([], { dtype: int32 });
  }

  withFlow(): this {
    return this;
  }

  identity(): this {
    return this;
  }

  grad(): never {
    throw new NotImplementedError(
      "TensorArray.grad is not supported when executing eagerly; eager's gradient implementation does not use/need this function to compute gradients of operations that use TensorArrays.",
    );
  }

  /** Throws OUT_OF_RANGE for an index that is not there, INVALID_ARGUMENT for an element that was cleared. */
  read(index: TensorLike): Tensor {
    const i = numberOf(index);
    if (i < 0) throw new OutOfRangeError(`Reading from negative indices (index ${i}) is not allowed.`);
    if (i >= this.#tensors.length)
      throw new OutOfRangeError(`Tried to read from index ${i} but array size is: ${this.#tensors.length} `);
    if (this.#tensors[i] === null && this.#read.has(i)) {
      throw new InvalidArgumentError(
        `Could not read index ${i} twice because it was cleared after a previous read (perhaps try setting clear_after_read = false?)`,
      );
    }
    const tensor = this.#orZeros(i);
    if (this.#clearAfterRead) {
      this.#tensors[i] = null;
      this.#read.add(i);
    }
    return tensor;
  }

  #orZeros(i: number): Tensor {
    const tensor = this.#tensors[i];
    if (tensor) return tensor;
    const shape = this.#elementShape;
    if (!isFull(shape)) {
      const shown = shape === null ? "<unknown>" : formatShapePython(shape);
      throw new ValueError(`Cannot convert a partially known TensorShape ${shown} to a Tensor.`);
    }
    return zeros(shape, this.dtype);
  }

  /** Throws OUT_OF_RANGE beyond the end, INVALID_ARGUMENT for another dtype, ValueError for another shape. */
  write(index: TensorLike, value: TensorLike): this {
    this.#write(numberOf(index), value);
    return this;
  }

  #write(i: number, value: TensorLike): void {
    const size = this.#tensors.length;
    if (i < 0) throw new OutOfRangeError(`Writing to negative indices (index ${i}) is not allowed.`);
    if (i >= size && !this.dynamicSize)
      throw new OutOfRangeError(`Tried to write to index ${i} but array is not resizeable and size is: ${size} `);
    const tensor = convertToTensor(value, { preferredDtype: this.dtype });
    if (tensor.dtype.baseDtype !== this.dtype) {
      throw new InvalidArgumentError(
        `TensorArray dtype is ${this.dtype.name} but Op is trying to write dtype ${tensor.dtype.name} `,
      );
    }
    if (!compatible(this.#elementShape, tensor.shape)) {
      throw new ValueError(
        `Incompatible shape for value (${formatShapePython(tensor.shape)}), expected (${formatShapePython(this.#elementShape)})`,
      );
    }
    if (this.#infersShape) this.#elementShape = mergeShapes(this.#elementShape, tensor.shape);
    while (this.#tensors.length <= i) this.#tensors.push(null);
    this.#tensors[i] = tensor;
  }

  /** All elements as the rows of one tensor. */
  stack(): Tensor {
    return stack(this.#tensors.map((_, i) => this.#orZeros(i)));
  }

  gather(indices: TensorLike): Tensor {
    return stack(numbersOf(indices).map((i) => this.#orZeros(i)));
  }

  concat(): Tensor {
    return concat(
      this.#tensors.map((_, i) => this.#orZeros(i)),
      0,
    );
  }

  /** Throws ValueError for more rows than the array has room for. */
  unstack(value: TensorLike): this {
    const rows = unstack(convertToTensor(value, { preferredDtype: this.dtype }));
    const size = this.#tensors.length;
    if (rows.length > size && !this.dynamicSize)
      throw new ValueError(`Cannot unstack ${rows.length} tensors into a TensorArray of static size ${size} `);
    for (const [i, row] of rows.entries()) this.#write(i, row);
    return this;
  }

  scatter(indices: TensorLike, value: TensorLike): this {
    const rows = unstack(convertToTensor(value, { preferredDtype: this.dtype }));
    for (const [k, i] of numbersOf(indices).entries()) this.#write(i, rows[k]!);
    return this;
  }

  split(value: TensorLike, lengths: TensorLike): this {
    const counts = numbersOf(lengths);
    const parts = split(convertToTensor(value, { preferredDtype: this.dtype }), counts);
    for (const [i, part] of parts.entries()) this.#write(i, part);
    return this;
  }

  size(): Tensor {
    return constant(this.#tensors.length, { dtype: int32 });
  }

  close(): void {
    this.#tensors = [];
  }
}
