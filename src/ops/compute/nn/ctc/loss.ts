/** Connectionist temporal classification: a loss for sequences without alignment. Source: ctc_ops.cc, ctc_loss_op.cc, ctc_ops.py. */
import { float32 } from "../../../../core/dtype.ts";
import { invalidArgument, TypeError } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { mergeDims, withRank } from "../../../../core/shape.ts";
import { SparseTensor } from "../../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { emptyArray, toNumbers } from "../../array/basic/elements.ts";
import { lossOfSequence } from "./calculator.ts";

interface Flags {
  readonly preprocess_collapse_repeated: boolean;
  readonly ignore_longer_outputs_than_inputs: boolean;
}

/** Labels by sequence, from a sparse matrix. Throws INVALID_ARGUMENT for places outside of the batch and for empty sequences. */
function labelsByRow(indices: NdArray, values: NdArray, batch: number): number[][] {
  const places = toNumbers(indices);
  const labels = toNumbers(values);
  let longest = 0;
  for (let i = 0; i < labels.length; i++) longest = Math.max(longest, places[2 * i + 1]! + 1);
  const rows: number[][] = Array.from({ length: batch }, () => []);
  for (let i = 0; i < labels.length; i++) {
    const [row, column] = [places[2 * i]!, places[2 * i + 1]!];
    const list = rows[row];
    if (!list || column < 0) {
      throw invalidArgument(
        `label SparseTensor is not valid: indices[${i}] = [${row},${column}] is out of bounds: need 0 <= index < [${batch},${longest}]`,
      );
    }
    list.push(labels[i]!);
  }
  for (const [row, list] of rows.entries())
    if (list.length === 0) throw invalidArgument(`Labels length is zero in batch ${row}`);
  return rows;
}

/** The labels that count: repeated ones once if asked, none from the first null label on. */
function prepared(labels: readonly number[], row: number, classes: number, time: number, flags: Flags): number[] {
  const kept: number[] = [];
  let isFinished = false;
  for (const [i, label] of labels.entries()) {
    if (i > 0 && flags.preprocess_collapse_repeated && label === labels[i - 1]) continue;
    if (label >= classes - 1) isFinished = true;
    else if (isFinished) {
      throw invalidArgument(
        `Saw a non-null label (index >= num_classes - 1) following a null label, batch: ${row} num_classes: ${classes} labels: ${labels.join(",")} labels seen so far: ${kept.join(",")}`,
      );
    } else kept.push(label);
  }
  if (kept.some((label) => label < 0))
    throw invalidArgument(`All labels must be nonnegative integers, batch: ${row} labels: ${labels.join(",")}`);
  if (!flags.ignore_longer_outputs_than_inputs && kept.length > time) {
    throw invalidArgument(
      `Not enough time for target transition sequence (required: ${kept.length}, available: ${time})${row}You can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs`,
    );
  }
  return kept;
}

/** Softmax of the logits of one sequence, [time, classes]. */
function probabilities(
  logits: ArrayLike<number>,
  row: number,
  batch: number,
  classes: number,
  time: number,
): Float64Array {
  const y = new Float64Array(time * classes);
  for (let t = 0; t < time; t++) {
    const from = (t * batch + row) * classes;
    let max = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) max = Math.max(max, logits[from + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const e = Math.exp(logits[from + c]! - max);
      y[t * classes + c] = e;
      sum += e;
    }
    for (let c = 0; c < classes; c++) y[t * classes + c] = y[t * classes + c]! / sum;
  }
  return y;
}

/** loss [batch] and its gradient for inputs [time, batch, classes], whose last class is the blank; labels as a sparse [batch, ...] matrix. */
export const ctcLossOp = defineOp("CTCLoss", {
  inputs: ["inputs: T", "labels_indices: int64", "labels_values: int32", "sequence_length: int32"],
  outputs: ["loss: T", "gradient: T"],
  attrs: [
    "preprocess_collapse_repeated: bool = false",
    "ctc_merge_repeated: bool = true",
    "ignore_longer_outputs_than_inputs: bool = false",
    "T: {float, double} = DT_FLOAT",
  ],
  shape({ inputs, labels_indices, labels_values, sequence_length }) {
    const [time, batch, classes] = withRank(inputs, 3);
    mergeDims(withRank(labels_indices, 2)[0]!, withRank(labels_values, 1)[0]!);
    const n = mergeDims(batch!, withRank(sequence_length, 1)[0]!);
    return [[n], [time!, n, classes!]];
  },
  compute(op) {
    const { inputs, labels_indices, labels_values, sequence_length: lengths } = op;
    if (inputs.shape.length !== 3) throw invalidArgument("inputs is not a 3-Tensor");
    const [maxTime, batch, classes] = inputs.shape as readonly [number, number, number];
    if (maxTime === 0) throw invalidArgument("Max time or first dimension of input cannot be 0.");
    if (lengths.shape.length !== 1) throw invalidArgument("sequence_length is not a vector");
    if (labels_indices.shape.length !== 2) throw invalidArgument("labels_indices is not a matrix");
    if (labels_indices.shape[1] !== 2)
      throw invalidArgument(`labels_indices second dimension must be == 2. Received ${labels_indices.shape[1]}`);
    if (labels_values.shape.length !== 1) throw invalidArgument("labels_values is not a vector");
    if (lengths.size !== batch)
      throw invalidArgument(
        `len(sequence_length) != batch_size.  len(sequence_length):  ${lengths.size} batch_size: ${batch}`,
      );
    const times = toNumbers(lengths);
    for (let b = 0; b < batch; b++)
      if (times[b]! > maxTime) throw invalidArgument(`sequence_length(${b}) <= ${maxTime}`);
    const rows = labelsByRow(labels_indices, labels_values, batch).map((labels, b) =>
      prepared(labels, b, classes, times[b]!, op),
    );
    const loss = emptyArray(inputs.dtype, [batch]);
    const gradient = emptyArray(inputs.dtype, inputs.shape);
    const logits = toNumbers(inputs);
    for (const [b, labels] of rows.entries()) {
      const time = times[b]!;
      if (time === 0 || labels.length > time) continue;
      const y = probabilities(logits, b, batch, classes, time);
      const found = lossOfSequence({ y, time, classes, labels, mergeRepeated: op.ctc_merge_repeated });
      setElement(inputs.dtype, loss.data, b, found.loss);
      for (let t = 0; t < time; t++) {
        for (let c = 0; c < classes; c++)
          setElement(inputs.dtype, gradient.data, (t * batch + b) * classes + c, found.gradient[t * classes + c]);
      }
    }
    return [loss, gradient];
  },
  gradient(tf, { gradient }, dy) {
    const constant = tf.preventGradient(gradient, {
      message:
        "Currently there is no way to take the second  derivative of ctc_loss due to the fused implementation's interaction  with tf.gradients()",
    });
    return { inputs: tf.expandDims(dy!, -1).mul(constant) };
  },
});

export interface CtcLossOptions {
  /** A sparse int32 matrix [batch, labels]. */
  readonly labels: SparseTensor;
  /** Logits [time, batch, classes], or [batch, time, classes] with timeMajor false; the last class is the blank. */
  readonly inputs: TensorLike;
  /** int32 [batch]. */
  readonly sequenceLength: TensorLike;
  readonly preprocessCollapseRepeated?: boolean;
  readonly ctcMergeRepeated?: boolean;
  readonly ignoreLongerOutputsThanInputs?: boolean;
  readonly timeMajor?: boolean;
}

const lossPlaces = [
  "labels",
  "inputs",
  "sequenceLength",
  "preprocessCollapseRepeated",
  "ctcMergeRepeated",
  "ignoreLongerOutputsThanInputs",
  "timeMajor",
] as const;

/** The negative log probabilities of the labels, [batch]. Throws TypeError unless labels are a SparseTensor. */
export function ctcLoss(...rest: Rest<CtcLossOptions, typeof lossPlaces>): Tensor {
  const options = byName<CtcLossOptions>(rest, lossPlaces);
  const { labels, timeMajor = true } = options;
  if (!(labels instanceof SparseTensor))
    throw new TypeError(`Expected argument \`labels\` to be a SparseTensor. Received labels=${String(labels)}`);
  const given = convertToTensor(options.inputs, { name: "logits" });
  const major = timeMajor ? given : ops.transpose(given, { perm: [1, 0, 2] });
  const isShort = major.dtype.base === "float16" || major.dtype.base === "bfloat16";
  const { loss } = ctcLossOp({
    inputs: isShort ? ops.cast(major, float32) : major,
    labels_indices: labels.indices,
    labels_values: labels.values,
    sequence_length: options.sequenceLength,
    preprocess_collapse_repeated: options.preprocessCollapseRepeated ?? false,
    ctc_merge_repeated: options.ctcMergeRepeated ?? true,
    ignore_longer_outputs_than_inputs: options.ignoreLongerOutputsThanInputs ?? false,
  });
  return isShort ? ops.cast(loss, major.dtype.baseDtype) : loss;
}
