/** Biases added to channels. Source: nn_ops.cc, bias_op.cc, nn_ops.py, nn_grad.py. */

import { invalidArgument, ValueError } from "../../../core/error.ts";
import {
  type Dim,
  type FullShape,
  formatShape,
  mergeDims,
  type Shape,
  withRank,
  withRankAtLeast,
} from "../../../core/shape.ts";
import type { Lowering } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as tf from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";

/** The axis of the channels: the last one, or the second in NCHW images (which have at least 3 dimensions). */
const channelAxis = (rank: number, dataFormat: string): number => (dataFormat === "NCHW" && rank > 2 ? 1 : rank - 1);

function biasShape(value: Shape, bias: Shape, dataFormat: string): Shape {
  const shape = withRankAtLeast(value, dataFormat === "NCHW" ? 3 : 2);
  const [channels] = withRank(bias, 1);
  if (shape === null) return null;
  const axis = channelAxis(shape.length, dataFormat);
  return shape.map((d, i): Dim => (i === axis ? mergeDims(d, channels!) : d));
}

function addBias(p: Lowering, value: Value, bias: Value, dataFormat: string): Value {
  if (value.shape.length < 2) throw invalidArgument(`Input tensor must be at least 2D: ${formatShape(value.shape)}`);
  if (bias.shape.length !== 1) throw invalidArgument(`Biases must be 1D: ${formatShape(bias.shape)}`);
  const axis = channelAxis(value.shape.length, dataFormat);
  if (value.shape[axis] !== bias.shape[0]) {
    throw invalidArgument(
      `Must provide as many biases as the ${axis === value.shape.length - 1 || dataFormat === "NCHW" ? "last" : "channel"} dimension of the input tensor: ${formatShape(bias.shape)} vs. ${formatShape(value.shape)}`,
    );
  }
  return p.add(
    value,
    p.reshape(
      bias,
      value.shape.map((d, i) => (i === axis ? d : 1)),
    ),
  );
}

/** output = value + bias, one bias for each channel: the last axis, or axis 1 in NCHW. */
export const biasAddOp = defineOp("BiasAdd", {
  inputs: ["value: T", "bias: T"],
  outputs: ["output: T"],
  attrs: ["T: numbertype", "data_format: {'NHWC', 'NCHW'} = 'NHWC'"],
  shape: ({ value, bias, data_format }) => [biasShape(value, bias, data_format)],
  lower: (p, { value, bias, data_format }) => addBias(p, value, bias, data_format),
  gradient: (tf, { data_format }, dy) => ({ value: dy!, bias: tf.biasAddGradOp({ out_backprop: dy!, data_format }) }),
});

/** output = out_backprop summed over all axes but the channels'. */
export const biasAddGradOp = defineOp("BiasAddGrad", {
  inputs: ["out_backprop: T"],
  outputs: ["output: T"],
  attrs: ["T: numbertype", "data_format: {'NHWC', 'NCHW'} = 'NHWC'"],
  shape({ out_backprop, data_format }) {
    const shape = withRankAtLeast(out_backprop, data_format === "NCHW" ? 3 : 2);
    return [[shape === null ? null : shape[channelAxis(shape.length, data_format)]!]];
  },
  lower(p, { out_backprop: dy, data_format }) {
    if (dy.shape.length < 2) throw invalidArgument(`Input tensor must be at least 2D: ${formatShape(dy.shape)}`);
    const axis = channelAxis(dy.shape.length, data_format);
    return p.sum(dy, otherAxes(dy.shape, axis));
  },
  gradient(tf, { out_backprop, data_format }, dy) {
    const shape = tf.shape(out_backprop);
    const biases = tf.shape(dy!);
    const isFirst = data_format === "NCHW";
    const rest = isFirst
      ? [tf.onesLike(shape.at(":1")), biases, tf.onesLike(shape.at("2:"))]
      : [tf.onesLike(shape.at(":-1")), biases];
    const expanded = tf.concat(rest, 0);
    const multiples = tf.concat(isFirst ? [shape.at(":1"), [1], shape.at("2:")] : [shape.at(":-1"), [1]], 0);
    return { out_backprop: tf.tile(tf.reshape(dy!, expanded), multiples) };
  },
});

const otherAxes = (shape: FullShape, axis: number): number[] => shape.map((_, i) => i).filter((i) => i !== axis);

/** The first form of BiasAdd: channels last alone. */
export const biasAddV1Op = defineOp("BiasAddV1", {
  inputs: ["value: T", "bias: T"],
  outputs: ["output: T"],
  attrs: ["T: numbertype"],
  shape: ({ value, bias }) => [biasShape(value, bias, "NHWC")],
  lower: (p, { value, bias }) => addBias(p, value, bias, "NHWC"),
  gradient(tf, _, dy) {
    const axes = tf.range(tf.rank(dy!).sub(1));
    return { value: dy!, bias: tf.reduceSum(dy!, { axis: axes }) };
  },
});

export interface BiasAddOptions extends Named {
  /** `N...C` (the default) or `NC...`. */
  readonly dataFormat?: string | null;
}

const biasAddPlaces = ["dataFormat", "name"] as const;

/** value + bias, one bias for each channel. Throws ValueError for an unknown data format. Source: nn_ops.py. */
export const biasAdd = byKeyword(
  ["value", "bias"],
  function biasAdd(value: TensorLike, bias: TensorLike, ...rest: Rest<BiasAddOptions, typeof biasAddPlaces>): Tensor {
    const options = byName<BiasAddOptions>(rest, biasAddPlaces);
    const { name, dataFormat } = options;
    return inScope(name, "BiasAdd", (scope) => {
      const format = channelFormat(dataFormat);
      const input = convertToTensor(value, { name: "input" });
      const biases = convertToTensor(bias, { dtype: input.dtype.baseDtype, name: "bias" });
      return biasAddOp({ value: input, bias: biases, ...(format ? { data_format: format } : {}) }, scope);
    });
  },
);

function channelFormat(dataFormat: string | null | undefined): "NHWC" | "NCHW" | null {
  if (dataFormat === null || dataFormat === undefined) return null;
  if (dataFormat.startsWith("NC")) return "NCHW";
  if (dataFormat.startsWith("N") && dataFormat.endsWith("C")) return "NHWC";
  throw new ValueError(
    `\`data_format\` must be of the form \`N...C\` or \`NC...\`. Received: data_format=${dataFormat}`,
  );
}

/** matmul(x, weights) + biases. Source: nn_ops.py. */
export const xwPlusB = byKeyword(
  ["x", "weights", "biases"],
  function xwPlusB(x: TensorLike, weights: TensorLike, biases: TensorLike, name?: Name): Tensor {
    return inScope(nameOf(name), "xw_plus_b", (scope) => {
      const [a, b, c] = [
        convertToTensor(x, { name: "x" }),
        convertToTensor(weights, { name: "weights" }),
        convertToTensor(biases, { name: "biases" }),
      ];
      return biasAdd(tf.matmul(a, b), c, { name: scope });
    });
  },
);

/** relu(matmul(x, weights) + biases). Source: nn_impl.py. */
export const reluLayer = byKeyword(
  ["x", "weights", "biases"],
  function reluLayer(x: TensorLike, weights: TensorLike, biases: TensorLike, name?: Name): Tensor {
    return inScope(nameOf(name), "relu_layer", (scope) => {
      const [a, b, c] = [
        convertToTensor(x, { name: "x" }),
        convertToTensor(weights, { name: "weights" }),
        convertToTensor(biases, { name: "biases" }),
      ];
      return tf.relu(biasAdd(tf.matmul(a, b), c), { name: scope });
    });
  },
);
