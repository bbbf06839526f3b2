/** Padding (and resizing) with a convolution behind: FusedPadConv2D, FusedResizeAndPadConv2D; and Conv of any rank. Source: nn_ops.cc, conv_ops_fused_image_transform.cc. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { type Dim, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { NodeFacts, ShapeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { mirrorPadOp } from "../../array/slice/pad.ts";
import { resizeBilinearOp } from "../../image/resize/resize.ts";
import { conv2DOp } from "./conv2d.ts";
import { conv3DOp } from "./conv3d.ts";

interface Convolved {
  readonly strides: readonly number[];
  readonly padding: string;
}

const one = (lowered: unknown): Value => (Array.isArray(lowered) ? lowered[0] : lowered) as Value;

const common = { data_format: "NHWC", dilations: [1, 1, 1, 1], explicit_paddings: [], use_cudnn_on_gpu: true } as const;

function convolve(p: Lowering, input: Value, filter: Value, attrs: Convolved, node: NodeFacts): Value {
  return one(conv2DOp.definition.lower!(p, { input, filter, ...common, ...attrs }, node));
}

const mirrored = (p: Lowering, input: Value, paddings: Value, mode: string, node: NodeFacts): Value =>
  one(mirrorPadOp.definition.lower!(p, { input, paddings, mode }, node));

function convolvedShape(input: Shape, filter: Shape, attrs: Convolved, context: ShapeContext): Shape {
  const shape = conv2DOp.definition.shape({ input, filter, ...common, ...attrs }, context);
  return (shape as readonly Shape[])[0]!;
}

function padded(input: Shape, paddings: Shape, context: ShapeContext): Shape {
  withRank(paddings, 2);
  const sizes = context.value("paddings");
  return withRank(input, 4).map((size, i): Dim => {
    if (!sizes || size === null) return null;
    return size + Number(sizes.data[2 * i]) + Number(sizes.data[2 * i + 1]);
  });
}

/** A convolution of images [n, h, w, c] that were padded by reflection. */
export const fusedPadConv2DOp = defineOp("FusedPadConv2D", {
  inputs: ["input: T", "paddings: int32", "filter: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {half, bfloat16, float, double}",
    "mode: {'REFLECT', 'SYMMETRIC'}",
    "strides: list(int)",
    "padding: {'SAME', 'VALID'}",
  ],
  shape: ({ input, paddings, filter, strides, padding }, context) => [
    convolvedShape(padded(input, paddings, context), filter, { strides, padding }, context),
  ],
  lower: (p, { input, paddings, filter, mode, strides, padding }, node) =>
    convolve(p, mirrored(p, input, paddings, mode, node), filter, { strides, padding }, node),
  gradient: "unregistered",
});

/** As FusedPadConv2D, of images that were resized bilinearly before. */
export const fusedResizeAndPadConv2DOp = defineOp("FusedResizeAndPadConv2D", {
  inputs: ["input: T", "size: int32", "paddings: int32", "filter: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {half, float, double}",
    "resize_align_corners: bool = false",
    "mode: {'REFLECT', 'SYMMETRIC'}",
    "strides: list(int)",
    "padding: {'SAME', 'VALID'}",
  ],
  shape({ input, size, paddings, filter, strides, padding }, context) {
    withRank(size, 1);
    const sizes = context.value("size");
    const [n, , , c] = withRank(input, 4);
    const resized: Shape = [n!, sizes ? Number(sizes.data[0]) : null, sizes ? Number(sizes.data[1]) : null, c!];
    return [convolvedShape(padded(resized, paddings, context), filter, { strides, padding }, context)];
  },
  lower(p, { input, size, paddings, filter, resize_align_corners, mode, strides, padding }, node) {
    const attrs = { align_corners: resize_align_corners, half_pixel_centers: false };
    const resized = one(resizeBilinearOp.definition.lower!(p, { images: input, size, ...attrs }, node));
    const images = resized.dtype === input.dtype ? resized : p.cast(resized, input.dtype);
    return convolve(p, mirrored(p, images, paddings, mode, node), filter, { strides, padding }, node);
  },
  gradient: "unregistered",
});

const formats = { 4: ["NHWC", "NCHW"], 5: ["NDHWC", "NCDHW"] } as const;

/** A convolution over two or three spatial axes, by the rank of the input. */
export const convOp = defineOp("Conv", {
  inputs: ["input: T", "filter: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {half, bfloat16, float, double, int32}",
    "strides: list(int)",
    "padding: {'SAME', 'VALID', 'EXPLICIT'}",
    "explicit_paddings: list(int) = []",
    "data_format: {'CHANNELS_FIRST', 'CHANNELS_LAST'} = 'CHANNELS_LAST'",
    "dilations: list(int) = []",
    "batch_dims: int = 1",
    "groups: int = 1",
  ],
  shape(op, context) {
    if (!op.input) return [null];
    const { definition, attrs } = byRank(op.input.length, op);
    return definition.shape({ input: op.input, filter: op.filter, ...attrs }, context);
  },
  lower(p, op, node) {
    if (op.batch_dims !== 1) throw new InvalidArgumentError("Conv: only batch_dims = 1 is supported on CPU");
    const { definition, attrs } = byRank(op.input.shape.length, op);
    return definition.lower!(p, { input: op.input, filter: op.filter, ...attrs }, node);
  },
  gradient: "unregistered",
});

interface ConvAttrs extends Convolved {
  readonly data_format: string;
  readonly dilations: readonly number[];
  readonly explicit_paddings: readonly number[];
}

function byRank(rank: number, op: ConvAttrs) {
  const words = formats[rank as 4 | 5];
  if (!words) throw new InvalidArgumentError(`input must be 4 or 5-dimensional, not ${rank}-dimensional`);
  const attrs = {
    strides: op.strides,
    padding: op.padding,
    explicit_paddings: op.explicit_paddings,
    data_format: words[op.data_format === "CHANNELS_FIRST" ? 1 : 0],
    dilations: op.dilations.length ? op.dilations : new Array<number>(rank).fill(1),
    use_cudnn_on_gpu: true,
  };
  return { definition: rank === 4 ? conv2DOp.definition : conv3DOp.definition, attrs };
}
