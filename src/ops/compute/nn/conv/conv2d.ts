/**
 * Two-dimensional convolution and its gradients: input [n, h, w, c], filter [r, s, c / groups, k], output [n, p, q, k].
 * Source: nn_ops.cc, conv_ops.cc, conv_grad_ops.cc, nn_grad.py.
 */
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import { type FullShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { shapeFromInput } from "../../array/basic/shape_input.ts";
import {
  type ConvolutionAttrs,
  checkBackprop,
  checkSpatialOnly,
  convolutionShape,
  geometryOf,
  rankError,
} from "./geometry.ts";

export const attrs = [
  "strides: list(int)",
  "use_cudnn_on_gpu: bool = true",
  "padding: {'SAME', 'VALID', 'EXPLICIT'}",
  "explicit_paddings: list(int) = []",
  "data_format: {'NHWC', 'NCHW'} = 'NHWC'",
  "dilations: list(int) = [1, 1, 1, 1]",
] as const;

interface Conv2DAttrs extends ConvolutionAttrs {
  readonly explicit_paddings: readonly number[];
  readonly use_cudnn_on_gpu: boolean;
}

/** The attrs to hand on to the ops of the gradient. */
const sameAttrs = ({ strides, padding, explicit_paddings, use_cudnn_on_gpu, data_format, dilations }: Conv2DAttrs) => ({
  strides,
  padding,
  explicit_paddings,
  use_cudnn_on_gpu,
  data_format,
  dilations,
});

/** Throws what the kernel says of shapes that it does not take. */
function checkForward(input: FullShape, filter: FullShape, format: string): void {
  if (input.length !== 4) throw rankError("convolution input", 4, input);
  if (filter.length !== 4) throw rankError("convolution filter", 4, filter);
  const depth = input[format === "NCHW" ? 1 : 3]!;
  const filterDepth = filter[2]!;
  if (filterDepth <= 0) throw invalidArgument(`filter depth must be stricly positive, got ${filterDepth}`);
  if (depth % filterDepth !== 0)
    throw invalidArgument(`input depth must be evenly divisible by filter depth: ${depth} vs ${filterDepth}`);
  if (filter[0] === 0 || filter[1] === 0)
    throw invalidArgument("filter must not have zero elements (i.e. all dimensions must be non-zero)");
  const groups = depth / filterDepth;
  if (groups > 0 && filter[3]! % groups !== 0) {
    throw invalidArgument(`output depth must be evenly divisible by number of groups: ${filter[3]} vs ${groups}`);
  }
}

const isEmpty = (shape: FullShape): boolean => shape.includes(0);

/** output = input convolved with filter (a correlation: the filter is not turned). */
export const conv2DOp = defineOp("Conv2D", {
  inputs: ["input: T", "filter: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double, int32}", ...attrs],
  shape: (op) => [convolutionShape("Conv2D", op.input, op.filter, op)],
  lower(p, op) {
    const { input, filter } = op;
    checkSpatialOnly(op);
    checkForward(input.shape, filter.shape, op.data_format);
    if (op.data_format !== "NHWC") {
      throw new UnimplementedError(
        `The Conv2D op currently only supports the NHWC tensor format on the CPU. The op was given the format: ${op.data_format}`,
      );
    }
    const geometry = geometryOf(input.shape, filter.shape, op);
    const out = [geometry.batch, ...geometry.spatial.map((d) => d.output), geometry.outChannels];
    return isEmpty(out) || isEmpty(input.shape)
      ? p.fill(0, input.dtype, out)
      : p.convolution("forward", input, filter, geometry);
  },
  gradient(tf, op, dy) {
    const { input, filter } = op;
    const [inputSizes, filterSizes] = tf.shapeN([input, filter]) as [Tensor, Tensor];
    const same = sameAttrs(op);
    return {
      input: tf.conv2DBackpropInputOp({ input_sizes: inputSizes, filter, out_backprop: dy!, ...same }),
      filter: tf.conv2DBackpropFilterOp({ input, filter_sizes: filterSizes, out_backprop: dy!, ...same }),
    };
  },
});

function checkBackpropFormat(label: string, op: ConvolutionAttrs): void {
  checkSpatialOnly(op);
  if (op.data_format !== "NHWC") throw invalidArgument(`${label}Op only supports NHWC.`);
  if (op.dilations.some((d) => d !== 1))
    throw invalidArgument("Current CPU implementations do not yet support dilation rates larger than 1.");
}

/** input_sizes may be the full shape or its two spatial sizes. */
function inputShapeOf(p: Lowering, sizes: Value, filter: FullShape, dy: FullShape): FullShape {
  if (sizes.shape.length !== 1)
    throw invalidArgument(`Conv2DBackpropInput: input_sizes input must be 1-dim, not ${sizes.shape.length}`);
  const dims = p.numbers(sizes);
  if (dims.length === 2) return [dy[0]!, dims[0]!, dims[1]!, filter[2]!];
  if (dims.length !== 4)
    throw invalidArgument(
      `Conv2DBackpropInput requires input_sizes to contain 4 values or 2 values, but got: ${dims.length}`,
    );
  return dims;
}

/** output = the gradient of Conv2D for its input of shape input_sizes; also the transpose of a convolution. */
export const conv2DBackpropInputOp = defineOp("Conv2DBackpropInput", {
  inputs: ["input_sizes: int32", "filter: T", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double, int32}", ...attrs],
  shape({ input_sizes, filter, out_backprop }, context) {
    const sizes = shapeFromInput(context, "input_sizes", input_sizes);
    if (sizes?.length !== 2) return [withRank(sizes, 4)];
    const dy = withRank(out_backprop, 4);
    return [[dy[0]!, sizes[0]!, sizes[1]!, withRank(filter, 4)[2]!]];
  },
  lower(p, op) {
    const { filter, out_backprop: dy } = op;
    checkBackpropFormat("Conv2DCustomBackpropInput", op);
    const shape = inputShapeOf(p, op.input_sizes, filter.shape, dy.shape);
    if (filter.shape.length !== 4) throw invalidArgument("Conv2DCustomBackpropInput: filter must be 4-dimensional");
    const geometry = geometryOf(shape, filter.shape, op);
    checkBackprop("Conv2DCustomBackpropInput", shape, filter.shape, dy.shape, geometry);
    if (shape[3] !== filter.shape[2]) {
      throw invalidArgument(
        `Gradients for grouped convolutions are not supported on CPU. Please file a feature request if you run into this issue. Computed input depth ${shape[3]} doesn't match filter input depth ${filter.shape[2]}`,
      );
    }
    if (isEmpty(shape) || isEmpty(dy.shape) || isEmpty(filter.shape)) return p.fill(0, dy.dtype, shape);
    return p.convolution("inputGradient", filter, dy, geometry);
  },
  gradient: (tf, op, dy) => backpropInputGradient(tf, op.filter, op.out_backprop, op, dy!),
});

function backpropInputGradient(
  tf: GradientTools,
  filter: Tensor,
  outBackprop: Tensor,
  attrs: Conv2DAttrs,
  dy: Tensor,
): { filter: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(attrs);
  return {
    filter: tf.conv2DBackpropFilterOp({
      input: dy,
      filter_sizes: tf.shape(filter),
      out_backprop: outBackprop,
      ...same,
    }),
    out_backprop: tf.conv2DOp({ input: dy, filter, ...same }),
  };
}

/** output = the gradient of Conv2D for its filter of shape filter_sizes. */
export const conv2DBackpropFilterOp = defineOp("Conv2DBackpropFilter", {
  inputs: ["input: T", "filter_sizes: int32", "out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double}", ...attrs],
  shape: ({ filter_sizes }, context): [Shape] => [withRank(shapeFromInput(context, "filter_sizes", filter_sizes), 4)],
  lower(p, op) {
    const { input, out_backprop: dy } = op;
    checkBackpropFormat("Conv2DCustomBackpropFilter", op);
    if (op.filter_sizes.shape.length !== 1) {
      throw invalidArgument(
        `Conv2DCustomBackpropFilter: filter_sizes input must be 1-dim, not ${op.filter_sizes.shape.length}`,
      );
    }
    const shape = p.numbers(op.filter_sizes);
    if (shape.length !== 4) throw invalidArgument("Conv2DCustomBackpropFilter: filter must be 4-dimensional");
    if (input.shape.length !== 4) throw invalidArgument("Conv2DCustomBackpropFilter: input must be 4-dimensional");
    const geometry = geometryOf(input.shape, shape, op);
    checkBackprop("Conv2DCustomBackpropFilter", input.shape, shape, dy.shape, geometry);
    if (geometry.groups !== 1) {
      const [given, wanted] = [shape, [shape[0]!, shape[1]!, input.shape[3]!, shape[3]!]].map((dims) =>
        dims.reduce((n, d) => n * d, 1),
      );
      throw invalidArgument(`filter_size does not have enough elements, requested ${wanted}, got ${given}`);
    }
    if (isEmpty(input.shape) || isEmpty(dy.shape) || isEmpty(shape)) return p.fill(0, dy.dtype, shape);
    return p.convolution("filterGradient", input, dy, geometry);
  },
  gradient: (tf, op, dy) => backpropFilterGradient(tf, op.input, op.out_backprop, op, dy!),
});

function backpropFilterGradient(
  tf: GradientTools,
  input: Tensor,
  outBackprop: Tensor,
  attrs: Conv2DAttrs,
  dy: Tensor,
): { input: Tensor; out_backprop: Tensor } {
  const same = sameAttrs(attrs);
  return {
    input: tf.conv2DBackpropInputOp({ input_sizes: tf.shape(input), filter: dy, out_backprop: outBackprop, ...same }),
    out_backprop: tf.conv2DOp({ input, filter: dy, ...same }),
  };
}
