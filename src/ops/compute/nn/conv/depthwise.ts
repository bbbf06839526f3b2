/**
 * Depthwise convolution: each channel has its own filters. Input [n, h, w, c], filter [r, s, c, multiplier], output
 * [n, p, q, c * multiplier]. Source: nn_ops.cc, depthwise_conv_op.cc, depthwise_conv_grad_op.cc, nn_grad.py.
 */
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import { type FullShape, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { ConvolutionGeometry, Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { shapeFromInput } from "../../array/basic/shape_input.ts";
import { type ConvolutionAttrs, depthwiseShape, geometryOf } from "./geometry.ts";

const attrs = [
  "T: {half, bfloat16, float, double}",
  "strides: list(int)",
  "padding: {'SAME', 'VALID', 'EXPLICIT'}",
  "explicit_paddings: list(int) = []",
  "data_format: {'NHWC', 'NCHW'} = 'NHWC'",
  "dilations: list(int) = [1, 1, 1, 1]",
] as const;

interface DepthwiseAttrs extends ConvolutionAttrs {
  readonly explicit_paddings: readonly number[];
}

const sameAttrs = ({ strides, padding, explicit_paddings, data_format, dilations }: DepthwiseAttrs) => ({
  strides,
  padding,
  explicit_paddings,
  data_format,
  dilations,
});

function checkAttrs(op: ConvolutionAttrs): void {
  if (op.strides[1] !== op.strides[2]) {
    throw invalidArgument(
      "Current implementation only supports equal length strides in the row and column dimensions.",
    );
  }
  if (op.strides[0] !== 1 || op.strides[3] !== 1) {
    throw invalidArgument("Current implementation does not yet support strides in the batch and depth dimensions.");
  }
  if (op.dilations.some((d) => d !== 1)) {
    throw new UnimplementedError(
      `Current kernel implementation does not support dilations, received [${op.dilations.join(" ")}]`,
    );
  }
  if (op.data_format !== "NHWC")
    throw new UnimplementedError("Depthwise convolution on CPU is only supported for NHWC format");
}

/** A convolution of c groups; its filter is [r, s, 1, c * multiplier]. */
function depthwiseGeometry(input: FullShape, filter: FullShape, op: ConvolutionAttrs): ConvolutionGeometry {
  return geometryOf(input, [filter[0]!, filter[1]!, 1, filter[2]! * filter[3]!], op);
}

const grouped = (p: Lowering, filter: Value): Value => {
  const [r, s, c, multiplier] = filter.shape as readonly [number, number, number, number];
  return p.reshape(filter, [r, s, 1, c * multiplier]);
};

const isEmpty = (shape: FullShape): boolean => shape.includes(0);

export const depthwiseConv2dNativeOp = defineOp("DepthwiseConv2dNative", {
  inputs: ["input: T", "filter: T"],
  outputs: ["output: T"],
  attrs,
  shape: (op) => [depthwiseShape(op.input, op.filter, op)],
  lower(p, op) {
    const { input, filter } = op;
    checkAttrs(op);
    if (input.shape.length !== 4) throw invalidArgument(`input must be 4-dimensional${formatShape(input.shape)}`);
    if (filter.shape.length !== 4) throw invalidArgument(`filter must be 4-dimensional: ${formatShape(filter.shape)}`);
    if (input.shape[3] !== filter.shape[2]) {
      throw invalidArgument(`input and filter must have the same depth: ${input.shape[3]} vs ${filter.shape[2]}`);
    }
    const geometry = depthwiseGeometry(input.shape, filter.shape, op);
    const out = [geometry.batch, ...geometry.spatial.map((d) => d.output), geometry.outChannels];
    if (isEmpty(out) || isEmpty(input.shape) || isEmpty(filter.shape)) return p.fill(0, input.dtype, out);
    return p.convolution("forward", input, grouped(p, filter), geometry);
  },
  gradient(tf, op, dy) {
    const { input, filter } = op;
    const same = sameAttrs(op);
    return {
      input: tf.depthwiseConv2dNativeBackpropInputOp({
        input_sizes: tf.shape(input),
        filter,
        out_backprop: dy!,
        ...same,
      }),
      filter: tf.depthwiseConv2dNativeBackpropFilterOp({
        input,
        filter_sizes: tf.shape(filter),
        out_backprop: dy!,
        ...same,
      }),
    };
  },
});

function checkBackprop(
  label: string,
  input: FullShape,
  filter: FullShape,
  dy: FullShape,
  geometry: ConvolutionGeometry,
): void {
  if (input[0] !== dy[0]) throw invalidArgument(`${label}: input and out_backprop must have the same batch size`);
  if (input[3] !== filter[2]) throw invalidArgument(`${label}: input and filter must have the same in_depth`);
  if (filter[2]! * filter[3]! !== dy[3])
    throw invalidArgument(`${label}: depth_multiplier * in_depth not equal to out_depth`);
  for (const [i, words] of ["rows", "cols"].entries()) {
    const computed = geometry.spatial[i]!.output;
    if (dy[i + 1] !== computed) {
      throw invalidArgument(
        `${label}: Number of ${words} of out_backprop doesn't match computed: actual = ${dy[i + 1]}, computed = ${computed}`,
      );
    }
  }
}

export const depthwiseConv2dNativeBackpropInputOp = defineOp("DepthwiseConv2dNativeBackpropInput", {
  inputs: ["input_sizes: int32", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs,
  shape: ({ input_sizes }, context): [Shape] => [withRank(shapeFromInput(context, "input_sizes", input_sizes), 4)],
  lower(p, op) {
    const { filter, out_backprop: dy } = op;
    checkAttrs(op);
    if (op.input_sizes.shape.length !== 1) {
      throw invalidArgument(`Conv2DBackpropInput: input_sizes input must be 1-dim, not ${op.input_sizes.shape.length}`);
    }
    const shape = p.numbers(op.input_sizes);
    const geometry = depthwiseGeometry(shape, filter.shape, op);
    checkBackprop("DepthwiseConv2DBackpropInput", shape, filter.shape, dy.shape, geometry);
    if (isEmpty(shape) || isEmpty(dy.shape) || isEmpty(filter.shape)) return p.fill(0, dy.dtype, shape);
    return p.convolution("inputGradient", grouped(p, filter), dy, geometry);
  },
  gradient: (tf, op, dy) => inputGradient(tf, op.filter, op.out_backprop, op, dy!),
});

function inputGradient(
  tf: GradientTools,
  filter: Tensor,
  outBackprop: Tensor,
  op: DepthwiseAttrs,
  dy: Tensor,
): { filter: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(op);
  return {
    filter: tf.depthwiseConv2dNativeBackpropFilterOp({
      input: dy,
      filter_sizes: tf.shape(filter),
      out_backprop: outBackprop,
      ...same,
    }),
    out_backprop: tf.depthwiseConv2dNativeOp({ input: dy, filter, ...same }),
  };
}

export const depthwiseConv2dNativeBackpropFilterOp = defineOp("DepthwiseConv2dNativeBackpropFilter", {
  inputs: ["input: T", "filter_sizes: int32", "out_backprop: T"],
  outputs: ["output: T"],
  attrs,
  shape: ({ filter_sizes }, context): [Shape] => [withRank(shapeFromInput(context, "filter_sizes", filter_sizes), 4)],
  lower(p, op) {
    const { input, out_backprop: dy } = op;
    checkAttrs(op);
    if (op.filter_sizes.shape.length !== 1) {
      throw invalidArgument(
        `Conv2DBackpropFilter: filter_sizes input must be 1-dim, not ${op.filter_sizes.shape.length}`,
      );
    }
    const shape = p.numbers(op.filter_sizes);
    const geometry = depthwiseGeometry(input.shape, shape, op);
    checkBackprop("DepthwiseConv2DBackpropFilter", input.shape, shape, dy.shape, geometry);
    if (isEmpty(shape) || isEmpty(dy.shape) || isEmpty(input.shape)) return p.fill(0, dy.dtype, shape);
    return p.reshape(p.convolution("filterGradient", input, dy, geometry), shape);
  },
  gradient: (tf, op, dy) => filterGradient(tf, op.input, op.out_backprop, op, dy!),
});

function filterGradient(
  tf: GradientTools,
  input: Tensor,
  outBackprop: Tensor,
  op: DepthwiseAttrs,
  dy: Tensor,
): { input: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(op);
  return {
    input: tf.depthwiseConv2dNativeBackpropInputOp({
      input_sizes: tf.shape(input),
      filter: dy,
      out_backprop: outBackprop,
      ...same,
    }),
    out_backprop: tf.depthwiseConv2dNativeOp({ input, filter: dy, ...same }),
  };
}
