/** Gradients of fused batch norm, and their own gradients. Source: nn_ops.cc, fused_batch_norm_op.cc, nn_fused_batch_norm_grad.py. */
import { float32 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { formatShape, mergeShapes, type Shape, sameShape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import {
  axesBeside,
  channelMean,
  channelOf,
  checkRankOne,
  checkVector,
  overChannels,
  withChannels,
} from "./channels.ts";

const epsilon = "epsilon: float = 9.999999747378752e-05";
const images = "data_format: {'NHWC', 'NCHW'} = 'NHWC'";
const training = "is_training: bool = true";

interface Inputs<X> {
  readonly y_backprop: X;
  readonly x: X;
  readonly scale: X;
  readonly reserve_space_1: X;
  readonly reserve_space_2: X;
}

interface Attrs {
  readonly epsilon: number;
  readonly data_format: string;
  readonly is_training: boolean;
}

function shapesOf(op: Inputs<Shape> & Attrs): Shape[] {
  const merged = mergeShapes(op.y_backprop, op.x);
  const { x, channels } = withChannels(merged, op.data_format, [op.scale, op.reserve_space_1, op.reserve_space_2]);
  return [x, [channels], [channels], [0], [0]];
}

function check(op: Inputs<Value> & Attrs): void {
  const { y_backprop: dy, x, scale, reserve_space_1, reserve_space_2 } = op;
  if (dy.shape.length !== 4 && dy.shape.length !== 5)
    throw invalidArgument(`input must be 4 or 5-dimensional${formatShape(dy.shape)}`);
  for (const [name, value] of Object.entries({ scale, reserve_space_1, reserve_space_2 }))
    checkRankOne(name, value.shape);
  if (!sameShape(x.shape, dy.shape)) {
    throw invalidArgument(
      `x and y_backprop must have same shape, but x has shape ${formatShape(x.shape)} and y_backprop has shape ${formatShape(dy.shape)}`,
    );
  }
  const axis = channelOf(op.data_format);
  for (const [name, value] of Object.entries({ scale, reserve_space_1, reserve_space_2 }))
    checkVector(name, value.shape, x.shape[axis]!);
  if (!op.is_training && axis !== x.shape.length - 1) {
    throw invalidArgument(
      "The implementation of FusedBatchNormGrad with is_training=False only support NHWC tensor format for now.",
    );
  }
}

/** Gradients of x, scale and offset, and two empty vectors. */
function lowered(p: Lowering, op: Inputs<Value> & Attrs): Value[] {
  check(op);
  const { scale, reserve_space_1: mean, reserve_space_2: variance } = op;
  const { dtype } = scale;
  const axis = channelOf(op.data_format);
  const rank = op.x.shape.length;
  const empty = p.fill(0, mean.dtype, [0]);
  const axes = axesBeside(rank, axis);
  if (op.x.shape.includes(0)) {
    const none = p.fill(0, dtype, scale.shape);
    return [p.fill(0, op.x.dtype, op.x.shape), none, none, empty, empty];
  }
  const as = (x: Value): Value => (x.dtype === dtype ? x : p.cast(x, dtype));
  const spread = (vector: Value): Value => overChannels(p, vector, rank, axis);
  const dy = as(op.y_backprop);
  const centered = p.sub(as(op.x), spread(mean));
  const stabilized = p.add(variance, p.scalar(Math.fround(op.epsilon), dtype));
  const inverse = p.rsqrt(stabilized);
  const products = p.mul(dy, centered);
  const offset = p.sum(dy, axes);
  const scaleGradient = p.mul(p.sum(products, axes), inverse);
  const factor = spread(p.mul(scale, inverse));
  const direct = op.is_training
    ? p.sub(
        p.sub(dy, spread(channelMean(p, dy, axis))),
        p.mul(centered, spread(p.div(channelMean(p, products, axis), stabilized))),
      )
    : dy;
  const dx = p.mul(direct, factor);
  return [op.x.dtype === dtype ? dx : p.cast(dx, op.x.dtype), scaleGradient, offset, empty, empty];
}

interface Second {
  readonly y_backprop: Tensor;
  readonly x: Tensor;
  readonly scale: Tensor;
}

/**
 * Gradients of the gradients. With u the normalized x, a = mean(A * u), b = mean(dy * u) for the gradient A that comes in for
 * x_backprop = scale / s * (dy - mean(dy) - u * b), s = sqrt(variance + epsilon); B and C come in for those of scale and offset.
 */
function secondGradients(tf: GradientTools, op: Inputs<Tensor> & Attrs, incoming: readonly Tensor[]): Second {
  const axis = channelOf(op.data_format);
  const rank = op.data_format.length;
  const axes = axesBeside(rank, axis);
  const dtype = op.x.dtype.baseDtype;
  const wide = (x: Tensor): Tensor => (x.dtype.baseDtype === float32 ? x : tf.cast(x, float32));
  const spread = (vector: Tensor): Tensor =>
    axis === rank - 1
      ? vector
      : tf.reshape(
          vector,
          Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1)),
        );
  const mean = (x: Tensor): Tensor => tf.reduceMean(x, { axis: axes, keepdims: true });
  const [A, B, C] = [wide(incoming[0]!), spread(incoming[1]!), spread(incoming[2]!)];
  const [x, dy, scale] = [wide(op.x), wide(op.y_backprop), spread(op.scale)];
  const center = op.is_training ? mean(x) : spread(op.reserve_space_1);
  const variance = op.is_training ? mean(tf.squaredDifference(x, center)) : spread(op.reserve_space_2);
  const inverse = tf.rsqrt(variance.add(op.epsilon));
  const u = x.sub(center).mul(inverse);
  const direct = B.mul(u).add(C);
  if (!op.is_training) {
    return {
      y_backprop: tf.cast(A.mul(scale).mul(inverse).add(direct), dtype),
      x: tf.cast(B.mul(dy).mul(inverse), dtype),
      scale: tf.reduceSum(A.mul(dy).mul(inverse), { axis: axes }),
    };
  }
  const [a, b] = [mean(A.mul(u)), mean(dy.mul(u))];
  const restA = A.sub(mean(A)).sub(u.mul(a));
  const restY = dy.sub(mean(dy)).sub(u.mul(b));
  const cross = mean(A.mul(dy))
    .sub(mean(A).mul(mean(dy)))
    .sub(a.mul(b));
  const inner = u.mul(cross).add(b.mul(restA)).add(a.mul(restY)).neg();
  return {
    y_backprop: tf.cast(scale.mul(inverse).mul(restA).add(direct), dtype),
    x: tf.cast(scale.mul(tf.square(inverse)).mul(inner).add(B.mul(inverse).mul(restY)), dtype),
    scale: tf.reduceSum(A.mul(inverse).mul(restY), { axis: axes }),
  };
}

export const fusedBatchNormGradOp = defineOp("FusedBatchNormGrad", {
  inputs: ["y_backprop: T", "x: T", "scale: T", "reserve_space_1: T", "reserve_space_2: T"],
  outputs: ["x_backprop: T", "scale_backprop: T", "offset_backprop: T", "reserve_space_3: T", "reserve_space_4: T"],
  attrs: ["T: {float}", epsilon, images, training],
  shape: (op) => shapesOf(op),
  lower: (p, op) => lowered(p, op),
  gradient: (tf, op, ...dys) => ({ ...secondGradients(tf, op, dys) }),
});

export const fusedBatchNormGradV2Op = defineOp("FusedBatchNormGradV2", {
  inputs: ["y_backprop: T", "x: T", "scale: float", "reserve_space_1: U", "reserve_space_2: U"],
  outputs: ["x_backprop: T", "scale_backprop: U", "offset_backprop: U", "reserve_space_3: U", "reserve_space_4: U"],
  attrs: ["T: {half, bfloat16, float}", "U: {float}", epsilon, images, training],
  shape: (op) => shapesOf(op),
  lower: (p, op) => lowered(p, op),
  gradient: (tf, op, ...dys) => ({ ...secondGradients(tf, op, dys) }),
});

export const fusedBatchNormGradV3Op = defineOp("FusedBatchNormGradV3", {
  inputs: ["y_backprop: T", "x: T", "scale: float", "reserve_space_1: U", "reserve_space_2: U", "reserve_space_3: U"],
  outputs: ["x_backprop: T", "scale_backprop: U", "offset_backprop: U", "reserve_space_4: U", "reserve_space_5: U"],
  attrs: [
    "T: {half, bfloat16, float}",
    "U: {float}",
    epsilon,
    "data_format: {'NHWC', 'NCHW', 'NDHWC', 'NCDHW'} = 'NHWC'",
    training,
  ],
  shape: (op) => shapesOf(op),
  lower: (p, op) => lowered(p, op),
  gradient: (tf, op, ...dys) => ({ ...secondGradients(tf, op, dys) }),
});
