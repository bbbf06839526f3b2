/** Batches of images, from an array. Source: tf_keras/src/preprocessing/image.py. */
import { join } from "node:path";
import { floatx, imageDataFormat } from "../../../../build/keras/state.ts";
import type { DType } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { allocateElements, NdArray } from "../../../../core/nd_array.ts";
import { elementCount } from "../../../../core/shape.ts";
import { castArray, type Literal, literalToArray } from "../../../../ops/convert.ts";
import { RandomState } from "../../data/random_state.ts";
import { Sequence } from "../../data/sequence.ts";
import { rowsBetween, rowsOf } from "../../datasets/arrays.ts";
import type { ImageDataGenerator } from "./generator.ts";
import { arrayToImg, type DataFormat } from "./picture.ts";

export type Subset = "training" | "validation";

export interface SaveTo {
  /** Writes each image into this folder. */
  readonly saveToDir?: string | null | undefined;
  readonly savePrefix?: string | undefined;
  /** "png" or "jpeg". */
  readonly saveFormat?: string | undefined;
}

export interface IteratorOptions extends SaveTo {
  readonly batchSize?: number | undefined;
  readonly shuffle?: boolean | undefined;
  readonly seed?: number | null | undefined;
  readonly dataFormat?: DataFormat | null | undefined;
  readonly subset?: Subset | null | undefined;
  readonly dtype?: DType | null | undefined;
}

/** Batches without end, in an order that a seed decides: those of one's own give `getBatch`. */
export abstract class Iterator extends Sequence {
  readonly n: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number | null;
  batchIndex = 0;
  totalBatchesSeen = 0;
  #order: Int32Array | null = null;
  #random: RandomState;

  constructor(n: number, batchSize: number, shuffle: boolean, seed: number | null) {
    super();
    this.n = n;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.seed = seed;
    this.#random = new RandomState(seed);
  }

  override get length(): number {
    return Math.floor((this.n + this.batchSize - 1) / this.batchSize);
  }

  /** The images of these numbers, with what belongs to them. */
  protected abstract getBatch(rows: Int32Array, random: RandomState): unknown;

  #reorder(): Int32Array {
    this.#order = this.shuffle ? this.#random.permutation(this.n) : Int32Array.from({ length: this.n }, (_, i) => i);
    return this.#order;
  }

  #reseed(): void {
    if (this.seed !== null) this.#random = new RandomState(this.seed + this.totalBatchesSeen);
  }

  /** A batch of an epoch. Throws ValueError for a number that is none. */
  override getItem(index: number): unknown {
    if (index >= this.length) {
      throw new ValueError(`Asked to retrieve element ${index}, but the Sequence has length ${this.length}`);
    }
    this.#reseed();
    this.totalBatchesSeen++;
    const order = this.#order ?? this.#reorder();
    return this.getBatch(order.slice(this.batchSize * index, this.batchSize * (index + 1)), this.#random);
  }

  override onEpochEnd(): void {
    this.#reorder();
  }

  /** Begins an epoch. */
  reset(): void {
    this.batchIndex = 0;
  }

  /** The next batch; after the last one the first of another order. */
  next(): unknown {
    this.#reseed();
    const order = this.batchIndex === 0 ? this.#reorder() : this.#order!;
    const from = this.n === 0 ? 0 : (this.batchIndex * this.batchSize) % this.n;
    this.batchIndex = this.n > from + this.batchSize ? this.batchIndex + 1 : 0;
    this.totalBatchesSeen++;
    return this.getBatch(order.slice(from, from + this.batchSize), this.#random);
  }

  /** Batches without end. */
  override *[Symbol.iterator](): Generator<unknown> {
    for (;;) yield this.next();
  }
}

/** The images of a batch, one after another as `image` gives them: [rows.length, …]. */
export function batchOf(rows: Int32Array, dtype: DType, image: (row: number) => NdArray): NdArray {
  const images = Array.from(rows, image);
  const shape = images[0]?.shape ?? [];
  const size = elementCount(shape);
  const data = allocateElements(dtype, images.length * size) as Float32Array;
  for (const [i, each] of images.entries()) data.set(castArray(each, dtype).data as Float32Array, i * size);
  return new NdArray(dtype, [images.length, ...shape], data);
}

export function saveAll(
  batch: NdArray,
  rows: Int32Array,
  { saveToDir, savePrefix = "", saveFormat = "png" }: SaveTo,
  format: DataFormat,
  draw: () => number,
): void {
  if (!saveToDir) return;
  for (const [i, row] of rows.entries()) {
    const one = rowsBetween(batch, i, i + 1);
    const image = arrayToImg(new NdArray(one.dtype, one.shape.slice(1), one.data), format, true);
    image.save(join(saveToDir, `${savePrefix}_${row}_${draw()}.${saveFormat}`));
  }
}

const sameLength = (x: NdArray, other: NdArray, name: string, word: string): void => {
  if (x.shape[0] === other.shape[0]) return;
  const shape = ({ shape }: NdArray): string => `(${shape.join(", ")})`;
  throw new ValueError(
    `\`x\` (images tensor) and \`${name}\` ${word}should have the same length. Found: x.shape = ${shape(x)}, ${name}.shape = ${shape(other)}`,
  );
};

const kindsOf = (array: NdArray): string =>
  [...new Set(Array.from(array.data as ArrayLike<unknown>, String))].sort().join();

export interface NumpyArrayIteratorOptions extends IteratorOptions {
  readonly sampleWeight?: Literal | null | undefined;
  readonly ignoreClassSplit?: boolean | undefined;
}

/**
 * Batches of an array of images [n, height, width, channels] with labels, changed as a generator says. Throws ValueError for arrays of
 * different lengths or another rank, and for a part whose labels have other classes.
 */
export class NumpyArrayIterator extends Iterator {
  readonly x: NdArray;
  readonly y: NdArray | null;
  readonly sampleWeight: NdArray | null;
  readonly #generator: ImageDataGenerator;
  readonly #options: NumpyArrayIteratorOptions;
  readonly #dtype: DType;

  constructor(x: Literal, y: Literal | null, generator: ImageDataGenerator, options: NumpyArrayIteratorOptions = {}) {
    const { batchSize = 32, shuffle = false, seed = null, subset, ignoreClassSplit = false } = options;
    const dtype = options.dtype ?? floatx();
    let images = literalToArray(x);
    let labels = y === null ? null : literalToArray(y);
    const weights = options.sampleWeight == null ? null : literalToArray(options.sampleWeight);
    if (labels) sameLength(images, labels, "y", "(labels) ");
    if (weights) sameLength(images, weights, "sample_weight", "");
    if (subset != null) {
      const n = images.shape[0] ?? 0;
      const middle = Math.trunc(n * generator.validationSplit);
      if (subset !== "training" && subset !== "validation")
        throw new ValueError(`Invalid subset name: ${subset}; expected "training" or "validation".`);
      if (
        labels &&
        !ignoreClassSplit &&
        kindsOf(rowsBetween(labels, 0, middle)) !== kindsOf(rowsBetween(labels, middle, n))
      ) {
        throw new ValueError(
          "Training and validation subsets have different number of classes after the split. If your numpy arrays are sorted by the label, you might want to shuffle them.",
        );
      }
      const [from, to] = subset === "validation" ? [0, middle] : [middle, n];
      images = rowsBetween(images, from, to);
      labels = labels && rowsBetween(labels, from, to);
    }
    if (images.shape.length !== 4) {
      throw new ValueError(
        `Input data in \`NumpyArrayIterator\` should have rank 4. You passed an array with shape (${images.shape.join(", ")})`,
      );
    }
    super(images.shape[0]!, batchSize, shuffle, seed);
    this.x = castArray(images, dtype);
    this.y = labels;
    this.sampleWeight = weights;
    this.#generator = generator;
    this.#options = options;
    this.#dtype = dtype;
  }

  protected override getBatch(rows: Int32Array, random: RandomState): unknown {
    const generator = this.#generator;
    const batch = batchOf(rows, this.#dtype, (row) => {
      const one = rowsBetween(this.x, row, row + 1);
      const image = new NdArray(one.dtype, one.shape.slice(1), one.data);
      return generator.standardize(generator.applyTransform(image, generator.drawTransform(image.shape, random)));
    });
    saveAll(batch, rows, this.#options, this.#options.dataFormat ?? imageDataFormat(), () => random.randint(0, 1e4));
    if (!this.y) return batch;
    const labels = rowsOf(this.y, rows);
    return this.sampleWeight ? [batch, labels, rowsOf(this.sampleWeight, rows)] : [batch, labels];
  }
}
