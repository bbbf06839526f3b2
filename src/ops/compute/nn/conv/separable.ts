/** Depthwise and separable convolutions. Source: nn_impl.py, nn_ops.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { type PaddingLike, paddingAttrs } from "../pool/options.ts";
import { conv2d } from "./conv.ts";
import { depthwiseConv2dNativeOp } from "./depthwise.ts";
import { withSpaceToBatch } from "./space_to_batch.ts";

export interface DepthwiseOptions extends Named {
  /** One number for each of the four axes. */
  readonly strides: readonly number[];
  readonly padding: PaddingLike;
  /** Dilation of height and width; [1, 1] if not given. */
  readonly rate?: readonly [number, number] | null;
  readonly dilations?: readonly [number, number] | null;
  readonly dataFormat?: string | null;
}

interface NativeOptions extends Omit<DepthwiseOptions, "rate" | "dilations"> {
  readonly dilations?: readonly number[];
}

const nativePlaces = ["strides", "padding", "dataFormat", "dilations", "name"] as const;

/** Each channel of input [n, h, w, c] with its own filters [r, s, c, multiplier]: [n, p, q, c * multiplier]. */
export function depthwiseConv2dNative(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<NativeOptions, typeof nativePlaces>
): Tensor {
  const options = byName<NativeOptions>(rest, nativePlaces);
  const { strides, padding, dataFormat, dilations = [1, 1, 1, 1], name } = options;
  return depthwiseConv2dNativeOp(
    { input, filter, strides, ...paddingAttrs(padding, 4), data_format: dataFormat ?? "NHWC", dilations },
    name,
  );
}

const depthwiseConv2dPlaces = ["strides", "padding", "rate", "name", "dataFormat"] as const;

/** As depthwiseConv2dNative, with dilation by space to batch. */
export function depthwiseConv2d(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<DepthwiseOptions, typeof depthwiseConv2dPlaces>
): Tensor {
  const options: DepthwiseOptions = byName(rest, depthwiseConv2dPlaces);
  const { strides, padding, dataFormat = null, name } = options;
  return inScope(name, "depthwise", (scope) => {
    const x = convertToTensor(input, { name: "tensor_in" });
    const filters = convertToTensor(filter, { name: "filter_in" });
    return dilated(
      x,
      filters,
      options,
      (value, how) => depthwiseConv2dNative(value, filters, { strides, padding: how, dataFormat, name: scope }),
      padding,
    );
  });
}

function dilated(
  x: Tensor,
  filters: Tensor,
  options: DepthwiseOptions,
  op: (x: Tensor, padding: PaddingLike) => Tensor,
  padding: PaddingLike,
): Tensor {
  const shape = tf.shape(filters);
  const rate = options.rate ?? options.dilations ?? [1, 1];
  return withSpaceToBatch(x, { rate, padding, filterShape: () => shape, dataFormat: options.dataFormat ?? null }, op);
}

/** A depthwise convolution, then a mix of the channels by pointwiseFilter [1, 1, c * multiplier, k]. */
export function separableConv2d(
  input: TensorLike,
  depthwiseFilter: TensorLike,
  pointwiseFilter: TensorLike,
  ...rest: Rest<DepthwiseOptions, typeof depthwiseConv2dPlaces>
): Tensor {
  const options: DepthwiseOptions = byName(rest, depthwiseConv2dPlaces);
  const { strides, padding, dataFormat = null, name } = options;
  return inScope(name, "separable_conv2d", (scope) => {
    const x = convertToTensor(input, { name: "tensor_in" });
    const depthwise = convertToTensor(depthwiseFilter, { name: "depthwise_filter" });
    const pointwise = convertToTensor(pointwiseFilter, { name: "pointwise_filter" });
    const made = dilated(
      x,
      depthwise,
      options,
      (value, how) => depthwiseConv2dNative(value, depthwise, { strides, padding: how, dataFormat, name: "depthwise" }),
      padding,
    );
    return conv2d(made, pointwise, { strides: [1, 1, 1, 1], padding: "VALID", dataFormat, name: scope });
  });
}
