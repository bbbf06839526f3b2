/** Images turned, shifted, sheared and zoomed: arrays of rank 3, of which one axis is the channels'. Source: tf_keras/src/preprocessing/image.py; scipy's ndimage/src/ni_interpolation.c. */
import { float32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { castArray, type Literal, literalToArray } from "../../../../ops/convert.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { RandomState } from "../../data/random_state.ts";
import { arrayToImg, imgToArray } from "./picture.ts";

export type FillMode = "constant" | "nearest" | "reflect" | "wrap";

export interface AxisOptions {
  readonly rowAxis?: number | undefined;
  readonly colAxis?: number | undefined;
  readonly channelAxis?: number | undefined;
  /** What stands outside of the image: "nearest". */
  readonly fillMode?: FillMode | undefined;
  /** What stands outside with "constant": 0. */
  readonly cval?: number | undefined;
}

export interface AffineOptions extends AxisOptions {
  /** Degrees. */
  readonly theta?: number | undefined;
  /** Rows and columns to shift by. */
  readonly tx?: number | undefined;
  readonly ty?: number | undefined;
  /** Degrees. */
  readonly shear?: number | undefined;
  readonly zx?: number | undefined;
  readonly zy?: number | undefined;
  /** 0: the next pixel; 1: between four. */
  readonly order?: number | undefined;
}
const places = [
  "theta",
  "tx",
  "ty",
  "shear",
  "zx",
  "zy",
  "rowAxis",
  "colAxis",
  "channelAxis",
  "fillMode",
  "cval",
  "order",
] as const;

type Matrix = readonly (readonly number[])[];

const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));

const shifted = (x: number, y: number): Matrix => [
  [1, 0, x],
  [0, 1, y],
  [0, 0, 1],
];

const radians = (degrees: number): number => degrees * (Math.PI / 180);

/** Where a place of the result comes from; null when it is the place itself. */
function matrixOf({ theta = 0, tx = 0, ty = 0, shear = 0, zx = 1, zy = 1 }: AffineOptions): Matrix | null {
  const parts: Matrix[] = [];
  if (theta !== 0) {
    const [sin, cos] = [Math.sin(radians(theta)), Math.cos(radians(theta))];
    parts.push([
      [cos, -sin, 0],
      [sin, cos, 0],
      [0, 0, 1],
    ]);
  }
  if (tx !== 0 || ty !== 0) parts.push(shifted(tx, ty));
  if (shear !== 0) {
    parts.push([
      [1, -Math.sin(radians(shear)), 0],
      [0, Math.cos(radians(shear)), 0],
      [0, 0, 1],
    ]);
  }
  if (zx !== 1 || zy !== 1) {
    parts.push([
      [zx, 0, 0],
      [0, zy, 0],
      [0, 0, 1],
    ]);
  }
  return parts.length === 0 ? null : parts.reduce(times);
}

/** A coordinate inside [0, n - 1], or somewhat beside it where edges repeat; null outside of a constant's image. */
function inside(at: number, n: number, mode: FillMode): number | null {
  if (at >= 0 && at <= n - 1) return at;
  if (mode === "constant") return null;
  if (mode === "nearest" || n <= 1) return at < 0 ? 0 : n - 1;
  if (mode === "wrap") {
    const size = n - 1;
    return at < 0 ? at + size * (Math.trunc(-at / size) + 1) : at - size * Math.trunc(at / size);
  }
  const size = 2 * n;
  if (at < 0) {
    const near = at < -size ? size * Math.trunc(-at / size) + at : at;
    return near < -n ? near + size : -near - 1;
  }
  const near = at - size * Math.trunc(at / size);
  return near >= n ? size - near - 1 : near;
}

/** A plane [rows, columns] whose places come from where the matrix says. */
function transformed(
  plane: { rows: number; columns: number; at(row: number, column: number): number },
  matrix: Matrix,
  { fillMode = "nearest", cval = 0, order = 1 }: AffineOptions,
  put: (row: number, column: number, value: number) => void,
): void {
  const { rows, columns } = plane;
  const [[a, b, c], [d, e, f]] = matrix as [[number, number, number], [number, number, number]];
  const clamp = (i: number, n: number): number => Math.min(n - 1, Math.max(0, i));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const y = inside(a * i + b * j + c, rows, fillMode);
      const x = inside(d * i + e * j + f, columns, fillMode);
      if (y === null || x === null) {
        put(i, j, cval);
        continue;
      }
      if (order === 0) {
        put(i, j, plane.at(clamp(Math.floor(y + 0.5), rows), clamp(Math.floor(x + 0.5), columns)));
        continue;
      }
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [down, right] = [y - top, x - left];
      const at = (k: number, l: number): number => plane.at(clamp(top + k, rows), clamp(left + l, columns));
      const value =
        (1 - down) * ((1 - right) * at(0, 0) + right * at(0, 1)) + down * ((1 - right) * at(1, 0) + right * at(1, 1));
      put(i, j, value);
    }
  }
}

/** Steps between elements of an array along each axis. */
const stridesOf = ([, b, c]: readonly number[]): readonly number[] => [b! * c!, c!, 1];

/**
 * The image turned, shifted, sheared and zoomed about its middle; the result's places come from places of `x`, so that a zoom above 1 shrinks.
 * Throws ValueError for axes that are not three different ones, for arrays of another rank, and for another order than 0 and 1.
 */
export function applyAffineTransform(x: Literal, ...rest: Rest<AffineOptions, typeof places>): NdArray {
  const options = byName<AffineOptions>(rest, places);
  const { rowAxis = 1, colAxis = 2, channelAxis = 0, order = 1 } = options;
  const axes = [rowAxis, colAxis, channelAxis];
  if (new Set(axes).size !== 3) throw new ValueError("'row_axis', 'col_axis', and 'channel_axis' must be distinct");
  const wrong = axes.filter((axis) => ![0, 1, 2].includes(axis));
  if (wrong.length > 0) throw new ValueError(`Invalid axis' indices: {${wrong.join(", ")}}`);
  const given = x instanceof NdArray ? x : literalToArray(x);
  if (given.shape.length !== 3) throw new ValueError("Input arrays must be multi-channel 2D images.");
  if (channelAxis === 1) throw new ValueError("Channels are allowed and the first and last dimensions.");
  if (order !== 0 && order !== 1) throw new ValueError(`The interpolation order is 0 or 1, not ${order}`);
  const matrix = matrixOf(options);
  if (!matrix) return given;
  const array = given.dtype.isFloating ? given : castArray(given, float32);
  const { shape } = array;
  const source = array.data as Float32Array;
  const data = source.slice();
  const strides = stridesOf(shape);
  const [rows, columns] = [shape[rowAxis]!, shape[colAxis]!];
  const [centerY, centerX] = [rows / 2 - 0.5, columns / 2 - 0.5];
  const centered = times(times(shifted(centerY, centerX), matrix), shifted(-centerY, -centerX));
  // Planes are walked with the lower axis outside, so that the matrix is turned round where columns come after rows, as in Python.
  const [outer, inner] = rowAxis < colAxis ? [rowAxis, colAxis] : [colAxis, rowAxis];
  const turned = colAxis > rowAxis ? [1, 0, 2].map((i) => [1, 0, 2].map((j) => centered[i]![j]!)) : centered;
  for (let k = 0; k < shape[channelAxis]!; k++) {
    const start = k * strides[channelAxis]!;
    const index = (i: number, j: number): number => start + i * strides[outer]! + j * strides[inner]!;
    const plane = { rows: shape[outer]!, columns: shape[inner]!, at: (i: number, j: number) => source[index(i, j)]! };
    transformed(plane, turned, options, (i, j, value) => {
      data[index(i, j)] = value;
    });
  }
  return new NdArray(array.dtype, shape, data);
}

export interface RandomOptions extends AxisOptions {
  readonly interpolationOrder?: number | undefined;
  /** Of what is drawn; another draw each time without it. */
  readonly seed?: number | null | undefined;
}
const randomPlaces = ["rowAxis", "colAxis", "channelAxis", "fillMode", "cval", "interpolationOrder", "seed"] as const;

const transform = (x: Literal, options: RandomOptions, more: AffineOptions): NdArray =>
  applyAffineTransform(x, { ...options, order: options.interpolationOrder, ...more });

type RandomRest = Rest<RandomOptions, typeof randomPlaces>;
const randomOf = (rest: RandomRest): [RandomOptions, RandomState] => {
  const options = byName<RandomOptions>(rest, randomPlaces);
  return [options, new RandomState(options.seed)];
};

/** Turned by at most `rg` degrees. Throws as applyAffineTransform. */
export function randomRotation(x: Literal, rg: number, ...rest: RandomRest): NdArray {
  const [options, random] = randomOf(rest);
  return transform(x, options, { theta: random.uniform(-rg, rg) });
}

/** Shifted by at most these parts of its width and height. Throws as applyAffineTransform. */
export function randomShift(x: Literal, wrg: number, hrg: number, ...rest: RandomRest): NdArray {
  const [options, random] = randomOf(rest);
  const array = literalToArray(x);
  const tx = random.uniform(-hrg, hrg) * array.shape[options.rowAxis ?? 1]!;
  const ty = random.uniform(-wrg, wrg) * array.shape[options.colAxis ?? 2]!;
  return transform(array, options, { tx, ty });
}

/** Sheared by at most `intensity` degrees. Throws as applyAffineTransform. */
export function randomShear(x: Literal, intensity: number, ...rest: RandomRest): NdArray {
  const [options, random] = randomOf(rest);
  return transform(x, options, { shear: random.uniform(-intensity, intensity) });
}

/** Zoomed by two numbers of a range [low, high]. Throws ValueError for another range, and as applyAffineTransform. */
export function randomZoom(x: Literal, zoomRange: readonly number[], ...rest: RandomRest): NdArray {
  const [options, random] = randomOf(rest);
  const [low, high] = zoomRange;
  if (zoomRange.length !== 2 || low === undefined || high === undefined)
    throw new ValueError(`\`zoom_range\` should be a tuple or list of two floats. Received: (${zoomRange.join(", ")})`);
  if (low === 1 && high === 1) return transform(x, options, {});
  const zx = random.uniform(low, high);
  return transform(x, options, { zx, zy: random.uniform(low, high) });
}

/** Lighter or darker by this number, not beyond the array's lowest and highest. Any shape. */
export function applyChannelShift(x: Literal, intensity: number): NdArray {
  const array = literalToArray(x, float32);
  const source = array.data as Float32Array;
  let [low, high] = [Infinity, -Infinity];
  for (const value of source) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const data = Float32Array.from(source, (value) => Math.min(high, Math.max(low, Math.fround(value + intensity))));
  return new NdArray(float32, array.shape, data);
}

/** As applyChannelShift, by at most this number. */
export const randomChannelShift = (
  x: Literal,
  intensityRange: number,
  options: { readonly seed?: number | null | undefined } = {},
): NdArray => applyChannelShift(x, new RandomState(options.seed).uniform(-intensityRange, intensityRange));

/**
 * An image [height, width, channels] that many times as bright, from 0 to 255; with `scale` its numbers are stretched to that first. Throws
 * ValueError for other shapes.
 */
export function applyBrightnessShift(x: Literal, brightness: number, scale = true): NdArray {
  const array = literalToArray(x, float32);
  let [low, high] = [Infinity, -Infinity];
  for (const value of array.data as Float32Array) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const isOutside = low < 0 || high > 255;
  const { pixels } = arrayToImg(array, { scale: isOutside || scale });
  const factor = Math.fround(brightness);
  const bright = Uint8Array.from(pixels.data, (value, i) =>
    pixels.channels === 4 && i % 4 === 3 ? value : Math.max(0, Math.min(255, Math.trunc(Math.fround(factor * value)))),
  );
  const shape = [pixels.height, pixels.width, pixels.channels];
  const result = imgToArray(new NdArray(float32, shape, Float32Array.from(bright)));
  if (scale || !isOutside) return result;
  const data = Float32Array.from(result.data as Float32Array, (value) =>
    Math.fround(Math.fround(Math.fround(value / 255) * Math.fround(high - low)) + low),
  );
  return new NdArray(float32, result.shape, data);
}

/** As applyBrightnessShift, by a number of a range [low, high]. Throws ValueError for another range. */
export function randomBrightness(
  x: Literal,
  brightnessRange: readonly number[],
  scale = true,
  options: { readonly seed?: number | null | undefined } = {},
): NdArray {
  const [low, high] = brightnessRange;
  if (brightnessRange.length !== 2 || low === undefined || high === undefined) {
    const given = `(${brightnessRange.join(", ")})`;
    throw new ValueError(`\`brightness_range should be tuple or list of two floats. Received: ${given}`);
  }
  return applyBrightnessShift(x, new RandomState(options.seed).uniform(low, high), scale);
}
