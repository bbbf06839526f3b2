/** Shapes of convolutions, while building and in kernels. Source: common_shape_fns.cc, conv_ops.cc, conv_grad_shape_utils.cc. */
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import { type Dim, type FullShape, formatShape, mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { ConvolutionGeometry, SpatialDim } from "../../../../engine/primitive.ts";
import {
  checkExplicitPaddings,
  explicitOf,
  type Layout,
  layoutOf,
  type Padding,
  type Slide,
  slideAxis,
  staticOutput,
} from "../window.ts";

/** The attrs that all convolutions share. */
export interface ConvolutionAttrs {
  readonly strides: readonly number[];
  readonly padding: string;
  readonly explicit_paddings?: readonly number[];
  readonly data_format: string;
  readonly dilations: readonly number[];
}

const slideOf = (attrs: ConvolutionAttrs, axis: number): Slide => ({
  stride: attrs.strides[axis]!,
  dilation: attrs.dilations[axis]!,
  padding: attrs.padding as Padding,
  explicit: explicitOf(attrs.explicit_paddings ?? [], axis),
});

function checkAttrs(op: string, attrs: ConvolutionAttrs, layout: Layout): void {
  const { rank } = layout;
  if (attrs.dilations.length !== rank) {
    throw invalidArgument(
      `${op} requires the dilation attribute to contain ${rank} values, but got: ${attrs.dilations.length}`,
    );
  }
  if (attrs.strides.length !== rank) {
    throw invalidArgument(
      `${op} on data format ${attrs.data_format} requires the stride attribute to contain ${rank} values, but got: ${attrs.strides.length}`,
    );
  }
}

/** Output of input [n, ...spatial, c] (in the layout) and filter [...spatial, c / groups, k]. */
export function convolutionShape(op: string, input: Shape, filter: Shape, attrs: ConvolutionAttrs): Dim[] {
  const layout = layoutOf(attrs.data_format);
  checkAttrs(op, attrs, layout);
  const x = withRank(input, layout.rank);
  const f = withRank(filter, layout.rank);
  checkExplicitPaddings(attrs.padding, attrs.explicit_paddings ?? [], layout);
  const [depth, filterDepth, outputDepth] = [x[layout.channel]!, f[layout.rank - 2]!, f[layout.rank - 1]!];
  if (depth !== null && filterDepth !== null) {
    if (filterDepth <= 0) throw invalidArgument(`Depth of filter must be a positive number: ${filterDepth}`);
    if (depth % filterDepth !== 0)
      throw invalidArgument(`Depth of input (${depth}) is not a multiple of input depth of filter (${filterDepth})`);
    const groups = depth / filterDepth;
    if (outputDepth !== null && groups > 0 && outputDepth % groups !== 0) {
      throw invalidArgument(`Depth of output (${outputDepth}) is not a multiple of the number of groups (${groups})`);
    }
  }
  const out = new Array<Dim>(layout.rank);
  out[0] = x[0]!;
  out[layout.channel] = outputDepth;
  for (const [i, axis] of layout.spatial.entries()) out[axis] = staticOutput(x[axis]!, f[i]!, slideOf(attrs, axis));
  return out;
}

/** Output of input [n, ...spatial, c] and filter [h, w, c, multiplier]. */
export function depthwiseShape(input: Shape, filter: Shape, attrs: ConvolutionAttrs): Dim[] {
  const layout = layoutOf(attrs.data_format);
  const x = withRank(input, 4);
  const f = withRank(filter, 4);
  if (attrs.strides.length !== 4)
    throw invalidArgument(
      `DepthwiseConv2D requires the stride attribute to contain 4 values, but got: ${attrs.strides.length}`,
    );
  if (attrs.dilations.length !== 4)
    throw invalidArgument(
      `DepthwiseConv2D requires the dilations attribute to contain 4 values, but got: ${attrs.dilations.length}`,
    );
  checkExplicitPaddings(attrs.padding, attrs.explicit_paddings ?? [], layout);
  const depth = mergeDims(x[layout.channel]!, f[2]!);
  const out = new Array<Dim>(4);
  out[0] = x[0]!;
  out[layout.channel] = depth === null || f[3] === null ? null : depth * f[3]!;
  for (const [i, axis] of layout.spatial.entries()) out[axis] = staticOutput(x[axis]!, f[i]!, slideOf(attrs, axis));
  return out;
}

/** Kernels move windows over spatial axes alone. */
export function checkSpatialOnly(attrs: ConvolutionAttrs): void {
  const { channel } = layoutOf(attrs.data_format);
  for (const [list, words] of [
    [attrs.strides, "strides"],
    [attrs.dilations, "dilations"],
  ] as const) {
    if (list[0] !== 1 || list[channel] !== 1) {
      throw new UnimplementedError(
        `Current implementation does not yet support ${words} in the batch and depth dimensions.`,
      );
    }
  }
}

/** The geometry of full shapes in channels-last layout; filter [...spatial, c / groups, k]. Throws nothing about depths. */
export function geometryOf(input: FullShape, filter: FullShape, attrs: ConvolutionAttrs): ConvolutionGeometry {
  const rank = input.length;
  const spatial: SpatialDim[] = [];
  for (let i = 0; i < rank - 2; i++) spatial.push(slideAxis(input[i + 1]!, filter[i]!, slideOf(attrs, i + 1)));
  const inChannels = input[rank - 1]!;
  return {
    batch: input[0]!,
    inChannels,
    outChannels: filter[rank - 1]!,
    groups: inChannels / filter[rank - 2]!,
    spatial,
  };
}

/** Throws the gradient kernels' texts unless out_backprop is what the convolution of these shapes gives. */
export function checkBackprop(
  label: string,
  input: FullShape,
  filter: FullShape,
  dy: FullShape,
  geometry: ConvolutionGeometry,
): void {
  const rank = input.length;
  if (dy.length !== rank) throw invalidArgument(`${label}: out_backprop must be ${rank}-dimensional`);
  if (input[0] !== dy[0]) {
    throw invalidArgument(
      `${label}: input and out_backprop must have the same batch size. Input batch: ${input[0]}, outbackprop batch: ${dy[0]}, batch_dim: 0`,
    );
  }
  if (!Number.isInteger(geometry.groups))
    throw invalidArgument(`${label}: input depth must be evenly divisible by filter depth`);
  if (filter[rank - 1] !== dy[rank - 1])
    throw invalidArgument(`${label}: filter and out_backprop must have the same out_depth`);
  for (const [i, { input: size, filter: window, output, stride, dilation }] of geometry.spatial.entries()) {
    const actual = dy[i + 1]!;
    if (actual !== output) {
      throw invalidArgument(
        `${label}: Size of out_backprop doesn't match computed: actual = ${actual}, computed = ${output} spatial_dim: ${i + 1} input: ${size} filter: ${window} output: ${actual} stride: ${stride} dilation: ${dilation}`,
      );
    }
  }
}

export const rankError = (what: string, rank: number, shape: FullShape): Error =>
  invalidArgument(`${what} must be ${rank}-dimensional: ${formatShape(shape)}`);
