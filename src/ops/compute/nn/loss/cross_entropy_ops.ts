/** Cross entropy of rows of logits, with its gradient as a second output. Source: nn_ops.cc, xent_op.cc, sparse_xent_op.cc, nn_grad.py. */
import { invalidArgument, OpError } from "../../../../core/error.ts";
import {
  broadcastShapes,
  type FullShape,
  formatShape,
  mergeDims,
  mergeShapes,
  type Shape,
  withRank,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";

/** Logits minus the largest of the row, and the logarithm of the row's sum of their exponentials, [rows, 1]. */
function logSumExp(p: Lowering, logits: Value): { x: Value; e: Value; sum: Value; log: Value } {
  const x = p.sub(logits, p.reduce("max", logits, [-1], true));
  const e = p.exp(x);
  const sum = p.sum(e, [-1], true);
  return { x, e, sum, log: p.log(sum) };
}

function broadcastPair(features: FullShape, labels: FullShape): FullShape {
  let shape: Shape;
  try {
    shape = broadcastShapes(features, labels);
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    throw invalidArgument(
      `logits and labels must be broadcastable: logits_size=${formatShape(features)} labels_size=${formatShape(labels)}`,
    );
  }
  if (shape!.length !== 2) {
    throw invalidArgument("logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional");
  }
  return shape as FullShape;
}

/** dy for each row, times the rows. */
const scaled = (tf: GradientTools, dy: Tensor, rows: Tensor): Tensor => tf.expandDims(dy, -1).mul(rows);

/** Made of zeros: nothing asked for the gradient's own gradient. */
function isZeros(tf: GradientTools, tensor: Tensor): boolean {
  if (tensor.op.definition === tf.zerosLikeOp.definition) return true;
  const value = constantValue(tensor);
  return value !== null && ArrayBuffer.isView(value.data) && (value.data as Float32Array).every((x) => x === 0);
}

/** What the gradient of the second output adds: through the softmax that it holds. */
function throughBackprop(tf: GradientTools, logits: Tensor, gradient: Tensor, second: Tensor): Tensor {
  const softmax = tf.softmaxOp({ logits });
  const inner = tf.squeeze(tf.matmul(tf.expandDims(second, 1), tf.expandDims(softmax, 2)), { axis: 1 });
  return gradient.add(second.sub(inner).mul(softmax));
}

/** loss[i] = -sum(labels[i] * log(softmax(features[i]))), backprop = softmax - labels; both [rows, classes], broadcast. */
export const softmaxCrossEntropyWithLogitsOp = defineOp("SoftmaxCrossEntropyWithLogits", {
  inputs: ["features: T", "labels: T"],
  outputs: ["loss: T", "backprop: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape({ features, labels }) {
    const isSame =
      features?.length === 2 &&
      labels?.length === 2 &&
      features.every((d, i) => d === null || labels[i] === null || d === labels[i]);
    const shape = withRank(isSame ? mergeShapes(features, labels) : broadcastShapes(features, labels), 2);
    return [[shape[0]!], shape];
  },
  lower(p, { features, labels }) {
    const shape = broadcastPair(features.shape, labels.shape);
    if (shape[1] === 0) return [p.fill(0, features.dtype, [shape[0]!]), p.fill(0, features.dtype, shape)];
    const { x, e, sum, log } = logSumExp(p, p.broadcast(features, shape));
    const wanted = p.broadcast(labels, shape);
    return [p.sum(p.mul(wanted, p.sub(log, x)), [-1]), p.sub(p.div(e, sum), wanted)];
  },
  gradient(tf, { features, backprop }, dy, second) {
    const gradient = scaled(tf, dy!, backprop);
    const all = isZeros(tf, second!) ? gradient : throughBackprop(tf, features, gradient, second!);
    return { features: all, labels: scaled(tf, dy!, tf.logSoftmaxOp({ logits: features }).neg()) };
  },
});

/** loss[i] = -log(softmax(features[i])[labels[i]]), backprop = softmax minus one at the label; features [rows, classes], labels [rows]. */
export const sparseSoftmaxCrossEntropyWithLogitsOp = defineOp("SparseSoftmaxCrossEntropyWithLogits", {
  inputs: ["features: T", "labels: Tlabels"],
  outputs: ["loss: T", "backprop: T"],
  attrs: ["T: {half, bfloat16, float, double}", "Tlabels: {int32, int64} = DT_INT64"],
  shape({ features, labels }) {
    const [rows, classes] = withRank(features, 2);
    const n = mergeDims(rows!, withRank(labels, 1)[0]!);
    return [[n], [n, classes!]];
  },
  lower(p, { features, labels }) {
    checkSparse(features.shape, labels.shape);
    const [rows, classes] = features.shape as readonly [number, number];
    p.gather(p.iota("int32", [classes], 0), labels, {
      onError: ({ value, limit, details }) => {
        const all = Array.from(details![0]!.data as Int32Array).join(" ");
        return invalidArgument(
          `Received a label value of ${value} which is outside the valid range of [0, ${limit}).  Label values: ${all}`,
        );
      },
      details: [labels],
    });
    const { x, e, sum, log } = logSumExp(p, features);
    const isLabel = p.eq(p.iota(labels.dtype, [rows, classes], 1), p.reshape(labels, [rows, 1]));
    const picked = p.sum(p.select(isLabel, x, p.scalar(0, x.dtype)), [-1], true);
    const loss = p.reshape(p.sub(log, picked), [rows]);
    return [loss, p.sub(p.div(e, sum), p.cast(isLabel, x.dtype))];
  },
  gradient(tf, { features, backprop }, dy, second) {
    const gradient = scaled(tf, dy!, backprop);
    return { features: isZeros(tf, second!) ? gradient : throughBackprop(tf, features, gradient, second!) };
  },
});

function checkSparse(features: FullShape, labels: FullShape): void {
  if (features.length !== 2) throw invalidArgument(`logits must be 2-D, but got shape ${formatShape(features)}`);
  if (labels.length !== 1) throw invalidArgument(`labels must be 1-D, but got shape ${formatShape(labels)}`);
  if (features[0] !== labels[0]) {
    throw invalidArgument(
      `logits and labels must have the same first dimension, got logits shape ${formatShape(features)} and labels shape ${formatShape(labels)}`,
    );
  }
  if (features[1] === 0)
    throw invalidArgument(`Must have at least one class, but got logits shape ${formatShape(features)}`);
}
