/** Convolution, pooling and joining of quantized numbers. Source: quantized_conv_ops.cc, quantized_pooling_ops.cc, quantized_concat_op.cc, quantized_reshape_op.cc. */
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount, type Shape, withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { bracketed } from "../array/basic/names.ts";
import { reshapeOp } from "../array/basic/reshape.ts";
import { concatOp } from "../array/join/concat.ts";
import { conv2DOp } from "../nn/conv/conv2d.ts";
import { avgPoolOp } from "../nn/pool/avg_pool.ts";
import { type Padding, slideAxis } from "../nn/window.ts";
import { floatScalar, type Integers, limitsOf, productRange, type Range, scalar } from "./conversions.ts";
import { zeroOf } from "./quantized_math.ts";
import { requantized } from "./requantize.ts";

/** output = the convolution of input [n, h, w, c] with filter [h, w, c, out] in sums of 32 bits. */
export const quantizedConv2DOp = defineOp("QuantizedConv2D", {
  inputs: [
    "input: Tinput",
    "filter: Tfilter",
    "min_input: float",
    "max_input: float",
    "min_filter: float",
    "max_filter: float",
  ],
  outputs: ["output: out_type", "min_output: float", "max_output: float"],
  attrs: [
    "Tinput: {qint8, quint8, qint32, qint16, quint16}",
    "Tfilter: {qint8, quint8, qint32, qint16, quint16}",
    "out_type: {qint8, quint8, qint32, qint16, quint16} = DT_QINT32",
    "strides: list(int)",
    "padding: {'SAME', 'VALID'}",
    "dilations: list(int) = [1, 1, 1, 1]",
  ],
  shape(op, context) {
    const record = { ...op, data_format: "NHWC", explicit_paddings: [], use_cudnn_on_gpu: true };
    const [shape] = conv2DOp.definition.shape(record, context) as readonly Shape[];
    for (const limit of [op.min_input, op.max_input, op.min_filter, op.max_filter]) withRank(limit, 0);
    return [shape!, [], []];
  },
  compute({ input, filter, min_input, max_input, min_filter, max_filter, out_type, strides, padding }) {
    const a = { min: scalar("min_input", min_input), max: scalar("max_input", max_input) };
    const b = { min: scalar("min_filter", min_filter), max: scalar("max_filter", max_filter) };
    if (input.shape.length !== 4)
      throw new InvalidArgumentError(`input must be rank 4 but is rank ${input.shape.length}`);
    if (filter.shape.length !== 4)
      throw new InvalidArgumentError(`filter must be rank 4 but is rank ${filter.shape.length}`);
    const [batch, height, width, channels] = input.shape as [number, number, number, number];
    const [filterHeight, filterWidth, depth, outputs] = filter.shape as [number, number, number, number];
    if (depth !== channels)
      throw new InvalidArgumentError(`input and filter must have the same depth: ${channels} vs ${depth}`);
    const slide = { dilation: 1, padding: padding as Padding };
    const ys = slideAxis(height, filterHeight, { ...slide, stride: strides[1]! });
    const xs = slideAxis(width, filterWidth, { ...slide, stride: strides[2]! });
    const output = emptyArray(out_type, [batch, ys.output, xs.output, outputs]);
    const [x, w, z] = [input.data as Integers, filter.data as Integers, output.data as Integers];
    const [xZero, wZero] = [zeroOf(input, a), zeroOf(filter, b)];
    const sums = new Float64Array(outputs);
    for (let n = 0, at = 0; n < batch; n++)
      for (let oy = 0; oy < ys.output; oy++)
        for (let ox = 0; ox < xs.output; ox++, at += outputs) {
          sums.fill(0);
          for (let fy = 0; fy < filterHeight; fy++)
            for (let fx = 0; fx < filterWidth; fx++) {
              const [iy, ix] = [oy * ys.stride - ys.padBefore + fy, ox * xs.stride - xs.padBefore + fx];
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              for (let c = 0; c < channels; c++) {
                const value = x[((n * height + iy) * width + ix) * channels + c]! - xZero;
                const from = ((fy * filterWidth + fx) * channels + c) * outputs;
                for (let o = 0; o < outputs; o++) sums[o] = sums[o]! + value * (w[from + o]! - wZero);
              }
            }
          z.set(sums, at);
        }
    const { min, max } = productRange(a, limitsOf(input.dtype), b, limitsOf(filter.dtype));
    return [output, floatScalar(min), floatScalar(max)];
  },
  gradient: "unregistered",
});

function poolLimit(name: string, array: NdArray): number {
  if (array.shape.length !== 0)
    throw new InvalidArgumentError(
      `${name} shape must be rank 0 but is rank ${array.shape.length}, received shape: ${bracketed(array.shape)}`,
    );
  return array.data[0] as number;
}

/** `join` gives a window's result from its values; the range stays. */
const pool = (type: string, join: (values: readonly number[]) => number) =>
  defineOp(type, {
    inputs: ["input: T", "min_input: float", "max_input: float"],
    outputs: ["output: T", "min_output: float", "max_output: float"],
    attrs: [
      "T: {qint8, quint8, qint32, qint16, quint16}",
      "ksize: list(int)",
      "strides: list(int)",
      "padding: {'SAME', 'VALID'}",
    ],
    shape({ input, min_input, max_input, ...attrs }, context) {
      const record = { ...attrs, value: input, data_format: "NHWC" };
      const [shape] = avgPoolOp.definition.shape(record, context) as readonly Shape[];
      withRank(min_input, 0);
      withRank(max_input, 0);
      return [shape!, [], []];
    },
    compute({ input, min_input, max_input, ksize, strides, padding }) {
      const [min, max] = [poolLimit("min_input", min_input), poolLimit("max_input", max_input)];
      const [batch, height, width, channels] = input.shape as [number, number, number, number];
      const slide = { dilation: 1, padding: padding as Padding };
      const ys = slideAxis(height, ksize[1]!, { ...slide, stride: strides[1]! });
      const xs = slideAxis(width, ksize[2]!, { ...slide, stride: strides[2]! });
      const output = emptyArray(input.dtype, [batch, ys.output, xs.output, channels]);
      const [x, z] = [input.data as Integers, output.data as Integers];
      for (let n = 0, at = 0; n < batch; n++)
        for (let oy = 0; oy < ys.output; oy++)
          for (let ox = 0; ox < xs.output; ox++)
            for (let c = 0; c < channels; c++, at++) {
              const values: number[] = [];
              const [top, left] = [oy * ys.stride - ys.padBefore, ox * xs.stride - xs.padBefore];
              for (let iy = Math.max(top, 0); iy < Math.min(top + ksize[1]!, height); iy++)
                for (let ix = Math.max(left, 0); ix < Math.min(left + ksize[2]!, width); ix++)
                  values.push(x[((n * height + iy) * width + ix) * channels + c]!);
              z[at] = join(values);
            }
      return [output, floatScalar(min), floatScalar(max)];
    },
    gradient: "unregistered",
  });

export const quantizedMaxPoolOp = pool("QuantizedMaxPool", (values) => Math.max(...values));
export const quantizedAvgPoolOp = pool("QuantizedAvgPool", (values) =>
  Math.trunc(values.reduce((a, b) => a + b, 0) / values.length),
);

/** The range of all values with 0 in it; of signed ones as wide below 0 as above. */
function commonRange(ranges: readonly Range[], isSigned: boolean): Range {
  const min = Math.min(0, ...ranges.map((range) => range.min));
  const max = Math.max(...ranges.map((range) => range.max));
  const most = Math.max(Math.abs(min), Math.abs(max));
  return isSigned ? { min: -most, max: most } : { min, max };
}

/** output = the values one after another along an axis, in a range that holds all of them. */
export const quantizedConcatOp = defineOp("QuantizedConcat", {
  inputs: ["concat_dim: int32", "values: N * T", "input_mins: N * float", "input_maxes: N * float"],
  outputs: ["output: T", "output_min: float", "output_max: float"],
  attrs: ["N: int >= 2", "T: type"],
  shape(op, context) {
    const [shape] = concatOp.definition.shape(op, context) as readonly Shape[];
    for (const limit of [...op.input_mins, ...op.input_maxes]) withRank(limit, 0);
    return [shape!, [], []];
  },
  compute({ concat_dim, values, input_mins, input_maxes }) {
    const first = values[0]!;
    const rank = first.shape.length;
    const axis = concat_dim.data[0] as number;
    if (axis < 0 || axis >= rank)
      throw new InvalidArgumentError(
        `ConcatOp : Expected concatenating dimensions in the range [0, ${rank}), but got ${axis}`,
      );
    for (const [i, { shape }] of values.entries())
      if (shape.length !== rank || shape.some((n, d) => d !== axis && n !== first.shape[d]))
        throw new InvalidArgumentError(
          `ConcatOp : Dimensions of inputs should match: shape[0] = ${bracketed(first.shape)} vs. shape[${i}] = ${bracketed(shape)}`,
        );
    const ranges = values.map(
      (_, i): Range => ({
        min: input_mins[i]!.data[0] as number,
        max: input_maxes[i]!.data[0] as number,
      }),
    );
    const to = commonRange(ranges, limitsOf(first.dtype).isSigned);
    const parts = values.map((value, i) => {
      const range = ranges[i]!;
      return range.min === to.min && range.max === to.max ? value : requantized(value, range, value.dtype, to);
    });
    const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    const output = emptyArray(first.dtype, [...first.shape.slice(0, axis), size, ...first.shape.slice(axis + 1)]);
    const outer = elementCount(first.shape.slice(0, axis));
    const z = output.data as Integers;
    for (let o = 0, at = 0; o < outer; o++)
      for (const part of parts) {
        const count = part.size / outer;
        z.set((part.data as Integers).subarray(o * count, (o + 1) * count), at);
        at += count;
      }
    return [output, floatScalar(to.min), floatScalar(to.max)];
  },
  gradient: "unregistered",
});

/** output = the same numbers in another shape; the range stays. */
export const quantizedReshapeOp = defineOp("QuantizedReshape", {
  inputs: ["tensor: T", "shape: Tshape", "input_min: float", "input_max: float"],
  outputs: ["output: T", "output_min: float", "output_max: float"],
  attrs: ["T: type", "Tshape: {int32, int64} = DT_INT32"],
  shape(op, context) {
    const { shapes } = reshapeOp.definition.shape(op, context) as { readonly shapes: readonly Shape[] };
    withRank(op.input_min, 0);
    withRank(op.input_max, 0);
    return [shapes[0]!, [], []];
  },
  compute({ tensor, shape, input_min, input_max }) {
    const sizes = Array.from(shape.data as ArrayLike<number | bigint>, Number);
    const known = elementCount(sizes.filter((n) => n !== -1));
    const full = sizes.map((n) => (n === -1 ? tensor.size / known : n));
    if (!full.every(Number.isInteger) || elementCount(full) !== tensor.size)
      throw new InvalidArgumentError(
        `Input to reshape is a tensor with ${tensor.size} values, but the requested shape has ${known}`,
      );
    return [new NdArray(tensor.dtype, full, tensor.data), input_min, input_max];
  },
  gradient: "unregistered",
});
