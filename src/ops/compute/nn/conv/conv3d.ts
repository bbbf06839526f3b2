/**
 * Three-dimensional convolution: input [n, d, h, w, c], filter [r, s, t, c, k], output [n, o, p, q, k].
 * Source: nn_ops.cc, conv_ops_3d.cc, conv_grad_ops_3d.cc, nn_grad.py.
 */
import { invalidArgument } from "../../../../core/error.ts";
import { type FullShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { shapeFromInput } from "../../array/basic/shape_input.ts";
import { type ConvolutionAttrs, checkBackprop, convolutionShape, geometryOf } from "./geometry.ts";

const padding = "padding: {'SAME', 'VALID'}";
const format = "data_format: {'NDHWC', 'NCDHW'} = 'NDHWC'";
const dilations = "dilations: list(int) = [1, 1, 1, 1, 1]";

const sameAttrs = ({ strides, padding, data_format, dilations }: ConvolutionAttrs) => ({
  strides,
  padding,
  data_format,
  dilations,
});

function checkAttrs(what: string, op: ConvolutionAttrs): void {
  if (op.data_format !== "NDHWC")
    throw invalidArgument(`CPU implementation of ${what} currently only supports the NHWC tensor format.`);
  if (op.dilations.some((d) => d !== 1))
    throw invalidArgument(`CPU implementation of ${what} currently only supports dilated rates of 1.`);
}

const isEmpty = (shape: FullShape): boolean => shape.includes(0);

export const conv3DOp = defineOp("Conv3D", {
  inputs: ["input: T", "filter: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double}", "strides: list(int) >= 5", padding, format, dilations],
  shape: (op) => [convolutionShape("Conv3D", op.input, op.filter, op)],
  lower(p, op) {
    const { input, filter } = op;
    if (input.shape.length !== 5) throw invalidArgument("input must be 5-dimensional");
    if (filter.shape.length !== 5) throw invalidArgument("filter must be 5-dimensional");
    const depth = input.shape[op.data_format === "NDHWC" ? 4 : 1]!;
    const filterDepth = filter.shape[3]!;
    if (filterDepth === 0 || depth % filterDepth !== 0) {
      throw invalidArgument(`Input depth must be evenly divisible by filter depth: ${depth} vs ${filterDepth}`);
    }
    checkAttrs("Conv3D", op);
    if (depth !== filterDepth)
      throw invalidArgument(
        `Number of channels in filter (${filterDepth}) must match last dimension of input (${depth})`,
      );
    const geometry = geometryOf(input.shape, filter.shape, op);
    const out = [geometry.batch, ...geometry.spatial.map((d) => d.output), geometry.outChannels];
    return isEmpty(out) || isEmpty(input.shape) || isEmpty(filter.shape)
      ? p.fill(0, input.dtype, out)
      : p.convolution("forward", input, filter, geometry);
  },
  gradient(tf, op, dy) {
    const { input, filter } = op;
    const [inputSizes, filterSizes] = tf.shapeN([input, filter]) as [Tensor, Tensor];
    const same = sameAttrs(op);
    return {
      input: tf.conv3DBackpropInputV2Op({ input_sizes: inputSizes, filter, out_backprop: dy!, ...same }),
      filter: tf.conv3DBackpropFilterV2Op({ input, filter_sizes: filterSizes, out_backprop: dy!, ...same }),
    };
  },
});

function backpropInput(p: Lowering, shape: FullShape, filter: Value, dy: Value, op: ConvolutionAttrs): Value {
  checkAttrs("Conv3D", op);
  if (shape.length !== 5) throw invalidArgument("input_sizes must have 5 elements");
  const geometry = geometryOf(shape, filter.shape, op);
  checkBackprop("Conv3DBackpropInputOp", shape, filter.shape, dy.shape, geometry);
  if (isEmpty(shape) || isEmpty(dy.shape) || isEmpty(filter.shape)) return p.fill(0, dy.dtype, shape);
  return p.convolution("inputGradient", filter, dy, geometry);
}

function backpropFilter(p: Lowering, input: Value, shape: FullShape, dy: Value, op: ConvolutionAttrs): Value {
  checkAttrs("Conv3D", op);
  if (shape.length !== 5) throw invalidArgument("filter_sizes must have 5 elements");
  const geometry = geometryOf(input.shape, shape, op);
  checkBackprop("Conv3DBackpropFilterOp", input.shape, shape, dy.shape, geometry);
  if (isEmpty(input.shape) || isEmpty(dy.shape) || isEmpty(shape)) return p.fill(0, dy.dtype, shape);
  return p.convolution("filterGradient", input, dy, geometry);
}

/** output = the gradient of Conv3D for its input of shape input_sizes. */
export const conv3DBackpropInputV2Op = defineOp("Conv3DBackpropInputV2", {
  inputs: ["input_sizes: Tshape", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {half, bfloat16, float, double}",
    "strides: list(int) >= 5",
    padding,
    format,
    dilations,
    "Tshape: {int32, int64} = DT_INT32",
  ],
  shape: ({ input_sizes }, context): [Shape] => [withRank(shapeFromInput(context, "input_sizes", input_sizes), 5)],
  lower: (p, op) => backpropInput(p, p.numbers(op.input_sizes), op.filter, op.out_backprop, op),
  gradient: (tf, op, dy) => inputGradient(tf, op.filter, op.out_backprop, op, dy!),
});

function inputGradient(
  tf: GradientTools,
  filter: Tensor,
  outBackprop: Tensor,
  op: ConvolutionAttrs,
  dy: Tensor,
): { filter: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(op);
  return {
    filter: tf.conv3DBackpropFilterV2Op({
      input: dy,
      filter_sizes: tf.shape(filter),
      out_backprop: outBackprop,
      ...same,
    }),
    out_backprop: tf.conv3DOp({ input: dy, filter, ...same }),
  };
}

/** output = the gradient of Conv3D for its filter of shape filter_sizes. */
export const conv3DBackpropFilterV2Op = defineOp("Conv3DBackpropFilterV2", {
  inputs: ["input: T", "filter_sizes: int32", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double}", "strides: list(int) >= 5", padding, format, dilations],
  shape: ({ filter_sizes }, context): [Shape] => [withRank(shapeFromInput(context, "filter_sizes", filter_sizes), 5)],
  lower: (p, op) => backpropFilter(p, op.input, p.numbers(op.filter_sizes), op.out_backprop, op),
  gradient: (tf, op, dy) => filterGradient(tf, op.input, op.out_backprop, op, dy!),
});

function filterGradient(
  tf: GradientTools,
  input: Tensor,
  outBackprop: Tensor,
  op: ConvolutionAttrs,
  dy: Tensor,
): { input: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(op);
  return {
    input: tf.conv3DBackpropInputV2Op({ input_sizes: tf.shape(input), filter: dy, out_backprop: outBackprop, ...same }),
    out_backprop: tf.conv3DOp({ input, filter: dy, ...same }),
  };
}

/** The first form: `input` gives its shape alone. */
export const conv3DBackpropInputOp = defineOp("Conv3DBackpropInput", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, float, double}", "strides: list(int) >= 5", padding, dilations],
  shape: ({ input }): [Shape] => [withRank(input, 5)],
  lower: (p, op) => backpropInput(p, op.input.shape, op.filter, op.out_backprop, { ...op, data_format: "NDHWC" }),
  gradient: "unregistered",
});

/** The first form: `filter` gives its shape alone. */
export const conv3DBackpropFilterOp = defineOp("Conv3DBackpropFilter", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, float, double}", "strides: list(int) >= 5", padding, dilations],
  shape: ({ filter }): [Shape] => [withRank(filter, 5)],
  lower: (p, op) => backpropFilter(p, op.input, op.filter.shape, op.out_backprop, { ...op, data_format: "NDHWC" }),
  gradient: "unregistered",
});
