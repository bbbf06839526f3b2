/** Images as Pillow has them, and as arrays: `tf.keras.preprocessing.image`'s load_img, img_to_array and their like. Source: tf_keras/src/utils/image_utils.py. */
import { floatx, imageDataFormat } from "../../../../build/keras/state.ts";
import { type DType, float32, float64, uint8 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { warning } from "../../../../core/text/logging.ts";
import { readFile, writeFileAtomic } from "../../../../io/file_system.ts";
import { decodeAny } from "../../../../io/image/any.ts";
import { encodeJpeg } from "../../../../io/image/jpeg/encode.ts";
import type { Pixels } from "../../../../io/image/pixels.ts";
import { encodePng } from "../../../../io/image/png.ts";
import { castArray, type Literal, literalToArray } from "../../../../ops/convert.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { type Box, interpolations, resample } from "./resample.ts";

export type ColorMode = "L" | "LA" | "RGB" | "RGBA";
export type DataFormat = "channels_first" | "channels_last";

const modes: readonly ColorMode[] = ["L", "LA", "RGB", "RGBA"];
const hasColors = (mode: ColorMode): boolean => mode === "RGB" || mode === "RGBA";
const hasAlpha = (mode: ColorMode): boolean => mode === "LA" || mode === "RGBA";

const jpegWriting = {
  quality: 75,
  isProgressive: false,
  isOptimized: false,
  isHalved: true,
  densityUnit: "in",
  xDensity: 72,
  yDensity: 72,
  xmp: new Uint8Array(),
} as const;

/** An image of 8 bits a sample: grey or RGB, with alpha or without. */
export class PilImage {
  readonly pixels: Pixels;

  constructor(pixels: Pixels) {
    this.pixels = pixels;
  }

  get mode(): ColorMode {
    return modes[this.pixels.channels - 1]!;
  }

  get width(): number {
    return this.pixels.width;
  }

  get height(): number {
    return this.pixels.height;
  }

  /** [width, height]. */
  get size(): readonly [number, number] {
    return [this.width, this.height];
  }

  /** In other colours. */
  convert(mode: ColorMode): PilImage {
    if (mode === this.mode) return this;
    const { width, height, channels: from, data } = this.pixels;
    const to = modes.indexOf(mode) + 1;
    const out = new Uint8Array(width * height * to);
    const colors = hasColors(mode) ? 3 : 1;
    for (let i = 0; i < width * height; i++) {
      const at = i * from;
      const grey = hasColors(this.mode)
        ? (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16
        : data[at]!;
      for (let c = 0; c < colors; c++) out[i * to + c] = hasColors(mode) && hasColors(this.mode) ? data[at + c]! : grey;
      if (hasAlpha(mode)) out[i * to + to - 1] = hasAlpha(this.mode) ? data[at + from - 1]! : 255;
    }
    return new PilImage({ width, height, channels: to, data: out });
  }

  /** In the size [width, height]. Throws ValueError for another way to interpolate. */
  resize(size: readonly [number, number], how = "bicubic", box?: Box): PilImage {
    return new PilImage(resample(this.pixels, size[0], size[1], how, box));
  }

  /** Writes a PNG or JPEG file, by the path's end or the format. Throws ValueError for other formats. */
  save(path: string, format?: string | null): void {
    const kind = (format ?? /\.([^.]*)$/.exec(path)?.[1] ?? "").toLowerCase();
    if (kind === "png") writeFileAtomic(path, encodePng(this.pixels.data, this.pixels));
    else if (kind === "jpg" || kind === "jpeg") {
      const pixels = this.mode === "L" || this.mode === "RGB" ? this.pixels : null;
      if (!pixels) throw new ValueError(`cannot write mode ${this.mode} as JPEG`);
      writeFileAtomic(path, encodeJpeg(pixels.data as Uint8Array, pixels, jpegWriting)!);
    } else throw new ValueError(`unknown file extension: ${kind === "" ? path : `.${kind}`}; png and jpg are written`);
  }
}

export interface LoadOptions {
  /** In one channel; colorMode is the better word. */
  readonly grayscale?: boolean | undefined;
  readonly colorMode?: "grayscale" | "rgb" | "rgba" | undefined;
  /** [height, width]; the file's by default. */
  readonly targetSize?: readonly [number, number] | null | undefined;
  readonly interpolation?: string | undefined;
  /** Cuts off what is too wide or too high, rather than stretching. */
  readonly keepAspectRatio?: boolean | undefined;
}
const loadPlaces = ["grayscale", "colorMode", "targetSize", "interpolation", "keepAspectRatio"] as const;

const colorModes: Readonly<Record<string, ColorMode>> = { grayscale: "L", rgb: "RGB", rgba: "RGBA" };

/** What is left of an image of these sizes with the proportions of others: the middle. */
function middle(width: number, height: number, [wantedHeight, wantedWidth]: readonly [number, number]): Box {
  const boxHeight = Math.min(height, Math.floor((width * wantedHeight) / wantedWidth));
  const boxWidth = Math.min(width, Math.floor((height * wantedWidth) / wantedHeight));
  const upper = Math.floor((height - boxHeight) / 2);
  const left = Math.floor((width - boxWidth) / 2);
  return [left, upper, left + boxWidth, upper + boxHeight];
}

/**
 * The image of a PNG, JPEG, BMP or GIF file, or of its bytes. Throws ValueError for other colours or ways to interpolate, NOT_FOUND for a
 * file that is not there, INVALID_ARGUMENT for one that is no image.
 */
export function loadImg(path: string | Uint8Array, ...rest: Rest<LoadOptions, typeof loadPlaces>): PilImage {
  const options = byName<LoadOptions>(rest, loadPlaces);
  const { targetSize, interpolation = "nearest", keepAspectRatio = false } = options;
  const mode = colorModes[options.grayscale ? "grayscale" : (options.colorMode ?? "rgb")];
  if (!mode) throw new ValueError('color_mode must be "grayscale", "rgb", or "rgba"');
  const bytes = typeof path === "string" ? readFile(path) : path;
  const image = new PilImage(decodeAny(bytes, typeof path === "string" ? path : "<bytes>")).convert(mode);
  if (!targetSize) return image;
  const [height, width] = targetSize;
  if (image.width === width && image.height === height) return image;
  if (!interpolations.includes(interpolation)) {
    throw new ValueError(
      `Invalid interpolation method ${interpolation} specified. Supported methods are ${interpolations.join(", ")}`,
    );
  }
  const box = keepAspectRatio ? middle(image.width, image.height, targetSize) : undefined;
  return image.resize([width, height], interpolation, box);
}

export interface ArrayOptions {
  readonly dataFormat?: DataFormat | null | undefined;
  readonly dtype?: DType | null | undefined;
}
const arrayPlaces = ["dataFormat", "dtype"] as const;

const formatOf = (given: DataFormat | null | undefined): DataFormat => {
  const format = given ?? imageDataFormat();
  if (format === "channels_first" || format === "channels_last") return format;
  throw new ValueError(`Unknown data_format: ${format}`);
};

/** [channels, height, width] from [height, width, channels], or the other way. */
export function withChannels(array: NdArray, at: "first" | "last"): NdArray {
  const [a, b, c] = array.shape as [number, number, number];
  const [rows, inner] = at === "first" ? [a * b, c] : [a, b * c];
  const source = array.data as Float32Array;
  const data = source.slice();
  for (let i = 0; i < rows; i++) for (let k = 0; k < inner; k++) data[k * rows + i] = source[i * inner + k]!;
  return new NdArray(array.dtype, at === "first" ? [c, a, b] : [b, c, a], data);
}

/** An image, or an array of rank 2 or 3, as an array [height, width, channels] of numbers from 0 to 255. Throws ValueError for other ranks. */
export function imgToArray(img: PilImage | Literal, ...rest: Rest<ArrayOptions, typeof arrayPlaces>): NdArray {
  const { dataFormat, dtype } = byName<ArrayOptions>(rest, arrayPlaces);
  const format = formatOf(dataFormat);
  const given =
    img instanceof PilImage
      ? new NdArray(uint8, [img.height, img.width, img.pixels.channels], img.pixels.data as Uint8Array)
      : literalToArray(img);
  const array = castArray(given, dtype ?? floatx());
  const { shape } = array;
  if (shape.length === 2)
    return new NdArray(array.dtype, format === "channels_first" ? [1, ...shape] : [...shape, 1], array.data);
  if (shape.length !== 3) throw new ValueError(`Unsupported image shape: (${shape.join(", ")})`);
  return format === "channels_first" ? withChannels(array, "first") : array;
}

export interface ImageOptions {
  readonly dataFormat?: DataFormat | null | undefined;
  /** Stretches the numbers to 0 … 255: true. */
  readonly scale?: boolean | undefined;
  readonly dtype?: DType | null | undefined;
}
const imagePlaces = ["dataFormat", "scale", "dtype"] as const;

/** An array [height, width, channels] with 1, 3 or 4 channels as an image. Throws ValueError for other shapes. */
export function arrayToImg(x: Literal, ...rest: Rest<ImageOptions, typeof imagePlaces>): PilImage {
  const { dataFormat, scale = true, dtype } = byName<ImageOptions>(rest, imagePlaces);
  const wide = dtype === float64 || (!dtype && floatx() === float64);
  const given = castArray(literalToArray(x), wide ? float64 : float32);
  const text = `(${given.shape.join(", ")})`;
  if (given.shape.length !== 3)
    throw new ValueError(`Expected image array to have rank 3 (single image). Got array with shape: ${text}`);
  const format = dataFormat ?? imageDataFormat();
  if (format !== "channels_first" && format !== "channels_last") throw new ValueError(`Invalid data_format: ${format}`);
  const array = format === "channels_first" ? withChannels(given, "last") : given;
  const [height, width, channels] = array.shape as [number, number, number];
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ValueError(`Unsupported channel number: ${channels}`);
  const values = (array.data as Float32Array).slice();
  if (scale) {
    let [low, high] = [Infinity, 0];
    for (const value of values) low = Math.min(low, value);
    for (const [i, value] of values.entries()) values[i] = value - low;
    for (const value of values) high = Math.max(high, value);
    for (const [i, value] of values.entries())
      values[i] = (high === 0 ? value : wide ? value / high : Math.fround(value / high)) * 255;
  }
  return new PilImage({ height, width, channels, data: Uint8Array.from(values, (value) => Math.trunc(value) & 255) });
}

export interface SaveOptions {
  readonly dataFormat?: DataFormat | null | undefined;
  /** "png" or "jpeg"; by the path's end without it. */
  readonly fileFormat?: string | null | undefined;
  readonly scale?: boolean | undefined;
}
const savePlaces = ["dataFormat", "fileFormat", "scale"] as const;

/** Writes an array as a PNG or JPEG file. Throws ValueError for other formats, and as arrayToImg. */
export function saveImg(path: string, x: Literal, ...rest: Rest<SaveOptions, typeof savePlaces>): void {
  if (typeof path !== "string") throw new TypeError("path should be a text");
  const { dataFormat, fileFormat, scale = true } = byName<SaveOptions>(rest, savePlaces);
  const image = arrayToImg(x, { dataFormat, scale });
  const isJpeg = fileFormat === "jpg" || fileFormat === "jpeg";
  if (image.mode === "RGBA" && isJpeg) warning("The JPG format does not support RGBA images, converting to RGB.");
  (image.mode === "RGBA" && isJpeg ? image.convert("RGB") : image).save(path, fileFormat);
}
