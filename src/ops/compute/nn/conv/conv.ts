/** `tf.nn`'s convolutions. Source: nn_ops.py. */
import { ValueError } from "../../../../core/error.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { type Arguments, argumentsOf, byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { type PaddingLike, paddingAttrs, sequence, type WindowSize } from "../pool/options.ts";
import { conv2DBackpropFilterOp, conv2DBackpropInputOp, conv2DOp } from "./conv2d.ts";
import { conv3DBackpropInputV2Op, conv3DOp } from "./conv3d.ts";
import { withSpaceToBatch } from "./space_to_batch.ts";

export interface ConvolutionOptions extends Named {
  /** One number, one for each spatial axis, or one for each axis. */
  readonly strides?: WindowSize | null;
  readonly padding: PaddingLike;
  /** "NHWC" and the like; channels last if not given. */
  readonly dataFormat?: string | null;
  readonly dilations?: WindowSize | null;
  readonly useCudnnOnGpu?: boolean;
}

/** What transposed convolutions take; the padding is SAME if not given. */
export interface ConvolutionTransposeOptions extends Omit<ConvolutionOptions, "padding"> {
  readonly padding?: PaddingLike;
}

const channelOf = (dataFormat: string, last: number): number => (dataFormat.startsWith("NC") ? 1 : last);

interface ImageAttrs {
  readonly strides: readonly number[];
  readonly padding: string;
  readonly explicit_paddings: readonly number[];
  readonly use_cudnn_on_gpu: boolean;
  readonly data_format: string;
  readonly dilations: readonly number[];
}

function imageAttrs(options: ConvolutionTransposeOptions): ImageAttrs {
  const { strides, padding = "SAME", dilations, useCudnnOnGpu = true } = options;
  const dataFormat = options.dataFormat ?? "NHWC";
  const channel = channelOf(dataFormat, 3);
  return {
    strides: sequence(strides, 2, channel, "strides"),
    ...paddingAttrs(padding, 4),
    use_cudnn_on_gpu: useCudnnOnGpu,
    data_format: dataFormat,
    dilations: sequence(dilations, 2, channel, "dilations"),
  };
}

/** Images [n, h, w, c] convolved with filters [r, s, c, k]: [n, p, q, k]. With dataFormat "NCHW" channels come second. */
export const conv2d = byKeyword(
  ["input"],
  function conv2d(input: TensorLike, filter: TensorLike, ...rest: Arguments<ConvolutionOptions>): Tensor {
    const options = argumentsOf<ConvolutionOptions>(rest, [
      "strides",
      "padding",
      "useCudnnOnGpu",
      "dataFormat",
      "dilations",
    ]);
    return conv2DOp({ input, filter, ...imageAttrs(options) }, options.name);
  },
);

const imagePlaces = ["strides", "padding", "useCudnnOnGpu", "dataFormat", "dilations", "name"] as const;
const transposePlaces = ["strides", "padding", "dataFormat", "name"] as const;

/** The gradient of conv2d for its input, of shape inputSizes. */
export function conv2dBackpropInput(
  inputSizes: TensorLike,
  filter: TensorLike,
  outBackprop: TensorLike,
  ...rest: Rest<ConvolutionOptions, typeof imagePlaces>
): Tensor {
  const options = byName<ConvolutionOptions>(rest, imagePlaces);
  return conv2DBackpropInputOp(
    { input_sizes: inputSizes, filter, out_backprop: outBackprop, ...imageAttrs(options) },
    options.name,
  );
}

/** The gradient of conv2d for its filter, of shape filterSizes. */
export function conv2dBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  ...rest: Rest<ConvolutionOptions, typeof imagePlaces>
): Tensor {
  const options = byName<ConvolutionOptions>(rest, imagePlaces);
  return conv2DBackpropFilterOp(
    { input, filter_sizes: filterSizes, out_backprop: outBackprop, ...imageAttrs(options) },
    options.name,
  );
}

/** The transpose of conv2d: value [n, p, q, k] and filters [r, s, c, k] to images of outputShape [n, h, w, c]. */
export function conv2dTranspose(
  value: TensorLike,
  filter: TensorLike,
  outputShape: TensorLike,
  ...rest: Rest<ConvolutionTransposeOptions, typeof transposePlaces>
): Tensor {
  const options: ConvolutionTransposeOptions = byName(rest, transposePlaces);
  return inScope(options.name, "conv2d_transpose", (scope) =>
    conv2DBackpropInputOp({ input_sizes: outputShape, filter, out_backprop: value, ...imageAttrs(options) }, scope),
  );
}

interface LineAttrs {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly data_format: string;
}

function lineAttrs(options: ConvolutionTransposeOptions): LineAttrs & { readonly isFirst: boolean } {
  const { strides, dilations, dataFormat } = options;
  const isFirst = dataFormat === "NCW" || dataFormat === "NCHW";
  if (!isFirst && dataFormat !== null && dataFormat !== undefined && dataFormat !== "NWC" && dataFormat !== "NHWC") {
    throw new ValueError(`\`data_format\` must be 'NWC' or 'NCW'. Received: data_format=${dataFormat}`);
  }
  const channel = isFirst ? 1 : 2;
  return {
    strides: [1, ...sequence(strides, 1, channel, "stride")],
    dilations: [1, ...sequence(dilations, 1, channel, "dilations")],
    data_format: isFirst ? "NCHW" : "NHWC",
    isFirst,
  };
}

type Conv1dArguments = ConvolutionOptions & { readonly stride?: WindowSize };

const conv1dPlaces = ["stride", "padding", "useCudnnOnGpu", "dataFormat", "name"] as const;

/** Sequences [n, w, c] convolved with filters [s, c, k]: an image of one row. `strides` is the stride. */
export function conv1d(
  value: TensorLike,
  filters: TensorLike,
  ...rest: Rest<Conv1dArguments, typeof conv1dPlaces>
): Tensor {
  const options: Conv1dArguments = byName(rest, conv1dPlaces);
  return inScope(options.name, "conv1d", (scope) => {
    const { isFirst, ...attrs } = lineAttrs({ ...options, strides: options.stride ?? options.strides ?? null });
    const axis = isFirst ? -2 : -3;
    const input = tf.expandDims(value, axis);
    const filter = tf.expandDims(filters, 0);
    const padding = options.padding as "SAME" | "VALID";
    const result = conv2DOp(
      { input, filter, padding, use_cudnn_on_gpu: options.useCudnnOnGpu ?? true, ...attrs },
      scope,
    );
    return tf.squeeze(result, { axis: [axis] });
  });
}

const conv1dTransposePlaces = ["strides", "padding", "dataFormat", "dilations", "name"] as const;

/** The transpose of conv1d, to sequences of outputShape [n, w, c]. */
export function conv1dTranspose(
  input: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  ...rest: Rest<ConvolutionTransposeOptions, typeof conv1dTransposePlaces>
): Tensor {
  const options = byName<ConvolutionTransposeOptions>(rest, conv1dTransposePlaces);
  return inScope(options.name, "conv1d_transpose", (scope) => {
    const { isFirst, ...attrs } = lineAttrs(options);
    const axis = isFirst ? 2 : 1;
    const value = tf.expandDims(input, axis);
    const filter = tf.expandDims(filters, 0);
    const sizes = outputShape instanceof Tensor ? outputShape : null;
    const list = outputShape as readonly TensorLike[];
    const parts = sizes
      ? [sizes.at(`:${axis}`), [1], sizes.at(`${axis}:`)]
      : [list.slice(0, axis), [1], list.slice(axis)];
    const inputSizes = tf.concat(parts, 0);
    const padding = (options.padding ?? "SAME") as "SAME" | "VALID";
    return tf.squeeze(
      conv2DBackpropInputOp({ input_sizes: inputSizes, filter, out_backprop: value, padding, ...attrs }, scope),
      { axis },
    );
  });
}

/** Volumes [n, d, h, w, c] convolved with filters [r, s, t, c, k]. strides has one number for each of the five axes. */
export function conv3d(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<ConvolutionOptions, typeof conv1dTransposePlaces>
): Tensor {
  const options: ConvolutionOptions = byName(rest, conv1dTransposePlaces);
  const dataFormat = options.dataFormat ?? "NDHWC";
  const channel = channelOf(dataFormat, 4);
  return conv3DOp(
    {
      input,
      filter,
      strides: sequence(options.strides, 3, channel, "strides"),
      padding: options.padding as "SAME" | "VALID",
      data_format: dataFormat,
      dilations: sequence(options.dilations, 3, channel, "dilations"),
    },
    options.name,
  );
}

const conv3dTransposePlaces = ["strides", "padding", "dataFormat", "name"] as const;

/** The transpose of conv3d, to volumes of outputShape [n, d, h, w, c]. */
export function conv3dTranspose(
  value: TensorLike,
  filter: TensorLike,
  outputShape: TensorLike,
  ...rest: Rest<ConvolutionTransposeOptions, typeof conv3dTransposePlaces>
): Tensor {
  const options = byName<ConvolutionTransposeOptions>(rest, conv3dTransposePlaces);
  return inScope(options.name, "conv3d_transpose", (scope) => {
    const dataFormat = options.dataFormat ?? "NDHWC";
    const channel = channelOf(dataFormat, 4);
    return conv3DBackpropInputV2Op(
      {
        input_sizes: outputShape,
        filter,
        out_backprop: value,
        strides: sequence(options.strides, 3, channel, "strides"),
        padding: (options.padding ?? "SAME") as "SAME" | "VALID",
        data_format: dataFormat,
        dilations: sequence(options.dilations, 3, channel, "dilations"),
      },
      scope,
    );
  });
}

export interface DilatedOptions extends Omit<ConvolutionOptions, "dilations"> {
  readonly dilationRate?: readonly number[] | null;
  readonly dilations?: readonly number[] | null;
}

const dilatedPlaces = ["padding", "strides", "dilationRate", "name", "dataFormat"] as const;

/** One, two or three spatial axes, by the rank of the filter; dilations without strides. */
export function convolution(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<DilatedOptions, typeof dilatedPlaces>
): Tensor {
  const options = byName<DilatedOptions>(rest, dilatedPlaces);
  const { padding, dataFormat = null, name } = options;
  const x = convertToTensor(input, { name: "input" });
  const filters = convertToTensor(filter, { name: "filters" });
  const n = (filters.shape?.length ?? x.shape?.length ?? 0) - 2;
  if (n < 1 || n > 3) throw new ValueError(`\`num_spatial_dims\` must be 1, 2, or 3. Received: num_spatial_dims=${n}.`);
  const isFirst = dataFormat?.startsWith("NC") ?? false;
  const channel = isFirst ? 1 : n + 1;
  const rates = sequence(options.dilationRate ?? options.dilations ?? null, n, channel, "dilations");
  const strides = sequence(options.strides, n, channel, "strides");
  return inScope(name, "convolution", (scope) => {
    const plain = (value: Tensor, how: PaddingLike): Tensor => {
      const rest = { strides, padding: how, dataFormat, name: scope };
      return n === 1
        ? conv1d(value, filters, rest)
        : n === 2
          ? conv2d(value, filters, rest)
          : conv3d(value, filters, rest);
    };
    if (rates.every((rate) => rate === 1)) return plain(x, padding);
    const spatial = (list: readonly number[]): readonly number[] => (isFirst ? list.slice(2) : list.slice(1, -1));
    if (spatial(strides).some((stride) => stride > 1)) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=[${spatial(strides).join(" ")}] and dilation_rate=[${spatial(rates).join(" ")}]`,
      );
    }
    const filterShape = (): Tensor => {
      const known = filters.shape?.every((d) => d !== null) ? (filters.shape as readonly number[]) : null;
      return known ? convertToTensor([...known], { name: "filter_shape" }) : tf.shape(filters);
    };
    return withSpaceToBatch(x, { rate: spatial(rates), padding, filterShape, dataFormat }, plain);
  });
}

type HoledOptions = Pick<ConvolutionOptions, "padding" | "name">;

const places = ["padding", "name"] as const;

/** A convolution with holes: conv2d with dilation `rate`. */
export const atrousConv2d = (
  value: TensorLike,
  filters: TensorLike,
  rate: number,
  ...rest: Rest<HoledOptions, typeof places>
): Tensor => convolution(value, filters, { ...byName<HoledOptions>(rest, places), dilationRate: [rate, rate] });
