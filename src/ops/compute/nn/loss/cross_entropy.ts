/** The cross entropy losses of `tf.nn`, with Python's own nodes. Source: nn_ops.py, nn_impl.py. */
import { float32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { formatShapePython, isFull, sameShape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { assertions } from "./assertions.ts";
import { softmaxCrossEntropyWithLogitsOp, sparseSoftmaxCrossEntropyWithLogitsOp } from "./cross_entropy_ops.ts";

/** logits and labels of a cross entropy; [..., classes] both, unless it is said otherwise. */
export interface CrossEntropyOptions extends Named {
  readonly labels: TensorLike;
  readonly logits: TensorLike;
}

export interface SoftmaxCrossEntropyOptions extends CrossEntropyOptions {
  /** The axis of the classes; the last if not given. */
  readonly axis?: number;
}

/** [..., classes] as [rows, classes]. */
function flattenOuterDims(logits: Tensor): Tensor {
  const rank = tf.rank(logits);
  const last = tf.slice(tf.shape(logits), [tf.subtract(rank, 1)], [1]);
  const output = tf.reshape(logits, tf.concat([[-1], last], 0));
  const shape = logits.shape;
  const outer = shape?.slice(0, -1);
  if (shape && outer && isFull(outer)) output.setShape([outer.reduce((n: number, d) => n * d!, 1), shape.at(-1)!]);
  return output;
}

const moveDimToEnd = (tensor: Tensor, dim: number, rank: Tensor): Tensor =>
  tf.transpose(tensor, tf.concat([tf.range(dim), tf.range(dim + 1, rank), [dim]], 0));

/** -sum(labels * log(softmax(logits))) along the axis of the classes; gradients go into labels as well. */
export function softmaxCrossEntropyWithLogitsV2(
  ...rest: Rest<SoftmaxCrossEntropyOptions, ["labels", "logits", "axis", "name"]>
): Tensor {
  const options: SoftmaxCrossEntropyOptions = byName(rest, ["labels", "logits", "axis", "name"]);
  const { axis = -1, name } = options;
  return inScope(name, "softmax_cross_entropy_with_logits", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits" });
    const given = convertToTensor(options.labels, { name: "labels" });
    const isShort = logits.dtype.base === "float16" || logits.dtype.base === "bfloat16";
    let precise = isShort ? tf.cast(logits, float32) : logits;
    let labels = tf.cast(given, precise.dtype.baseDtype);
    const rank = tf.rank(precise);
    if (axis !== -1) {
      precise = moveDimToEnd(precise, axis, rank);
      labels = moveDimToEnd(labels, axis, rank);
    }
    const shape = tf.shape(precise);
    const features = flattenOuterDims(precise);
    const { loss } = softmaxCrossEntropyWithLogitsOp({ features, labels: flattenOuterDims(labels) }, scope);
    const cost = tf.reshape(loss, tf.slice(shape, [0], [tf.subtract(rank, 1)]));
    if (logits.shape) cost.setShape(logits.shape.filter((_, i, all) => i !== (axis + all.length) % all.length));
    return isShort ? tf.cast(cost, logits.dtype.baseDtype) : cost;
  });
}

/** As softmaxCrossEntropyWithLogitsV2; no gradient goes into labels. */
export function softmaxCrossEntropyWithLogits(
  ...rest: Rest<SoftmaxCrossEntropyOptions, ["labels", "logits", "axis", "name"]>
): Tensor {
  const options: SoftmaxCrossEntropyOptions = byName(rest, ["labels", "logits", "axis", "name"]);
  checkBoth(options, "softmax_cross_entropy_with_logits");
  return inScope(options.name, "softmax_cross_entropy_with_logits_sg", (name) => {
    const labels = tf.stopGradient(options.labels, { name: "labels_stop_gradient" });
    return softmaxCrossEntropyWithLogitsV2({ ...options, labels, name });
  });
}

/** Throws ValueError where one is missing. Source: nn_ops.py, ensure_labels_and_logits. */
function checkBoth({ labels, logits }: CrossEntropyOptions, name: string): void {
  const isThere = (value: unknown): boolean => value !== undefined && value !== null;
  if (isThere(labels) && isThere(logits)) return;
  const shown = (value: unknown): string => (isThere(value) ? String(value) : "None");
  throw new ValueError(
    `Both \`labels\` and \`logits\` must be provided for ${name}Received: labels=${shown(labels)} and logits=${shown(logits)}`,
  );
}

const rows = (features: Tensor, labels: Tensor, name: string | undefined): Tensor =>
  sparseSoftmaxCrossEntropyWithLogitsOp({ features, labels }, name).loss;

/** -log(softmax(logits)[label]) for each label; labels [...] of int32 or int64, logits [..., classes]. Throws ValueError for shapes that differ. */
export function sparseSoftmaxCrossEntropyWithLogits(
  ...rest: Rest<CrossEntropyOptions, ["labels", "logits", "name"]>
): Tensor {
  const options: CrossEntropyOptions = byName(rest, ["labels", "logits", "name"]);
  const { name } = options;
  checkBoth(options, "sparse_softmax_cross_entropy_with_logits");
  return inScope(name, "SparseSoftmaxCrossEntropyWithLogits", () => {
    const labels = convertToTensor(options.labels);
    const logits = convertToTensor(options.logits);
    const isHalf = logits.dtype.base === "float16";
    const precise = isHalf ? tf.cast(logits, float32) : logits;
    const labelsShape = tf.shape(labels);
    const back = (cost: Tensor): Tensor => (isHalf ? tf.cast(cost, logits.dtype.baseDtype) : cost);
    const isKnown = checkStatic(labels, logits);
    if (logits.shape?.length === 2) return back(rows(precise, labels, name));
    const checks = isKnown ? [] : [assertions.equal(tf.shape(labels), tf.shape(logits).at(":-1"))];
    return getDefaultGraph().controlDependencies(checks, () => {
      const classes = tf.shape(logits).at(tf.rank(logits).sub(1));
      const features = tf.reshape(precise, [-1, classes]);
      const cost = tf.reshape(rows(features, tf.reshape(labels, [-1]), name), labelsShape);
      cost.setShape(labels.shape);
      return back(cost);
    });
  });
}

/** Whether the static shapes say all; throws when they contradict. */
function checkStatic(labels: Tensor, logits: Tensor): boolean {
  const [known, wanted] = [labels.shape, logits.shape];
  if (wanted === null) return false;
  if (wanted.length === 0) throw new ValueError(`\`logits\` cannot be a scalar. Received logits=${logits}\``);
  if (known && known.length !== wanted.length - 1) {
    throw new ValueError(
      `\`labels.shape.rank\` must equal \`logits.shape.rank - 1\`. Received: labels.shape=${formatShapePython(known)} of rank ${known.length} and logits.shape=${formatShapePython(wanted)} of rank ${wanted.length}`,
    );
  }
  const outer = wanted.slice(0, -1);
  if (!isFull(known) || !isFull(outer)) return false;
  if (!sameShape(known, outer)) {
    throw new ValueError(
      `\`labels.shape\` must equal \`logits.shape\` except for the last dimension. Received: labels.shape=${formatShapePython(known)} and logits.shape=${formatShapePython(wanted)}`,
    );
  }
  return true;
}

/** Throws unless the static shapes agree. */
function checkSame(logits: Tensor, labels: Tensor): void {
  const [a, b] = [logits.shape, labels.shape];
  if (a && b && (a.length !== b.length || a.some((d, i) => d !== null && b[i] !== null && d !== b[i]))) {
    throw new ValueError(
      `\`logits\` and \`labels\` must have the same shape, received (${formatShapePython(a)} vs ${formatShapePython(b)}).`,
    );
  }
}

/** -labels * log(sigmoid(x)) - (1 - labels) * log(1 - sigmoid(x)), element by element, without overflow. */
export function sigmoidCrossEntropyWithLogits(
  ...rest: Rest<CrossEntropyOptions, ["labels", "logits", "name"]>
): Tensor {
  const options: CrossEntropyOptions = byName(rest, ["labels", "logits", "name"]);
  return inScope(options.name, "logistic_loss", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits" });
    const labels = convertToTensor(options.labels, { name: "labels", preferredDtype: logits.dtype.baseDtype });
    checkSame(logits, labels);
    const zeros = tf.zerosLike(logits, { dtype: logits.dtype.baseDtype });
    const isPositive = tf.greaterEqual(logits, zeros);
    const relu = tf.where(isPositive, logits, zeros);
    const negative = tf.where(isPositive, logits.neg(), logits);
    const difference = relu.sub(logits.mul(labels));
    return tf.add(difference, tf.log1p(tf.exp(negative)), { name: scope });
  });
}

export interface WeightedCrossEntropyOptions extends CrossEntropyOptions {
  /** The factor of the error where the label is positive. */
  readonly posWeight: TensorLike;
}

/** As sigmoidCrossEntropyWithLogits, with positive labels weighing `posWeight` times as much. */
export function weightedCrossEntropyWithLogits(
  ...rest: Rest<WeightedCrossEntropyOptions, ["labels", "logits", "posWeight", "name"]>
): Tensor {
  const options: WeightedCrossEntropyOptions = byName(rest, ["labels", "logits", "posWeight", "name"]);
  return inScope(options.name, "logistic_loss", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits" });
    const labels = convertToTensor(options.labels, { name: "labels", preferredDtype: logits.dtype.baseDtype });
    checkSame(logits, labels);
    const weight = weightOf(options.posWeight, labels);
    const first = oneMinus(labels).mul(logits);
    const log = tf.log1p(tf.exp(tf.abs(logits).neg())).add(tf.relu(logits.neg()));
    return tf.add(first, weight.mul(log), { name: scope });
  });
}

const operator = (name: string, build: typeof tf.addV2Op, x: TensorLike, y: Tensor): Tensor =>
  inScope(null, name, (scope) => build({ x: convertToTensor(x, { dtype: y.dtype.baseDtype, name: "x" }), y }, scope));

const oneMinus = (x: Tensor): Tensor => operator("sub", tf.subOp, 1, x);

/** 1 + (posWeight - 1) * labels. */
function weightOf(posWeight: TensorLike, labels: Tensor): Tensor {
  const extra = typeof posWeight === "number" ? posWeight - 1 : convertToTensor(posWeight).sub(1);
  return operator(
    "add",
    tf.addV2Op,
    1,
    typeof extra === "number" ? operator("mul", tf.mulOp, extra, labels) : extra.mul(labels),
  );
}

export interface LogPoissonOptions extends Named {
  readonly targets: TensorLike;
  readonly logInput: TensorLike;
  /** Adds Stirling's approximation of log(targets!). */
  readonly computeFullLoss?: boolean;
}

const poissonPlaces = ["targets", "logInput", "computeFullLoss", "name"] as const;

/** exp(logInput) - logInput * targets. Throws ValueError for unequal shapes. */
export function logPoissonLoss(...rest: Rest<LogPoissonOptions, typeof poissonPlaces>): Tensor {
  const options = byName<LogPoissonOptions>(rest, poissonPlaces);
  return inScope(options.name, "log_poisson_loss", () => {
    const logInput = convertToTensor(options.logInput, { name: "log_input" });
    const targets = convertToTensor(options.targets, { name: "targets", preferredDtype: logInput.dtype.baseDtype });
    const result = tf.exp(logInput).sub(logInput.mul(targets));
    if (!options.computeFullLoss) return result;
    const half = convertToTensor(0.5, { dtype: targets.dtype.baseDtype });
    const twoPi = convertToTensor(2 * Math.PI, { dtype: targets.dtype.baseDtype });
    const stirling = targets
      .mul(tf.log(targets))
      .sub(targets)
      .add(half.mul(tf.log(twoPi.mul(targets))));
    const zeros = tf.zerosLike(targets, { dtype: targets.dtype.baseDtype });
    const ones = tf.onesLike(targets, { dtype: targets.dtype.baseDtype });
    const isRange = tf.logicalAnd(tf.greaterEqual(targets, zeros), tf.lessEqual(targets, ones));
    return result.add(tf.where(isRange, zeros, stirling));
  });
}
