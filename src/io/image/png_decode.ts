/** PNG images, to read: all bit depths, colour types, palettes, transparency and interlacing. Source: the PNG specification (ISO/IEC 15948). */
import { constants, inflateSync } from "node:zlib";
import crc32 from "crc-32";
import { InvalidArgumentError } from "../../core/error.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";

export interface PngOptions {
  /** 1 grey, 3 RGB, 4 RGBA; 0: as the file has it. */
  readonly channels: number;
  readonly bits: 8 | 16;
  /** Called when the header is good: may throw. */
  readonly refuse?: () => void;
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** Bit 0: palette, bit 1: colour, bit 2: alpha. */
  readonly colorType: number;
  readonly interlaced: boolean;
}

interface Parts {
  readonly header: Header;
  readonly palette: Uint8Array | null;
  readonly transparency: Uint8Array | null;
  readonly data: Uint8Array;
}

const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

export const isPng = (bytes: Uint8Array): boolean =>
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);

/** The file is broken before its data (`isHeader`) or in them. */
class PngError extends Error {
  readonly isHeader: boolean;

  constructor(isHeader: boolean) {
    super("broken PNG");
    this.isHeader = isHeader;
  }
}

function readHeader(view: DataView, at: number, length: number): Header {
  if (length !== 13) throw new PngError(true);
  const [width, height] = [view.getUint32(at), view.getUint32(at + 4)];
  const [bitDepth, colorType] = [view.getUint8(at + 8), view.getUint8(at + 9)];
  const isValid =
    width > 0 &&
    height > 0 &&
    width <= 1_000_000 &&
    height <= 1_000_000 &&
    depthsOf[colorType]?.includes(bitDepth) &&
    view.getUint8(at + 10) === 0 &&
    view.getUint8(at + 11) === 0 &&
    view.getUint8(at + 12) <= 1;
  if (!isValid) throw new PngError(true);
  return { width, height, bitDepth, colorType, interlaced: view.getUint8(at + 12) === 1 };
}

/** Reads all chunks. A chunk is uint32 length, type, data, crc32 of type and data. */
function readChunks(bytes: Uint8Array): Parts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | null = null;
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  for (let at = 8; ; ) {
    if (at + 8 > bytes.length) throw new PngError(data.length === 0);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const isHeader = data.length === 0 && type !== "IDAT";
    if (at + 12 + length > bytes.length) throw new PngError(isHeader);
    const body = bytes.subarray(at + 8, at + 8 + length);
    const isSound = crc32.buf(bytes.subarray(at + 4, at + 8 + length)) === view.getInt32(at + 8 + length);
    const isCritical = (bytes[at + 4]! & 0x20) === 0;
    if (!isSound && isCritical) throw new PngError(isHeader);
    if (!header && type !== "IHDR") throw new PngError(true);
    if (type === "IHDR") header = readHeader(view, at + 8, length);
    else if (type === "PLTE") {
      if (length % 3 !== 0 || length > 768) throw new PngError(isHeader);
      palette = body;
    } else if (type === "tRNS") {
      if (isSound && isHeader) transparency = body;
    } else if (type === "IDAT") {
      if (header!.colorType === 3 && !palette) throw new PngError(true);
      data.push(body);
    } else if (type === "IEND") {
      if (data.length === 0) throw new PngError(true);
      return { header: header!, palette, transparency, data: new Uint8Array(Buffer.concat(data)) };
    } else if (isCritical) throw new PngError(isHeader);
    at += 12 + length;
  }
}

const samplesOf = (colorType: number): number => (colorType === 2 ? 3 : colorType === 4 ? 2 : colorType === 6 ? 4 : 1);

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Undoes the filter of a row in place; `above` is the row before, zeros for the first one. */
function unfilter(kind: number, row: Uint8Array, above: Uint8Array, step: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i >= step ? row[i - step]! : 0;
    const up = above[i]!;
    if (kind === 1) row[i]! += left;
    else if (kind === 2) row[i]! += up;
    else if (kind === 3) row[i]! += (left + up) >> 1;
    else if (kind === 4) row[i]! += paeth(left, up, i >= step ? above[i - step]! : 0);
    else if (kind !== 0) throw new PngError(false);
  }
}

/** First column, first row and their steps of the passes of an interlaced image. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The most bytes that the rows can have, filters and passes with them. */
const rawSize = ({ width, height, bitDepth, colorType }: Header): number =>
  Math.ceil((width * height * samplesOf(colorType) * bitDepth) / 8) + 16 * (height + width) + 64;

/** All samples, one entry each, as they are in the file. */
function readSamples({ header, data }: Parts): Uint16Array {
  const { width, height, bitDepth, colorType, interlaced } = header;
  const samples = samplesOf(colorType);
  let raw: Uint8Array;
  try {
    raw = inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: rawSize(header) });
  } catch {
    throw new PngError(false);
  }
  if (raw.length * 8 < width * height * samples * bitDepth) throw new PngError(false);
  const output = new Uint16Array(width * height * samples);
  let at = 0;
  const step = Math.max((bitDepth * samples) >> 3, 1);
  for (const [x0, y0, dx, dy] of interlaced ? adam7 : [[0, 0, 1, 1] as const]) {
    const columns = Math.ceil((width - x0) / dx);
    const rows = Math.ceil((height - y0) / dy);
    if (columns <= 0 || rows <= 0) continue;
    const size = Math.ceil((columns * samples * bitDepth) / 8);
    let above: Uint8Array = new Uint8Array(size);
    for (let r = 0; r < rows; r++) {
      if (at + 1 + size > raw.length) throw new PngError(false);
      const row = raw.subarray(at + 1, at + 1 + size);
      unfilter(raw[at]!, row, above, step);
      above = row;
      at += 1 + size;
      const start = (y0 + r * dy) * width;
      for (let i = 0; i < columns * samples; i++) {
        const column = Math.floor(i / samples);
        output[(start + x0 + column * dx) * samples + (i % samples)] = sampleAt(row, i, bitDepth);
      }
    }
  }
  return output;
}

function sampleAt(row: Uint8Array, i: number, bitDepth: number): number {
  if (bitDepth === 8) return row[i]!;
  if (bitDepth === 16) return (row[2 * i]! << 8) | row[2 * i + 1]!;
  const bit = i * bitDepth;
  return (row[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
}

interface Opened {
  readonly color: Uint16Array;
  /** 1 or 3. */
  readonly colorSamples: number;
  readonly alpha: Uint16Array | null;
  /** 8 or 16. */
  readonly bits: number;
}

/** Colour and alpha apart: palettes looked up, grey of few bits stretched to 8. */
function openColors(parts: Parts, samples: Uint16Array): Opened {
  const { header, palette, transparency } = parts;
  const { bitDepth, colorType } = header;
  const count = header.width * header.height;
  if (colorType === 3) {
    const color = new Uint16Array(count * 3);
    const alpha = transparency ? new Uint16Array(count).fill(255) : null;
    for (let i = 0; i < count; i++) {
      const index = samples[i]!;
      for (let c = 0; c < 3; c++) color[3 * i + c] = palette![3 * index + c] ?? 0;
      if (alpha && index < transparency!.length) alpha[i] = transparency![index]!;
    }
    return { color, colorSamples: 3, alpha, bits: 8 };
  }
  const bits = Math.max(bitDepth, 8);
  const full = 2 ** bits - 1;
  const colorSamples = colorType & 2 ? 3 : 1;
  const all = samplesOf(colorType);
  const color = new Uint16Array(count * colorSamples);
  const stretch = bitDepth < 8 ? 255 / (2 ** bitDepth - 1) : 1;
  for (let i = 0; i < count; i++)
    for (let c = 0; c < colorSamples; c++) color[i * colorSamples + c] = samples[i * all + c]! * stretch;
  let alpha: Uint16Array | null = null;
  if (colorType & 4) alpha = Uint16Array.from({ length: count }, (_, i) => samples[i * all + all - 1]!);
  else if (transparency && transparency.length >= 2 * colorSamples) {
    const key = Array.from({ length: colorSamples }, (_, c) => (transparency[2 * c]! << 8) | transparency[2 * c + 1]!);
    alpha = Uint16Array.from({ length: count }, (_, i) =>
      key.every((value, c) => samples[i * all + c] === value) ? 0 : full,
    );
  }
  return { color, colorSamples, alpha, bits };
}

/** Grey of a colour as libpng weighs it: 8 bits are cut off, 16 bits rounded. */
function toGrey(color: Uint16Array, bits: number): Uint16Array {
  const half = bits === 16 ? 16384 : 0;
  return Uint16Array.from({ length: color.length / 3 }, (_, i) => {
    const [r, g, b] = [color[3 * i]!, color[3 * i + 1]!, color[3 * i + 2]!];
    return r === g && r === b ? r : Math.floor((9797 * r + 19234 * g + 3737 * b + half) / 32768);
  });
}

/** The image [height, width, channels]. Throws TensorFlow's INVALID_ARGUMENT when the file is broken. */
export function decodePng(bytes: Uint8Array, options: PngOptions): Pixels {
  try {
    return decode(bytes, options);
  } catch (error) {
    if (!(error instanceof PngError)) throw error;
    if (!error.isHeader) options.refuse?.();
    throw new InvalidArgumentError(
      error.isHeader ? "Invalid PNG. Failed to initialize decoder." : `Invalid PNG data, size ${bytes.length}`,
    );
  }
}

function decode(bytes: Uint8Array, { channels: wanted, bits, refuse }: PngOptions): Pixels {
  const parts = readChunks(bytes);
  refuse?.();
  const { width, height, colorType } = parts.header;
  const opened = openColors(parts, readSamples(parts));
  const natural = colorType === 3 ? (parts.transparency ? 4 : 3) : samplesOf(colorType);
  const channels = wanted || natural;
  const colorSamples = channels < 3 ? 1 : 3;
  const color = colorSamples === 1 && opened.colorSamples === 3 ? toGrey(opened.color, opened.bits) : opened.color;
  const from = color.length / (width * height);
  const convert = (value: number): number => (opened.bits === bits ? value : bits === 8 ? value >> 8 : value * 257);
  // As TensorFlow has libpng fill the alpha that a file lacks: by the bits that the file has.
  const full = 2 ** parts.header.bitDepth - 1;
  const pixels = pixelsOf(height, width, channels, bits);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < colorSamples; c++)
      pixels.data[i * channels + c] = convert(color[i * from + (from === 1 ? 0 : c)]!);
    if (channels > colorSamples)
      pixels.data[i * channels + colorSamples] = convert(opened.alpha ? opened.alpha[i]! : full);
  }
  return pixels;
}
