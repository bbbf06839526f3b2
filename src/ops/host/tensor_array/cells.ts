/** What a TensorArray holds while a run lasts. Source: tensorflow/core/kernels/tensor_array.h, tensor_array.cc. */
import { type DType, string } from "../../../core/dtype.ts";
import { invalidArgument, type OpError } from "../../../core/error.ts";
import { elementAt, type Item, type NdArray, setElement } from "../../../core/nd_array.ts";
import {
  compatible,
  type FullShape,
  formatShape,
  isFull,
  mergeShapes,
  type Shape,
  sameShape,
} from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import { zeros } from "../arrays.ts";

/** A place of the array. Written without a value, it stands for zeros of its shape. */
interface Cell {
  value: NdArray | null;
  shape: FullShape;
  isWritten: boolean;
  isRead: boolean;
  isCleared: boolean;
}

export interface CellsOptions {
  readonly name: string;
  readonly dtype: DType;
  readonly size: number;
  readonly elementShape: Shape;
  readonly hasDynamicSize: boolean;
  readonly hasIdenticalShapes: boolean;
  readonly clearsAfterRead: boolean;
  /** The gradients of another array: writes to one place add up. */
  readonly isGradient: boolean;
  /** How many elements were split or scattered into the forward array. */
  readonly markedSize?: number;
}

type Keep = (value: NdArray) => NdArray;

const emptyCell = (): Cell => ({ value: null, shape: [], isWritten: false, isRead: false, isCleared: false });

export class Cells {
  readonly name: string;
  readonly dtype: DType;
  readonly hasIdenticalShapes: boolean;
  readonly #clearsAfterRead: boolean;
  readonly #isGradient: boolean;
  readonly #cells: Cell[];
  #elementShape: Shape;
  #hasDynamicSize: boolean;
  #hasAdded = false;
  #isClosed = false;
  #markedSize: number;

  constructor(options: CellsOptions) {
    this.name = options.name;
    this.dtype = options.dtype;
    this.hasIdenticalShapes = options.hasIdenticalShapes;
    this.#clearsAfterRead = options.clearsAfterRead;
    this.#isGradient = options.isGradient;
    this.#cells = Array.from({ length: options.size }, emptyCell);
    this.#elementShape = options.elementShape;
    this.#hasDynamicSize = options.hasDynamicSize;
    this.#markedSize = options.markedSize ?? -1;
  }

  #bad(text: string): OpError {
    return invalidArgument(`TensorArray ${this.name}${text}`);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw this.#bad(" has already been closed.");
  }

  get size(): number {
    this.#checkOpen();
    return this.#cells.length;
  }

  /** How many elements pack and concat give. */
  get packedSize(): number {
    return this.#isGradient && this.#markedSize >= 0 ? this.#markedSize : this.size;
  }

  get elementShape(): Shape {
    return this.#elementShape;
  }

  get hasDynamicSize(): boolean {
    return this.#hasDynamicSize;
  }

  /** Throws INVALID_ARGUMENT when the shape contradicts what is known. */
  mergeElementShape(shape: Shape): void {
    if (!compatible(this.#elementShape, shape)) {
      throw invalidArgument(
        `Incompatible shapes during merge: ${formatShape(this.#elementShape)} vs. ${formatShape(shape)}`,
      );
    }
    this.#elementShape = mergeShapes(this.#elementShape, shape);
  }

  /** Notes the number of elements for a gradient's concat. */
  markSize(size: number): void {
    this.#checkOpen();
    if (!this.#isGradient) this.#markedSize = size;
  }

  /** The array keeps what `keep` makes of the value. Throws INVALID_ARGUMENT for a place out of range, written or read before, or another shape. */
  write(index: number, value: NdArray, keep: Keep): void {
    this.#checkOpen();
    if (index < 0 || (!this.#hasDynamicSize && index >= this.#cells.length)) {
      throw this.#bad(
        `: Tried to write to index ${index} but array is not resizeable and size is: ${this.#cells.length}`,
      );
    }
    while (index >= this.#cells.length) this.#cells.push(emptyCell());
    const cell = this.#cells[index]!;
    const where = `: Could not write to TensorArray index ${index} because`;
    if (!compatible(this.#elementShape, value.shape)) {
      throw this.#bad(
        `${where} the value shape is ${formatShape(value.shape)} which is incompatible with the TensorArray's inferred element shape: ${formatShape(this.#elementShape)} (consider setting infer_shape=False).`,
      );
    }
    if (this.hasIdenticalShapes && !isFull(this.#elementShape)) this.#elementShape = value.shape;
    if (cell.isRead) throw this.#bad(`${where} it has already been read.`);
    if (!cell.isWritten) {
      Object.assign(cell, { value: keep(value), shape: value.shape, isWritten: true });
      return;
    }
    if (!this.#isGradient) throw this.#bad(`${where} it has already been written to.`);
    if (!sameShape(value.shape, cell.shape)) {
      throw this.#bad(
        `: Could not aggregate to TensorArray index ${index} because the existing shape is ${formatShape(cell.shape)} but the new input shape is ${formatShape(value.shape)}.`,
      );
    }
    if (!cell.value) cell.value = keep(value);
    else {
      addInto(cell.value, value);
      this.#hasAdded = true;
    }
  }

  /** Throws INVALID_ARGUMENT for a place out of range, cleared, or never written with no shape known for its zeros. */
  read(index: number): NdArray {
    this.#checkOpen();
    if (index < 0 || (!this.#isGradient && index >= this.#cells.length)) {
      throw invalidArgument(`Tried to read from index ${index} but array size is: ${this.#cells.length}`);
    }
    if (index >= this.#cells.length || !this.#cells[index]!.isWritten) this.#writeZeros(index);
    const cell = this.#cells[index]!;
    if (cell.isCleared) {
      throw this.#bad(
        `: Could not read index ${index} twice because it was cleared after a previous read (perhaps try setting clear_after_read = false?).`,
      );
    }
    const value = cell.value ?? zeros(this.dtype, cell.shape);
    cell.value = this.#clearsAfterRead ? null : value;
    cell.isCleared = this.#clearsAfterRead;
    cell.isRead = true;
    return value;
  }

  /** A place that nothing wrote because no gradient came to it. */
  #writeZeros(index: number): void {
    const own = this.#cells[index]?.shape ?? [];
    const shape = this.#isGradient && own.length > 0 ? own : this.#elementShape;
    if (!isFull(shape)) {
      throw this.#bad(
        `: Could not read from TensorArray index ${index}.  Furthermore, the element shape is not fully defined: ${formatShape(shape)}.  It is possible you are working with a resizeable TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned instead of incurring this error.`,
      );
    }
    while (index >= this.#cells.length) this.#cells.push({ ...emptyCell(), shape, isWritten: true });
    Object.assign(this.#cells[index]!, { shape, isWritten: true });
  }

  /** The array for this one's gradients: as many places, each of them zeros of the shape written here. */
  makeGradients(name: string, prepended: FullShape): Cells {
    this.#hasDynamicSize = false;
    if (this.#hasAdded) {
      throw invalidArgument(
        `Unable to create a gradients TensorArray for ${this.name}.  Perhaps you used the multiple_writes_aggregate flag on a previous write?  Gradient calculation is impossible when multiple writes are performed to the same index.`,
      );
    }
    const gradients = new Cells({
      name,
      dtype: this.dtype,
      size: this.size,
      elementShape: this.#elementShape && [...prepended, ...this.#elementShape],
      hasDynamicSize: false,
      hasIdenticalShapes: this.hasIdenticalShapes,
      clearsAfterRead: true,
      isGradient: true,
      markedSize: this.#markedSize,
    });
    for (const [i, { shape, isWritten }] of this.#cells.entries())
      if (isWritten) Object.assign(gradients.#cells[i]!, { shape: [...prepended, ...shape], isWritten });
    return gradients;
  }

  close(): void {
    this.#cells.length = 0;
    this.#isClosed = true;
  }
}

function addInto(sum: NdArray, value: NdArray): void {
  const { data, dtype } = sum;
  if (dtype === string || dtype.isBool) {
    throw invalidArgument(`tensor_array::AddToTensor type not supported: ${cppName(dtype)}`);
  }
  if (data instanceof Float32Array || data instanceof Float64Array) {
    const other = value.data as Float32Array;
    for (let i = 0; i < data.length; i++) data[i]! += other[i]!;
    return;
  }
  for (let i = 0; i < sum.size; i++) setElement(dtype, data, i, added(elementAt(sum, i), elementAt(value, i)));
}

function added(a: Item, b: Item): Item {
  if (typeof a === "bigint") return a + (b as bigint);
  if (typeof a === "number") return a + (b as number);
  const [x, y] = [a, b] as unknown as readonly (readonly [number, number])[];
  return [x![0] + y![0], x![1] + y![1]];
}
