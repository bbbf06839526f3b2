/** Floats to quantized numbers and back. Source: quantize_op.cc, dequantize_op.cc, array_ops.cc, array_ops.py. */

import { type DType, float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { type NdArray, setElement } from "../../../core/nd_array.ts";
import { elementCount, mergeShapes, type Shape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { emptyArray } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { arrayToFloat, arrayToQuantized, type Integers, type Limits, limitsOf, roundAway } from "./conversions.ts";
import { axisOf } from "./quantize_and_dequantize.ts";

const f = Math.fround;
const largest = 3.4028234663852886e38;

type Mode = "MIN_COMBINED" | "MIN_FIRST" | "SCALED";

function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

interface Quantizer {
  readonly min: number;
  readonly max: number;
  readonly convert: (x: number) => number;
}

interface QuantizeAttrs {
  readonly mode: string;
  readonly round_mode: string;
  readonly narrow_range: boolean;
  readonly ensure_minimum_range: number;
}

const clamp = (x: number, min: number, max: number): number => Math.max(Math.min(x, max), min);

/** Signed numbers have the middle of the range at 0. */
const halfRange = ({ low, high, isSigned }: Limits): number => (isSigned ? f(f(f(high) - f(low)) + 1) / 2 : 0);

/** The range with 0 in it and wide enough, and what makes integers of floats. */
function quantizerOf(givenMin: number, givenMax: number, limits: Limits, attrs: QuantizeAttrs): Quantizer {
  if (givenMax < givenMin) throw new InvalidArgumentError("input_max_range must be larger than input_min_range.");
  const { low, high, isSigned } = limits;
  const min = Math.min(0, givenMin);
  const widest = Math.max(1, Math.abs(givenMin), Math.abs(givenMax));
  const max = Math.max(0, givenMax, f(min + f(widest * f(attrs.ensure_minimum_range))));
  if (attrs.mode === "MIN_FIRST") return { min, max, convert: arrayToQuantized(min, max, limits) };
  if (attrs.mode === "MIN_COMBINED") {
    const scale = f(f(f(high) - f(low)) / f(max - min));
    const half = halfRange(limits);
    const place = (x: number): number => f(f(clamp(x, min, max) - min) * scale);
    return {
      min,
      max,
      convert: isSigned ? (x) => roundAway(f(place(x) - half)) : (x) => Math.trunc(f(place(x) + 0.5)),
    };
  }
  const least = low + (attrs.narrow_range ? 1 : 0);
  const byMin = f(least) * min > 0 ? f(f(least) / min) : largest;
  const byMax = f(high) * max > 0 ? f(f(high) / max) : largest;
  const scale = Math.min(byMin, byMax);
  const [from, to] = [f(least / scale), f(high / scale)];
  const round = attrs.round_mode === "HALF_TO_EVEN" ? roundEven : roundAway;
  return { min: from, max: to, convert: (x) => round(f(clamp(x, from, to) * scale)) };
}

function limitShape(input: Shape, min: Shape, max: Shape, axis: number): Shape {
  if (axis < -1) throw invalidArgument(`axis should be at least -1, got ${axis}`);
  const rank = axis === -1 ? 0 : 1;
  const merged = mergeShapes(withRank(min, rank), withRank(max, rank));
  if (axis === -1) return merged;
  const depth = withRankAtLeast(input, axis + 1)?.[axis] ?? null;
  const size = merged![0]!;
  if (depth !== null && size !== null && depth !== size)
    throw invalidArgument(`Dimensions must be equal, but are ${size} and ${depth}`);
  return [size ?? depth];
}

/** Calls `visit` with the index of each element of slice c of the axis; all elements are one slice for -1. */
function eachOf(input: NdArray, axis: number, c: number, visit: (i: number) => void): void {
  const depth = axis < 0 ? 1 : input.shape[axis]!;
  const inner = axis < 0 ? input.size : elementCount(input.shape.slice(axis + 1));
  for (let start = c * inner; start < input.size; start += Math.max(depth * inner, 1))
    for (let i = start; i < start + inner; i++) visit(i);
}

function checkQuantizeLimits(input: NdArray, min: NdArray, max: NdArray, axis: number): void {
  const rank = input.shape.length;
  if (axis !== -1 && axis >= rank)
    throw new InvalidArgumentError(
      `Axis is on a zero-based index, so its value must always be less than number of input's dims, but given axis value was ${axis} and input's dims was ${rank}`,
    );
  for (const [name, limit] of Object.entries({ min_range: min, max_range: max })) {
    if (axis === -1 && limit.size !== 1)
      throw new InvalidArgumentError(
        `If axis is not specified, ${name} must contain a single float element, but it contains ${limit.size} elements`,
      );
    if (axis !== -1 && (limit.shape.length !== 1 || limit.size !== input.shape[axis]))
      throw new InvalidArgumentError(
        `If axis is specified, ${name} must be a 1-D tensor whose size matches the axis dimension of the input and output tensors, but ${name} is a ${limit.shape.length}-D tensor of size ${limit.size} and input's axis dimension is of size ${input.shape[axis]}`,
      );
  }
}

/** output = input as numbers of T; output_min and output_max are what its smallest and largest numbers stand for. */
export const quantizeV2Op = defineOp("QuantizeV2", {
  inputs: ["input: float", "min_range: float", "max_range: float"],
  outputs: ["output: T", "output_min: float", "output_max: float"],
  attrs: [
    "T: {qint8, quint8, qint32, qint16, quint16}",
    "mode: {'MIN_COMBINED', 'MIN_FIRST', 'SCALED'} = 'MIN_COMBINED'",
    "round_mode: {'HALF_AWAY_FROM_ZERO', 'HALF_TO_EVEN'} = 'HALF_AWAY_FROM_ZERO'",
    "narrow_range: bool = false",
    "axis: int = -1",
    "ensure_minimum_range: float = 0.009999999776482582",
  ],
  shape({ input, min_range, max_range, axis }) {
    const limit = limitShape(input, min_range, max_range, axis);
    return [input, limit, limit];
  },
  compute({ input, min_range, max_range, T, axis, ...attrs }) {
    if (attrs.round_mode === "HALF_TO_EVEN" && attrs.mode !== "SCALED")
      throw new InvalidArgumentError(
        `Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '${attrs.mode}'.`,
      );
    checkQuantizeLimits(input, min_range, max_range, axis);
    const shape = axis === -1 ? [] : [input.shape[axis]!];
    const [output, min, max] = [emptyArray(T, input.shape), emptyArray(float32, shape), emptyArray(float32, shape)];
    for (let c = 0; c < min.size; c++) {
      const [from, to] = [min_range.data[c] as number, max_range.data[c] as number];
      const quantizer = quantizerOf(from, to, limitsOf(T), attrs);
      (min.data as Float32Array)[c] = quantizer.min;
      (max.data as Float32Array)[c] = quantizer.max;
      eachOf(input, axis, c, (i) => {
        (output.data as Integers)[i] = quantizer.convert((input.data as Float32Array)[i]!);
      });
    }
    return [output, min, max];
  },
  gradient: "unregistered",
});

function dequantizerOf(
  min: number,
  max: number,
  limits: Limits,
  mode: string,
  isNarrow: boolean,
): (x: number) => number {
  const { low, high } = limits;
  if (mode === "MIN_FIRST") return arrayToFloat(min, max, limits);
  if (mode === "MIN_COMBINED") {
    const scale = f(f(max - min) / f(f(high) - f(low)));
    const half = halfRange(limits);
    return (x) => f(f(f(f(x) + half) * scale) + min);
  }
  const least = low + (isNarrow ? 1 : 0);
  const scale = least === 0 ? f(max / f(high)) : Math.max(f(min / f(least)), f(max / f(high)));
  // The largest numbers of 32 bits turn negative on their way through a float, as in the kernel.
  return (x) => f((f(x) | 0) * scale);
}

/** output = the floats that `input` stands for. */
export const dequantizeOp = defineOp("Dequantize", {
  inputs: ["input: T", "min_range: float", "max_range: float"],
  outputs: ["output: dtype"],
  attrs: [
    "T: {qint8, quint8, qint32, qint16, quint16}",
    "mode: {'MIN_COMBINED', 'MIN_FIRST', 'SCALED'} = 'MIN_COMBINED'",
    "narrow_range: bool = false",
    "axis: int = -1",
    "dtype: {bfloat16, float} = DT_FLOAT",
  ],
  shape({ input, min_range, max_range, axis }) {
    if (axis < -1) throw invalidArgument(`axis should be at least -1, got ${axis}`);
    if (axis !== -1 && input && axis >= input.length)
      throw invalidArgument(`Axis must be less than input dimension(${input.length}), got ${axis}`);
    limitShape(input, min_range, max_range, axis);
    return [input];
  },
  compute({ input, min_range, max_range, T, mode, narrow_range, axis, dtype }) {
    if (axis !== -1 && axis >= input.shape.length)
      throw new InvalidArgumentError(`Axis must be less than input dimension(${input.shape.length}), got ${axis}`);
    const depth = axis === -1 ? 1 : input.shape[axis]!;
    for (const [name, limit] of Object.entries({ input_min_tensor: min_range, input_max_tensor: max_range }))
      if (limit.size !== depth)
        throw new InvalidArgumentError(
          `${name} must have as many elements as input on the dequantization axis (${axis}), got ${limit.size}, expected ${depth}`,
        );
    const output = emptyArray(dtype, input.shape);
    for (let c = 0; c < depth; c++) {
      const [min, max] = [min_range.data[c] as number, max_range.data[c] as number];
      const convert = dequantizerOf(min, max, limitsOf(T), mode, narrow_range);
      eachOf(input, axis, c, (i) => setElement(dtype, output.data, i, convert((input.data as Integers)[i]!)));
    }
    return output;
  },
  gradient: "unregistered",
});

export interface QuantizeOptions extends Named {
  readonly mode?: Mode;
  readonly roundMode?: "HALF_AWAY_FROM_ZERO" | "HALF_TO_EVEN";
  readonly narrowRange?: boolean;
  /** minRange and maxRange hold a number for each slice along it. */
  readonly axis?: number | null;
  readonly ensureMinimumRange?: number;
}

const quantizePlaces = ["mode", "roundMode", "name", "narrowRange", "axis", "ensureMinimumRange"] as const;

/** `input` as numbers of the quantized dtype T, with the range that they stand for. */
export const quantize = byKeyword(
  ["input", "minRange", "maxRange", "T"],
  function quantize(
    input: TensorLike,
    minRange: TensorLike,
    maxRange: TensorLike,
    T: DType,
    ...rest: Rest<QuantizeOptions, typeof quantizePlaces>
  ): ReturnType<typeof quantizeV2Op> {
    const options = byName<QuantizeOptions>(rest, quantizePlaces);
    const tensor = convertToTensor(input, { name: "input" });
    return quantizeV2Op(
      {
        input: tensor,
        min_range: minRange,
        max_range: maxRange,
        T,
        mode: options.mode ?? "MIN_COMBINED",
        round_mode: options.roundMode ?? "HALF_AWAY_FROM_ZERO",
        narrow_range: options.narrowRange ?? false,
        axis: axisOf(tensor, options.axis ?? null),
        ensure_minimum_range: options.ensureMinimumRange ?? f(0.01),
      },
      options.name,
    );
  },
);

/** The name of `quantize` before TensorFlow 1.13. */
export const quantizeV2: typeof quantize = quantize;

interface DequantizeOptions extends Named {
  readonly mode?: Mode;
  readonly narrowRange?: boolean;
  readonly axis?: number | null;
  readonly dtype?: DType;
}

const dequantizePlaces = ["mode", "name", "axis", "narrowRange", "dtype"] as const;

/** The floats that `input` stands for in the range of minRange and maxRange. */
export const dequantize = byKeyword(
  ["input", "minRange", "maxRange"],
  function dequantize(
    input: Tensor,
    minRange: TensorLike,
    maxRange: TensorLike,
    ...rest: Rest<DequantizeOptions, typeof dequantizePlaces>
  ): Tensor {
    const options = byName<DequantizeOptions>(rest, dequantizePlaces);
    return dequantizeOp(
      {
        input,
        min_range: minRange,
        max_range: maxRange,
        mode: options.mode ?? "MIN_COMBINED",
        narrow_range: options.narrowRange ?? false,
        axis: axisOf(input, options.axis ?? null),
        dtype: options.dtype ?? float32,
      },
      options.name,
    );
  },
);
