/** `tf.nn`'s pooling functions. Source: nn_ops.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope } from "../../array/basic/names.ts";
import { avgPool3DOp, avgPoolOp } from "./avg_pool.ts";
import { maxPoolOp } from "./max_pool.ts";
import { maxPool3DOp } from "./max_pool3d.ts";
import { type PaddingLike, type PoolOptions, paddingAttrs, sequence } from "./options.ts";

const places = ["ksize", "strides", "padding", "dataFormat", "name"] as const;

const channelOf = (dataFormat: string, last: number): number => (dataFormat.startsWith("NC") ? 1 : last);

function plainPadding(padding: PaddingLike): "SAME" | "VALID" {
  if (typeof padding !== "string")
    throw new ValueError(`Explicit padding is not supported here. Received: padding=${JSON.stringify(padding)}`);
  return padding;
}

/** Maxima of windows over images [n, h, w, c], or [n, c, h, w] with dataFormat "NCHW". */
export const maxPool = byKeyword(
  ["value"],
  function maxPool(value: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
    const options: PoolOptions = byName(rest, places);
    return inScope(options.name, "MaxPool", (scope) => {
      const dataFormat = options.dataFormat ?? "NHWC";
      const channel = channelOf(dataFormat, 3);
      const ksize = sequence(options.ksize, 2, channel, "ksize");
      const strides = sequence(options.strides, 2, channel, "strides");
      if (ksize.includes(0)) throw new ValueError(`\`ksize\` cannot be zero. Received: ksize=${JSON.stringify(ksize)}`);
      return maxPoolOp(
        { input: value, ksize, strides, ...paddingAttrs(options.padding, 4), data_format: dataFormat },
        scope,
      );
    });
  },
);

/** Averages of windows over images [n, h, w, c], or [n, c, h, w] with dataFormat "NCHW". */
export const avgPool = byKeyword(
  ["value"],
  function avgPool(value: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
    const options: PoolOptions = byName(rest, places);
    return inScope(options.name, "AvgPool", (scope) => {
      const dataFormat = options.dataFormat ?? "NHWC";
      const channel = channelOf(dataFormat, 3);
      const ksize = sequence(options.ksize, 2, channel, "ksize");
      const strides = sequence(options.strides, 2, channel, "strides");
      return avgPoolOp(
        { value, ksize, strides, padding: plainPadding(options.padding), data_format: dataFormat },
        scope,
      );
    });
  },
);

/** avgPool by its name beside avgPool1d and avgPool3d. */
export const avgPool2d = avgPool;

interface Lines {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly axis: number;
  readonly format: string;
}

/** Sequences [n, w, c] as images of one row. */
function lines(options: PoolOptions): Lines {
  const dataFormat = options.dataFormat ?? "NWC";
  const channel = channelOf(dataFormat, 2);
  return {
    ksize: [1, ...sequence(options.ksize, 1, channel, "ksize")],
    strides: [1, ...sequence(options.strides, 1, channel, "strides")],
    axis: dataFormat === "NWC" ? 1 : 2,
    format: dataFormat === "NWC" ? "NHWC" : "NCHW",
  };
}

/** Maxima of windows over sequences [n, w, c], or [n, c, w] with dataFormat "NCW". */
export function maxPool1d(input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
  const options = byName<PoolOptions>(rest, places);
  return inScope(options.name, "MaxPool1d", (scope) => {
    const { ksize, strides, axis, format } = lines(options);
    const given = paddingAttrs(options.padding, 3);
    const explicit =
      given.padding === "EXPLICIT" ? { ...given, explicit_paddings: [0, 0, ...given.explicit_paddings] } : given;
    const expanded = tf.expandDims(input, axis);
    const pooled = maxPoolOp({ input: expanded, ksize, strides, ...explicit, data_format: format }, scope);
    return tf.squeeze(pooled, { axis });
  });
}

/** Averages of windows over sequences [n, w, c], or [n, c, w] with dataFormat "NCW". */
export function avgPool1d(input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
  const options = byName<PoolOptions>(rest, places);
  return inScope(options.name, "AvgPool1D", (scope) => {
    const { ksize, strides, axis, format } = lines(options);
    const expanded = tf.expandDims(input, axis);
    const pooled = avgPoolOp(
      { value: expanded, ksize, strides, padding: plainPadding(options.padding), data_format: format },
      scope,
    );
    return tf.squeeze(pooled, { axis });
  });
}

/** Maxima of windows over volumes [n, d, h, w, c]. */
export function maxPool3d(input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
  const options = byName<PoolOptions>(rest, places);
  return inScope(options.name, "MaxPool3D", (scope) => {
    const dataFormat = options.dataFormat ?? "NDHWC";
    const ksize = sequence(options.ksize, 3, channelOf(dataFormat, 4), "ksize");
    const strides = sequence(options.strides, 3, channelOf(dataFormat, 4), "strides");
    return maxPool3DOp(
      { input, ksize, strides, padding: plainPadding(options.padding), data_format: dataFormat },
      scope,
    );
  });
}

/** Averages of windows over volumes [n, d, h, w, c]. */
export function avgPool3d(input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
  const options = byName<PoolOptions>(rest, places);
  return inScope(options.name, "AvgPool3D", (scope) => {
    const dataFormat = options.dataFormat ?? "NDHWC";
    const ksize = sequence(options.ksize, 3, channelOf(dataFormat, 4), "ksize");
    const strides = sequence(options.strides, 3, channelOf(dataFormat, 4), "strides");
    return avgPool3DOp(
      { input, ksize, strides, padding: plainPadding(options.padding), data_format: dataFormat },
      scope,
    );
  });
}

/** Maxima of windows over images, under the newer default name. */
export function maxPool2d(input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor {
  const options = byName<PoolOptions>(rest, places);
  return inScope(options.name, "MaxPool2d", (scope) => maxPool(input, { ...options, name: scope }));
}

const byRank = {
  3: { max: maxPool1d, avg: avgPool1d },
  4: { max: maxPool2d, avg: avgPool },
  5: { max: maxPool3d, avg: avgPool3d },
} as const;

function pooled(kind: "max" | "avg", input: TensorLike, options: PoolOptions): Tensor {
  const x = convertToTensor(input);
  const rank = x.shape?.length ?? options.dataFormat?.length;
  if (rank === undefined) {
    throw new ValueError(
      `\`input\` must have a static shape or a data format must be given. Received: input.shape=<unknown> and data_format=None`,
    );
  }
  if (rank !== 3 && rank !== 4 && rank !== 5)
    throw new ValueError(`\`input.shape.rank\` must be 3, 4 or 5. Received: rank ${rank}.`);
  return byRank[rank][kind](x, options);
}

/** Maxima of windows over sequences, images or volumes, by the rank of the input. */
export const maxPoolV2 = (input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor =>
  pooled("max", input, byName<PoolOptions>(rest, places));

/** Averages of windows over sequences, images or volumes, by the rank of the input. */
export const avgPoolV2 = (input: TensorLike, ...rest: Rest<PoolOptions, typeof places>): Tensor =>
  pooled("avg", input, byName<PoolOptions>(rest, places));
