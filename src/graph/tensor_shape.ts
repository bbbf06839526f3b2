/**
 * Static shapes as users see them: an array of dimensions, `null` where one is unknown, that prints and merges as TensorFlow's TensorShape.
 * Source: tensorflow/python/framework/tensor_shape.py (the forms of TensorFlow 1: `(?, 3)`, `Dimension(3)`)
 */
import { TypeError, ValueError } from "../core/error.ts";
import { compatible, type Dim, formatShapePython, type Shape, unknownDimension } from "../core/shape.ts";
import { inspectKey, isOutermost } from "../core/text/inspect.ts";

/** What is taken for a shape: dimensions, one dimension for a vector's, `null` for an unknown rank. */
export type ShapeLike = TensorShape | readonly (Dim | Dimension)[] | number | null;

/** One dimension: a size, or `null` where it is unknown. */
export class Dimension {
  readonly value: Dim;

  /** Throws ValueError for a negative size, TypeError for what is no whole number. */
  constructor(value: Dim | Dimension) {
    this.value = dimOf(value);
  }

  isCompatibleWith(other: Dim | Dimension): boolean {
    const value = dimOf(other);
    return this.value === null || value === null || this.value === value;
  }

  /** The known one of the two. Throws ValueError when both are known and differ. */
  mergeWith(other: Dim | Dimension): Dimension {
    const that = new Dimension(other);
    if (!this.isCompatibleWith(that)) throw new ValueError(`Dimensions ${this} and ${that} are not compatible`);
    return this.value === null ? that : this;
  }

  valueOf(): Dim {
    return this.value;
  }

  /** `?` where it is unknown. */
  toString(): string {
    return this.value === null ? "?" : String(this.value);
  }

  /** `Dimension(3)`, `Dimension(None)`. */
  repr(): string {
    return `Dimension(${this.value ?? "None"})`;
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}

/** The dimensions of a tensor. An unknown rank has no elements, and `ndims` null. */
export class TensorShape extends Array<Dim> {
  readonly #isKnown: boolean = true;

  /** What `map`, `slice` and `concat` give are plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Throws ValueError for a negative dimension, TypeError for what is no whole number. */
  constructor(dims: ShapeLike = null) {
    super();
    const shape = plainShape(dims);
    if (shape === null) this.#isKnown = false;
    else for (const dim of shape) this.push(dim);
  }

  get ndims(): number | null {
    return this.#isKnown ? this.length : null;
  }

  get rank(): number | null {
    return this.ndims;
  }

  /** The dimensions as objects with a `value`; null for an unknown rank. */
  get dims(): Dimension[] | null {
    return this.#isKnown ? Array.from(this, (dim) => new Dimension(dim)) : null;
  }

  /** The dimensions as a plain array. Throws ValueError for an unknown rank. */
  asList(): Dim[] {
    if (!this.#isKnown) throw new ValueError("as_list() is not defined on an unknown TensorShape.");
    return Array.from(this);
  }

  isFullyDefined(): boolean {
    return this.#isKnown && this.every((dim) => dim !== null);
  }

  /** The product of the dimensions; null when one is unknown. */
  numElements(): number | null {
    return this.isFullyDefined() ? this.reduce<number>((n, dim) => n * dim!, 1) : null;
  }

  isCompatibleWith(other: ShapeLike): boolean {
    return compatible(plainShape(this), plainShape(other));
  }

  /** The shape with what both know. Throws ValueError when they differ. */
  mergeWith(other: ShapeLike): TensorShape {
    const [a, b] = [plainShape(this), plainShape(other)];
    if (a === null) return new TensorShape(b);
    if (b === null) return this;
    if (!compatible(a, b))
      throw new ValueError(`Shapes ${formatShapePython(a)} and ${formatShapePython(b)} are not compatible`);
    return new TensorShape(a.map((dim, i) => dim ?? b[i]!));
  }

  /** The shape that both may have been: unknown where they differ. */
  mostSpecificCompatibleShape(other: ShapeLike): TensorShape {
    const [a, b] = [plainShape(this), plainShape(other)];
    if (a === null || b === null || a.length !== b.length) return new TensorShape(null);
    return new TensorShape(a.map((dim, i) => (dim === b[i] ? dim : null)));
  }

  concatenate(other: ShapeLike): TensorShape {
    const [a, b] = [plainShape(this), plainShape(other)];
    return new TensorShape(a === null || b === null ? null : [...a, ...b]);
  }

  /** This shape, with unknown dimensions for an unknown rank. Throws ValueError for another rank. */
  withRank(rank: number): TensorShape {
    if (!this.#isKnown) return new TensorShape(new Array<Dim>(rank).fill(null));
    if (this.length !== rank) throw new ValueError(`Shape ${this} must have rank ${rank}`);
    return this;
  }

  withRankAtLeast(rank: number): TensorShape {
    if (this.#isKnown && this.length < rank) throw new ValueError(`Shape ${this} must have rank at least ${rank}`);
    return this;
  }

  withRankAtMost(rank: number): TensorShape {
    if (this.#isKnown && this.length > rank) throw new ValueError(`Shape ${this} must have rank at most ${rank}`);
    return this;
  }

  assertHasRank(rank: number): void {
    if (this.#isKnown && this.length !== rank) throw new ValueError(`Shape ${this} must have rank ${rank}`);
  }

  assertSameRank(other: ShapeLike): void {
    const that = new TensorShape(other);
    if (this.ndims !== null && that.ndims !== null && this.ndims !== that.ndims)
      throw new ValueError(`Shapes ${this} and ${that} must have the same rank`);
  }

  assertIsCompatibleWith(other: ShapeLike): void {
    if (!this.isCompatibleWith(other))
      throw new ValueError(`Shapes ${this} and ${new TensorShape(other)} are incompatible`);
  }

  assertIsFullyDefined(): void {
    if (!this.isFullyDefined()) throw new ValueError(`Shape ${this} is not fully defined`);
  }

  /** `(?, 3)`, `(2,)`, `<unknown>`. */
  override toString(): string {
    return formatShapePython(plainShape(this));
  }

  /** `TensorShape([Dimension(None), Dimension(3)])`, `TensorShape(None)`. */
  repr(): string {
    const shown = ({ value }: Dimension): string =>
      areDimensions() ? `Dimension(${value ?? "None"})` : `${value ?? "None"}`;
    return `TensorShape(${this.dims ? `[${this.dims.map(shown).join(", ")}]` : "None"})`;
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : this.repr();
  }
}

const areDimensions = (): boolean => unknownDimension.text === "?";

/** Shapes print as in TensorFlow 2 from now on: `(None, 3)`, `TensorShape([None, 3])`. */
export const enableV2Tensorshape = (): void => {
  unknownDimension.text = "None";
};

/** Shapes print as in TensorFlow 1, as at start: `(?, 3)`. */
export const disableV2Tensorshape = (): void => {
  unknownDimension.text = "?";
};

/** Dimensions and `null` as the rest of the library has them. */
export function plainShape(shape: ShapeLike): Shape {
  if (shape === null) return null;
  if (shape instanceof TensorShape) return shape.ndims === null ? null : Array.from(shape);
  return typeof shape === "number" ? [dimOf(shape)] : shape.map(dimOf);
}

function dimOf(value: Dim | Dimension): Dim {
  if (value instanceof Dimension) return value.value;
  if (value === null || value === undefined) return null;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new TypeError(
      `Dimension value must be integer or None or have an __index__ method, got value '${value}' with type '<class '${typeof value === "number" ? "float" : "str"}'>'`,
    );
  }
  if (value < 0) throw new ValueError(`Dimension ${value} must be >= 0`);
  return value;
}
