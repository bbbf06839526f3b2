/**
 * Images in other sizes, as Pillow makes them: weights of the filter over as many pixels as the image shrinks by, in whole numbers of 22 bits,
 * along the rows, then along the columns. Source: Pillow's src/libImaging/Resample.c, Geometry.c.
 */
import { ValueError } from "../../../../core/error.ts";
import type { Pixels } from "../../../../io/image/pixels.ts";

/** Left, upper, right and lower edge of what is taken. */
export type Box = readonly [number, number, number, number];

interface Filter {
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const filters: Readonly<Record<string, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => (x === 0 ? 1 : Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI))),
  },
  bicubic: {
    support: 2,
    weight(given) {
      const a = -0.5;
      const x = Math.abs(given);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

export const interpolations: readonly string[] = ["nearest", ...Object.keys(filters)];

interface Taps {
  readonly from: number;
  readonly weights: readonly number[];
}

/** For each place of the result: where its pixels begin, and their weights in 2^-22. */
function tapsOf(filter: Filter, size: number, low: number, high: number, wanted: number): Taps[] {
  const scale = (high - low) / wanted;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  return Array.from({ length: wanted }, (_, i) => {
    const center = low + (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const to = Math.min(size, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: to - from }, (_, k) => filter.weight((k + from - center + 0.5) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    const whole = weights.map((w) => {
      const exact = (sum === 0 ? w : w / sum) * 2 ** 22;
      return Math.trunc(exact < 0 ? exact - 0.5 : exact + 0.5);
    });
    return { from, weights: whole };
  });
}

/** One pass: `lines` runs of `step`-spaced samples become runs of taps.length samples. */
function pass(source: ArrayLike<number>, taps: readonly Taps[], along: Axis): Uint8Array {
  const { lines, line, step, lineOut, stepOut, channels } = along;
  const out = new Uint8Array(lines * taps.length * channels);
  for (let k = 0; k < lines; k++) {
    for (const [i, { from, weights }] of taps.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 2 ** 21;
        for (const [j, weight] of weights.entries()) sum += source[k * line + (from + j) * step + c]! * weight;
        out[k * lineOut + i * stepOut + c] = Math.max(0, Math.min(255, Math.floor(sum / 2 ** 22)));
      }
    }
  }
  return out;
}

interface Axis {
  readonly lines: number;
  readonly line: number;
  readonly step: number;
  readonly lineOut: number;
  readonly stepOut: number;
  readonly channels: number;
}

function nearest(image: Pixels, width: number, height: number, [left, upper, right, lower]: Box): Uint8Array {
  const { channels, data } = image;
  const places = (low: number, high: number, size: number, wanted: number): number[] => {
    const scale = (high - low) / wanted;
    let at = low + scale * 0.5;
    return Array.from({ length: wanted }, () => {
      const place = Math.min(size - 1, Math.trunc(at));
      at += scale;
      return place;
    });
  };
  const columns = places(left, right, image.width, width);
  const out = new Uint8Array(width * height * channels);
  for (const [y, row] of places(upper, lower, image.height, height).entries()) {
    for (const [x, column] of columns.entries()) {
      for (let c = 0; c < channels; c++)
        out[(y * width + x) * channels + c] = data[(row * image.width + column) * channels + c]!;
    }
  }
  return out;
}

/** Colours times alpha, or back: what is filtered between is premultiplied. */
function premultiplied({ data, ...size }: Pixels, back: boolean): Pixels {
  const out = Uint8Array.from(data);
  const a = size.channels - 1;
  for (let at = 0; at < out.length; at += size.channels) {
    const alpha = data[at + a]!;
    for (let c = 0; c < a; c++) {
      const value = data[at + c]!;
      if (back) out[at + c] = alpha === 0 || alpha === 255 ? value : Math.min(255, Math.trunc((255 * value) / alpha));
      else {
        const product = value * alpha + 128;
        out[at + c] = ((product >> 8) + product) >> 8;
      }
    }
  }
  return { ...size, data: out };
}

/**
 * The image, or a box of it, in this size: uint8 [height, width, channels]. Throws ValueError for another way to interpolate than nearest,
 * box, bilinear, hamming, bicubic and lanczos.
 */
export function resample(image: Pixels, width: number, height: number, how: string, box?: Box): Pixels {
  const full: Box = [0, 0, image.width, image.height];
  const [left, upper, right, lower] = box ?? full;
  const isWhole = left === 0 && upper === 0 && right === image.width && lower === image.height;
  if (isWhole && width === image.width && height === image.height) return image;
  const { channels } = image;
  if (how === "nearest") return { width, height, channels, data: nearest(image, width, height, box ?? full) };
  const filter = filters[how];
  if (!filter) {
    throw new ValueError(
      `Invalid interpolation method ${how} specified. Supported methods are ${interpolations.join(", ")}`,
    );
  }
  const hasAlpha = channels === 2 || channels === 4;
  const source = hasAlpha ? premultiplied(image, false) : image;
  let data: ArrayLike<number> = source.data;
  if (width !== image.width || left !== 0 || right !== width) {
    const row = image.width * channels;
    data = pass(data, tapsOf(filter, image.width, left, right, width), {
      lines: image.height,
      line: row,
      step: channels,
      lineOut: width * channels,
      stepOut: channels,
      channels,
    });
  }
  if (height !== image.height || upper !== 0 || lower !== height) {
    data = pass(data, tapsOf(filter, image.height, upper, lower, height), {
      lines: width,
      line: channels,
      step: width * channels,
      lineOut: channels,
      stepOut: width * channels,
      channels,
    });
  }
  const result: Pixels = { width, height, channels, data: Uint8Array.from(data) };
  return hasAlpha ? premultiplied(result, true) : result;
}
