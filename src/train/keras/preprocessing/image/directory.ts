/** Batches of images from a folder's files. Source: tf_keras/src/preprocessing/image.py. */
import { basename, join } from "node:path";
import { floatx, imageDataFormat } from "../../../../build/keras/state.ts";
import { float32, int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { nodeFiles } from "../../../../io/file_system.ts";
import { listFolder } from "../../../../io/paths.ts";
import { castArray, literalToArray } from "../../../../ops/convert.ts";
import type { RandomState } from "../../data/random_state.ts";
import { printMessage } from "../../messages.ts";
import type { ImageDataGenerator } from "./generator.ts";
import { batchOf, Iterator, type IteratorOptions, saveAll } from "./iterators.ts";
import { imgToArray, loadImg } from "./picture.ts";

export interface DirectoryIteratorOptions extends IteratorOptions {
  /** [height, width]: [256, 256]. */
  readonly targetSize?: readonly [number, number] | undefined;
  readonly colorMode?: "grayscale" | "rgb" | "rgba" | undefined;
  /** The folder's folders in this order; all of them by their names by default. */
  readonly classes?: readonly string[] | null | undefined;
  /** The form of labels: "categorical"; null for none. */
  readonly classMode?: "categorical" | "binary" | "sparse" | "input" | null | undefined;
  readonly followLinks?: boolean | undefined;
  readonly interpolation?: string | undefined;
  readonly keepAspectRatio?: boolean | undefined;
}

const imageFile = /\.(png|jpe?g|bmp)$/i;

/** Paths of the images below a folder, in the order of their folders. */
function imagesBelow(folder: string): string[] {
  const entries = listFolder(folder);
  const here = entries
    .filter((entry) => !entry.isFolder && imageFile.test(entry.name))
    .map(({ name }) => join(folder, name));
  return [...here, ...entries.filter((entry) => entry.isFolder).flatMap(({ name }) => imagesBelow(join(folder, name)))];
}

/** Batches of the images of a folder's folders, which are their classes. Throws ValueError for other colours, forms of labels and parts. */
export class DirectoryIterator extends Iterator {
  readonly directory: string;
  readonly classes: NdArray;
  readonly classIndices: Readonly<Record<string, number>>;
  readonly numClasses: number;
  /** Paths below the folder. */
  readonly filenames: readonly string[];
  readonly imageShape: readonly number[];
  readonly #generator: ImageDataGenerator;
  readonly #options: DirectoryIteratorOptions;

  constructor(directory: string, generator: ImageDataGenerator, options: DirectoryIteratorOptions = {}) {
    const { colorMode = "rgb", classMode = "categorical", subset, targetSize = [256, 256] } = options;
    const channels = { grayscale: 1, rgb: 3, rgba: 4 }[colorMode];
    if (!channels) throw new ValueError(`Invalid color mode: ${colorMode}; expected "rgb", "rgba", or "grayscale".`);
    if (!["categorical", "binary", "sparse", "input", null].includes(classMode)) {
      const known = "{'categorical', 'binary', 'sparse', 'input', None}";
      throw new ValueError(`Invalid class_mode: ${classMode}; expected one of: ${known}`);
    }
    if (subset != null && subset !== "training" && subset !== "validation")
      throw new ValueError(`Invalid subset name: ${subset};expected "training" or "validation"`);
    const names =
      options.classes && options.classes.length > 0
        ? options.classes
        : listFolder(directory)
            .filter(({ isFolder }) => isFolder)
            .map(({ name }) => name);
    const split = generator.validationSplit;
    const found = names.flatMap((name, label) => {
      const all = imagesBelow(join(directory, name));
      const middle = Math.trunc(split * all.length);
      const kept = subset === "validation" ? all.slice(0, middle) : subset === "training" ? all.slice(middle) : all;
      return kept.map((path) => ({ label, path: join(name, path.slice(join(directory, name).length + 1)) }));
    });
    super(found.length, options.batchSize ?? 32, options.shuffle ?? true, options.seed ?? null);
    const format = options.dataFormat ?? imageDataFormat();
    this.directory = directory;
    this.numClasses = names.length;
    this.classIndices = Object.fromEntries(names.map((name, i) => [basename(name), i]));
    this.filenames = found.map(({ path }) => path);
    this.classes = new NdArray(
      int32,
      [found.length],
      Int32Array.from(found, ({ label }) => label),
    );
    this.imageShape = format === "channels_last" ? [...targetSize, channels] : [channels, ...targetSize];
    this.#generator = generator;
    this.#options = { ...options, colorMode, classMode, targetSize, dataFormat: format };
    printMessage(`Found ${found.length} images belonging to ${this.numClasses} classes.\n`);
  }

  get samples(): number {
    return this.n;
  }

  get filepaths(): string[] {
    return this.filenames.map((name) => join(this.directory, name));
  }

  get labels(): NdArray {
    return this.classes;
  }

  protected override getBatch(rows: Int32Array, random: RandomState): unknown {
    const { colorMode, targetSize, interpolation, keepAspectRatio, dataFormat, classMode, saveToDir } = this.#options;
    const dtype = this.#options.dtype ?? floatx();
    const generator = this.#generator;
    const batch = batchOf(rows, dtype, (row) => {
      const image = loadImg(join(this.directory, this.filenames[row]!), {
        colorMode,
        targetSize,
        interpolation: interpolation ?? "nearest",
        keepAspectRatio,
      });
      const x = imgToArray(image, dataFormat!);
      return generator.standardize(generator.applyTransform(x, generator.drawTransform(x.shape, random)));
    });
    if (saveToDir) nodeFiles.mkdir(saveToDir);
    saveAll(batch, rows, this.#options, dataFormat!, () => random.randint(0, 1e7));
    if (classMode === null) return batch;
    if (classMode === "input") return [batch, batch];
    const labels = Array.from(rows, (row) => (this.classes.data as Int32Array)[row]!);
    if (classMode !== "categorical") return [batch, castArray(literalToArray(labels), dtype)];
    const ones = new Float32Array(rows.length * this.numClasses);
    for (const [i, label] of labels.entries()) ones[i * this.numClasses + label] = 1;
    return [batch, castArray(new NdArray(float32, [rows.length, this.numClasses], ones), dtype)];
  }
}
