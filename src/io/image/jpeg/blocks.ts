/** Quantized coefficients of an image that is to be written. Source: jccolor.c, jcsample.c, jcprepct.c, jccoefct.c. */
import type { ImageSize } from "../pixels.ts";
import { divide, divisorsOf, forward } from "./fdct.ts";

export interface Blocks {
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  /** Blocks in storage, whole MCUs of them, and those that hold the picture. */
  readonly stride: number;
  readonly width: number;
  readonly height: number;
  /** 64 a block, row-major in the block. */
  readonly coefficients: Int16Array;
}

/** The three components of an RGB image at full resolution, or the one of a grey image. */
function colorPlanes(pixels: Uint8Array, { height, width, channels }: ImageSize): Uint8Array[] {
  if (channels === 1) return [pixels];
  const count = height * width;
  const [y, cb, cr] = [new Uint8Array(count), new Uint8Array(count), new Uint8Array(count)];
  const offset = (128 << 16) + 32767;
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    const [r, g, b] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    y[i] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    cb[i] = (-11059 * r - 21709 * g + 32768 * b + offset) >> 16;
    cr[i] = (32768 * r - 27439 * g - 5329 * b + offset) >> 16;
  }
  return [y, cb, cr];
}

interface Plane {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Means of 2 x 2 samples, rounded up and down in turn; as wide as whole blocks are. */
function halved({ data, height, width }: Plane): Plane {
  const [rows, columns] = [Math.ceil(height / 2), 8 * Math.ceil(width / 16)];
  const output = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const above = 2 * r * width;
    const below = Math.min(2 * r + 1, height - 1) * width;
    for (let c = 0; c < columns; c++) {
      const [left, right] = [Math.min(2 * c, width - 1), Math.min(2 * c + 1, width - 1)];
      const sum = data[above + left]! + data[above + right]! + data[below + left]! + data[below + right]!;
      output[r * columns + c] = (sum + 1 + (c & 1)) >> 2;
    }
  }
  return { data: output, height: rows, width: columns };
}

/** Blocks of a plane; the edge is repeated to whole blocks, blocks beyond them have the mean of their neighbour alone. */
function transformed(
  plane: Plane,
  divisors: Int32Array,
  factor: number,
  mcus: { rows: number; perLine: number },
): Blocks {
  const { data, height, width } = plane;
  const [across, down] = [Math.ceil(width / 8), Math.ceil(height / 8)];
  const stride = mcus.perLine * factor;
  const rows = mcus.rows * factor;
  const coefficients = new Int16Array(stride * rows * 64);
  const block = new Int32Array(64);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < stride; c++) {
      const at = (r * stride + c) * 64;
      if (r >= down || c >= across) {
        // The block before in the order of coding: the last of the row above in this MCU, or the one to the left.
        const first = Math.floor(c / factor) * factor;
        const from = r < down ? at - 64 : ((r - 1) * stride + first + factor - 1) * 64;
        coefficients[at] = coefficients[from]!;
        continue;
      }
      for (let i = 0; i < 64; i++) {
        const row = Math.min(8 * r + (i >> 3), height - 1);
        block[i] = data[row * width + Math.min(8 * c + (i & 7), width - 1)]! - 128;
      }
      forward(block);
      for (let i = 0; i < 64; i++) coefficients[at + i] = divide(block[i]!, divisors[i]!);
    }
  }
  return { h: factor, v: factor, stride, width: across, height: down, coefficients };
}

/** The components of `pixels` [height, width, 1 or 3]; with `isHalved` colours at half the resolution. */
export function blocksOf(
  pixels: Uint8Array,
  size: ImageSize,
  quantization: readonly ArrayLike<number>[],
  isHalved: boolean,
): Blocks[] {
  const { height, width, channels } = size;
  const most = channels === 3 && isHalved ? 2 : 1;
  const mcus = { rows: Math.ceil(height / (8 * most)), perLine: Math.ceil(width / (8 * most)) };
  return colorPlanes(pixels, size).map((data, k) => {
    const plane = { data, height, width };
    const factor = k === 0 ? most : 1;
    const divisors = divisorsOf(quantization[k === 0 ? 0 : 1]!);
    return transformed(k > 0 && most === 2 ? halved(plane) : plane, divisors, factor, mcus);
  });
}
