/**
 * Fourier transforms over any axes: FFTND, IFFTND, RFFTND, IRFFTND. Each named axis is cropped to its length first. TensorFlow has kernels for
 * them on accelerators alone; the numbers here are numpy's. Source: spectral_ops.cc, fft_ops.py.
 */
import { complex64, complex128, type DType, float32, float64, int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Dim, elementCount, rowMajorStrides, type Shape, withRank } from "../../../core/shape.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { getStaticValue } from "../array/basic/static_value.ts";
import { realDtype } from "../math/elementwise/complex.ts";
import { transformOf } from "./fourier.ts";
import { padded } from "./spectral.ts";

interface Axis {
  readonly axis: number;
  readonly length: number;
}

/** The axes with their lengths: as many lengths as axes. */
function axesOf(input: NdArray, fftLength: NdArray, axes: NdArray): Axis[] {
  const rank = input.shape.length;
  const lengths = toNumbers(fftLength);
  if (lengths.length !== axes.size)
    throw new InvalidArgumentError(
      `axes and fft_length must have the same size, but got ${axes.size} and ${lengths.length}`,
    );
  return Array.from(toNumbers(axes), (given, i) => {
    const axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
      throw new InvalidArgumentError(`axes[${i}] must be in [-${rank}, ${rank}), but got: ${given}`);
    const length = lengths[i]!;
    if (length < 0) throw new InvalidArgumentError(`fft_length[${i}] must >= 0, but got: ${length}`);
    return { axis, length };
  });
}

/** Complex pairs cropped or extended with zeros to a shape. */
function resized(from: Float64Array, shape: readonly number[], to: readonly number[]): Float64Array {
  if (shape.every((n, i) => n === to[i])) return from;
  const result = new Float64Array(2 * elementCount(to));
  const [source, target] = [rowMajorStrides(shape), rowMajorStrides(to)];
  const visit = (axis: number, a: number, b: number): void => {
    if (axis === to.length) {
      result[2 * b] = from[2 * a]!;
      result[2 * b + 1] = from[2 * a + 1]!;
      return;
    }
    for (let i = 0; i < Math.min(shape[axis]!, to[axis]!); i++)
      visit(axis + 1, a + i * source[axis]!, b + i * target[axis]!);
  };
  if (result.length > 0) visit(0, 0, 0);
  return result;
}

function along(data: Float64Array, shape: readonly number[], axis: number, sign: -1 | 1): void {
  const n = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const transform = transformOf(n, sign);
  const line = new Float64Array(2 * n);
  const scale = sign === 1 ? 1 / n : 1;
  for (let block = 0; block < data.length / 2; block += n * inner)
    for (let start = block; start < block + inner; start++) {
      for (let i = 0; i < n; i++) {
        line[2 * i] = data[2 * (start + i * inner)]!;
        line[2 * i + 1] = data[2 * (start + i * inner) + 1]!;
      }
      transform(line);
      for (let i = 0; i < n; i++) {
        data[2 * (start + i * inner)] = line[2 * i]! * scale;
        data[2 * (start + i * inner) + 1] = line[2 * i + 1]! * scale;
      }
    }
}

const pairs = (input: NdArray): Float64Array => {
  if (input.dtype.isComplex) return Float64Array.from(input.data as Float64Array);
  const values = input.data as Float64Array;
  const all = new Float64Array(2 * values.length);
  for (let i = 0; i < values.length; i++) all[2 * i] = values[i]!;
  return all;
};

const asComplex = (dtype: DType, shape: readonly number[], data: Float64Array): NdArray =>
  new NdArray(dtype, shape, dtype.base === "complex64" ? Float32Array.from(data) : data);

const withLengths = (shape: readonly number[], axes: readonly Axis[]): number[] =>
  shape.map((n, i) => axes.find(({ axis }) => axis === i)?.length ?? n);

function transformed(input: NdArray, axes: readonly Axis[], sign: -1 | 1): { data: Float64Array; shape: number[] } {
  const shape = withLengths(input.shape, axes);
  const data = resized(pairs(input), input.shape, shape);
  for (const { axis } of axes) along(data, shape, axis, sign);
  return { data, shape };
}

/** The half of a line from its mirror: the last axis is the one that is halved. */
function completed(input: NdArray, axes: readonly Axis[]): { data: Float64Array; shape: number[] } {
  const { axis, length } = axes.at(-1)!;
  const half = { axis, length: (length >> 1) + 1 };
  const outer = axes.slice(0, -1);
  const shape = withLengths(input.shape, [...outer, half]);
  const data = resized(pairs(input), input.shape, shape);
  for (const each of outer) along(data, shape, each.axis, 1);
  const whole = shape.map((n, i) => (i === axis ? length : n));
  const all = resized(data, shape, whole);
  const inner = elementCount(whole.slice(axis + 1));
  for (let block = 0; block < all.length / 2; block += length * inner)
    for (let start = block; start < block + inner; start++)
      for (let i = 0; i < length; i++) {
        const at = 2 * (start + i * inner);
        if (i === 0 || 2 * i === length) all[at + 1] = 0;
        if (i < half.length) continue;
        const mirror = 2 * (start + (length - i) * inner);
        all[at] = all[mirror]!;
        all[at + 1] = -all[mirror + 1]!;
      }
  along(all, whole, axis, 1);
  return { data: all, shape: whole };
}

interface Shapes {
  readonly input: Shape;
  readonly fft_length: Shape;
  readonly axes: Shape;
}

/** Where lengths and axes are constants, the shape that comes out. */
function shapeOf({ input, fft_length, axes }: Shapes, context: ShapeContext, isHalved: boolean): Shape[] {
  withRank(fft_length, 1);
  withRank(axes, 1);
  if (input === null) return [null];
  const [lengths, places] = [context.value("fft_length"), context.value("axes")];
  if (!lengths || !places) return [input.map((): Dim => null)];
  const shape: Dim[] = [...input];
  const all = Array.from(toNumbers(places));
  for (const [i, given] of all.entries()) {
    const n = toNumbers(lengths)[i] ?? null;
    shape[given < 0 ? given + shape.length : given] =
      n !== null && isHalved && i === all.length - 1 && n > 0 ? (n >> 1) + 1 : n;
  }
  return [shape];
}

const complexAttr = "Tcomplex: {complex64, complex128} = DT_COMPLEX64";
const realAttrs = ["Treal: {float, double} = DT_FLOAT", complexAttr] as const;

const complexTransform = (type: string, sign: -1 | 1) =>
  defineOp(type, {
    inputs: ["input: Tcomplex", "fft_length: int32", "axes: int32"],
    outputs: ["output: Tcomplex"],
    attrs: [complexAttr],
    shape: (op, context) => shapeOf(op, context, false),
    compute({ input, fft_length, axes }) {
      const { data, shape } = transformed(input, axesOf(input, fft_length, axes), sign);
      return asComplex(input.dtype, shape, data);
    },
    gradient: "unregistered",
  });

export const fftndOp = complexTransform("FFTND", -1);
export const ifftndOp = complexTransform("IFFTND", 1);

/** output = the transform of real numbers, of the last named axis its first n / 2 + 1 values. */
export const rfftndOp = defineOp("RFFTND", {
  inputs: ["input: Treal", "fft_length: int32", "axes: int32"],
  outputs: ["output: Tcomplex"],
  attrs: realAttrs,
  shape: (op, context) => shapeOf(op, context, true),
  compute({ input, fft_length, axes, Tcomplex }) {
    const named = axesOf(input, fft_length, axes);
    const { data, shape } = transformed(input, named, -1);
    const last = named.at(-1);
    const half = last ? shape.map((n, i) => (i === last.axis && n > 0 ? (n >> 1) + 1 : n)) : shape;
    return asComplex(Tcomplex, half, resized(data, shape, half));
  },
  gradient: "unregistered",
});

/** output = the real numbers whose transform has this half. */
export const irfftndOp = defineOp("IRFFTND", {
  inputs: ["input: Tcomplex", "fft_length: int32", "axes: int32"],
  outputs: ["output: Treal"],
  attrs: realAttrs,
  shape: (op, context) => shapeOf(op, context, false),
  compute({ input, fft_length, axes, Treal }) {
    const { data, shape } = completed(input, axesOf(input, fft_length, axes));
    const values = Float64Array.from({ length: data.length / 2 }, (_, i) => data[2 * i]!);
    return new NdArray(Treal, shape, Treal.base === "float32" ? Float32Array.from(values) : values);
  },
  gradient: "unregistered",
});

export interface FftNdOptions extends Named {
  /** One length for each axis: cropped to it or padded with zeros. */
  readonly fftLength?: TensorLike | null;
  /** All axes by default. */
  readonly axes?: TensorLike | null;
  /** Which direction is divided by the number of values: "backward" by default, "forward", or "ortho" for both by its root. */
  readonly norm?: "backward" | "forward" | "ortho" | null;
}
const places = ["fftLength", "axes", "norm", "name"] as const;

interface Prepared {
  readonly input: Tensor;
  readonly fft_length: Tensor | NdArray;
  readonly axes: Tensor;
}

function prepared(given: Tensor, options: FftNdOptions, isInverse: boolean, isHalf: boolean): Prepared {
  const rank = given.shape!.length;
  const all = Array.from({ length: rank }, (_, i) => i);
  const axes = convertToTensor(options.axes ?? all, { dtype: int32 });
  let length: Tensor;
  if (options.fftLength !== undefined && options.fftLength !== null)
    length = convertToTensor(options.fftLength, { dtype: int32 });
  else if (isHalf && isInverse) {
    const sizes = given.shape!.map((n, i) => (i === rank - 1 ? Math.max(0, 2 * (n! - 1)) : n));
    length = convertToTensor(sizes as number[], { dtype: int32 });
  } else length = ops.shape(given).at({ start: -rank });
  const count = axes.shape?.[0] ?? rank;
  let input = padded(given, count, length, isInverse && isHalf);
  const known = getStaticValue(length);
  const { norm } = options;
  if (norm === "forward" || norm === "ortho") {
    if (!known) throw new ValueError("norm needs lengths that are known while the graph is built");
    const n = Array.from(toNumbers(known)).reduce((a, b) => a * b, 1);
    const factor = norm === "forward" ? n : Math.sqrt(n);
    input = isInverse ? input.mul(factor) : input.div(factor);
  }
  return { input, fft_length: known ?? length, axes };
}

type Transform = (input: TensorLike, ...rest: Rest<FftNdOptions, typeof places>) => Tensor;

const complexCall =
  (op: typeof fftndOp, byDefault: string, isInverse: boolean): Transform =>
  (input, ...rest) => {
    const options = byName<FftNdOptions>(rest, places);
    return inScope(options.name, byDefault, (scope) => {
      const x = convertToTensor(input, { preferredDtype: complex64 });
      return op(prepared(x, options, isInverse, false), scope);
    });
  };

/** The transform of complex numbers over the axes. */
export const fftnd: Transform = complexCall(fftndOp, "fftnd", false);
/** The inverse of `fftnd`. */
export const ifftnd: Transform = complexCall(ifftndOp, "ifftnd", true);

/** The transform of real numbers over the axes; of the last one its first n / 2 + 1 values. Throws ValueError for other dtypes. */
export const rfftnd: Transform = (input, ...rest) => {
  const options = byName<FftNdOptions>(rest, places);
  return inScope(options.name, "rfftnd", (scope) => {
    const x = convertToTensor(input, { preferredDtype: float32 });
    if (x.dtype !== float32 && x.dtype !== float64)
      throw new ValueError(`RFFT requires tf.float32 or tf.float64 inputs, got: ${x}`);
    const Tcomplex = x.dtype === float32 ? complex64 : complex128;
    return rfftndOp({ ...prepared(x, options, false, true), Tcomplex }, scope);
  });
};

/** The real numbers whose transform `rfftnd` gives. Throws ValueError for other dtypes than complex ones. */
export const irfftnd: Transform = (input, ...rest) => {
  const options = byName<FftNdOptions>(rest, places);
  return inScope(options.name, "irfftnd", (scope) => {
    const x = convertToTensor(input, { preferredDtype: complex64 });
    if (!x.dtype.isComplex) throw new ValueError(`IRFFT requires tf.complex64 or tf.complex128 inputs, got: ${x}`);
    return irfftndOp({ ...prepared(x, options, true, true), Treal: realDtype(x.dtype) }, scope);
  });
};
