/** JPEG images, to read: baseline and progressive, Huffman-coded, 8 bits a sample. Source: jdmaster.c, jdapistd.c, jpeg_mem.cc. */
import { type Pixels, pixelsOf } from "../pixels.ts";
import { JpegError } from "./bits.ts";
import { factorsOf, transformOf } from "./idct.ts";
import { type Frame, type JpegFile, readJpeg, readJpegSize } from "./markers.ts";
import type { Component } from "./scan.ts";
import { type ColorSpace, type Plane, pixelWriter, rowReader } from "./upsample.ts";

export interface CropWindow {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

export interface JpegOptions {
  /** 1 grey, 3 RGB; 0: as the file has it. */
  readonly channels: number;
  /** 1, 2, 4 or 8: the image is that much smaller. */
  readonly ratio: number;
  /** Interpolates the colours' lower resolution. */
  readonly isFancy: boolean;
  /** The fast inverse transform instead of the accurate one. */
  readonly isFast: boolean;
  /** Zeros stand for what is missing at the end. */
  readonly recovers: boolean;
  readonly crop: CropWindow | null;
}

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/** Height, width and channels by the header, or null when it is broken. */
export function jpegSize(bytes: Uint8Array): { height: number; width: number; channels: number } | null {
  try {
    return readJpegSize(bytes);
  } catch (error) {
    if (error instanceof JpegError) return null;
    throw error;
  }
}

function spaceOf({ frame, hasJfif, adobe }: JpegFile): ColorSpace {
  const ids = frame.components.map(({ id }) => id);
  if (ids.length === 1) return "gray";
  if (ids.length === 3) {
    if (hasJfif) return "ycc";
    if (adobe !== null) return adobe === 0 ? "rgb" : "ycc";
    return ids[0] === 82 && ids[1] === 71 && ids[2] === 66 ? "rgb" : "ycc";
  }
  if (ids.length === 4) return adobe === null || adobe === 0 ? "cmyk" : "ycck";
  throw new JpegError("unknown colours");
}

/** How many samples a block gives along an axis: doubled where that saves stretching later. */
function blockSize({ h, v }: Component, { hMax, vMax }: Frame, least: number): number {
  let size = least;
  while (size < 8 && (hMax * least) % (h * size * 2) === 0 && (vMax * least) % (v * size * 2) === 0) size *= 2;
  return size;
}

function planeOf(component: Component, frame: Frame, factors: Int32Array, size: number, isFast: boolean): Plane {
  const { coefficients, stride: blocks, width, height, h, v } = component;
  const stride = width * size;
  const data = new Uint8Array(stride * height * size);
  const transform = transformOf(size, isFast);
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++)
      transform(coefficients, (r * blocks + c) * 64, factors, data, r * size * stride + c * size, stride);
  return {
    data,
    stride,
    width: Math.ceil((frame.width * h * size) / (frame.hMax * 8)),
    height: Math.ceil((frame.height * v * size) / (frame.vMax * 8)),
  };
}

/** The image [height, width, channels], or null when the file is broken or the window is not in the image. */
export function decodeJpeg(bytes: Uint8Array, options: JpegOptions): Pixels | null {
  try {
    return decode(bytes, options);
  } catch (error) {
    if (error instanceof JpegError) return null;
    throw error;
  }
}

function decode(bytes: Uint8Array, { channels: wanted, ratio, isFancy, isFast, recovers, crop }: JpegOptions): Pixels {
  const file = readJpeg(bytes, { recovers });
  const { frame, quantization } = file;
  const channels = wanted || Math.min(frame.components.length, 3);
  const writePixel = pixelWriter(spaceOf(file), channels, file.adobe !== null);
  const least = 8 / ratio;
  const width = Math.ceil(frame.width / ratio);
  const height = Math.ceil(frame.height / ratio);
  const window = crop ?? { y: 0, x: 0, height, width };
  const isInside =
    window.x >= 0 && window.y >= 0 && window.x + window.width <= width && window.y + window.height <= height;
  if (!isInside || window.width < 1 || window.height < 1) throw new JpegError("the window is not in the image");
  // What is left of the window is decoded from a whole MCU on.
  const align = frame.components.length === 1 ? least : least * frame.hMax;
  const left = Math.floor(window.x / align) * align;
  const decoded = window.x + window.width - left;

  const isInterpolating = isFancy && least > 1;
  const readers = frame.components.map((component, k) => {
    const size = blockSize(component, frame, least);
    const plane = planeOf(component, frame, factorsOf(quantization[k]!, size, isFast), size, isFast);
    const h = (frame.hMax * least) / (component.h * size);
    const v = (frame.vMax * least) / (component.v * size);
    const low = Math.floor(left / h);
    const high = crop ? low + Math.ceil(decoded / h) : plane.width;
    const isNarrow = h === 2 && (plane.width <= 2 || high - low < 2);
    return rowReader(plane, { h, v, isFancy: isInterpolating && !isNarrow }, { low, high });
  });
  const rows = readers.map(() => new Uint8Array((decoded + 8) * 4));
  const pixels = pixelsOf(window.height, window.width, channels, 8);
  const data = pixels.data as Uint8Array;
  let at = 0;
  for (let y = window.y; y < window.y + window.height; y++) {
    for (const [k, read] of readers.entries()) read(y, rows[k]!);
    for (let x = window.x - left; x < decoded; x++, at += channels) writePixel(rows, x, data, at);
  }
  return pixels;
}
