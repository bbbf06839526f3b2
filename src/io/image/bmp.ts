/** BMP images, to read: uncompressed, 8 (as grey), 24 or 32 bits a pixel. Source: decode_image_op.cc. */
import { InvalidArgumentError } from "../../core/error.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/** Where each channel of a pixel lies in the file; -1 stands for 255. */
function channelOrder(stored: number, channels: number): number[] {
  const colors = stored === 1 ? [0, 0, 0] : [2, 1, 0];
  return channels === 1 ? [0] : channels === 3 ? colors : [...colors, stored === 4 ? 3 : -1];
}

/** The image [height, width, channels]; `wanted` 0: as the file has it, else 3 or 4. Throws TensorFlow's INVALID_ARGUMENT when the file is broken. */
export function decodeBmp(bytes: Uint8Array, wanted: number): Pixels {
  if (wanted !== 0 && wanted !== 3 && wanted !== 4)
    throw new InvalidArgumentError(`\`channels\` must be 0, 3 or 4 for BMP, but got ${wanted}`);
  if (bytes.length < 32) {
    throw new InvalidArgumentError(
      `Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, and bpp, got ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getInt32(10, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const stored = Math.trunc(view.getInt16(28, true) / 8);
  if (stored !== 1 && stored !== 3 && stored !== 4)
    throw new InvalidArgumentError(`Number of channels inherent in the image must be 1, 3 or 4, was ${stored}`);
  if (width <= 0) throw new InvalidArgumentError("Width must be positive");
  if (signedHeight === 0) throw new InvalidArgumentError("Height must be nonzero");
  if (start < 0) throw new InvalidArgumentError("header size must be nonnegative");
  const channels = wanted || stored;
  const height = Math.abs(signedHeight);
  if (width * height * Math.max(channels, stored) >= 2 ** 30)
    throw new InvalidArgumentError("Total possible pixel bytes must be less than 2^30");
  const row = Math.floor((stored * width + 3) / 4) * 4;
  const surplus = bytes.length - (start + row * height);
  if (surplus !== 0)
    throw new InvalidArgumentError(
      `Input size should match (header_size + row_size * abs_height) but they differ by ${surplus}`,
    );
  const pixels = pixelsOf(height, width, channels, 8);
  const order = channelOrder(stored, channels);
  for (let y = 0; y < height; y++) {
    const from = start + (signedHeight < 0 ? y : height - 1 - y) * row;
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const source = order[c]!;
        pixels.data[(y * width + x) * channels + c] = source < 0 ? 255 : bytes[from + x * stored + source]!;
      }
  }
  return pixels;
}
