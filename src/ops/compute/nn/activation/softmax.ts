/** Softmax over the last axis, and its logarithm. Source: nn_ops.cc, softmax_op_functor.h, nn_ops.py, nn_grad.py. */

import { invalidArgument } from "../../../../core/error.ts";
import { withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";

const attrs = ["T: {half, bfloat16, float, double}"] as const;

function checkRank(x: Value): void {
  if (x.shape.length < 1) throw invalidArgument("logits must have >= 1 dimension, got []");
}

/** x minus the largest element of its row. */
export const shifted = (p: Lowering, x: Value): Value =>
  x.shape.at(-1) === 0 ? x : p.sub(x, p.reduce("max", x, [-1], true));

/** softmax = exp(x) / sum(exp(x)) over the last axis. */
export const softmaxOp = defineOp("Softmax", {
  inputs: ["logits: T"],
  outputs: ["softmax: T"],
  attrs,
  shape: ({ logits }) => [withRankAtLeast(logits, 1)],
  lower(p, { logits }) {
    checkRank(logits);
    const e = p.exp(shifted(p, logits));
    return p.div(e, p.sum(e, [-1], true));
  },
  gradient(tf, { softmax }, dy) {
    const sums = tf.reduceSum(tf.mulOp({ x: dy!, y: softmax }, "mul"), { axis: -1, keepdims: true });
    return { logits: tf.mulOp({ x: tf.subOp({ x: dy!, y: sums }, "sub"), y: softmax }, "mul") };
  },
});

/** logsoftmax = x - log(sum(exp(x))) over the last axis. */
export const logSoftmaxOp = defineOp("LogSoftmax", {
  inputs: ["logits: T"],
  outputs: ["logsoftmax: T"],
  attrs,
  shape: ({ logits }) => [withRankAtLeast(logits, 1)],
  lower(p, { logits }) {
    checkRank(logits);
    const x = shifted(p, logits);
    return p.sub(x, p.log(p.sum(p.exp(x), [-1], true)));
  },
  gradient(tf, { logsoftmax }, dy) {
    const softmax = tf.exp(logsoftmax);
    const sums = tf.reduceSum(dy!, { axis: -1, keepdims: true });
    return { logits: tf.subOp({ x: dy!, y: tf.mulOp({ x: sums, y: softmax }, "mul") }, "sub") };
  },
});

export interface SoftmaxOptions extends Named {
  /** -1 if not given. */
  readonly axis?: number | null;
}

const places = ["axis", "name"] as const;

type Builder = (inputs: { logits: TensorLike }, name?: string | null) => Tensor;

/** Softmax along any axis: another than the last is moved to the end and back. Source: nn_ops.py, _wrap_2d_function. */
function along(build: Builder, input: TensorLike, axis: number, name: string | undefined): Tensor {
  const logits = convertToTensor(input);
  const rank = logits.shape?.length;
  const isLast = axis === -1 || (rank !== undefined && axis === rank - 1);
  if (isLast) return build({ logits }, name);
  if (rank !== undefined && !(axis >= -rank && axis < rank)) {
    throw invalidArgument(
      `\`dim\` (${axis}) must be in the range [${-rank}, ${rank}) where ${rank} is the number of dimensions in the input.`,
    );
  }
  const size = tf.rank(logits);
  const fromEnd = axis < 0 && rank !== undefined ? tf.addV2Op({ x: axis, y: size }, "add") : null;
  const ranks = tf.rank(logits);
  const dim = fromEnd?.mod(rank!) ?? axis;
  const swap = (): Tensor => swapped(dim, tf.subtract(ranks, 1));
  const moved = build({ logits: tf.transpose(logits, { perm: swap() }) });
  const result = tf.transpose(moved, { perm: swap(), name });
  result.setShape(logits.shape);
  return result;
}

/** The permutation that changes places of dim and last. */
const swapped = (dim: number | Tensor, last: Tensor): Tensor =>
  tf.concat([tf.range(dim), [last], tf.range(typeof dim === "number" ? dim + 1 : dim.add(1), last), [dim]], 0);

/** exp(x) / sum(exp(x)) along an axis. Source: nn_ops.py. */
export const softmax = (logits: TensorLike, ...rest: Rest<SoftmaxOptions, typeof places>): Tensor => {
  const { axis, name } = byName<SoftmaxOptions>(rest, places);
  return along(softmaxOp, logits, axis ?? -1, name);
};

/** x - log(sum(exp(x))) along an axis. */
export const logSoftmax = (logits: TensorLike, ...rest: Rest<SoftmaxOptions, typeof places>): Tensor => {
  const { axis, name } = byName<SoftmaxOptions>(rest, places);
  return along(logSoftmaxOp, logits, axis ?? -1, name);
};
