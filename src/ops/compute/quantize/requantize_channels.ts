/** Sums of 32 bits to 8 with a scale for each channel. Source: mkl_requantize_per_channel_op.cc, mkl_requantization_range_per_channel_op.cc. */
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { floatScalar, type Integers, limitsOf } from "./conversions.ts";

const f = Math.fround;

/** The largest size of each channel's range. */
function channelSizes(input: NdArray, min: NdArray, max: NdArray): number[] {
  const depth = input.shape.at(-1) ?? 0;
  for (const [name, limit] of Object.entries({ input_min: min, input_max: max }))
    if (limit.size !== depth)
      throw new InvalidArgumentError(`${name} has incorrect size, expected ${depth} was ${limit.size}`);
  return Array.from({ length: depth }, (_, c) =>
    Math.max(Math.abs(min.data[c] as number), Math.abs(max.data[c] as number)),
  );
}

function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** output = input [n, h, w, c] as numbers of 8 bits in the requested range; input_min and input_max: [c]. */
export const requantizePerChannelOp = defineOp("RequantizePerChannel", {
  inputs: [
    "input: T",
    "input_min: float",
    "input_max: float",
    "requested_output_min: float",
    "requested_output_max: float",
  ],
  outputs: ["output: out_type", "output_min: float", "output_max: float"],
  attrs: [
    "T: {qint8, quint8, qint32, qint16, quint16} = DT_QINT32",
    "out_type: {qint8, quint8, qint32, qint16, quint16} = DT_QUINT8",
  ],
  shape({ input, input_min, input_max, requested_output_min, requested_output_max }) {
    withRank(input_min, 1);
    withRank(input_max, 1);
    withRank(requested_output_min, 0);
    withRank(requested_output_max, 0);
    return [input, [], []];
  },
  compute({ input, input_min, input_max, requested_output_min, requested_output_max, out_type }) {
    const sizes = channelSizes(input, input_min, input_max);
    const [min, max] = [requested_output_min.data[0] as number, requested_output_max.data[0] as number];
    if (out_type.base === "qint8" && min >= 0)
      throw new InvalidArgumentError(`If out_type is QINT8, requested_output_max must be non negative, got ${min}`);
    if (input.shape.length !== 4)
      throw new InvalidArgumentError("Current RequantizePerChannel operatorsupports 4D tensors only.");
    const limits = limitsOf(out_type);
    const factor = out_type.base === "qint8" ? 127 : 255;
    const range = Math.max(Math.abs(min), Math.abs(max));
    const scales = sizes.map((size) => f(factor * f(size / f(range * 2147483648))));
    const output = emptyArray(out_type, input.shape);
    for (const [i, x] of (input.data as Integers).entries()) {
      const value = roundEven(f(x * scales[i % sizes.length]!));
      (output.data as Integers)[i] = Math.min(Math.max(value, limits.low), limits.high);
    }
    return [output, floatScalar(min), floatScalar(max)];
  },
  gradient: "unregistered",
});

/** The range that the numbers of input [n, h, w, c] take up, as wide below 0 as above, or from 0 on when none is negative; at most clip_value_max. */
export const requantizationRangePerChannelOp = defineOp("RequantizationRangePerChannel", {
  inputs: ["input: T", "input_min: float", "input_max: float"],
  outputs: ["output_min: float", "output_max: float"],
  attrs: ["T: {qint8, quint8, qint32, qint16, quint16} = DT_QINT32", "clip_value_max: float"],
  shape({ input_min, input_max }) {
    withRank(input_min, 1);
    withRank(input_max, 1);
    return [[], []];
  },
  compute({ input, input_min, input_max, clip_value_max }) {
    const sizes = channelSizes(input, input_min, input_max);
    if (input.shape.length !== 4) throw new InvalidArgumentError("input must be in NHWC format");
    let most = 0;
    let isNegative = false;
    for (const [i, x] of (input.data as Integers).entries()) {
      isNegative ||= x < 0;
      most = Math.max(most, f(Math.abs(x) * f(sizes[i % sizes.length]! / 2147483648)));
    }
    const max = Math.min(most, f(clip_value_max));
    return [floatScalar(isNegative ? -max : 0), floatScalar(max)];
  },
  gradient: "unregistered",
});
