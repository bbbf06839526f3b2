/** BMP images, to read: uncompressed, 8 (as grey), 24 or 32 bits a pixel. Source: decode_image_op.cc. */
import { InvalidArgumentError } from "../../core/error.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/** The image [height, width, channels]; `channels` 0: as the file has it. Throws TensorFlow's INVALID_ARGUMENT when the file is broken. */
export function decodeBmp(bytes: Uint8Array, wanted: number): Pixels {
  if (wanted !== 0 && wanted !== 1 && wanted !== 3 && wanted !== 4)
    throw new InvalidArgumentError(`\`channels\` must be 0, 1, 3 or 4 for BMP, but got ${wanted}`);
  if (bytes.length < 32) {
    throw new InvalidArgumentError(
      `Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, and bpp, got ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getInt32(10, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const bitsPerPixel = view.getInt16(28, true);
  if (wanted !== 0 && wanted !== bitsPerPixel / 8) {
    throw new InvalidArgumentError(
      `channels attribute ${wanted} does not match bits per pixel from file ${Math.trunc(bitsPerPixel / 8)}`,
    );
  }
  const channels = wanted || Math.trunc(bitsPerPixel / 8);
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new InvalidArgumentError(`Number of channels inherent in the image must be 1, 3 or 4, was ${channels}`);
  if (width <= 0) throw new InvalidArgumentError("Width must be positive");
  if (signedHeight === 0 || signedHeight === -2147483648) throw new InvalidArgumentError("Height must be nonzero");
  if (start < 0) throw new InvalidArgumentError("header size must be nonnegative");
  const height = Math.abs(signedHeight);
  const row = Math.floor((channels * width + 3) / 4) * 4;
  const last = Math.max(row * (height - 1) + width * channels, 0);
  if (start + last > bytes.length)
    throw new InvalidArgumentError(
      `Incomplete bmp content, requires at least ${start + last} bytes, got ${bytes.length} bytes`,
    );
  const pixels = pixelsOf(height, width, channels, 8);
  const order = channels === 1 ? [0] : channels === 3 ? [2, 1, 0] : [2, 1, 0, 3];
  for (let y = 0; y < height; y++) {
    const from = start + (signedHeight < 0 ? y : height - 1 - y) * row;
    for (let x = 0; x < width; x++)
      for (const [c, source] of order.entries())
        pixels.data[(y * width + x) * channels + c] = bytes[from + x * channels + source]!;
  }
  return pixels;
}
