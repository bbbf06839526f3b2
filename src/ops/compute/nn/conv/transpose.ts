/** Convolutions turned around, and the gradients of convolutions as functions. Source: nn_ops.py. */

import { ValueError } from "../../../../core/error.ts";
import { formatShapePython, isFull } from "../../../../core/shape.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { type PaddingLike, paddingAttrs } from "../pool/options.ts";
import { type ConvolutionTransposeOptions, conv1dTranspose, conv2dTranspose, conv3dTranspose } from "./conv.ts";
import { conv2DBackpropInputOp } from "./conv2d.ts";
import { conv3DBackpropFilterV2Op } from "./conv3d.ts";
import { depthwiseConv2dNativeBackpropFilterOp, depthwiseConv2dNativeBackpropInputOp } from "./depthwise.ts";

const backpropPlaces = ["strides", "padding", "dataFormat", "dilations", "name"] as const;

const convTransposePlaces = ["strides", "padding", "dataFormat", "dilations", "name"] as const;

/** The transpose of a convolution over one, two or three spatial axes, by the length of outputShape. */
export function convTranspose(
  input: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  ...rest: Rest<ConvolutionTransposeOptions, typeof convTransposePlaces>
): Tensor {
  const options = byName<ConvolutionTransposeOptions>(rest, convTransposePlaces);
  return inScope(options.name, "conv_transpose", (scope) => {
    const length = outputShape instanceof Tensor ? outputShape.shape?.[0] : (outputShape as readonly unknown[]).length;
    const functions = { 3: conv1dTranspose, 4: conv2dTranspose, 5: conv3dTranspose } as const;
    const found = functions[length as 3 | 4 | 5];
    if (!found) {
      throw new ValueError(
        `\`output_shape\` must be of length 3, 4 or 5. Received: output_shape=${String(outputShape)} of length ${length}.`,
      );
    }
    return found(input, filters, outputShape, { ...options, name: scope });
  });
}

type Size = number | Tensor;

/** A size from numbers where all of them are known, else from tensors. */
const plus = (a: Size, b: Size): Size =>
  typeof a === "number" ? (typeof b === "number" ? a + b : b.add(a)) : a.add(b);

/** How much more makes the size a multiple of the rate. */
function extraTo(size: Size, rate: number): Size {
  if (typeof size === "number") return (rate - (size % rate)) % rate;
  const rest = inScope(null, "sub", (scope) =>
    tf.subOp({ x: convertToTensor(rate, { name: "x" }), y: size.mod(rate) }, scope),
  );
  return rest.mod(rate);
}

const dividedBy = (size: Size, rate: number): Size =>
  typeof size === "number" ? Math.floor(size / rate) : size.floordiv(rate);

/** Padding before and after each spatial axis. */
function paddingsOf(
  padding: string,
  filters: Tensor,
  rate: number,
): readonly [readonly [Size, Size], readonly [Size, Size]] {
  if (padding === "VALID")
    return [
      [0, 0],
      [0, 0],
    ];
  if (padding !== "SAME")
    throw new ValueError(`\`padding\` must be either 'VALID' or 'SAME'. Received: padding=${padding}`);
  const shape = isFull(filters.shape) ? null : tf.shape(filters);
  const sizes: Size[] = [0, 1].map((axis) => (shape ? shape.at(axis) : filters.shape![axis]!));
  const totals = sizes.map((size) => {
    if (typeof size === "number") return size + (size - 1) * (rate - 1);
    return size.add(size.sub(1).mul(rate - 1));
  });
  const pads = totals.map((size) => (typeof size === "number" ? size - 1 : size.sub(1)));
  const split = (pad: Size): readonly [Size, Size] => {
    if (typeof pad === "number") return [Math.floor(pad / 2), pad - Math.floor(pad / 2)];
    const before = pad.floordiv(2);
    return [before, pad.sub(before)];
  };
  return [split(pads[0]!), split(pads[1]!)];
}

const atrousConv2dTransposePlaces = ["padding", "name"] as const;

/** The transpose of atrousConv2d: value [n, p, q, k] and filters [r, s, c, k] to images of outputShape [n, h, w, c]. */
export function atrousConv2dTranspose(
  value: TensorLike,
  filters: TensorLike,
  outputShape: TensorLike,
  rate: number,
  ...rest: Rest<{ readonly padding: "SAME" | "VALID" } & Named, typeof atrousConv2dTransposePlaces>
): Tensor {
  const options = byName<{ readonly padding: "SAME" | "VALID" } & Named>(rest, atrousConv2dTransposePlaces);
  const { padding } = options;
  return inScope(options.name, "atrous_conv2d_transpose", () => {
    const x = convertToTensor(value, { name: "value" });
    const w = convertToTensor(filters, { name: "filters" });
    const [channels, wanted] = [x.shape?.[3] ?? null, w.shape?.[3] ?? null];
    if (channels !== null && wanted !== null && channels !== wanted) {
      throw new ValueError(
        `\`value\` channel count must be compatible with \`filters\` input channel count. Received: value.shape=${formatShapePython(x.shape)} with channel count ${channels} and filters.shape=${formatShapePython(w.shape)} with input channel count ${wanted}.`,
      );
    }
    if (rate < 1) throw new ValueError(`\`rate\` cannot be less than one. Received: rate=${rate}`);
    if (rate === 1) return conv2dTranspose(x, w, outputShape, { strides: [1, 1, 1, 1], padding, dataFormat: "NHWC" });
    const asTensor = convertToTensor(outputShape, { name: "output_shape" });
    const at = (axis: number): Size =>
      outputShape instanceof Tensor ? asTensor.at(axis) : (outputShape as readonly Size[])[axis]!;
    const [rows, columns] = paddingsOf(padding, w, rate);
    const height = plus(plus(at(1), rows[0]), rows[1]);
    const width = plus(plus(at(2), columns[0]), columns[1]);
    const [moreRows, moreColumns] = [extraTo(height, rate), extraTo(width, rate)];
    const phases = tf.spaceToBatch(
      x,
      [
        [0, moreRows],
        [0, moreColumns],
      ] as TensorLike,
      rate,
    );
    const first = at(0);
    const sizes = [
      typeof first === "number" ? rate * rate * first : first.mul(rate * rate),
      dividedBy(plus(height, moreRows), rate),
      dividedBy(plus(width, moreColumns), rate),
      at(3),
    ];
    const made = conv2DBackpropInputOp({
      input_sizes: sizes as TensorLike,
      filter: w,
      out_backprop: phases,
      strides: [1, 1, 1, 1],
      padding: "VALID",
      data_format: "NHWC",
    });
    const crops = [
      [rows[0], plus(rows[1], moreRows)],
      [columns[0], plus(columns[1], moreColumns)],
    ] as TensorLike;
    return tf.batchToSpace(made, crops, rate);
  });
}

export interface BackpropOptions extends Named {
  /** One number for each axis. */
  readonly strides: readonly number[];
  readonly padding: PaddingLike;
  readonly dataFormat?: string;
  readonly dilations?: readonly number[];
}

/** The gradient of depthwiseConv2dNative for its input, of shape inputSizes. */
export function depthwiseConv2dNativeBackpropInput(
  inputSizes: TensorLike,
  filter: TensorLike,
  outBackprop: TensorLike,
  ...rest: Rest<BackpropOptions, typeof backpropPlaces>
): Tensor {
  const options = byName<BackpropOptions>(rest, backpropPlaces);
  const { strides, padding, dataFormat = "NHWC", dilations = [1, 1, 1, 1], name } = options;
  return depthwiseConv2dNativeBackpropInputOp(
    {
      input_sizes: inputSizes,
      filter,
      out_backprop: outBackprop,
      strides,
      ...paddingAttrs(padding, 4),
      data_format: dataFormat,
      dilations,
    },
    name,
  );
}

/** The gradient of depthwiseConv2dNative for its filter, of shape filterSizes. */
export function depthwiseConv2dNativeBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  ...rest: Rest<BackpropOptions, typeof backpropPlaces>
): Tensor {
  const options = byName<BackpropOptions>(rest, backpropPlaces);
  const { strides, padding, dataFormat = "NHWC", dilations = [1, 1, 1, 1], name } = options;
  return depthwiseConv2dNativeBackpropFilterOp(
    {
      input,
      filter_sizes: filterSizes,
      out_backprop: outBackprop,
      strides,
      ...paddingAttrs(padding, 4),
      data_format: dataFormat,
      dilations,
    },
    name,
  );
}

export const depthwiseConv2dBackpropInput = depthwiseConv2dNativeBackpropInput;
export const depthwiseConv2dBackpropFilter = depthwiseConv2dNativeBackpropFilter;

/** The gradient of conv3d for its filter, of shape filterSizes. */
export function conv3dBackpropFilterV2(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  ...rest: Rest<Omit<BackpropOptions, "padding"> & { readonly padding: "SAME" | "VALID" }, typeof backpropPlaces>
): Tensor {
  const options = byName<Omit<BackpropOptions, "padding"> & { readonly padding: "SAME" | "VALID" }>(
    rest,
    backpropPlaces,
  );
  const { strides, padding, dataFormat = "NDHWC", dilations = [1, 1, 1, 1, 1], name } = options;
  return conv3DBackpropFilterV2Op(
    {
      input,
      filter_sizes: filterSizes,
      out_backprop: outBackprop,
      strides,
      padding,
      data_format: dataFormat,
      dilations,
    },
    name,
  );
}

export const conv3dBackpropFilter = conv3dBackpropFilterV2;
