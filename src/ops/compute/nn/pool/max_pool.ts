/** Maxima of windows over images, and their gradients. Source: nn_ops.cc, maxpooling_op.cc, nn_grad.py. */
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type FullShape, formatShape, mergeShapes, type Shape, sameShape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { copyElements, emptyArray, toNumbers } from "../../array/basic/elements.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";
import {
  checkPool,
  comparable,
  forEachWindow,
  type PoolAttrs,
  type PoolGradients,
  pooledShape,
  poolShape,
  windowOf,
  zeroOriginals,
} from "./geometry.ts";

const window = ["ksize: list(int) >= 4", "strides: list(int) >= 4"] as const;
const explicit = "explicit_paddings: list(int) = []";
const anyPadding = "padding: {'SAME', 'VALID', 'EXPLICIT'}";
const padding = "padding: {'SAME', 'VALID'}";
const format = "data_format: {'NHWC', 'NCHW'} = 'NHWC'";
const vectorFormat = "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'";
const poolTypes = "{half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, qint8}";

const words = (what: string) => ({ what, isMax: true });

function maxPooled(p: Lowering, input: Value, attrs: PoolAttrs): Value {
  checkPool(input.shape, attrs, words("MaxPoolingOp"));
  const depth = attrs.ksize[3]!;
  if (depth > 1) {
    const [n, h, w, c] = input.shape as readonly [number, number, number, number];
    return p.reduce("max", p.reshape(input, [n, h, w, c / depth, depth]), [-1]);
  }
  const geometry = windowOf(input.shape, attrs);
  const shape = pooledShape(geometry);
  return shape.includes(0) || input.shape.includes(0)
    ? p.fill(0, input.dtype, shape)
    : p.window("max", input, geometry);
}

/** Throws unless output and gradient have the shapes that the input leads to. */
function checkGradient(
  input: FullShape,
  output: FullShape,
  grad: FullShape,
  attrs: PoolAttrs,
  wanted: FullShape,
): void {
  checkPool(input, attrs, words("MaxPoolingGradOp"));
  if (attrs.ksize[3] !== 1) throw new UnimplementedError("MaxPoolingGrad is not yet supported on the depth dimension.");
  const pooled = pooledShape(windowOf(input, attrs));
  if (!sameShape(output, pooled))
    throw invalidArgument(`Expected orig_output shape to be ${formatShape(pooled)}, but got ${formatShape(output)}`);
  if (!sameShape(grad, wanted))
    throw invalidArgument(`Expected grad shape to be ${formatShape(wanted)}, but got ${formatShape(grad)}`);
}

function maxPoolGradient(p: Lowering, input: Value, output: Value, grad: Value, attrs: PoolAttrs): Value {
  const pooled = pooledShape(windowOf(input.shape, attrs));
  checkGradient(input.shape, output.shape, grad.shape, attrs, pooled);
  if (input.shape.includes(0) || grad.shape.includes(0)) return p.fill(0, grad.dtype, input.shape);
  return p.windowGradient("max", [input, output, grad], windowOf(input.shape, attrs));
}

/** For each window the element of grad where the input has its first maximum. */
function secondGradient(input: NdArray, output: NdArray, grad: NdArray, attrs: PoolAttrs): NdArray {
  checkGradient(input.shape, output.shape, grad.shape, attrs, input.shape);
  const result = emptyArray(grad.dtype, output.shape);
  const [values, maxima] = [comparable(input), comparable(output)];
  forEachWindow(windowOf(input.shape, attrs), (at, positions) => {
    const from = positions.find((position) => values[position] === maxima[at]);
    if (from !== undefined) copyElements(grad.dtype, grad.data, from, result.data, at, 1);
  });
  return result;
}

const firstAttrs = ({ ksize, strides, padding, explicit_paddings, data_format }: PoolAttrs) => ({
  ksize,
  strides,
  padding,
  explicit_paddings: explicit_paddings ?? [],
  data_format,
});
const plainAttrs = ({ ksize, strides, padding, data_format }: PoolAttrs) => ({
  ksize,
  strides,
  padding,
  data_format,
});

/** output = the maximum of each window; input [n, h, w, c]. Windows of channels alone are allowed. */
export const maxPoolOp = defineOp("MaxPool", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [`T: ${poolTypes} = DT_FLOAT` as "T: type = DT_FLOAT", ...window, anyPadding, explicit, vectorFormat],
  shape: (op) => [poolShape("MaxPool", op.input, op, { hasDepthWindow: true })],
  lower: (p, op) => maxPooled(p, op.input, op),
  gradient: (tf, op, dy) => ({
    input: tf.maxPoolGradOp({ orig_input: op.input, orig_output: op.output, grad: dy!, ...firstAttrs(op) }),
  }),
});

/** Sizes and strides that are inputs: known numbers or null. */
function windowInputs(context: ShapeContext): { ksize: number[]; strides: number[] } | null {
  const [ksize, strides] = [numbersFromInput(context, "ksize"), numbersFromInput(context, "strides")];
  return ksize && strides ? { ksize, strides } : null;
}

export const maxPoolV2Op = defineOp("MaxPoolV2", {
  inputs: ["input: T", "ksize: int32", "strides: int32"],
  outputs: ["output: T"],
  attrs: [`T: ${poolTypes} = DT_FLOAT` as "T: type = DT_FLOAT", padding, vectorFormat],
  shape({ input, padding, data_format }, context) {
    const known = windowInputs(context);
    return [
      known
        ? poolShape("MaxPool", input, { ...known, padding, data_format }, { hasDepthWindow: true })
        : withRank(null, 4),
    ];
  },
  lower: (p, { input, ksize, strides, padding, data_format }) =>
    maxPooled(p, input, { ksize: p.numbers(ksize), strides: p.numbers(strides), padding, data_format }),
  gradient: (tf, { input, output, ksize, strides, padding, data_format }, dy) => ({
    input: tf.maxPoolGradV2Op({
      orig_input: input,
      orig_output: output,
      grad: dy!,
      ksize,
      strides,
      padding,
      data_format,
    }),
  }),
});

/** output = grad, at the first maximum of each window; of orig_input's shape. */
export const maxPoolGradOp = defineOp("MaxPoolGrad", {
  inputs: ["orig_input: T", "orig_output: T", "grad: T"],
  outputs: ["output: T"],
  attrs: [...window, anyPadding, explicit, format, "T: realnumbertype = DT_FLOAT" as "T: type = DT_FLOAT"],
  shape: ({ orig_input }): [Shape] => [withRank(orig_input, 4)],
  lower: (p, op) => maxPoolGradient(p, op.orig_input, op.orig_output, op.grad, op),
  gradient: (tf, op, dy): PoolGradients =>
    zeroOriginals(tf, op, (originals) => tf.maxPoolGradGradOp({ ...originals, grad: dy!, ...plainAttrs(op) })),
});

export const maxPoolGradV2Op = defineOp("MaxPoolGradV2", {
  inputs: ["orig_input: T", "orig_output: T", "grad: T", "ksize: int32", "strides: int32"],
  outputs: ["output: T"],
  attrs: [padding, format, "T: realnumbertype = DT_FLOAT" as "T: type = DT_FLOAT"],
  shape: ({ orig_input }): [Shape] => [withRank(orig_input, 4)],
  lower: (p, { orig_input, orig_output, grad, ksize, strides, padding, data_format }) =>
    maxPoolGradient(p, orig_input, orig_output, grad, {
      ksize: p.numbers(ksize),
      strides: p.numbers(strides),
      padding,
      data_format,
    }),
  gradient: (tf, { orig_input, orig_output, ksize, strides, padding, data_format }, dy) =>
    zeroOriginals(tf, { orig_input, orig_output }, (originals) =>
      tf.maxPoolGradGradV2Op({ ...originals, grad: dy!, ksize, strides, padding, data_format }),
    ),
});

/** output = the elements of grad at the first maximum of each window; of orig_output's shape. */
export const maxPoolGradGradOp = defineOp("MaxPoolGradGrad", {
  inputs: ["orig_input: T", "orig_output: T", "grad: T"],
  outputs: ["output: T"],
  attrs: [...window, padding, format, "T: realnumbertype" as "T: type"],
  shape(op) {
    mergeShapes(op.orig_input, op.grad);
    return [mergeShapes(op.orig_output, poolShape("MaxPool", op.orig_input, op, { hasDepthWindow: true }))];
  },
  compute: (op) => secondGradient(op.orig_input, op.orig_output, op.grad, op),
  gradient: (tf, op, dy): PoolGradients =>
    zeroOriginals(tf, op, (originals) => tf.maxPoolGradOp({ ...originals, grad: dy!, ...plainAttrs(op) })),
});

export const maxPoolGradGradV2Op = defineOp("MaxPoolGradGradV2", {
  inputs: ["orig_input: T", "orig_output: T", "grad: T", "ksize: int32", "strides: int32"],
  outputs: ["output: T"],
  attrs: [padding, format, "T: realnumbertype" as "T: type"],
  shape({ orig_input, orig_output, grad, padding, data_format }, context) {
    mergeShapes(orig_input, grad);
    const known = windowInputs(context);
    const pooled =
      known && poolShape("MaxPool", orig_input, { ...known, padding, data_format }, { hasDepthWindow: true });
    return [mergeShapes(orig_output, pooled)];
  },
  compute({ orig_input, orig_output, grad, ksize, strides, padding, data_format }) {
    const window = { ksize: Array.from(toNumbers(ksize)), strides: Array.from(toNumbers(strides)) };
    return secondGradient(orig_input, orig_output, grad, { ...window, padding, data_format });
  },
  gradient: "unregistered",
});
