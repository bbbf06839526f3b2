/** GIF images, to read: all frames, each drawn on the one before. Source: the GIF89a specification; gif_io.cc. */
import { InvalidArgumentError } from "../../core/error.ts";

export const isGif = (bytes: Uint8Array): boolean => [0x47, 0x49, 0x46, 0x38].every((byte, i) => bytes[i] === byte);

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly palette: Uint8Array | null;
  readonly transparent: number;
  readonly indices: Uint8Array;
}

/** `data`: [frames, height, width, 3]. */
export interface Animation {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/** No more bytes than this in all frames. */
const mostBytes = 2 ** 30;

class GifError extends Error {}

/** Reads bytes one after another. Throws GifError at the end. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new GifError("failed to slurp gif file: Failed to read from given file");
    return this.#bytes[this.#at++]!;
  }

  short(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  take(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.byte());
  }

  /** The bytes of sub-blocks up to an empty one. */
  blocks(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let size = this.byte(); size !== 0; size = this.byte()) parts.push(this.take(size));
    return new Uint8Array(Buffer.concat(parts));
  }
}

/** Expands LZW codes to `count` indices. */
function expand(data: Uint8Array, minBits: number, count: number): Uint8Array {
  // A code has two bits at least and stands for 4096 indices at most: what is claimed must be there before room is made for it.
  if (count > data.length * 4 * 4096)
    throw new GifError("failed to slurp gif file: Image is defective, decoding aborted");
  const output = new Uint8Array(count);
  const [clear, end] = [1 << minBits, (1 << minBits) + 1];
  const prefix = new Int16Array(4096).fill(-1);
  const suffix = new Uint8Array(4096);
  const stack = new Uint8Array(4097);
  for (let i = 0; i < clear; i++) suffix[i] = i;
  let [bits, next, previous, first] = [minBits + 1, end + 1, -1, 0];
  let [buffer, held, at, filled] = [0, 0, 0, 0];
  while (filled < count) {
    while (held < bits) {
      if (at >= data.length) throw new GifError("failed to slurp gif file: Image is defective, decoding aborted");
      buffer |= data[at++]! << held;
      held += 8;
    }
    const code = buffer & ((1 << bits) - 1);
    buffer >>>= bits;
    held -= bits;
    if (code === end) throw new GifError("failed to slurp gif file: Image EOF detected before image complete");
    if (code === clear) {
      [bits, next, previous] = [minBits + 1, end + 1, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0))
      throw new GifError("failed to slurp gif file: Image is defective, decoding aborted");
    let depth = 0;
    let current = code;
    if (code === next) {
      stack[depth++] = first;
      current = previous;
    }
    while (current > end) {
      stack[depth++] = suffix[current]!;
      current = prefix[current]!;
    }
    first = suffix[current]!;
    stack[depth++] = first;
    while (depth > 0 && filled < count) output[filled++] = stack[--depth]!;
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = first;
      next++;
      if (next === 1 << bits && bits < 12) bits++;
    }
    previous = code;
  }
  return output;
}

/** Rows in the order of an interlaced image. */
function interlacedRows(height: number): number[] {
  const rows: number[] = [];
  for (const [from, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const)
    for (let y = from; y < height; y += step) rows.push(y);
  return rows;
}

function readImage(cursor: Cursor, globalPalette: Uint8Array | null, transparent: number): Frame {
  const [left, top, width, height] = [cursor.short(), cursor.short(), cursor.short(), cursor.short()];
  const flags = cursor.byte();
  const palette = flags & 0x80 ? cursor.take(3 * (2 << (flags & 7))) : globalPalette;
  const minBits = cursor.byte();
  if (minBits > 8) throw new GifError("failed to slurp gif file: Image is defective, decoding aborted");
  const expanded = expand(cursor.blocks(), minBits, width * height);
  if (!(flags & 0x40)) return { left, top, width, height, palette, transparent, indices: expanded };
  const indices = new Uint8Array(width * height);
  for (const [i, y] of interlacedRows(height).entries())
    indices.set(expanded.subarray(i * width, (i + 1) * width), y * width);
  return { left, top, width, height, palette, transparent, indices };
}

/** The palette of all frames, where the file has one. */
function readPalette(cursor: Cursor): Uint8Array | null {
  try {
    cursor.take(4);
    const flags = cursor.byte();
    cursor.take(2);
    return flags & 0x80 ? cursor.take(3 * (2 << (flags & 7))) : null;
  } catch {
    throw new GifError("failed to open gif file: No screen descriptor detected");
  }
}

/** All frames; those before the place where the file is broken. Throws GifError when there are none. */
function readFrames(bytes: Uint8Array): Frame[] {
  const cursor = new Cursor(bytes, 6);
  const palette = readPalette(cursor);
  const frames: Frame[] = [];
  try {
    readInto(frames, cursor, palette);
  } catch (error) {
    if (!(error instanceof GifError) || frames.length === 0) throw error;
  }
  return frames;
}

function readInto(frames: Frame[], cursor: Cursor, palette: Uint8Array | null): void {
  let transparent = -1;
  for (;;) {
    const kind = cursor.byte();
    if (kind === 0x3b) return;
    if (kind === 0x21) {
      const label = cursor.byte();
      const body = cursor.blocks();
      if (label === 0xf9 && body.length >= 4) transparent = body[0]! & 1 ? body[3]! : -1;
    } else if (kind === 0x2c) {
      frames.push(readImage(cursor, palette, transparent));
      transparent = -1;
    } else throw new GifError("failed to slurp gif file: Wrong record type detected");
  }
}

function paint(frame: Frame, canvas: Uint8Array, previous: Uint8Array | null, height: number, width: number): void {
  const coversAll = frame.left === 0 && frame.top === 0 && frame.width === width && frame.height === height;
  if (!coversAll && previous) canvas.set(previous);
  const { palette } = frame;
  if (!palette) throw new GifError("missing color map for frame 0");
  for (let y = Math.max(frame.top, 0); y < Math.min(frame.top + frame.height, height); y++) {
    for (let x = frame.left; x < Math.min(frame.left + frame.width, width); x++) {
      const index = frame.indices[(y - frame.top) * frame.width + x - frame.left]!;
      const at = (y * width + x) * 3;
      if (index === frame.transparent) {
        for (let c = 0; c < 3; c++) canvas[at + c] = previous ? previous[at + c]! : 0;
        continue;
      }
      if (3 * index >= palette.length)
        throw new GifError(`found color index ${index} outside of color map range ${palette.length / 3}`);
      for (let c = 0; c < 3; c++) canvas[at + c] = palette[3 * index + c]!;
    }
  }
}

/** The frames of the file, or the first one alone. Throws TensorFlow's INVALID_ARGUMENT when it is broken. */
export function decodeGif(bytes: Uint8Array, { all }: { readonly all: boolean }): Animation {
  try {
    const frames = readFrames(bytes);
    if (frames.length === 0) throw new GifError("gif file does not contain any image");
    const width = Math.max(...frames.map((frame) => frame.width));
    const height = Math.max(...frames.map((frame) => frame.height));
    const count = all ? frames.length : 1;
    const size = width * height * 3;
    if (size * count >= mostBytes) throw new GifError("the frames are too large");
    const data = new Uint8Array(count * size);
    for (let k = 0; k < count; k++) {
      const canvas = data.subarray(k * size, (k + 1) * size);
      paint(frames[k]!, canvas, k > 0 ? data.subarray((k - 1) * size, k * size) : null, height, width);
    }
    return { frames: count, height, width, data };
  } catch (error) {
    if (!(error instanceof GifError)) throw error;
    throw new InvalidArgumentError(`Invalid GIF data (size ${bytes.length}), ${error.message}`);
  }
}
