/** Sums of 32 bits to fewer bits in the range that they use. Source: quantize_down_and_shrink_range.cc, requantize.cc, requantization_range_op.cc. */
import type { DType } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import {
  arrayToFloat,
  arrayToQuantized,
  floatScalar,
  type Integers,
  limitsOf,
  type Range,
  roundAway,
  scalar,
  toFloat,
} from "./conversions.ts";

const f = Math.fround;

/** 32 bits to 8 with 16 bits of fraction, all in whole numbers. */
function sumsToBytes(input: Integers, output: Integers, from: Range, to: Range): void {
  const outputRange = f(to.max - to.min);
  const inputRange = f(from.max - from.min);
  const reciprocal = outputRange === 0 ? 0 : f(255 / outputRange);
  const middle = f(f(from.min + from.max) / 2);
  const scale = outputRange === 0 ? 0n : BigInt(Math.trunc((255 * 65536 * inputRange) / outputRange));
  const inputOffset = BigInt(Math.trunc(f(f(middle * reciprocal) * 65536)));
  const outputOffset = outputRange === 0 ? 0n : BigInt(roundAway((65536 * (to.min * 255)) / outputRange));
  const offset = inputOffset - outputOffset + 32768n;
  for (let i = 0; i < input.length; i++) {
    const value = Number((((BigInt(input[i]!) * scale) >> 32n) + offset) >> 16n);
    output[i] = Math.min(Math.max(value, 0), 255);
  }
}

/** `input` of one range as numbers of another dtype and range. */
export function requantized(input: NdArray, from: Range, dtype: DType, to: Range): NdArray {
  const output = emptyArray(dtype, input.shape);
  const [x, y] = [input.data as Integers, output.data as Integers];
  if (input.dtype.base === "qint32" && dtype.base === "quint8") {
    sumsToBytes(x, y, from, to);
    return output;
  }
  const decode = arrayToFloat(from.min, from.max, limitsOf(input.dtype));
  const encode = arrayToQuantized(to.min, to.max, limitsOf(dtype));
  for (let i = 0; i < x.length; i++) y[i] = encode(decode(x[i]!));
  return output;
}

/** The range that the numbers take up, with 0 in it. */
function usedRange(input: NdArray, { min, max }: Range): Range {
  const limits = limitsOf(input.dtype);
  let [least, most] = [limits.high, limits.low];
  for (const value of input.data as Integers) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { min: Math.min(0, toFloat(least, min, max, limits)), max: toFloat(most, min, max, limits) };
}

/** output = input in the range that its numbers take up, with 8 bits. */
export const quantizeDownAndShrinkRangeOp = defineOp("QuantizeDownAndShrinkRange", {
  inputs: ["input: Tinput", "input_min: float", "input_max: float"],
  outputs: ["output: out_type", "output_min: float", "output_max: float"],
  attrs: ["Tinput: {qint8, quint8, qint32, qint16, quint16}", "out_type: {qint8, quint8, qint32, qint16, quint16}"],
  shape({ input, input_min, input_max }) {
    withRank(input_min, 0);
    withRank(input_max, 0);
    return [input, [], []];
  },
  compute({ input, input_min, input_max, out_type }) {
    const from = { min: scalar("input_min", input_min), max: scalar("input_max", input_max) };
    const to = usedRange(input, from);
    return [requantized(input, from, out_type, to), floatScalar(to.min), floatScalar(to.max)];
  },
  gradient: "unregistered",
});

/** The range that the numbers of input take up. */
export const requantizationRangeOp = defineOp("RequantizationRange", {
  inputs: ["input: Tinput", "input_min: float", "input_max: float"],
  outputs: ["output_min: float", "output_max: float"],
  attrs: ["Tinput: {qint8, quint8, qint32, qint16, quint16}"],
  shape({ input_min, input_max }) {
    withRank(input_min, 0);
    withRank(input_max, 0);
    return [[], []];
  },
  compute({ input, input_min, input_max }) {
    const used = usedRange(input, { min: input_min.data[0] as number, max: input_max.data[0] as number });
    return [floatScalar(used.min), floatScalar(used.max)];
  },
  gradient: "unregistered",
});

/** output = input as numbers of out_type in the requested range. */
export const requantizeOp = defineOp("Requantize", {
  inputs: [
    "input: Tinput",
    "input_min: float",
    "input_max: float",
    "requested_output_min: float",
    "requested_output_max: float",
  ],
  outputs: ["output: out_type", "output_min: float", "output_max: float"],
  attrs: ["Tinput: {qint8, quint8, qint32, qint16, quint16}", "out_type: {qint8, quint8, qint32, qint16, quint16}"],
  shape({ input, input_min, input_max, requested_output_min, requested_output_max }) {
    for (const limit of [input_min, input_max, requested_output_min, requested_output_max]) withRank(limit, 0);
    return [input, [], []];
  },
  compute({ input, input_min, input_max, requested_output_min, requested_output_max, out_type }) {
    const from = { min: scalar("input_min", input_min), max: scalar("input_max", input_max) };
    const min = scalar("requested_output_min", requested_output_min);
    const max = scalar("requested_output_max", requested_output_max);
    if (min > 0) throw new InvalidArgumentError(`requested_output_min must be <= 0, but got ${min}`);
    if (max < min)
      throw new InvalidArgumentError(`requested_output_max must be >= requested_output_min, but got ${max} and ${min}`);
    return [requantized(input, from, out_type, { min, max }), floatScalar(min), floatScalar(max)];
  },
  gradient: "unregistered",
});
