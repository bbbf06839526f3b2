/** Colours: RGB and HSV, hue, saturation, contrast. Source: image_ops.cc, colorspace_op.h, adjust_hue_op.cc, adjust_saturation_op.cc, adjust_contrast_op.cc. */
import { FailedPreconditionError, InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { elementCount, formatShape, type Shape, withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { emptyArray, toNumbers } from "../../array/basic/elements.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";
import { rgbToHsvGradient } from "./color_gradient.ts";

function colorShape(images: Shape): Shape[] {
  const shape = withRankAtLeast(images, 1);
  const last = shape?.at(-1);
  if (last !== undefined && last !== null && last !== 3) throw invalidArgument(`Dimension must be 3 but is ${last}`);
  return [shape && [...shape.slice(0, -1), 3]];
}

function checkColor(images: Value): void {
  const { shape } = images;
  if (shape.length < 1) throw new InvalidArgumentError(`input must be at least 1D${formatShape(shape)}`);
  if (shape.at(-1) !== 3)
    throw new FailedPreconditionError(`input must have 3 channels but input only has ${shape.at(-1)} channels.`);
}

/** The three channels, each [pixels]. */
function channels(p: Lowering, images: Value): [Value, Value, Value] {
  const n = elementCount(images.shape) / 3;
  const flat = p.reshape(images, [n, 3]);
  const channel = (c: number): Value => p.reshape(p.slice(flat, [0, c], [n, 1]), [n]);
  return [channel(0), channel(1), channel(2)];
}

function joined(p: Lowering, parts: readonly Value[], like: Value): Value {
  const n = parts[0]!.shape[0]!;
  return p.reshape(
    p.concat(
      parts.map((part) => p.reshape(part, [n, 1])),
      1,
    ),
    like.shape,
  );
}

/** output = hue, saturation, value of each colour, all in [0, 1]. */
export const rgbToHSVOp = defineOp("RGBToHSV", {
  inputs: ["images: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double} = DT_FLOAT"],
  shape: ({ images }) => colorShape(images),
  lower(p, { images }) {
    checkColor(images);
    const [r, g, b] = channels(p, images);
    const number = (x: number): Value => p.fill(x, images.dtype, r.shape);
    const zero = number(0);
    const value = p.max(p.max(r, g), b);
    const range = p.sub(value, p.min(p.min(r, g), b));
    const saturation = p.select(p.gt(value, zero), p.div(range, value), zero);
    const norm = p.div(number(1 / 6), range);
    const ofRed = p.mul(norm, p.sub(g, b));
    const ofGreen = p.add(p.mul(norm, p.sub(b, r)), number(2 / 6));
    const ofBlue = p.add(p.mul(norm, p.sub(r, g)), number(4 / 6));
    const raw = p.select(p.eq(r, value), ofRed, p.select(p.eq(g, value), ofGreen, ofBlue));
    const colored = p.select(p.gt(range, zero), raw, zero);
    const hue = p.select(p.lt(colored, zero), p.add(colored, number(1)), colored);
    return joined(p, [hue, saturation, value], images);
  },
  gradient: (tf, { images, output }, dy) => ({ images: rgbToHsvGradient(tf, images, output, dy!) }),
});

/** output = the colour of each hue, saturation and value. */
export const hsvToRGBOp = defineOp("HSVToRGB", {
  inputs: ["images: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double} = DT_FLOAT"],
  shape: ({ images }) => colorShape(images),
  lower(p, { images }) {
    checkColor(images);
    const [h, s, v] = channels(p, images);
    const number = (x: number): Value => p.fill(x, images.dtype, h.shape);
    const clamp = (x: Value): Value => p.min(p.max(x, number(0)), number(1));
    const h6 = p.mul(h, number(6));
    const r = clamp(p.sub(p.abs(p.sub(h6, number(3))), number(1)));
    const g = clamp(p.sub(number(2), p.abs(p.sub(h6, number(2)))));
    const b = clamp(p.sub(number(2), p.abs(p.sub(h6, number(4)))));
    const one = p.sub(number(1), s);
    const channel = (x: Value): Value => p.mul(p.add(one, p.mul(s, x)), v);
    return joined(p, [channel(r), channel(g), channel(b)], images);
  },
  gradient: "none",
});

/** output = (images - mean) * contrast_factor + mean, the mean over height and width of each image and channel. */
export const adjustContrastv2Op = defineOp("AdjustContrastv2", {
  inputs: ["images: T", "contrast_factor: float"],
  outputs: ["output: T"],
  attrs: ["T: {half, float} = DT_FLOAT"],
  shape: ({ images }) => [withRankAtLeast(images, 3)],
  lower(p, { images, contrast_factor }) {
    const rank = images.shape.length;
    if (rank < 3) throw new InvalidArgumentError(`input must be at least 3-D, got shape${formatShape(images.shape)}`);
    if (contrast_factor.shape.length !== 0)
      throw new InvalidArgumentError(`contrast_factor must be scalar: ${formatShape(contrast_factor.shape)}`);
    const x = p.cast(images, "float32");
    const axes = [rank - 3, rank - 2];
    const count = images.shape[rank - 3]! * images.shape[rank - 2]!;
    const mean = p.div(p.sum(x, axes, true), p.scalar(count, "float32"));
    return p.cast(p.add(p.mul(p.sub(x, mean), contrast_factor), mean), images.dtype);
  },
  gradient: "unregistered",
});

/** The first form of contrast: float32 out, clipped to [min_value, max_value]. */
export const adjustContrastOp = defineOp("AdjustContrast", {
  inputs: ["images: T", "contrast_factor: float", "min_value: float", "max_value: float"],
  outputs: ["output: float"],
  attrs: ["T: {uint8, int8, int16, int32, int64, float, double}"],
  shape: ({ images }) => [withRankAtLeast(images, 3)],
  lower(p, { images, contrast_factor, min_value, max_value }) {
    const rank = images.shape.length;
    if (rank < 3) throw new InvalidArgumentError(`input must be at least 3-D, got shape${formatShape(images.shape)}`);
    const x = p.cast(images, "float32");
    const axes = [rank - 3, rank - 2];
    const count = images.shape[rank - 3]! * images.shape[rank - 2]!;
    const mean = p.div(p.sum(x, axes, true), p.scalar(count, "float32"));
    const moved = p.add(p.mul(p.sub(x, mean), contrast_factor), mean);
    return p.min(p.max(moved, min_value), max_value);
  },
  gradient: "unregistered",
});

interface HueRange {
  readonly hue: number;
  readonly min: number;
  readonly max: number;
}

/** The hue in [0, 6) and the range of the channels. Source: adjust_hue_op.cc, rgb_to_hv_range. */
function hueOf(r: number, g: number, b: number): HueRange {
  const max = Math.max(r, g, b);
  const min = Math.min(r, g, b);
  if (max === min) return { hue: 0, min, max };
  const range = max - min;
  const hue = max === r ? (g - b) / range : max === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  return { hue: hue < 0 ? hue + 6 : hue, min, max };
}

/** The colour of a hue in [0, 6) in the range. */
function colorOf({ hue, min, max }: HueRange): [number, number, number] {
  const sector = Math.floor(hue);
  const part = hue - sector;
  const rising = min + (max - min) * part;
  const falling = min + (max - min) * (1 - part);
  switch (sector) {
    case 0:
      return [max, rising, min];
    case 1:
      return [falling, max, min];
    case 2:
      return [min, max, rising];
    case 3:
      return [min, falling, max];
    case 4:
      return [rising, min, max];
    default:
      return [max, min, falling];
  }
}

function mapColors(
  images: NdArray,
  fn: (r: number, g: number, b: number) => readonly [number, number, number],
): NdArray {
  const { shape } = images;
  if (shape.length < 3) throw new InvalidArgumentError(`input must be at least 3-D, got shape${formatShape(shape)}`);
  if (shape.at(-1) !== 3)
    throw new InvalidArgumentError(`input must have 3 channels but instead has ${shape.at(-1)} channels.`);
  const x = toNumbers(images);
  const output = emptyArray(images.dtype, shape);
  for (let i = 0; i < images.size; i += 3) {
    const color = fn(x[i]!, x[i + 1]!, x[i + 2]!);
    for (let c = 0; c < 3; c++) setElement(images.dtype, output.data, i + c, color[c]);
  }
  return output;
}

function scalarOf(array: NdArray, name: string): number {
  if (array.shape.length !== 0) throw new InvalidArgumentError(`${name} must be scalar: ${formatShape(array.shape)}`);
  return toNumbers(array)[0]!;
}

/** output = the colours with their hue turned by delta (1 is the whole circle). */
export const adjustHueOp = defineOp("AdjustHue", {
  inputs: ["images: T", "delta: float"],
  outputs: ["output: T"],
  attrs: ["T: {half, float} = DT_FLOAT"],
  shape: ({ images }) => [withRankAtLeast(images, 3)],
  compute({ images, delta }) {
    const turn = scalarOf(delta, "delta");
    return mapColors(images, (r, g, b) => {
      const color = hueOf(r, g, b);
      const turned = (color.hue + turn * 6) % 6;
      return colorOf({ ...color, hue: turned < 0 ? turned + 6 : turned });
    });
  },
  gradient: "unregistered",
});

/** output = the colours with their saturation multiplied, up to 1. */
export const adjustSaturationOp = defineOp("AdjustSaturation", {
  inputs: ["images: T", "scale: float"],
  outputs: ["output: T"],
  attrs: ["T: {half, float} = DT_FLOAT"],
  shape: ({ images }) => [withRankAtLeast(images, 3)],
  compute({ images, scale }) {
    const factor = scalarOf(scale, "scale");
    return mapColors(images, (r, g, b) => {
      const { hue, min, max } = hueOf(r, g, b);
      const saturation = max > 0 ? (max - min) / max : 0;
      const scaled = Math.min(1, Math.max(0, saturation * factor));
      return colorOf({ hue, max, min: max - scaled * max });
    });
  },
  gradient: "unregistered",
});

/** Red, green and blue, [..., 3] of 0..1, to hue, saturation and value. */
export const rgbToHsv = (images: TensorLike, name?: Name): Tensor => rgbToHSVOp({ images }, nameOf(name));
/** Colours as hue, saturation and value, [..., 3] of 0..1, to red, green and blue. */
export const hsvToRgb = (images: TensorLike, name?: Name): Tensor => hsvToRGBOp({ images }, nameOf(name));
