/** Pooling over any number of spatial axes, with dilation. Source: nn_ops.py, pool. */

import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { withSpaceToBatch } from "../conv/space_to_batch.ts";
import type { PaddingLike } from "./options.ts";
import { avgPool, avgPool3d, maxPool, maxPool3d } from "./pool.ts";

export interface DilatedPoolOptions extends Named {
  /** One number for each of one to three spatial axes. */
  readonly windowShape: readonly number[];
  readonly poolingType: "AVG" | "MAX";
  readonly padding: "SAME" | "VALID";
  readonly dilationRate?: readonly number[] | null;
  readonly dilations?: readonly number[] | null;
  readonly strides?: readonly number[] | null;
  readonly dataFormat?: string | null;
}

const text = (list: readonly number[]): string => `[${list.join(" ")}]`;

/** One number at least 1 for each spatial axis. */
function checked(list: readonly number[] | null | undefined, n: number, name: string): readonly number[] {
  if (!list) return new Array<number>(n).fill(1);
  if (list.length !== n)
    throw new ValueError(`\`len(${name})\` should be ${n}. Received: ${name}=${text(list)} of length ${list.length}`);
  if (list.some((value) => value < 1))
    throw new ValueError(`all values of \`${name}\` must be positive. Received: ${name}=${text(list)}`);
  return list;
}

const poolPlaces = ["windowShape", "poolingType", "padding", "dilationRate", "strides", "name", "dataFormat"] as const;

/** Maxima or means of windows over the spatial axes of input [n, ..., c]. Throws ValueError for windows that it does not take. */
export function pool(input: TensorLike, ...rest: Rest<DilatedPoolOptions, typeof poolPlaces>): Tensor {
  const options = byName<DilatedPoolOptions>(rest, poolPlaces);
  const { windowShape, poolingType, padding, dataFormat = null, name } = options;
  return inScope(name, `${poolingType.toLowerCase()}_pool`, (scope) => {
    const x = convertToTensor(input, { name: "input" });
    const n = windowShape.length;
    if (n < 1 || n > 3)
      throw new ValueError(
        `\`len(window_shape)\` must be 1, 2, or 3. Received: window_shape=${text(windowShape)} of length ${n}`,
      );
    const rate = checked(options.dilationRate ?? options.dilations, n, "dilation_rate");
    const strides = checked(options.strides, n, "strides");
    const isDilated = rate.some((r) => r > 1);
    if (isDilated && strides.some((stride) => stride > 1)) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=${text(strides)} and dilation_rate=${text(rate)}`,
      );
    }
    if (padding === "SAME" && isDilated) {
      throw new ValueError(
        `pooling with 'SAME' padding is not implemented for \`dilation_rate\` > 1. Received: padding=${padding} and dilation_rate=${text(rate)}`,
      );
    }
    if (strides.some((stride, i) => stride > windowShape[i]!)) {
      throw new ValueError(
        `\`strides\` > \`window_shape\` not supported due to inconsistency between CPU and GPU implementations. Received: strides=${text(strides)} and window_shape=${text(windowShape)}`,
      );
    }
    const functions = { AVG: n === 3 ? avgPool3d : avgPool, MAX: n === 3 ? maxPool3d : maxPool };
    const fn = functions[poolingType];
    if (!fn) throw new ValueError(`${n}-D ${poolingType} pooling is not supported.`);
    const isFirst = dataFormat?.startsWith("NC") ?? false;
    if (n === 1 && dataFormat !== null && dataFormat !== "NWC" && dataFormat !== "NCW")
      throw new ValueError(`data_format must be either 'NWC' or 'NCW'. Received: data_format=${dataFormat}`);
    const around = (list: readonly number[]): readonly number[] => {
      const all = isFirst ? [1, 1, ...list] : [1, ...list, 1];
      return n === 1 ? [1, ...all] : all;
    };
    const rest = {
      ksize: around(windowShape),
      strides: around(strides),
      dataFormat: n === 1 ? (isFirst ? "NCHW" : "NHWC") : dataFormat,
      name: scope,
    };
    const axis = isFirst ? 2 : 1;
    const op = (value: Tensor, how: PaddingLike): Tensor => {
      if (n > 1) return fn(value, { ...rest, padding: how });
      return tf.squeeze(fn(tf.expandDims(value, axis), { ...rest, padding: how }), { axis: [axis] });
    };
    return withSpaceToBatch(x, { rate, padding, filterShape: () => convertToTensor([...windowShape]), dataFormat }, op);
  });
}
