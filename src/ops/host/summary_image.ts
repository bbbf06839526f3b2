/** Images of a summary. Source: tensorflow/core/kernels/summary_image_op.cc. */
import { invalidArgument } from "../../core/error.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { formatShape } from "../../core/shape.ts";
import { encodePng } from "../../io/image/png.ts";
import type { pb } from "../../proto/messages.ts";

type Value = pb.Summary.Value.$Properties;

/** `<tag>/image` when at most one image is kept, else `<tag>/image/<i>`. Throws INVALID_ARGUMENT for other shapes. */
export function imageValues(tag: string, tensor: NdArray, maxImages: number, badColor: NdArray): Value[] {
  const [n = 0, height = 0, width = 0, channels = 0] = tensor.shape;
  if (tensor.shape.length !== 4 || ![1, 3, 4].includes(channels)) {
    throw invalidArgument(`Tensor must be 4-D with last dim 1, 3, or 4, not ${formatShape(tensor.shape)}`);
  }
  if (badColor.size < channels) {
    throw invalidArgument(
      `expected depth <= bad_color.size, got depth = ${channels}, bad_color.size = ${badColor.size}`,
    );
  }
  const area = height * width * channels;
  return Array.from({ length: Math.min(n, maxImages) }, (_, i) => {
    const pixels =
      tensor.dtype.base === "uint8"
        ? bytes(tensor, i * area, area)
        : scaled(tensor, i * area, area, channels, badColor);
    const encodedImageString = encodePng(pixels, { height, width, channels });
    const name = maxImages > 1 ? `${tag}/image/${i}` : `${tag}/image`;
    return { tag: name, image: { height, width, colorspace: channels, encodedImageString } };
  });
}

const bytes = (tensor: NdArray, from: number, count: number): Uint8Array =>
  (tensor.data as Uint8Array).slice(from, from + count);

/** Values from 0: 0 .. max becomes 0 .. 255; with negative ones: -m .. m becomes 1 .. 255. Computed in the image's own precision. */
function scaled(tensor: NdArray, from: number, count: number, channels: number, badColor: NdArray): Uint8Array {
  const round = tensor.dtype.base === "float64" ? (x: number): number => x : Math.fround;
  const at = (i: number): number => elementAt(tensor, from + i) as number;
  const isFinitePixel = (start: number): boolean => {
    for (let k = 0; k < channels; k++) if (!Number.isFinite(at(start + k))) return false;
    return true;
  };
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < count; start += channels) {
    if (!isFinitePixel(start)) continue;
    for (let k = 0; k < channels; k++) {
      min = Math.min(min, at(start + k));
      max = Math.max(max, at(start + k));
    }
  }
  const isSigned = min < 0;
  const most = Math.fround(isSigned ? Math.max(Math.abs(min), Math.abs(max)) : max);
  const scale = most < 1e-6 ? 0 : Math.fround((isSigned ? 127 : 255) / most);
  const offset = isSigned ? 128 : 0;
  const pixels = new Uint8Array(count);
  for (let start = 0; start < count; start += channels) {
    const isGood = isFinitePixel(start);
    for (let k = 0; k < channels; k++) {
      pixels[start + k] = isGood
        ? Math.trunc(round(round(at(start + k) * scale) + offset))
        : (badColor.data[k] as number);
    }
  }
  return pixels;
}
