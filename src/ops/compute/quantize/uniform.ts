/** Quantized numbers by scale and zero point, for a whole tensor or for each slice of an axis. Source: uniform_quantize_op.cc, uniform_dequantize_op.cc, uniform_quantized_clip_by_value_op.cc, math_utils.h. */
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { elementCount, sameShape } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { bracketed } from "../array/basic/names.ts";
import type { Integers } from "./conversions.ts";

const f = Math.fround;

/** Throws what the kernels say of scales and zero points that do not fit. */
function checkScales(input: NdArray, scales: NdArray, zeroPoints: NdArray, axis: number): void {
  const rank = input.shape.length;
  if (axis < -1 || axis >= rank)
    throw new InvalidArgumentError(`quantization_axis must be -1 or in range [0, input.rank), but given ${axis}`);
  const [given, zeros] = [bracketed(scales.shape), bracketed(zeroPoints.shape)];
  if (!sameShape(scales.shape, zeroPoints.shape))
    throw new InvalidArgumentError(
      `scales and zero_points shape must be same, but given scales shape ${given} and zero_points shape ${zeros}`,
    );
  if (axis === -1 && scales.shape.length !== 0)
    throw new InvalidArgumentError(
      `If quantization_axis is -1, scales and zero_points must be scalar tensors, but given scales shape ${given} and zero_points shape ${zeros}`,
    );
  if (axis !== -1 && (scales.shape.length !== 1 || scales.size !== input.shape[axis]))
    throw new InvalidArgumentError(
      `If quantization_axis is not -1, scales and zero_points must be a tensor of rank 1 and the size must be equal to the input.dim_size(quantization_axis), but given quantization_axis ${axis}, scales shape ${given} and zero_points shape ${zeros}`,
    );
}

/** Which scale element i has. */
function sliceOf(input: NdArray, axis: number): (i: number) => number {
  if (axis < 0) return () => 0;
  const inner = elementCount(input.shape.slice(axis + 1));
  const depth = input.shape[axis]!;
  return (i) => Math.floor(i / inner) % depth;
}

/** output = floor(input / scale + 0.5) + zero_point, cut to the limits. */
export const uniformQuantizeOp = defineOp("UniformQuantize", {
  inputs: ["input: Tin", "scales: float", "zero_points: int32"],
  outputs: ["output: Tout"],
  attrs: [
    "Tin: {float}",
    "Tout: {qint8, quint8, qint32}",
    "quantization_axis: int = -1",
    "quantization_min_val: int",
    "quantization_max_val: int",
  ],
  shape: ({ input }) => [input],
  compute({ input, scales, zero_points, Tout, quantization_axis, quantization_min_val, quantization_max_val }) {
    checkScales(input, scales, zero_points, quantization_axis);
    const output = emptyArray(Tout, input.shape);
    const slice = sliceOf(input, quantization_axis);
    const inverse = Float32Array.from(scales.data as Float32Array, (scale) => 1 / scale);
    const zeros = zero_points.data as Int32Array;
    for (const [i, x] of (input.data as Float32Array).entries()) {
      const c = slice(i);
      const value = Math.floor(f(f(x * inverse[c]!) + 0.5)) + zeros[c]!;
      (output.data as Integers)[i] = Math.min(Math.max(value, quantization_min_val), quantization_max_val);
    }
    return output;
  },
  gradient: "unregistered",
});

/** output = (input - zero_point) scale. */
export const uniformDequantizeOp = defineOp("UniformDequantize", {
  inputs: ["input: Tin", "scales: float", "zero_points: int32"],
  outputs: ["output: Tout"],
  attrs: [
    "Tin: {qint8, quint8, qint32}",
    "Tout: {float}",
    "quantization_axis: int = -1",
    "quantization_min_val: int",
    "quantization_max_val: int",
  ],
  shape: ({ input }) => [input],
  compute({ input, scales, zero_points, Tout, quantization_axis }) {
    checkScales(input, scales, zero_points, quantization_axis);
    const output = emptyArray(Tout, input.shape);
    const slice = sliceOf(input, quantization_axis);
    const zeros = zero_points.data as Int32Array;
    for (const [i, x] of (input.data as Integers).entries()) {
      const c = slice(i);
      (output.data as Float32Array)[i] = f((x - zeros[c]!) | 0) * (scales.data as Float32Array)[c]!;
    }
    return output;
  },
  gradient: "unregistered",
});

/** output = operand cut to min and max, which are of one scale with it. */
export const uniformQuantizedClipByValueOp = defineOp("UniformQuantizedClipByValue", {
  inputs: ["operand: T", "min: T", "max: T", "scales: float", "zero_points: int32"],
  outputs: ["output: T"],
  attrs: ["T: {qint32}", "quantization_axis: int = -1", "quantization_min_val: int", "quantization_max_val: int"],
  shape: ({ operand }) => [operand],
  compute({ operand, min, max, scales, zero_points, quantization_axis }) {
    checkScales(operand, scales, zero_points, quantization_axis);
    for (const [name, limit] of Object.entries({ min, max }))
      if (!sameShape(limit.shape, scales.shape))
        throw new InvalidArgumentError(
          `Input ${name} shape must be same as scales/zero_points. Given ${name} of shape ${bracketed(limit.shape)} and scales/zero_points of shape ${bracketed(scales.shape)}`,
        );
    const output = emptyArray(operand.dtype, operand.shape);
    const slice = sliceOf(operand, quantization_axis);
    const [low, high] = [min.data as Integers, max.data as Integers];
    for (const [i, x] of (operand.data as Integers).entries()) {
      const c = slice(i);
      (output.data as Integers)[i] = Math.min(Math.max(x, low[c]!), high[c]!);
    }
    return output;
  },
  gradient: "unregistered",
});
