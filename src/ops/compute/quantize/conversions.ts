/** Numbers of quantized dtypes to floats of a range and back, in float32 as the kernels compute. Source: quantization_utils.h. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";

const f = Math.fround;

/** How C rounds: halves away from 0. */
export const roundAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

export interface Limits {
  readonly low: number;
  readonly high: number;
  readonly isSigned: boolean;
}

const limits: Readonly<Record<string, Limits>> = {
  qint8: { low: -128, high: 127, isSigned: true },
  quint8: { low: 0, high: 255, isSigned: false },
  qint16: { low: -32768, high: 32767, isSigned: true },
  quint16: { low: 0, high: 65535, isSigned: false },
  qint32: { low: -2147483648, high: 2147483647, isSigned: true },
};

export const limitsOf = (dtype: DType): Limits => limits[dtype.base]!;

export type Integers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/** quantized -> float, a value at a time and in double precision: [min, max] stands for all steps of the dtype. */
export function toFloat(value: number, min: number, max: number, { low, high }: Limits): number {
  if (min === max) return min;
  const steps = high - low + 1;
  const range = f(max - min) * (steps / (steps - 1));
  const scale = range / steps;
  const start = roundAway(f(min / f(scale))) * f(scale);
  return f(start + (value - low) * scale);
}

/** float -> quantized, a value at a time, without limits. */
export function toQuantizedUnclamped(value: number, min: number, max: number, { low, high }: Limits): number {
  if (min === max) return low;
  const steps = high - low + 1;
  const scale = steps / (f(max - min) * (steps / (steps - 1)));
  return roundAway(value * scale) - roundAway(min * scale) + low;
}

export const toQuantized = (value: number, min: number, max: number, to: Limits): number =>
  Math.min(Math.max(toQuantizedUnclamped(value, min, max, to), to.low), to.high);

/** quantized -> float for whole arrays, in float32. */
export function arrayToFloat(min: number, max: number, { low, high }: Limits): (value: number) => number {
  const scale = f(f(max - min) / (high - low));
  const start = max === min ? min : f(roundAway(f(min / scale)) * scale);
  const offset = f(start - f(f(low) * scale));
  return (value) => f(offset + f(f(value) * scale));
}

/** float -> quantized for whole arrays, in float32. */
export function arrayToQuantized(min: number, max: number, { low, high }: Limits): (value: number) => number {
  const scale = max === min ? 0 : f((high - low) / f(max - min));
  const start = roundAway(f(min * scale));
  const shift = f(start - f(low));
  const least = Math.max(f(low), -2147483648);
  const most = Math.min(f(high), 2147483520);
  return (value) => Math.min(Math.max(f(roundAway(f(value * scale)) - shift), least), most);
}

/** The only number of a scalar. Throws INVALID_ARGUMENT for other ranks. */
export function scalar(name: string, array: NdArray): number {
  if (array.shape.length !== 0)
    throw new InvalidArgumentError(`\`${name}\` must be rank 0 but is rank ${array.shape.length}`);
  return array.data[0] as number;
}

/** The range of sums of products: one step of the result is a step of a times a step of b. */
export function productRange(a: Range, aTo: Limits, b: Range, bTo: Limits): Range {
  const step = f(f(f(a.max - a.min) / (aTo.high - aTo.low)) * f(f(b.max - b.min) / (bTo.high - bTo.low)));
  return { min: f(step * -2147483648), max: f(step * 2147483648) };
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A scalar for an output. */
export const floatScalar = (value: number): NdArray => new NdArray(float32, [], Float32Array.of(value));
