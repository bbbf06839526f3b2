/**
 * PNG images, to write: 8 or 16 bits a sample, no filter, one IDAT chunk.
 *     89 50 4e 47 0d 0a 1a 0a, then chunks  uint32 length | type | data | crc32 of type and data
 */
import { deflateSync } from "node:zlib";
import crc32 from "crc-32";
import { InvalidArgumentError } from "../../core/error.ts";
import type { ImageSize } from "./pixels.ts";

const colorTypes: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setInt32(8 + data.length, crc32.buf(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** `pixels`: [height, width, channels], row-major; `level`: of zlib, -1 for its default. INVALID_ARGUMENT for other sizes and channel counts. */
export function encodePng(
  pixels: Uint8Array | Uint16Array,
  { height, width, channels }: ImageSize,
  level = -1,
): Uint8Array {
  const colorType = colorTypes[channels];
  if (colorType === undefined)
    throw new InvalidArgumentError(`image must have 1, 2, 3, or 4 channels, has ${channels}`);
  if (height < 1 || width < 1 || pixels.length !== height * width * channels) {
    throw new InvalidArgumentError(`${pixels.length} samples are no image of ${height} x ${width} x ${channels}`);
  }
  const bytes = pixels instanceof Uint8Array ? pixels : bigEndian(pixels);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8 * pixels.BYTES_PER_ELEMENT, colorType, 0, 0, 0], 8);
  const row = width * channels * pixels.BYTES_PER_ELEMENT;
  const rows = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) rows.set(bytes.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const data = chunk("IDAT", deflateSync(rows, { level }));
  return new Uint8Array(Buffer.concat([signature, chunk("IHDR", header), data, chunk("IEND", new Uint8Array())]));
}

function bigEndian(samples: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < samples.length; i++) view.setUint16(2 * i, samples[i]!);
  return bytes;
}
