/** Components of lower resolution stretched to the image's, and colours from them. Source: jdsample.c, jdcolor.c. */
import { JpegError } from "./bits.ts";

/** The samples of a component; rows `stride` apart. */
export interface Plane {
  readonly data: Uint8Array;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** Which samples are wanted of a row: `count` of them from `start` on; edges are repeated outside of [low, high) of the plane. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** Writes row y of the stretched component, `width` samples. */
export type RowReader = (y: number, row: Uint8Array) => void;

export interface Stretch {
  readonly h: number;
  readonly v: number;
  /** Interpolates; else samples are repeated. */
  readonly isFancy: boolean;
}

/** Rows of the plane's columns [low, high), stretched by h and v. Throws JpegError for factors that are no integers. */
export function rowReader(plane: Plane, { h, v, isFancy }: Stretch, { low, high }: Span): RowReader {
  if (!Number.isInteger(h) || !Number.isInteger(v)) throw new JpegError("fractional sampling is not supported");
  const { data, stride, height } = plane;
  const count = high - low;
  const clampRow = (y: number): number => Math.min(Math.max(y, 0), height - 1) * stride + low;
  const isWide = isFancy && h === 2;
  if (isWide && v === 1) {
    return (y, row) => {
      const at = clampRow(y);
      for (let i = 0; i < count; i++) {
        const here = data[at + i]!;
        row[2 * i] = i === 0 ? here : (3 * here + data[at + i - 1]! + 1) >> 2;
        row[2 * i + 1] = i === count - 1 ? here : (3 * here + data[at + i + 1]! + 2) >> 2;
      }
    };
  }
  if (isWide && v === 2) {
    const sums = new Int32Array(count);
    return (y, row) => {
      const near = clampRow(y >> 1);
      const far = clampRow((y >> 1) + (y & 1 ? 1 : -1));
      for (let i = 0; i < count; i++) sums[i] = 3 * data[near + i]! + data[far + i]!;
      for (let i = 0; i < count; i++) {
        const here = sums[i]!;
        row[2 * i] = (3 * here + (i === 0 ? here : sums[i - 1]!) + 8) >> 4;
        row[2 * i + 1] = (3 * here + (i === count - 1 ? here : sums[i + 1]!) + 7) >> 4;
      }
    };
  }
  if (isFancy && h === 1 && v === 2) {
    return (y, row) => {
      const near = clampRow(y >> 1);
      const far = clampRow((y >> 1) + (y & 1 ? 1 : -1));
      const bias = 1 + (y & 1);
      for (let i = 0; i < count; i++) row[i] = (3 * data[near + i]! + data[far + i]! + bias) >> 2;
    };
  }
  return (y, row) => {
    const at = clampRow(Math.floor(y / v));
    for (let i = 0, k = 0; i < count; i++) for (let j = 0; j < h; j++) row[k++] = data[at + i]!;
  };
}

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
const half = 32768;
const tableOf = (factor: number, add: number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, i) => factor * (i - 128) + add);
/** 1.402, 1.772, 0.71414 and 0.34414 with 16 bits of fraction. */
const redOfCr = tableOf(91881, half).map((value) => value >> 16);
const blueOfCb = tableOf(116130, half).map((value) => value >> 16);
const greenOfCr = tableOf(-46802, 0);
const greenOfCb = tableOf(-22554, half);

/** One pixel from its components, written to `output` at `at`. */
export type PixelWriter = (rows: readonly Uint8Array[], i: number, output: Uint8Array, at: number) => void;

export type ColorSpace = "gray" | "rgb" | "ycc" | "cmyk" | "ycck";

const yccToRgb: PixelWriter = ([ys, cbs, crs], i, output, at) => {
  const [y, cb, cr] = [ys![i]!, cbs![i]!, crs![i]!];
  output[at] = clamp(y + redOfCr[cr]!);
  output[at + 1] = clamp(y + ((greenOfCb[cb]! + greenOfCr[cr]!) >> 16));
  output[at + 2] = clamp(y + blueOfCb[cb]!);
};

/** From inks to RGB: Adobe's files hold them inverted. */
const inked =
  (isInverted: boolean, isYcck: boolean): PixelWriter =>
  (rows, i, output, at) => {
    const inks = new Uint8Array(3);
    if (isYcck) {
      yccToRgb(rows, i, inks, 0);
      for (let c = 0; c < 3; c++) inks[c] = 255 - inks[c]!;
    } else for (let c = 0; c < 3; c++) inks[c] = rows[c]![i]!;
    const black = rows[3]![i]!;
    for (let c = 0; c < 3; c++)
      output[at + c] = Math.floor((isInverted ? black * inks[c]! : (255 - black) * (255 - inks[c]!)) / 255);
  };

/** What writes pixels of 1 or 3 channels. Throws JpegError when there is no way from the colours to grey. */
export function pixelWriter(space: ColorSpace, channels: number, hasAdobe: boolean): PixelWriter {
  if (channels === 1) {
    if (space === "gray" || space === "ycc")
      return (rows, i, output, at) => {
        output[at] = rows[0]![i]!;
      };
    if (space === "rgb")
      return ([r, g, b], i, output, at) => {
        output[at] = (19595 * r![i]! + 38470 * g![i]! + 7471 * b![i]! + half) >> 16;
      };
    throw new JpegError("no way from inks to grey");
  }
  if (space === "ycc") return yccToRgb;
  if (space === "cmyk" || space === "ycck") return inked(hasAdobe, space === "ycck");
  return (rows, i, output, at) => {
    for (let c = 0; c < 3; c++) output[at + c] = rows[space === "gray" ? 0 : c]![i]!;
  };
}
