/** Floats as they come back from storage in few bits. Source: quantize_and_dequantize_op.cc, quantize_and_dequantize_op.h, array_ops.cc. */

import type { DType } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import {
  elementCount,
  mergeDims,
  mergeShapes,
  type Shape,
  sameShape,
  withRank,
  withRankAtLeast,
} from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { bracketed, type Named } from "../array/basic/names.ts";

type Floats = Float32Array | Float64Array;
type Rounding = "HALF_TO_EVEN" | "HALF_UP";

const rounding: Readonly<Record<Rounding, (x: number) => number>> = {
  HALF_TO_EVEN(x) {
    const low = Math.floor(x);
    const rest = x - low;
    return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
  },
  HALF_UP: (x) => Math.floor(x + 0.5),
};

interface Settings {
  readonly isSigned: boolean;
  readonly bits: number;
  readonly rangeGiven: boolean;
  readonly isNarrow: boolean;
  readonly rounding: Rounding;
}

interface Scale {
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly inverse: number;
}

/** The scale that fits both sides of the range to the integers and leaves 0 where it is. `f` rounds to the dtype. */
function scaleOf(min: number, max: number, { isSigned, bits, isNarrow }: Settings, f: (x: number) => number): Scale {
  const low = isSigned ? -(2 ** (bits - 1)) + (isNarrow ? 1 : 0) : 0;
  const high = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const most = f === Math.fround ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const byMin = low * min > 0 ? f(f(low) / min) : most;
  const byMax = high * max > 0 ? f(f(high) / max) : most;
  if (byMin < byMax) {
    const inverse = f(min / f(low));
    return { min, max: f(f(high) * inverse), scale: byMin, inverse };
  }
  const inverse = f(max / f(high));
  return { min: f(f(low) * inverse), max, scale: byMax, inverse };
}

const rounderOf = (dtype: DType): ((x: number) => number) => (dtype.base === "float64" ? (x) => x : Math.fround);

function quantized(input: NdArray, inputMin: NdArray, inputMax: NdArray, axis: number, settings: Settings): NdArray {
  const f = rounderOf(input.dtype);
  const output = emptyArray(input.dtype, input.shape);
  const [x, y] = [input.data as Floats, output.data as Floats];
  const depth = axis < 0 ? 1 : input.shape[axis]!;
  const inner = axis < 0 ? input.size : elementCount(input.shape.slice(axis + 1));
  const round = rounding[settings.rounding];
  for (let c = 0; c < depth; c++) {
    const visit = (use: (i: number) => void): void => {
      for (let start = c * inner; start < input.size; start += depth * inner)
        for (let i = start; i < start + inner; i++) use(i);
    };
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    if (settings.rangeGiven) [min, max] = [(inputMin.data as Floats)[c]!, (inputMax.data as Floats)[c]!];
    else
      visit((i) => {
        min = Math.min(min, x[i]!);
        max = Math.max(max, x[i]!);
      });
    const range = scaleOf(min, max, settings, f);
    visit((i) => {
      const value = settings.rangeGiven ? Math.max(Math.min(x[i]!, range.max), range.min) : x[i]!;
      y[i] = round(f(value * range.scale)) * range.inverse;
    });
  }
  return output;
}

const isOutside = (bits: number, isSigned: boolean): boolean => bits <= 0 || bits >= (isSigned ? 62 : 63);

function checkBits(bits: number, isSigned: boolean): void {
  if (isOutside(bits, isSigned))
    throw new InvalidArgumentError(`num_bits is out of range: ${bits} with signed_input_ ${isSigned ? 1 : 0}`);
}

function checkOrder(min: NdArray, max: NdArray): void {
  const [low, high] = [(min.data as Floats)[0]!, (max.data as Floats)[0]!];
  if (low > high) throw new InvalidArgumentError(`Invalid range: input_min ${low} > input_max ${high}`);
}

/** What V2 and V4 say of given limits: whatever the axis, they must be scalars. */
function checkScalars(min: NdArray, max: NdArray): void {
  for (const [name, limit] of Object.entries({ input_min: min, input_max: max }))
    if (limit.shape.length !== 0) throw new InvalidArgumentError(`${name} must be a scalar.`);
  checkOrder(min, max);
}

/** What V3 says of given limits: one for each slice of the axis. */
function checkSlices(input: NdArray, min: NdArray, max: NdArray, axis: number): void {
  if (axis === -1) {
    checkOrder(min, max);
    return;
  }
  const depth = input.shape[axis]!;
  for (const [name, limit] of Object.entries({ input_min_tensor: min, input_max_tensor: max }))
    if (limit.size !== depth)
      throw new InvalidArgumentError(
        `${name} has incorrect size, was ${limit.size} expected ${depth} to match dim ${axis} of the input ${bracketed(limit.shape)}`,
      );
}

function rangeShape(input: Shape, min: Shape, max: Shape, axis: number): Shape {
  const rank = axis === -1 ? 0 : 1;
  const merged = mergeShapes(withRank(min, rank), max);
  if (axis < -1) throw invalidArgument(`axis should be at least -1, got ${axis}`);
  if (axis !== -1) {
    const shape = withRankAtLeast(input, axis + 1);
    if (shape && merged) mergeChecked(merged[0]!, shape[axis]!);
  }
  return merged;
}

function mergeChecked(a: number | null, b: number | null): void {
  if (a !== null && b !== null && a !== b) throw invalidArgument(`Dimensions must be equal, but are ${a} and ${b}`);
  mergeDims(a, b);
}

const roundingAttrs = [
  "signed_input: bool = true",
  "num_bits: int = 8",
  "range_given: bool = false",
  "T: {bfloat16, half, float, double}",
  "round_mode: {'HALF_TO_EVEN', 'HALF_UP'} = 'HALF_TO_EVEN'",
  "narrow_range: bool = false",
  "axis: int = -1",
] as const;

interface RoundingAttrs {
  readonly signed_input: boolean;
  readonly num_bits: number;
  readonly range_given: boolean;
  readonly round_mode: string;
  readonly narrow_range: boolean;
}

const settingsOf = (attrs: RoundingAttrs): Settings => ({
  isSigned: attrs.signed_input,
  bits: attrs.num_bits,
  rangeGiven: attrs.range_given,
  isNarrow: attrs.narrow_range,
  rounding: attrs.round_mode as Rounding,
});

/** output = input rounded to integers of num_bits and back, in the range of input_min and input_max or, not given, its own; by slices of an axis. */
export const quantizeAndDequantizeV2Op = defineOp("QuantizeAndDequantizeV2", {
  inputs: ["input: T", "input_min: T", "input_max: T"],
  outputs: ["output: T"],
  attrs: roundingAttrs,
  shape({ input, input_min, input_max, axis }) {
    rangeShape(input, input_min, input_max, axis);
    return [input];
  },
  compute({ input, input_min, input_max, axis, ...attrs }) {
    checkBits(attrs.num_bits, attrs.signed_input);
    if (attrs.range_given) checkScalars(input_min, input_max);
    return quantized(input, input_min, input_max, axis, settingsOf(attrs));
  },
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** As V2; the number of bits is a tensor. */
export const quantizeAndDequantizeV3Op = defineOp("QuantizeAndDequantizeV3", {
  inputs: ["input: T", "input_min: T", "input_max: T", "num_bits: int32"],
  outputs: ["output: T"],
  attrs: [
    "signed_input: bool = true",
    "range_given: bool = true",
    "T: {bfloat16, half, float, double}",
    "narrow_range: bool = false",
    "axis: int = -1",
  ],
  shape({ input, input_min, input_max, num_bits, axis }) {
    rangeShape(input, input_min, input_max, axis);
    withRank(num_bits, 0);
    return [input];
  },
  compute({ input, input_min, input_max, num_bits, axis, ...attrs }) {
    if (num_bits.shape.length !== 0)
      throw new InvalidArgumentError(
        `Invalid shape. The \`num_bits\` tensor should be a scalar. Got dimensions: ${num_bits.shape.length}`,
      );
    const bits = num_bits.data[0] as number;
    if (isOutside(bits, attrs.signed_input))
      throw new InvalidArgumentError(
        `num_bits is out of range: ${bits} with \`signed_input_\` ${attrs.signed_input ? 1 : 0}`,
      );
    if (attrs.range_given) checkSlices(input, input_min, input_max, axis);
    const settings = settingsOf({ ...attrs, num_bits: bits, round_mode: "HALF_TO_EVEN" });
    return quantized(input, input_min, input_max, axis, settings);
  },
  gradient: (_, __, dy) => ({ input: dy! }),
});

/** As V2; its gradient is 0 out of the range. */
export const quantizeAndDequantizeV4Op = defineOp("QuantizeAndDequantizeV4", {
  inputs: ["input: T", "input_min: T", "input_max: T"],
  outputs: ["output: T"],
  attrs: roundingAttrs,
  shape({ input, input_min, input_max, axis }) {
    rangeShape(input, input_min, input_max, axis);
    return [input];
  },
  compute({ input, input_min, input_max, axis, ...attrs }) {
    checkBits(attrs.num_bits, attrs.signed_input);
    if (attrs.range_given) checkScalars(input_min, input_max);
    return quantized(input, input_min, input_max, axis, settingsOf(attrs));
  },
  gradient(tf, { input, input_min, input_max, axis }, dy) {
    const grads = tf.quantizeAndDequantizeV4GradOp({ gradients: dy!, input, input_min, input_max, axis });
    return {
      input: grads.input_backprop,
      input_min: grads.input_min_backprop,
      input_max: grads.input_max_backprop,
    };
  },
});

export const quantizeAndDequantizeV4GradOp = defineOp("QuantizeAndDequantizeV4Grad", {
  inputs: ["gradients: T", "input: T", "input_min: T", "input_max: T"],
  outputs: ["input_backprop: T", "input_min_backprop: T", "input_max_backprop: T"],
  attrs: ["T: {bfloat16, half, float, double}", "axis: int = -1"],
  shape({ gradients, input, input_min, input_max, axis }) {
    const merged = rangeShape(input, input_min, input_max, axis);
    return [mergeShapes(input, gradients), merged, merged];
  },
  compute({ gradients, input, input_min, input_max, axis }) {
    if (!sameShape(gradients.shape, input.shape))
      throw new InvalidArgumentError("gradient and input must be the same size");
    const depth = axis < 0 ? 1 : input.shape[axis]!;
    for (const [name, limit] of Object.entries({ min: input_min, max: input_max })) {
      if (axis === -1 && limit.shape.length !== 0)
        throw new InvalidArgumentError(`input_${name} must be a scalar if axis is unspecified`);
      if (axis !== -1 && limit.size !== depth)
        throw new InvalidArgumentError(`${name} has incorrect size, expected ${depth} was ${limit.size}`);
    }
    const output = emptyArray(input.dtype, input.shape);
    const inner = axis < 0 ? Math.max(input.size, 1) : elementCount(input.shape.slice(axis + 1));
    const [low, high] = [input_min.data as Floats, input_max.data as Floats];
    for (let i = 0; i < input.size; i++) {
      const c = Math.floor(i / inner) % depth;
      const x = (input.data as Floats)[i]!;
      const isInside = x >= low[c]! && x <= high[c]!;
      (output.data as Floats)[i] = isInside ? (gradients.data as Floats)[i]! : 0;
    }
    return [output, emptyArray(input.dtype, input_min.shape), emptyArray(input.dtype, input_max.shape)];
  },
  gradient(tf, op, dy): Record<"gradients" | "input" | "input_min", Tensor> {
    // Built of its first three inputs as if they were those of V4, as Python does.
    const [input, input_min, input_max] = [op.gradients, op.input, op.input_min];
    const record = { gradients: dy!, input, input_min, input_max, axis: op.axis };
    const [gradients, min, max]: Iterable<Tensor> = tf.quantizeAndDequantizeV4GradOp(record);
    return { gradients: gradients!, input: min!, input_min: max! };
  },
});

export interface QuantizeAndDequantizeOptions extends Named {
  readonly signedInput?: boolean;
  readonly numBits?: number;
  /** Else the range is that of the input. */
  readonly rangeGiven?: boolean;
  readonly roundMode?: Rounding;
  readonly narrowRange?: boolean;
  /** inputMin and inputMax hold a number for each slice along it. */
  readonly axis?: number | null;
}

function recordOf(
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  options: QuantizeAndDequantizeOptions,
) {
  const tensor = convertToTensor(input, { name: "input" });
  return {
    input: tensor,
    input_min: inputMin,
    input_max: inputMax,
    signed_input: options.signedInput ?? true,
    num_bits: options.numBits ?? 8,
    range_given: options.rangeGiven ?? false,
    round_mode: options.roundMode ?? "HALF_TO_EVEN",
    narrow_range: options.narrowRange ?? false,
    axis: axisOf(tensor, options.axis ?? null),
  };
}

/** -1 for none, else counted from the front. Throws ValueError for a negative one of a tensor of unknown rank. */
export function axisOf(input: Tensor, axis: number | null): number {
  if (axis === null || axis >= 0) return axis ?? -1;
  if (input.shape === null) throw new ValueError("input should have known rank to use negative axis.");
  const rank = input.shape.length;
  return ((axis % rank) + rank) % rank;
}

const quantizeAndDequantizePlaces = [
  "signedInput",
  "numBits",
  "rangeGiven",
  "roundMode",
  "name",
  "narrowRange",
  "axis",
] as const;

/** `input` rounded to integers of numBits and back. */
export const quantizeAndDequantize = (
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  ...rest: Rest<QuantizeAndDequantizeOptions, typeof quantizeAndDequantizePlaces>
): Tensor => {
  const options = byName<QuantizeAndDequantizeOptions>(rest, quantizeAndDequantizePlaces);
  return quantizeAndDequantizeV2Op(recordOf(input, inputMin, inputMax, options), options.name);
};

/** As `quantizeAndDequantize`; the gradient is 0 out of the range. */
export const quantizeAndDequantizeV2 = (
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  ...rest: Rest<QuantizeAndDequantizeOptions, typeof quantizeAndDequantizePlaces>
): Tensor => {
  const options = byName<QuantizeAndDequantizeOptions>(rest, quantizeAndDequantizePlaces);
  return quantizeAndDequantizeV4Op(recordOf(input, inputMin, inputMax, options), options.name);
};
