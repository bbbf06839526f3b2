/** Sizes of windows that slide over images: of convolutions and pooling. Source: kernel_shape_util.cc, common_shape_fns.cc. */
import { invalidArgument } from "../../../core/error.ts";
import type { Dim } from "../../../core/shape.ts";
import type { SpatialDim } from "../../../engine/primitive.ts";

export type Padding = "SAME" | "VALID" | "EXPLICIT";

/** How a window moves along one axis. */
export interface Slide {
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;
  /** Padding before and after, of EXPLICIT. */
  readonly explicit?: readonly [number, number];
}

/**
 * The output size while building; null where it is not known. Throws INVALID_ARGUMENT for bad strides, and
 * `Negative dimension size caused by subtracting 3 from 2`.
 */
export function staticOutput(input: Dim, filter: Dim, slide: Slide): Dim {
  const { stride, dilation, padding, explicit = [0, 0] } = slide;
  if (stride <= 0) throw invalidArgument(`Stride must be > 0, but got ${stride}`);
  if (dilation < 1) throw invalidArgument(`Dilation rate must be >= 1, but got ${dilation}`);
  if (padding === "SAME") return input === null ? null : Math.floor((input + stride - 1) / stride);
  if (input === null || filter === null) return null;
  const padded = input + explicit[0] + explicit[1];
  const reach = (filter - 1) * dilation + 1;
  if (reach > padded) throw invalidArgument(`Negative dimension size caused by subtracting ${reach} from ${padded}`);
  return Math.floor((padded - reach + stride) / stride);
}

/** The axis as kernels see it. Throws INVALID_ARGUMENT `Computed output size would be negative: -1 […]`. */
export function slideAxis(input: number, filter: number, slide: Slide): SpatialDim {
  const { stride, dilation, padding, explicit = [0, 0] } = slide;
  if (stride <= 0) throw invalidArgument(`Stride must be > 0, but got ${stride}`);
  if (dilation < 1) throw invalidArgument(`Dilation rate must be >= 1, but got ${dilation}`);
  const reach = (filter - 1) * dilation + 1;
  let output: number;
  let padBefore = 0;
  if (padding === "SAME") {
    output = Math.floor((input + stride - 1) / stride);
    padBefore = Math.floor(Math.max(0, (output - 1) * stride + reach - input) / 2);
  } else {
    const padded = padding === "EXPLICIT" ? input + explicit[0] + explicit[1] : input;
    output = Math.floor((padded + stride - reach) / stride);
    if (padding === "EXPLICIT") padBefore = explicit[0];
  }
  if (output < 0) {
    throw invalidArgument(
      `Computed output size would be negative: ${output} [input_size: ${input}, effective_filter_size: ${reach}, stride: ${stride}]`,
    );
  }
  return { input, output, filter, stride, dilation, padBefore };
}

/** Places of the batch, the channels and the spatial axes in a layout of `rank` dimensions: NHWC, NCHW, NDHWC, NCDHW. */
export interface Layout {
  readonly rank: number;
  readonly channel: number;
  readonly spatial: readonly number[];
}

export function layoutOf(dataFormat: string): Layout {
  const rank = dataFormat.length;
  const isFirst = dataFormat.startsWith("NC");
  const from = isFirst ? 2 : 1;
  return { rank, channel: isFirst ? 1 : rank - 1, spatial: Array.from({ length: rank - 2 }, (_, i) => from + i) };
}

/** Throws unless explicit paddings fit the padding attr. */
export function checkExplicitPaddings(padding: string, paddings: readonly number[], layout: Layout): void {
  if (padding !== "EXPLICIT") {
    if (paddings.length)
      throw invalidArgument("explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT");
    return;
  }
  if (paddings.length !== 2 * layout.rank) {
    throw invalidArgument(
      `explicit_paddings attribute must contain ${2 * layout.rank} values, but got: ${paddings.length}`,
    );
  }
  if (paddings.some((n) => n < 0)) throw invalidArgument("All elements of explicit_paddings must be nonnegative");
  for (const axis of [0, layout.channel]) {
    if (paddings[2 * axis] !== 0 || paddings[2 * axis + 1] !== 0) {
      throw invalidArgument("Nonzero explicit padding in the batch or depth dimensions is not supported");
    }
  }
}

export const explicitOf = (paddings: readonly number[], axis: number): readonly [number, number] => [
  paddings[2 * axis] ?? 0,
  paddings[2 * axis + 1] ?? 0,
];
