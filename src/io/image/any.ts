/** Images of any format that is read here, as their files have them. */
import { InvalidArgumentError } from "../../core/error.ts";
import { decodeBmp, isBmp } from "./bmp.ts";
import { decodeGif, isGif } from "./gif.ts";
import { decodeJpeg, isJpeg } from "./jpeg/decode.ts";
import { type Pixels, pixelsOf } from "./pixels.ts";
import { decodePng, isPng } from "./png_decode.ts";

const jpegOptions = { ratio: 1, isFancy: true, isFast: false, recovers: false, crop: null };

/** The image with `channels` of them, or with as many as the file has (0). INVALID_ARGUMENT for other formats and broken files. */
export function decodeAny(bytes: Uint8Array, path: string, channels = 0): Pixels {
  if (isPng(bytes)) return decodePng(bytes, { channels, bits: 8 });
  if (isBmp(bytes)) return decodeBmp(bytes, channels === 1 ? 0 : channels);
  if (isGif(bytes)) {
    const { height, width, data } = decodeGif(bytes, { all: false });
    const pixels = pixelsOf(height, width, 3, 8);
    pixels.data.set(data.subarray(0, pixels.data.length));
    return pixels;
  }
  const pixels = isJpeg(bytes) ? decodeJpeg(bytes, { ...jpegOptions, channels }) : null;
  if (pixels) return pixels;
  throw new InvalidArgumentError(`cannot identify image file '${path}'`, { path });
}
