/** Maxima of windows with the places where they are. Source: nn_ops.cc, maxpooling_op.cc, nn_grad.py. */

import type { DType } from "../../../../core/dtype.ts";
import { int64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { NdArray, setElement } from "../../../../core/nd_array.ts";
import { elementCount, formatShape, mergeShapes, sameShape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import { copyElements, emptyArray, toNumbers } from "../../array/basic/elements.ts";
import { checkPool, comparable, forEachWindow, pooledShape, poolShape, windowOf } from "./geometry.ts";
import { type PoolOptions, sequence } from "./options.ts";

const window = ["ksize: list(int) >= 4", "strides: list(int) >= 4"] as const;
const padding = "padding: {'SAME', 'VALID'}";
const inNHWC = "NHWC";

/** output = the maximum of each window, argmax = its flat position in the image (in the batch with include_batch_in_index). */
export const maxPoolWithArgmaxOp = defineOp("MaxPoolWithArgmax", {
  inputs: ["input: T"],
  outputs: ["output: T", "argmax: Targmax"],
  attrs: [
    ...window,
    "Targmax: {int32, int64} = DT_INT64",
    padding,
    "include_batch_in_index: bool = false",
    "T: realnumbertype" as "T: type",
  ],
  shape(op) {
    const shape = poolShape("MaxPool", op.input, { ...op, data_format: inNHWC }, { hasDepthWindow: true });
    return [shape, shape];
  },
  compute(op) {
    const { input } = op;
    const attrs = { ...op, data_format: inNHWC };
    checkPool(input.shape, attrs, { what: "MaxPoolingOp", isMax: true });
    const geometry = windowOf(input.shape, attrs);
    const output = emptyArray(input.dtype, pooledShape(geometry));
    const argmax = emptyArray(op.Targmax, output.shape);
    const values = comparable(input);
    const imageSize = op.include_batch_in_index ? Number.POSITIVE_INFINITY : elementCount(input.shape.slice(1));
    forEachWindow(geometry, (at, positions) => {
      let best = positions[0]!;
      for (const position of positions) if (values[position]! > values[best]!) best = position;
      copyElements(input.dtype, input.data, best, output.data, at, 1);
      setElement(op.Targmax, argmax.data, at, imageSize === Number.POSITIVE_INFINITY ? best : best % imageSize);
    });
    return [output, argmax];
  },
  gradient: (tf, { input, argmax, ksize, strides, padding, include_batch_in_index }, dy) => ({
    input: tf.maxPoolGradWithArgmaxOp({ input, grad: dy!, argmax, ksize, strides, padding, include_batch_in_index }),
  }),
});

/** output = grad added up at the positions of argmax; of input's shape. */
export const maxPoolGradWithArgmaxOp = defineOp("MaxPoolGradWithArgmax", {
  inputs: ["input: T", "grad: T", "argmax: Targmax"],
  outputs: ["output: T"],
  attrs: [
    ...window,
    padding,
    "include_batch_in_index: bool = false",
    "Targmax: {int32, int64}",
    "T: realnumbertype" as "T: type",
  ],
  shape(op) {
    mergeShapes(op.grad, op.argmax);
    mergeShapes(op.grad, poolShape("MaxPool", op.input, { ...op, data_format: inNHWC }, { hasDepthWindow: true }));
    return [withRank(op.input, 4)];
  },
  compute(op) {
    const { input, grad, argmax } = op;
    const attrs = { ...op, data_format: inNHWC };
    checkPool(input.shape, attrs, { what: "MaxPoolingGradOp", isMax: true });
    const wanted = pooledShape(windowOf(input.shape, attrs));
    if (!sameShape(grad.shape, wanted))
      throw invalidArgument(`Expected grad shape to be ${formatShape(wanted)}, but got ${formatShape(grad.shape)}`);
    if (!sameShape(argmax.shape, wanted))
      throw invalidArgument(`Expected argmax shape to be ${formatShape(wanted)}, but got ${formatShape(argmax.shape)}`);
    const total = new Float64Array(elementCount(input.shape));
    const [gradients, places] = [toNumbers(grad), toNumbers(argmax)];
    const imageSize = elementCount(input.shape.slice(1));
    const perImage = elementCount(grad.shape.slice(1));
    for (let i = 0; i < gradients.length; i++) {
      const base = op.include_batch_in_index ? 0 : Math.floor(i / perImage) * imageSize;
      const at = base + places[i]!;
      if (!(at >= 0 && at < total.length))
        throw invalidArgument(`Invalid output index: ${at}, image size: ${total.length}`);
      total[at] = total[at]! + gradients[i]!;
    }
    const output = emptyArray(grad.dtype, input.shape);
    for (let i = 0; i < total.length; i++)
      setElement(grad.dtype, output.data, i, grad.dtype.isInteger ? Math.trunc(total[i]!) : total[i]);
    return new NdArray(grad.dtype, input.shape, output.data);
  },
  gradient: "unregistered",
});

export interface ArgmaxOptions extends Omit<PoolOptions, "dataFormat" | "padding"> {
  readonly padding: "SAME" | "VALID";
  readonly dataFormat?: "NHWC" | null;
  /** int64 if not given; `outputDtype` is its other name. */
  readonly Targmax?: DType;
  readonly outputDtype?: DType;
  readonly includeBatchInIndex?: boolean;
}

const places = [
  "ksize",
  "strides",
  "padding",
  "dataFormat",
  "Targmax",
  "name",
  "outputDtype",
  "includeBatchInIndex",
] as const;

/** Maxima of windows over images [n, h, w, c], and their flat positions. Source: nn_ops.py. */
export function maxPoolWithArgmax(
  input: TensorLike,
  ...rest: Rest<ArgmaxOptions, typeof places>
): { output: Tensor; argmax: Tensor } {
  const options = byName<ArgmaxOptions>(rest, places);
  const { padding, Targmax = int64, outputDtype = Targmax, includeBatchInIndex = false, name } = options;
  const ksize = sequence(options.ksize, 2, 3, "ksize");
  const strides = sequence(options.strides, 2, 3, "strides");
  return maxPoolWithArgmaxOp(
    { input, ksize, strides, padding, Targmax: outputDtype, include_batch_in_index: includeBatchInIndex },
    name,
  );
}
