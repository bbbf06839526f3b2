/** `tf.keras.preprocessing.image.ImageDataGenerator`: images with random changes. Source: tf_keras/src/preprocessing/image.py. */
import { floatx, imageDataFormat } from "../../../../build/keras/state.ts";
import type { DType } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { warning } from "../../../../core/text/logging.ts";
import { svdAll } from "../../../../ops/compute/matrix/decompose/svd.ts";
import { castArray, type Literal, literalToArray } from "../../../../ops/convert.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { RandomState } from "../../data/random_state.ts";
import { rowsBetween } from "../../datasets/arrays.ts";
import { applyAffineTransform, applyBrightnessShift, applyChannelShift, type FillMode } from "./affine.ts";
import { DirectoryIterator, type DirectoryIteratorOptions } from "./directory.ts";
import { NumpyArrayIterator, type NumpyArrayIteratorOptions } from "./iterators.ts";
import type { DataFormat } from "./picture.ts";

type Shift = number | readonly number[];

export interface GeneratorOptions {
  readonly featurewiseCenter?: boolean | undefined;
  readonly samplewiseCenter?: boolean | undefined;
  readonly featurewiseStdNormalization?: boolean | undefined;
  readonly samplewiseStdNormalization?: boolean | undefined;
  readonly zcaWhitening?: boolean | undefined;
  readonly zcaEpsilon?: number | undefined;
  /** Degrees. */
  readonly rotationRange?: number | undefined;
  /** A part of the width below 1, a whole number of pixels, or the numbers of pixels to choose from. */
  readonly widthShiftRange?: Shift | undefined;
  readonly heightShiftRange?: Shift | undefined;
  readonly brightnessRange?: readonly [number, number] | null | undefined;
  /** Degrees. */
  readonly shearRange?: number | undefined;
  /** z for [1 - z, 1 + z], or both numbers. */
  readonly zoomRange?: number | readonly [number, number] | undefined;
  readonly channelShiftRange?: number | undefined;
  readonly fillMode?: FillMode | undefined;
  readonly cval?: number | undefined;
  readonly horizontalFlip?: boolean | undefined;
  readonly verticalFlip?: boolean | undefined;
  /** Each number times this. */
  readonly rescale?: number | null | undefined;
  /** Called with each image [height, width, channels], before it is rescaled. */
  readonly preprocessingFunction?: ((image: NdArray) => NdArray) | null | undefined;
  readonly dataFormat?: DataFormat | null | undefined;
  /** The part of the images that is for validation: 0. */
  readonly validationSplit?: number | undefined;
  /** 0 or 1. */
  readonly interpolationOrder?: number | undefined;
  readonly dtype?: DType | null | undefined;
}

/** What happens to an image. */
export interface Transform {
  readonly theta?: number;
  readonly tx?: number;
  readonly ty?: number;
  readonly shear?: number;
  readonly zx?: number;
  readonly zy?: number;
  readonly flipHorizontal?: boolean;
  readonly flipVertical?: boolean;
  readonly channelShiftIntensity?: number | null;
  readonly brightness?: number | null;
}

const places = [
  "featurewiseCenter",
  "samplewiseCenter",
  "featurewiseStdNormalization",
  "samplewiseStdNormalization",
  "zcaWhitening",
  "zcaEpsilon",
  "rotationRange",
  "widthShiftRange",
  "heightShiftRange",
  "brightnessRange",
  "shearRange",
  "zoomRange",
  "channelShiftRange",
  "fillMode",
  "cval",
  "horizontalFlip",
  "verticalFlip",
  "rescale",
  "preprocessingFunction",
  "dataFormat",
  "validationSplit",
  "interpolationOrder",
  "dtype",
] as const;
const flowPlaces = [
  "batchSize",
  "shuffle",
  "sampleWeight",
  "seed",
  "saveToDir",
  "savePrefix",
  "saveFormat",
  "ignoreClassSplit",
  "subset",
] as const;
const directoryPlaces = [
  "targetSize",
  "colorMode",
  "classes",
  "classMode",
  "batchSize",
  "shuffle",
  "seed",
  "saveToDir",
  "savePrefix",
  "saveFormat",
  "followLinks",
  "subset",
  "interpolation",
  "keepAspectRatio",
] as const;

const numbers = (array: NdArray): Float32Array => array.data as Float32Array;
const mapped = (array: NdArray, fn: (value: number, i: number) => number): NdArray =>
  new NdArray(array.dtype, array.shape, numbers(array).map(fn));
function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
const deviationOf = (values: Float32Array): number => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
};

/** Elements in reverse order along an axis. */
function flipped(array: NdArray, axis: number): NdArray {
  const n = array.shape[axis]!;
  const inner = array.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return mapped(array, (_, i) => {
    const at = Math.floor(i / inner) % n;
    return numbers(array)[i + (n - 1 - 2 * at) * inner]!;
  });
}

/** Changes images at random, and brings their numbers to a range. Throws ValueError for options that are out of their range. */
export class ImageDataGenerator {
  readonly dataFormat: DataFormat;
  readonly dtype: DType;
  readonly validationSplit: number;
  readonly zoomRange: readonly [number, number];
  /** Of all images that `fit` saw, for each channel. */
  mean: Float64Array | null = null;
  std: Float64Array | null = null;
  zcaWhiteningMatrix: NdArray | null = null;
  readonly #options: GeneratorOptions;

  constructor(...rest: Rest<GeneratorOptions, typeof places>) {
    const options = byName<GeneratorOptions>(rest, places);
    const { zoomRange = 0, validationSplit = 0, brightnessRange } = options;
    this.dataFormat = options.dataFormat ?? imageDataFormat();
    if (this.dataFormat !== "channels_last" && this.dataFormat !== "channels_first") {
      throw new ValueError(
        `\`data_format\` should be \`"channels_last"\` (channel after row and column) or \`"channels_first"\` (channel before row and column). Received: ${this.dataFormat}`,
      );
    }
    if (validationSplit && !(validationSplit > 0 && validationSplit < 1))
      throw new ValueError(`\`validation_split\` must be strictly between 0 and 1.  Received: ${validationSplit}`);
    const zoom = typeof zoomRange === "number" ? ([1 - zoomRange, 1 + zoomRange] as const) : zoomRange;
    if (zoom.length !== 2)
      throw new ValueError(
        `\`zoom_range\` should be a float or a tuple or list of two floats. Received: (${(zoom as readonly number[]).join(", ")})`,
      );
    if (brightnessRange && brightnessRange.length !== 2)
      throw new ValueError(
        `\`brightness_range should be tuple or list of two floats. Received: (${(brightnessRange as readonly number[]).join(", ")})`,
      );
    this.dtype = options.dtype ?? floatx();
    this.validationSplit = validationSplit;
    this.zoomRange = zoom;
    this.#options = {
      ...options,
      featurewiseCenter: options.featurewiseCenter || options.zcaWhitening || options.featurewiseStdNormalization,
      featurewiseStdNormalization: options.featurewiseStdNormalization && !options.zcaWhitening,
      samplewiseCenter: options.samplewiseCenter || options.samplewiseStdNormalization,
    };
  }

  /** Rows, columns and channels among an image's axes. */
  get #axes(): { rowAxis: number; colAxis: number; channelAxis: number } {
    return this.dataFormat === "channels_last"
      ? { rowAxis: 0, colAxis: 1, channelAxis: 2 }
      : { rowAxis: 1, colAxis: 2, channelAxis: 0 };
  }

  /** Batches of images [n, height, width, channels] with labels. Throws as NumpyArrayIterator. */
  flow(
    x: Literal,
    y: Literal | null = null,
    ...rest: Rest<Omit<NumpyArrayIteratorOptions, "dataFormat" | "dtype">, typeof flowPlaces>
  ): NumpyArrayIterator {
    const options = byName<NumpyArrayIteratorOptions>(rest, flowPlaces);
    return new NumpyArrayIterator(x, y, this, {
      shuffle: true,
      ...options,
      dataFormat: this.dataFormat,
      dtype: this.dtype,
    });
  }

  /** Batches of the images of a folder's folders. Throws as DirectoryIterator. */
  flowFromDirectory(
    directory: string,
    ...rest: Rest<Omit<DirectoryIteratorOptions, "dataFormat" | "dtype">, typeof directoryPlaces>
  ): DirectoryIterator {
    const options = byName<DirectoryIteratorOptions>(rest, directoryPlaces);
    return new DirectoryIterator(directory, this, { ...options, dataFormat: this.dataFormat, dtype: this.dtype });
  }

  /** What to do with an image of this shape, drawn at random. */
  getRandomTransform(shape: readonly number[], seed?: number | null): Transform {
    return this.drawTransform(shape, new RandomState(seed));
  }

  /** As getRandomTransform, from the draws of a generator of numbers. */
  drawTransform(shape: readonly number[], random: RandomState): Transform {
    const { rotationRange = 0, shearRange = 0, channelShiftRange = 0, brightnessRange } = this.#options;
    const { rowAxis, colAxis } = this.#axes;
    const theta = rotationRange ? random.uniform(-rotationRange, rotationRange) : 0;
    const tx = drawShift(this.#options.heightShiftRange, shape[rowAxis]!, random);
    const ty = drawShift(this.#options.widthShiftRange, shape[colAxis]!, random);
    const shear = shearRange ? random.uniform(-shearRange, shearRange) : 0;
    const [low, high] = this.zoomRange;
    const isZoomed = low !== 1 || high !== 1;
    const [zx, zy] = isZoomed ? [random.uniform(low, high), random.uniform(low, high)] : [1, 1];
    const flipHorizontal = random.uniform() < 0.5 && Boolean(this.#options.horizontalFlip);
    const flipVertical = random.uniform() < 0.5 && Boolean(this.#options.verticalFlip);
    const channelShiftIntensity = channelShiftRange ? random.uniform(-channelShiftRange, channelShiftRange) : null;
    const brightness = brightnessRange ? random.uniform(...brightnessRange) : null;
    return { theta, tx, ty, shear, zx, zy, flipHorizontal, flipVertical, channelShiftIntensity, brightness };
  }

  /** The image changed as `transform` says. */
  applyTransform(x: NdArray, transform: Transform): NdArray {
    const { fillMode, cval, interpolationOrder: order } = this.#options;
    const axes = this.#axes;
    const { theta, tx, ty, shear, zx, zy, channelShiftIntensity = null, brightness = null } = transform;
    let result = applyAffineTransform(x, { theta, tx, ty, shear, zx, zy, ...axes, fillMode, cval, order });
    if (channelShiftIntensity !== null) result = applyChannelShift(result, channelShiftIntensity);
    if (transform.flipHorizontal) result = flipped(result, axes.colAxis);
    if (transform.flipVertical) result = flipped(result, axes.rowAxis);
    return brightness === null ? result : applyBrightnessShift(result, brightness, false);
  }

  randomTransform(x: Literal, seed?: number | null): NdArray {
    const image = castArray(literalToArray(x), this.dtype);
    return this.applyTransform(image, this.getRandomTransform(image.shape, seed));
  }

  /** The image's numbers as the options want them: rescaled, centered, of variance 1, white. */
  standardize(x: NdArray): NdArray {
    const { preprocessingFunction, rescale, samplewiseCenter, samplewiseStdNormalization } = this.#options;
    let image = castArray(preprocessingFunction ? literalToArray(preprocessingFunction(x)) : x, this.dtype);
    if (rescale) image = mapped(image, (value) => value * rescale);
    if (samplewiseCenter) {
      const mean = meanOf(numbers(image));
      image = mapped(image, (value) => value - mean);
    }
    if (samplewiseStdNormalization) {
      const deviation = deviationOf(numbers(image)) + 1e-6;
      image = mapped(image, (value) => value / deviation);
    }
    return this.#whitened(this.#byChannel(image));
  }

  #channelOf(shape: readonly number[]): (i: number) => number {
    const [, , channels] = shape.slice(-3);
    const plane = shape.slice(-2).reduce((a, b) => a * b, 1);
    return this.dataFormat === "channels_last" ? (i) => i % channels! : (i) => Math.floor(i / plane) % shape.at(-3)!;
  }

  #byChannel(given: NdArray): NdArray {
    const { featurewiseCenter, featurewiseStdNormalization } = this.#options;
    const { mean, std } = this;
    const channelOf = this.#channelOf(given.shape);
    let image = given;
    if (featurewiseCenter && mean) image = mapped(image, (value, i) => value - mean[channelOf(i)]!);
    else if (featurewiseCenter) this.#warnUnfit("featurewise_center");
    if (featurewiseStdNormalization && std) return mapped(image, (value, i) => value / (std[channelOf(i)]! + 1e-6));
    if (featurewiseStdNormalization) this.#warnUnfit("featurewise_std_normalization");
    return image;
  }

  #whitened(image: NdArray): NdArray {
    if (!this.#options.zcaWhitening) return image;
    const matrix = this.zcaWhiteningMatrix;
    if (!matrix) {
      this.#warnUnfit("zca_whitening");
      return image;
    }
    const n = image.size;
    return mapped(image, (_, j) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += numbers(image)[i]! * numbers(matrix)[i * n + j]!;
      return sum;
    });
  }

  #warnUnfit(option: string): void {
    warning(
      `This ImageDataGenerator specifies \`${option}\`, but it hasn't been fit on any training data. Fit it first by calling \`.fit(numpy_data)\`.`,
    );
  }

  /** Learns mean, deviation and whitening from images [n, height, width, channels]. Throws ValueError for another rank. */
  fit(
    x: Literal,
    options: { readonly augment?: boolean; readonly rounds?: number; readonly seed?: number | null } = {},
  ): void {
    let images = castArray(literalToArray(x), this.dtype);
    if (images.shape.length !== 4)
      throw new ValueError(
        `Input to \`.fit()\` should have rank 4. Got array with shape: (${images.shape.join(", ")})`,
      );
    const { rescale, zcaEpsilon = 1e-6 } = this.#options;
    if (rescale) images = mapped(images, (value) => value * rescale);
    if (options.augment) images = this.#augmented(images, options.rounds ?? 1, new RandomState(options.seed));
    const channelOf = this.#channelOf(images.shape);
    const channels = images.shape[this.dataFormat === "channels_last" ? 3 : 1]!;
    const meansOf = (of: (value: number, channel: number) => number): Float64Array => {
      const sums = new Float64Array(channels);
      for (const [i, value] of numbers(images).entries()) sums[channelOf(i)]! += of(value, channelOf(i));
      return sums.map((sum) => (sum * channels) / images.size);
    };
    if (this.#options.featurewiseCenter) {
      const mean = meansOf((value) => value);
      this.mean = mean;
      images = mapped(images, (value, i) => value - mean[channelOf(i)]!);
    }
    if (this.#options.featurewiseStdNormalization) {
      const mean = meansOf((value) => value);
      const std = meansOf((value, channel) => (value - mean[channel]!) ** 2).map(Math.sqrt);
      this.std = std;
      images = mapped(images, (value, i) => value / (std[channelOf(i)]! + 1e-6));
    }
    if (this.#options.zcaWhitening) this.zcaWhiteningMatrix = whitening(images, zcaEpsilon);
  }

  #augmented(images: NdArray, rounds: number, random: RandomState): NdArray {
    const [n, ...shape] = images.shape as [number, ...number[]];
    const out = new NdArray(images.dtype, [rounds * n, ...shape], new Float32Array(rounds * images.size));
    for (let i = 0; i < rounds * n; i++) {
      const image = new NdArray(images.dtype, shape, rowsBetween(images, i % n, (i % n) + 1).data);
      const changed = this.applyTransform(image, this.drawTransform(shape, random));
      numbers(out).set(numbers(changed), i * changed.size);
    }
    return out;
  }
}

function drawShift(range: Shift | undefined, size: number, random: RandomState): number {
  if (!range || (Array.isArray(range) && range.length === 0)) return 0;
  const sign = (): number => random.choice([-1, 1]);
  if (typeof range !== "number") {
    const shift = random.choice(range);
    return shift * sign() * (Math.max(...range) < 1 ? size : 1);
  }
  if (Number.isInteger(range)) return random.randint(0, range) * sign();
  return random.uniform(-range, range) * (range < 1 ? size : 1);
}

/** The matrix that makes images' numbers uncorrelated, [pixels, pixels]. */
function whitening(images: NdArray, epsilon: number): NdArray {
  const n = images.shape[0]!;
  const pixels = images.size / n;
  const turned = numbers(images).slice();
  for (let i = 0; i < n; i++) for (let k = 0; k < pixels; k++) turned[k * n + i] = numbers(images)[i * pixels + k]!;
  const flat = new NdArray(images.dtype, [pixels, n], turned);
  const [s, u] = svdAll(flat, { compute_uv: true, full_matrices: false }) as [NdArray, NdArray];
  const rank = s.size;
  const data = new Float32Array(pixels * pixels);
  const scale = Float64Array.from(numbers(s), (value) => Math.sqrt(n) / (value + epsilon));
  for (let i = 0; i < pixels; i++) {
    for (let j = 0; j < pixels; j++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += numbers(u)[i * rank + k]! * scale[k]! * numbers(u)[j * rank + k]!;
      data[i * pixels + j] = sum;
    }
  }
  return new NdArray(images.dtype, [pixels, pixels], data);
}
