/** Cuts slices out of tensors, and puts tensors together from slices. */
import { DataLossError } from "../../core/error.ts";
import { allocateElements, type Elements, NdArray, type NumberArray } from "../../core/nd_array.ts";
import { elementCount, type FullShape, rowMajorStrides } from "../../core/shape.ts";
import { type BundleEntry, countOf, slicesMax } from "./bundle_entry.ts";
import { fullExtents, intersect, type Slice } from "./slice.ts";

/** A tensor, or a part of it, that is filled from slices; every element must come from one. */
export class Assembly {
  readonly #entry: BundleEntry;
  readonly #wanted: Slice;
  readonly #shape: FullShape;
  readonly #data: Elements;
  readonly #count: number;
  #filled = 0;

  /** `bytesMax` bounds what the slices can hold. DATA_LOSS for slices that overlap or are too many. */
  constructor(entry: BundleEntry, wanted: Slice | undefined, bytesMax: number) {
    this.#entry = entry;
    this.#wanted = wanted ?? entry.shape.map((length) => ({ start: 0, length }));
    this.#shape = this.#wanted.map(({ length }) => length);
    const count = countOf(this.#shape);
    if (count === undefined) throw this.#incomplete();
    this.#count = count;
    if (entry.dtype.base === "string" && count > bytesMax) throw this.#incomplete();
    if (this.#count * entry.dtype.sizeBytes > bytesMax && entry.dtype.base !== "string") throw this.#incomplete();
    const extents = entry.slices.map((slice) => fullExtents(entry.shape, slice));
    if (extents.length > slicesMax) throw this.#incomplete();
    for (const [i, a] of extents.entries()) {
      for (let j = 0; j < i; j++) if (intersect(a, extents[j]!)) throw this.#incomplete();
    }
    this.#data = allocateElements(entry.dtype, this.#count);
  }

  #extents(i: number): Slice {
    return fullExtents(this.#entry.shape, this.#entry.slices[i]!);
  }

  needs(i: number): boolean {
    return intersect(this.#extents(i), this.#wanted) !== null;
  }

  put(i: number, piece: NdArray): void {
    const extents = this.#extents(i);
    const common = intersect(extents, this.#wanted);
    if (!common) return;
    copyRegion(
      { array: piece, at: common.map(({ start }, d) => start - extents[d]!.start) },
      {
        array: { shape: this.#shape, data: this.#data },
        at: common.map(({ start }, d) => start - this.#wanted[d]!.start),
      },
      common.map(({ length }) => length),
      this.#entry.dtype.isComplex ? 2 : 1,
    );
    this.#filled += elementCount(common.map(({ length }) => length));
  }

  finish(): NdArray {
    if (this.#filled !== this.#count) throw this.#incomplete();
    return new NdArray(this.#entry.dtype, this.#shape, this.#data);
  }

  #incomplete(): DataLossError {
    return new DataLossError(`the slices of ${this.#entry.name} do not make up the tensor`);
  }
}

interface Region {
  readonly array: { readonly shape: FullShape; readonly data: Elements };
  readonly at: readonly number[];
}

/** Copies a box of `size` elements, row by row of the last dimension. */
function copyRegion(from: Region, to: Region, size: readonly number[], width: number): void {
  const rank = size.length;
  const [fromStrides, toStrides] = [rowMajorStrides(from.array.shape), rowMajorStrides(to.array.shape)];
  const row = rank === 0 ? 1 : size[rank - 1]!;
  const walk = (axis: number, source: number, target: number): void => {
    if (axis >= rank - 1) {
      const last = rank === 0 ? [0, 0] : [from.at[rank - 1]!, to.at[rank - 1]!];
      copyElements(
        from.array.data,
        (source + last[0]!) * width,
        to.array.data,
        (target + last[1]!) * width,
        row * width,
      );
      return;
    }
    for (let i = 0; i < size[axis]!; i++) {
      walk(
        axis + 1,
        source + (from.at[axis]! + i) * fromStrides[axis]!,
        target + (to.at[axis]! + i) * toStrides[axis]!,
      );
    }
  };
  walk(0, 0, 0);
}

function copyElements(from: Elements, source: number, to: Elements, target: number, count: number): void {
  if (ArrayBuffer.isView(to)) {
    (to as Float64Array).set((from as NumberArray as Float64Array).subarray(source, source + count), target);
    return;
  }
  for (let i = 0; i < count; i++) (to as Uint8Array[])[target + i] = (from as readonly Uint8Array[])[source + i]!;
}

/** A part of an array, copied. */
export function cut(array: NdArray, extents: Slice): NdArray {
  const shape = extents.map(({ length }) => length);
  const data = allocateElements(array.dtype, elementCount(shape));
  if (elementCount(shape) > 0) {
    copyRegion(
      { array, at: extents.map(({ start }) => start) },
      { array: { shape, data }, at: shape.map(() => 0) },
      shape,
      array.dtype.isComplex ? 2 : 1,
    );
  }
  return new NdArray(array.dtype, shape, data);
}
