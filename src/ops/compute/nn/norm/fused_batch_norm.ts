/**
 * Batch normalization in one op: y = (x - mean) / sqrt(variance + epsilon) * scale + offset, for each channel. In training the
 * statistics are those of x, otherwise the ones given. Source: nn_ops.cc, fused_batch_norm_op.cc, nn_grad.py.
 */
import { invalidArgument, ValueError } from "../../../../core/error.ts";
import { formatShape, type Shape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import {
  axesBeside,
  channelMean,
  channelOf,
  checkRankOne,
  checkVector,
  overChannels,
  withChannels,
} from "./channels.ts";

const settings = ["epsilon: float = 9.999999747378752e-05", "exponential_avg_factor: float = 1.0"] as const;
const images = "data_format: {'NHWC', 'NCHW'} = 'NHWC'";
const imagesAndVolumes = "data_format: {'NHWC', 'NCHW', 'NDHWC', 'NCDHW'} = 'NHWC'";
const training = "is_training: bool = true";

interface Inputs<X> {
  readonly x: X;
  readonly scale: X;
  readonly offset: X;
  readonly mean: X;
  readonly variance: X;
}

interface Attrs {
  readonly epsilon: number;
  readonly exponential_avg_factor: number;
  readonly data_format: string;
  readonly is_training: boolean;
}

function shapesOf(op: Inputs<Shape> & Attrs): Shape[] {
  const usesGiven = !op.is_training || op.exponential_avg_factor !== 1;
  const vectors = usesGiven ? [op.scale, op.offset, op.mean, op.variance] : [op.scale, op.offset];
  const { x, channels } = withChannels(op.x, op.data_format, vectors);
  return [x, [channels], [channels], [channels], [channels]];
}

function check({ x, scale, offset, mean, variance }: Inputs<Value>, op: Attrs): void {
  if (x.shape.length !== 4 && x.shape.length !== 5)
    throw invalidArgument(`input must be 4 or 5-dimensional${formatShape(x.shape)}`);
  for (const [name, value] of Object.entries({ scale, offset, mean, variance })) checkRankOne(name, value.shape);
  const channels = x.shape[channelOf(op.data_format)]!;
  checkVector("scale", scale.shape, channels);
  checkVector("offset", offset.shape, channels);
  if (op.is_training && op.exponential_avg_factor === 1) return;
  const condition = op.is_training ? "When exponential_avg_factor != 1, " : "When is_training=false, ";
  checkVector("mean", mean.shape, channels, condition);
  checkVector("variance", variance.shape, channels, condition);
}

/** y, the running statistics, and the statistics that y was made with. All but y in the dtype of the statistics. */
function normalized(p: Lowering, inputs: Inputs<Value>, op: Attrs): Value[] {
  check(inputs, op);
  const { scale, offset } = inputs;
  const axis = channelOf(op.data_format);
  const rank = inputs.x.shape.length;
  const { dtype } = scale;
  const x = inputs.x.dtype === dtype ? inputs.x : p.cast(inputs.x, dtype);
  const spread = (vector: Value): Value => overChannels(p, vector, rank, axis);
  const epsilon = p.scalar(Math.fround(op.epsilon), dtype);
  const finish = (centered: Value, variance: Value): Value => {
    const factor = p.mul(p.rsqrt(p.add(variance, epsilon)), scale);
    const y = p.add(p.mul(centered, spread(factor)), spread(offset));
    return inputs.x.dtype === dtype ? y : p.cast(y, inputs.x.dtype);
  };
  if (!op.is_training) {
    const { mean, variance } = inputs;
    return [finish(p.sub(x, spread(mean)), variance), mean, variance, mean, variance];
  }
  const count = axesBeside(rank, axis).reduce((n, i) => n * x.shape[i]!, 1);
  if (count === 0) {
    const none = p.fill(Number.NaN, dtype, scale.shape);
    return [p.fill(0, inputs.x.dtype, inputs.x.shape), none, none, none, none];
  }
  const mean = channelMean(p, x, axis);
  const centered = p.sub(x, spread(mean));
  const variance = channelMean(p, p.square(centered), axis);
  const unbiased = p.mul(variance, p.scalar(count / Math.max(count - 1, 1), dtype));
  const running = (given: Value, now: Value): Value => {
    if (op.exponential_avg_factor === 1) return now;
    const share = Math.fround(op.exponential_avg_factor);
    return p.add(p.mul(p.scalar(1 - share, dtype), given), p.mul(p.scalar(share, dtype), now));
  };
  return [finish(centered, variance), running(inputs.mean, mean), running(inputs.variance, unbiased), mean, variance];
}

interface GradientInputs extends Inputs<Tensor>, Attrs {
  readonly reserve_space_1: Tensor;
  readonly reserve_space_2: Tensor;
  readonly reserve_space_3?: Tensor;
}

interface Gradients {
  readonly x: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor;
}

const toLast: Record<string, readonly number[]> = { NCHW: [0, 2, 3, 1], NCDHW: [0, 2, 3, 4, 1] };
const toFirst: Record<string, readonly number[]> = { NCHW: [0, 3, 1, 2], NCDHW: [0, 4, 1, 2, 3] };

/** Source: nn_grad.py, _BaseFusedBatchNormGrad. With the statistics given, the kernel takes channels last alone. */
function gradients(tf: GradientTools, version: 1 | 2 | 3, op: GradientInputs, dy: Tensor): Gradients {
  const { epsilon, data_format, is_training, scale } = op;
  const order = is_training ? undefined : toLast[data_format];
  const x = order ? tf.transpose(op.x, { perm: order }) : op.x;
  const y = order ? tf.transpose(dy, { perm: order }) : dy;
  const given = is_training ? [op.reserve_space_1, op.reserve_space_2] : [op.mean, op.variance];
  const record = {
    y_backprop: y,
    x,
    scale,
    reserve_space_1: given[0]!,
    reserve_space_2: given[1]!,
    epsilon,
    data_format: order ? (data_format === "NCHW" ? "NHWC" : "NDHWC") : data_format,
    is_training,
  };
  const found =
    version === 3
      ? tf.fusedBatchNormGradV3Op({ ...record, reserve_space_3: op.reserve_space_3! })
      : version === 2
        ? tf.fusedBatchNormGradV2Op(record)
        : tf.fusedBatchNormGradOp(record);
  const dx = order ? tf.transpose(found.x_backprop, { perm: toFirst[data_format]! }) : found.x_backprop;
  return { x: dx, scale: found.scale_backprop, offset: found.offset_backprop };
}

export const fusedBatchNormOp = defineOp("FusedBatchNorm", {
  inputs: ["x: T", "scale: T", "offset: T", "mean: T", "variance: T"],
  outputs: ["y: T", "batch_mean: T", "batch_variance: T", "reserve_space_1: T", "reserve_space_2: T"],
  attrs: ["T: {float}", ...settings, images, training],
  shape: (op) => shapesOf(op),
  lower: (p, op) => normalized(p, op, op),
  gradient: (tf, op, dy) => ({ ...gradients(tf, 1, op, dy!) }),
});

export const fusedBatchNormV2Op = defineOp("FusedBatchNormV2", {
  inputs: ["x: T", "scale: U", "offset: U", "mean: U", "variance: U"],
  outputs: ["y: T", "batch_mean: U", "batch_variance: U", "reserve_space_1: U", "reserve_space_2: U"],
  attrs: ["T: {half, bfloat16, float}", "U: {float}", ...settings, images, training],
  shape: (op) => shapesOf(op),
  lower: (p, op) => normalized(p, op, op),
  gradient: (tf, op, dy) => ({ ...gradients(tf, 2, op, dy!) }),
});

export const fusedBatchNormV3Op = defineOp("FusedBatchNormV3", {
  inputs: ["x: T", "scale: U", "offset: U", "mean: U", "variance: U"],
  outputs: [
    "y: T",
    "batch_mean: U",
    "batch_variance: U",
    "reserve_space_1: U",
    "reserve_space_2: U",
    "reserve_space_3: U",
  ],
  attrs: ["T: {half, bfloat16, float}", "U: {bfloat16, float}", ...settings, imagesAndVolumes, training],
  shape: (op) => [...shapesOf(op), null],
  lower: (p, op) => [...normalized(p, op, op), p.scalar(0, op.scale.dtype)],
  gradient: (tf, op, dy) => ({ ...gradients(tf, 3, op, dy!) }),
});

export interface FusedBatchNormOptions extends Named {
  readonly scale: TensorLike;
  readonly offset: TensorLike;
  /** Needed when isTraining is false or exponentialAvgFactor is not 1. */
  readonly mean?: TensorLike | null;
  readonly variance?: TensorLike | null;
  readonly epsilon?: number;
  readonly dataFormat?: "NHWC" | "NCHW" | "NDHWC" | "NCDHW";
  readonly isTraining?: boolean;
  readonly exponentialAvgFactor?: number;
}

/** y, the mean and the variance, of which the last two are running ones where exponentialAvgFactor is not 1. Source: nn_impl.py. */
export function fusedBatchNorm(
  x: TensorLike,
  ...rest: Rest<FusedBatchNormOptions, ["scale", "offset", "mean", "variance", "epsilon"]>
): [y: Tensor, mean: Tensor, variance: Tensor] {
  const options: FusedBatchNormOptions = byName(rest, ["scale", "offset", "mean", "variance", "epsilon"]);
  const { epsilon = 0.001, dataFormat = "NHWC", isTraining = true, exponentialAvgFactor = 1, name } = options;
  const isGiven = (value: unknown): boolean => value !== null && value !== undefined;
  if ((!isTraining || exponentialAvgFactor !== 1) && !(isGiven(options.mean) && isGiven(options.variance))) {
    throw new ValueError(
      `Both \`mean\` and \`variance\` must be a 1D tensor when \`is_training\` is False or \`exponential_avg_factor\` != 1.0. Received: \`mean\` ${options.mean ?? "None"} and \`variance\` ${options.variance ?? "None"}`,
    );
  }
  const input = convertToTensor(x, { name: "input" });
  const scale = convertToTensor(options.scale, { name: "scale" });
  const offset = convertToTensor(options.offset, { name: "offset" });
  const mean = options.mean ?? constant([]);
  const variance = options.variance ?? constant([]);
  const made = fusedBatchNormV3Op(
    {
      x: input,
      scale,
      offset,
      mean,
      variance,
      epsilon,
      exponential_avg_factor: exponentialAvgFactor,
      data_format: dataFormat,
      is_training: isTraining,
    },
    name,
  );
  return [made.y, made.batch_mean, made.batch_variance];
}
