/** Averages of windows, over images and volumes. Padding does not count. Source: nn_ops.cc, avgpooling_op.cc, pooling_ops_3d.cc, nn_grad.py. */
import { invalidArgument } from "../../../../core/error.ts";
import { type FullShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { shapeFromInput } from "../../array/basic/shape_input.ts";
import { checkPool, type PoolAttrs, pooledShape, poolShape, windowOf } from "./geometry.ts";

const padding = "padding: {'SAME', 'VALID'}";
const types = "T: {half, bfloat16, float, double}";
const flat = [
  "ksize: list(int) >= 4",
  "strides: list(int) >= 4",
  padding,
  "data_format: {'NHWC', 'NCHW'} = 'NHWC'",
  types,
] as const;
const deep = [
  "ksize: list(int) >= 5",
  "strides: list(int) >= 5",
  padding,
  "data_format: {'NDHWC', 'NCDHW'} = 'NDHWC'",
  types,
] as const;

const handedOn = ({ ksize, strides, padding, data_format }: PoolAttrs) => ({ ksize, strides, padding, data_format });

const words = (rank: number) => ({ what: rank === 4 ? "AvgPoolingOp" : "Pooling3DOp", isMax: false });

function averaged(p: Lowering, x: Value, attrs: PoolAttrs): Value {
  checkPool(x.shape, attrs, words(attrs.ksize.length));
  const geometry = windowOf(x.shape, attrs);
  const shape = pooledShape(geometry);
  return shape.includes(0) || x.shape.includes(0) ? p.fill(0, x.dtype, shape) : p.window("average", x, geometry);
}

/** grad spread evenly over the elements of each window of an input of the shape. */
function spread(p: Lowering, shape: FullShape, grad: Value, attrs: PoolAttrs, rank: number): Value {
  if (shape.length !== rank) throw invalidArgument(`out_backprop must be 1-dimensional and ${rank} elements`);
  checkPool(shape, attrs, words(rank));
  const geometry = windowOf(shape, attrs);
  const wanted = pooledShape(geometry);
  if (wanted.some((d, i) => d !== grad.shape[i])) {
    throw invalidArgument(`Expected grad shape to be [${wanted.join(",")}], but got [${grad.shape.join(",")}]`);
  }
  if (shape.includes(0) || grad.shape.includes(0)) return p.fill(0, grad.dtype, shape);
  return p.windowGradient("average", [grad], geometry);
}

/** output = the average of each window; value [n, h, w, c]. */
export const avgPoolOp = defineOp("AvgPool", {
  inputs: ["value: T"],
  outputs: ["output: T"],
  attrs: flat,
  shape: (op) => [poolShape("AvgPool", op.value, op)],
  lower: (p, op) => averaged(p, op.value, op),
  gradient: (tf, op, dy) => ({
    value: tf.avgPoolGradOp({ orig_input_shape: tf.shape(op.value), grad: dy!, ...handedOn(op) }),
  }),
});

export const avgPoolGradOp = defineOp("AvgPoolGrad", {
  inputs: ["orig_input_shape: int32", "grad: T"],
  outputs: ["output: T"],
  attrs: flat,
  shape: ({ orig_input_shape }, context): [Shape] => [
    withRank(shapeFromInput(context, "orig_input_shape", orig_input_shape), 4),
  ],
  lower: (p, op) => spread(p, p.numbers(op.orig_input_shape), op.grad, op, 4),
  gradient: (tf, op, dy) => flatGradients(tf, op.orig_input_shape, op, dy!),
});

interface Gradients {
  readonly orig_input_shape: Tensor;
  readonly grad: Tensor;
}

function flatGradients(tf: GradientTools, shape: Tensor, attrs: PoolAttrs, dy: Tensor): Gradients {
  return { orig_input_shape: tf.stopGradient(shape), grad: tf.avgPoolOp({ value: dy, ...handedOn(attrs) }) };
}

/** output = the average of each window; input [n, d, h, w, c]. */
export const avgPool3DOp = defineOp("AvgPool3D", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: deep,
  shape: (op) => [poolShape("Pool3D ops", op.input, op)],
  lower: (p, op) => averaged(p, op.input, op),
  gradient: (tf, op, dy) => ({
    input: tf.avgPool3DGradOp({ orig_input_shape: tf.shape(op.input), grad: dy!, ...handedOn(op) }),
  }),
});

export const avgPool3DGradOp = defineOp("AvgPool3DGrad", {
  inputs: ["orig_input_shape: int32", "grad: T"],
  outputs: ["output: T"],
  attrs: deep,
  shape: ({ orig_input_shape }, context): [Shape] => [
    withRank(shapeFromInput(context, "orig_input_shape", orig_input_shape), 5),
  ],
  lower: (p, op) => spread(p, p.numbers(op.orig_input_shape), op.grad, op, 5),
  gradient: (tf, op, dy) => deepGradients(tf, op.orig_input_shape, op, dy!),
});

function deepGradients(tf: GradientTools, shape: Tensor, attrs: PoolAttrs, dy: Tensor): Gradients {
  return { orig_input_shape: tf.stopGradient(shape), grad: tf.avgPool3DOp({ input: dy, ...handedOn(attrs) }) };
}
