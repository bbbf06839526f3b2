/**
 * Arithmetic of quantized numbers: 8 bits in, sums of 32 bits out, each with the range that its numbers stand for. Source: quantized_matmul_op.cc,
 * quantized_bias_add_op.cc, quantized_add_op.cc, quantized_mul_op.cc, quantized_activation_ops.cc.
 */
import type { DType } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import {
  broadcastShapes,
  elementCount,
  type FullShape,
  type Shape,
  withRank,
  withRankAtLeast,
} from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";
import { bracketed } from "../array/basic/names.ts";
import { checkInner, matMulOp } from "../matrix/product/matmul.ts";
import {
  floatScalar,
  type Integers,
  limitsOf,
  productRange,
  type Range,
  scalar,
  toFloat,
  toQuantized,
  toQuantizedUnclamped,
} from "./conversions.ts";

const scalars = (...limits: readonly Shape[]): void => {
  for (const limit of limits) withRank(limit, 0);
};

/** A scalar limit; other ranks are refused in the words of the products' kernels. */
function limitOf(name: string, array: NdArray, tail: string): number {
  if (array.shape.length !== 0)
    throw new InvalidArgumentError(`${name} must be a scalar${tail.replace("%", bracketed(array.shape))}`);
  return array.data[0] as number;
}

/** `names`: of the limits, and of the two in what is said of their order, as TensorFlow has it. */
function rangeOf(names: readonly string[], min: NdArray, max: NdArray, tail: string): Range {
  const range = { min: limitOf(names[0]!, min, tail), max: limitOf(names[1]!, max, tail) };
  if (range.min >= range.max) throw new InvalidArgumentError(`${names[2]} must be larger than ${names[3]}.`);
  return range;
}

/** What stands for 0. */
export const zeroOf = (array: NdArray, { min, max }: Range): number =>
  toQuantizedUnclamped(0, min, max, limitsOf(array.dtype));

/** out = a @ b in sums of 32 bits. */
export const quantizedMatMulOp = defineOp("QuantizedMatMul", {
  inputs: ["a: T1", "b: T2", "min_a: float", "max_a: float", "min_b: float", "max_b: float"],
  outputs: ["out: Toutput", "min_out: float", "max_out: float"],
  attrs: [
    "T1: {qint8, quint8, qint32, qint16, quint16}",
    "T2: {qint8, quint8, qint32, qint16, quint16}",
    "Toutput: {qint8, quint8, qint32, qint16, quint16} = DT_QINT32",
    "transpose_a: bool = false",
    "transpose_b: bool = false",
    "Tactivation: {qint8, quint8, qint32, qint16, quint16} = DT_QUINT8",
  ],
  shape(op, context) {
    const [shape] = matMulOp.definition.shape(op, context) as readonly Shape[];
    scalars(op.min_a, op.max_a, op.min_b, op.max_b);
    return [shape!, [], []];
  },
  compute({ a, b, min_a, max_a, min_b, max_b, Toutput, transpose_a, transpose_b }) {
    const tail = ", but got shape%";
    const [aRange, bRange] = [
      rangeOf(["min_a", "max_a", "max_a", "min_a"], min_a, max_a, tail),
      rangeOf(["min_b", "max_b", "max_b", "min_b"], min_b, max_b, tail),
    ];
    checkInner(a.shape, b.shape, transpose_a, transpose_b);
    const [rows, inner] = transpose_a ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
    const columns = b.shape[transpose_b ? 0 : 1]!;
    const [aRow, aColumn] = transpose_a ? [1, rows] : [inner, 1];
    const [bRow, bColumn] = transpose_b ? [1, inner] : [columns, 1];
    const [aZero, bZero] = [zeroOf(a, aRange), zeroOf(b, bRange)];
    const out = emptyArray(Toutput, [rows, columns]);
    const [x, y, z] = [a.data as Integers, b.data as Integers, out.data as Integers];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum += (x[r * aRow + k * aColumn]! - aZero) * (y[k * bRow + c * bColumn]! - bZero);
        z[r * columns + c] = sum;
      }
    const { min, max } = productRange(aRange, limitsOf(a.dtype), bRange, limitsOf(b.dtype));
    return [out, floatScalar(min), floatScalar(max)];
  },
  gradient: "unregistered",
});

/** Numbers of a range as those of another dtype and range. */
function converter(array: NdArray, { min, max }: Range, output: NdArray, to: Range): (i: number) => number {
  const [from, target] = [limitsOf(array.dtype), limitsOf(output.dtype)];
  const data = array.data as Integers;
  return (i) => toQuantized(toFloat(data[i]!, min, max, from), to.min, to.max, target);
}

/** As `converter`, in steps of whole numbers: the result for 0 and what each step adds. */
function stepConverter(array: NdArray, { min, max }: Range, output: NdArray, to: Range): (i: number) => number {
  const [from, target] = [limitsOf(array.dtype), limitsOf(output.dtype)];
  const codeOf = (value: number): number =>
    toQuantizedUnclamped(toFloat(value, min, max, from), to.min, to.max, target);
  const start = codeOf(0);
  const step = (codeOf(1) - start) | 0;
  const data = array.data as Integers;
  return (i) => Math.min(Math.max(start + data[i]! * step, target.low), target.high);
}

/** A range with 0 in the middle and room for sums: 2^bits times the largest value. */
function sumRange(a: Range, b: Range, bits: number): Range {
  const most = Math.max(a.max, -a.min, b.max, -b.min) * 2 ** bits;
  return { min: -most, max: most };
}

/** output = input + bias along the last axis. */
export const quantizedBiasAddOp = defineOp("QuantizedBiasAdd", {
  inputs: ["input: T1", "bias: T2", "min_input: float", "max_input: float", "min_bias: float", "max_bias: float"],
  outputs: ["output: out_type", "min_out: float", "max_out: float"],
  attrs: [
    "T1: {qint8, quint8, qint32, qint16, quint16}",
    "T2: {qint8, quint8, qint32, qint16, quint16}",
    "out_type: {qint8, quint8, qint32, qint16, quint16}",
  ],
  shape({ input, bias, min_input, max_input, min_bias, max_bias }) {
    const shape = withRankAtLeast(input, 2);
    const [depth] = withRank(bias, 1);
    const last = shape ? shape.at(-1)! : null;
    if (last !== null && depth !== null && last !== depth)
      throw invalidArgument(`Dimensions must be equal, but are ${last} and ${depth}`);
    scalars(min_input, max_input, min_bias, max_bias);
    return [shape && [...shape.slice(0, -1), last ?? depth!], [], []];
  },
  compute({ input, bias, min_input, max_input, min_bias, max_bias, out_type }) {
    const a = { min: scalar("min_input", min_input), max: scalar("max_input", max_input) };
    const b = { min: scalar("min_bias", min_bias), max: scalar("max_bias", max_bias) };
    if (input.shape.length < 2)
      throw new InvalidArgumentError(`Input tensor must be at least 2D: ${bracketed(input.shape)}`);
    if (bias.shape.length !== 1)
      throw new InvalidArgumentError(`Must provide biases of dimension 1: ${bracketed(bias.shape)}`);
    if (bias.size !== input.shape.at(-1))
      throw new InvalidArgumentError(
        `Must provide as many biases as the last dimension of the input tensor: ${bracketed(bias.shape)} vs. ${bracketed(input.shape)}`,
      );
    const output = emptyArray(out_type, input.shape);
    const to = sumRange(a, b, 17);
    const [left, right] = [converter(input, a, output, to), converter(bias, b, output, to)];
    const z = output.data as Integers;
    for (let i = 0; i < z.length; i++) z[i] = left(i) + right(i % bias.size);
    return [output, floatScalar(to.min), floatScalar(to.max)];
  },
  gradient: "unregistered",
});

const pairAttrs = [
  "T1: {qint8, quint8, qint32, qint16, quint16}",
  "T2: {qint8, quint8, qint32, qint16, quint16}",
  "Toutput: {qint8, quint8, qint32, qint16, quint16} = DT_QINT32",
] as const;
const pairInputs = ["x: T1", "y: T2", "min_x: float", "max_x: float", "min_y: float", "max_y: float"] as const;

interface Limits {
  readonly min_x: Shape;
  readonly max_x: Shape;
  readonly min_y: Shape;
  readonly max_y: Shape;
}

function pairShape({ x, y, min_x, max_x, min_y, max_y }: Limits & { readonly x: Shape; readonly y: Shape }): Shape[] {
  const shape = broadcastShapes(x, y);
  scalars(min_x, max_x, min_y, max_y);
  return [shape, [], []];
}

/** Where element i of the result lies in an operand that is stretched to it. */
function placer(shape: FullShape, to: FullShape): (i: number) => number {
  const size = elementCount(shape);
  const lead = to.length - shape.length;
  // The common cases: equal shapes, a scalar, or the last axes alone.
  if (shape.every((n, d) => n === to[d + lead])) return (i) => i % size;
  return (i) => {
    let [at, rest, step] = [0, i, 1];
    for (let d = to.length - 1; d >= lead; d--) {
      const n = shape[d - lead]!;
      at += n === 1 ? 0 : (rest % to[d]!) * step;
      rest = Math.floor(rest / to[d]!);
      step *= n;
    }
    return at;
  };
}

/** z = x + y, one stretched to the other. */
export const quantizedAddOp = defineOp("QuantizedAdd", {
  inputs: pairInputs,
  outputs: ["z: Toutput", "min_z: float", "max_z: float"],
  attrs: pairAttrs,
  shape: pairShape,
  compute({ x, y, min_x, max_x, min_y, max_y, Toutput }) {
    const a = { min: scalar("min_x", min_x), max: scalar("max_x", max_x) };
    const b = { min: scalar("min_y", min_y), max: scalar("max_y", max_y) };
    if (a.max <= a.min) throw new InvalidArgumentError("max_x must be larger than min_x.");
    if (b.max <= b.min) throw new InvalidArgumentError("max_y must be larger than min_y.");
    const output = emptyArray(Toutput, broadcastShapes(x.shape, y.shape) as FullShape);
    const to = sumRange(a, b, 14);
    const convert = (operand: NdArray, range: Range): ((i: number) => number) =>
      (operand.size === 1 ? converter : stepConverter)(operand, range, output, to);
    const [left, right] = [convert(x, a), convert(y, b)];
    const [ofX, ofY] = [placer(x.shape, output.shape), placer(y.shape, output.shape)];
    const z = output.data as Integers;
    for (let i = 0; i < z.length; i++) z[i] = left(ofX(i)) + right(ofY(i));
    return [output, floatScalar(to.min), floatScalar(to.max)];
  },
  gradient: "unregistered",
});

/** z = x * y, one stretched to the other. */
export const quantizedMulOp = defineOp("QuantizedMul", {
  inputs: pairInputs,
  outputs: ["z: Toutput", "min_z: float", "max_z: float"],
  attrs: pairAttrs,
  shape: pairShape,
  compute({ x, y, min_x, max_x, min_y, max_y, Toutput }) {
    const [a, b] = [
      rangeOf(["min_x", "max_x", "max_x", "min_a"], min_x, max_x, ""),
      rangeOf(["min_y", "max_y", "max_x", "min_b"], min_y, max_y, ""),
    ];
    const output = emptyArray(Toutput, broadcastShapes(x.shape, y.shape) as FullShape);
    const [xZero, yZero] = [zeroOf(x, a), zeroOf(y, b)];
    const [ofX, ofY] = [placer(x.shape, output.shape), placer(y.shape, output.shape)];
    const z = output.data as Integers;
    for (let i = 0; i < z.length; i++)
      z[i] = ((x.data as Integers)[ofX(i)]! - xZero) * ((y.data as Integers)[ofY(i)]! - yZero);
    const { min, max } = productRange(a, limitsOf(x.dtype), b, limitsOf(y.dtype));
    return [output, floatScalar(min), floatScalar(max)];
  },
  gradient: "unregistered",
});

/** Cuts numbers at 0 and, with `most`, above it; the range stays. */
const activation = (type: string, most: number | null) =>
  defineOp(type, {
    inputs: ["features: Tinput", "min_features: float", "max_features: float"],
    outputs: ["activations: out_type", "min_activations: float", "max_activations: float"],
    attrs: [
      "Tinput: {qint8, quint8, qint32, qint16, quint16}",
      "out_type: {qint8, quint8, qint32, qint16, quint16} = DT_QUINT8",
    ],
    shape({ features, min_features, max_features }) {
      scalars(min_features, max_features);
      return [features, [], []];
    },
    compute({ features, min_features, max_features, out_type }) {
      return cut(features, min_features, max_features, most, out_type);
    },
    gradient: "unregistered",
  });

function cut(features: NdArray, least: NdArray, greatest: NdArray, most: number | null, outType: DType): NdArray[] {
  const min = scalar("min_input", least);
  const max = scalar("max_input", greatest);
  const limits = limitsOf(features.dtype);
  const low = toQuantized(0, min, max, limits);
  const high = most === null ? limits.high : toQuantized(most, min, max, limits);
  const output = emptyArray(outType, features.shape);
  const z = output.data as Integers;
  for (const [i, value] of (features.data as Integers).entries()) z[i] = Math.min(Math.max(value, low), high);
  return [output, floatScalar(min), floatScalar(max)];
}

export const quantizedReluOp = activation("QuantizedRelu", null);
export const quantizedRelu6Op = activation("QuantizedRelu6", 6);

/** Cuts numbers at 0 and above `max_value`. */
export const quantizedReluXOp = defineOp("QuantizedReluX", {
  inputs: ["features: Tinput", "max_value: float", "min_features: float", "max_features: float"],
  outputs: ["activations: out_type", "min_activations: float", "max_activations: float"],
  attrs: [
    "Tinput: {qint8, quint8, qint32, qint16, quint16}",
    "out_type: {qint8, quint8, qint32, qint16, quint16} = DT_QUINT8",
  ],
  shape({ features, min_features, max_features }) {
    scalars(min_features, max_features);
    return [features, [], []];
  },
  compute: ({ features, max_value, min_features, max_features, out_type }) =>
    cut(features, min_features, max_features, scalar("max_value", max_value), out_type),
  gradient: "unregistered",
});
