/** CTC's loss for labels as a matrix, and what prepares labels for it. Source: ctc_ops.py. */
import { bool, float32, int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { customGradient } from "../../ops/custom_gradient.ts";
import * as tf from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { mapFn } from "../control_flow/functional.ts";
import { lossAndGradient, type Size, sizeOf, type UniqueLabels } from "./states.ts";

export interface CtcLossV2Options extends Named {
  /** Logits are [time, batch, classes], or [batch, time, classes] with false. */
  readonly logitsTimeMajor?: boolean;
  /** `ctcUniqueLabels(labels)`: saves memory where there are many classes. */
  readonly unique?: readonly [TensorLike, TensorLike] | null;
  /** The blank's class; negative ones count from the end. 0 by default. */
  readonly blankIndex?: number | null;
}
const lossPlaces = ["logitsTimeMajor", "unique", "blankIndex", "name"] as const;

/** The classes with the blank's moved to the front or to the end. */
function withBlank(logits: Tensor, blank: Size, place: "first" | "last"): Tensor {
  const after = typeof blank === "number" ? blank + 1 : blank.add(1);
  const own = (): Tensor => logits.at(":", ":", { start: blank, stop: after });
  const first = place === "first" ? [own()] : [];
  const others = [logits.at(":", ":", { stop: blank }), logits.at(":", ":", { start: after })];
  return tf.concat([...first, ...others, ...(place === "last" ? [own()] : [])], 2);
}

const fromEnd = (blank: number, logits: Tensor): Size => {
  if (blank >= 0) return blank;
  const classes = sizeOf(logits, 2);
  return typeof classes === "number" ? blank + classes : classes.radd(blank);
};

/**
 * The negative log probabilities of label rows, [batch]. labels [batch, n] with labelLength and logitLength [batch], or a SparseTensor, with
 * logits for all classes. Throws ValueError for a SparseTensor without blankIndex.
 */
export const ctcLossV2 = byKeyword(
  ["labels", "logits", "labelLength", "logitLength"],
  function ctcLossV2(
    labels: TensorLike | SparseTensor,
    logits: TensorLike,
    labelLength: TensorLike | null,
    logitLength: TensorLike,
    ...rest: Rest<CtcLossV2Options, typeof lossPlaces>
  ): Tensor {
    const options = byName<CtcLossV2Options>(rest, lossPlaces);
    const blank = options.blankIndex ?? null;
    if (!(labels instanceof SparseTensor))
      return denseLoss(
        { labels, logits, labelLength: labelLength!, logitLength },
        { ...options, blankIndex: blank ?? 0 },
      );
    if (blank === null) throw new ValueError("Argument `blank_index` must be provided when labels is a SparseTensor.");
    let inputs = convertToTensor(logits, { name: "logits" });
    let sparse = labels;
    const from = fromEnd(blank, inputs);
    const classes = sizeOf(inputs, 2);
    if (typeof from !== "number" || typeof classes !== "number" || from !== classes - 1) {
      inputs = withBlank(inputs, from, "last");
      const { indices, values, denseShape } = labels;
      sparse = new SparseTensor({
        indices,
        values: tf.where(values.less(from), values, values.sub(1)),
        denseShape,
      });
    }
    return tf.ctcLoss({
      labels: sparse,
      inputs,
      sequenceLength: logitLength,
      timeMajor: options.logitsTimeMajor ?? true,
    });
  },
);

interface DenseRows {
  readonly labels: TensorLike;
  readonly logits: TensorLike;
  readonly labelLength: TensorLike;
  readonly logitLength: TensorLike;
}

const denseLoss = (rows: DenseRows, options: CtcLossV2Options & { readonly blankIndex: number }): Tensor =>
  inScope(options.name, "ctc_loss_dense", () => {
    let logits = convertToTensor(rows.logits, { name: "logits" });
    let labels = convertToTensor(rows.labels, { name: "labels" });
    const labelLength = convertToTensor(rows.labelLength, { name: "label_length" });
    const logitLength = convertToTensor(rows.logitLength, { name: "logit_length" });
    const given = logits.dtype.baseDtype;
    const isShort = given.base === "float16" || given.base === "bfloat16";
    if (isShort) logits = tf.cast(logits, float32) as Tensor;
    if (options.logitsTimeMajor === false) logits = tf.transpose(logits, [1, 0, 2]);
    const hasBlank = options.blankIndex !== 0;
    const blank = fromEnd(options.blankIndex, logits);
    if (hasBlank) {
      logits = withBlank(logits, blank, "first");
      labels = tf.where(labels.less(blank), labels.add(1), labels);
    }
    const args = [
      logits,
      labels,
      labelLength,
      logitLength,
      ...uniqueOf(options.unique ?? null, hasBlank ? blank : null),
    ];
    const loss = customGradient((...inner: Tensor[]) => {
      for (const [i, arg] of inner.slice(0, 4).entries()) arg.setShape(args[i]!.shape);
      const [x, l, n, t, values, places] = inner as [Tensor, Tensor, Tensor, Tensor, Tensor?, Tensor?];
      const unique: UniqueLabels | null = values && places ? [values, places] : null;
      const found = lossAndGradient({ logits: x, labels: l, labelLength: n, logitLength: t, unique });
      const gradient = (dy: Tensor) => [
        tf.reshape(dy, [1, -1, 1]).mul(found.gradient),
        ...args.slice(1).map(() => null),
      ];
      return [found.loss, gradient as never];
    })(...args) as Tensor;
    return isShort ? (tf.cast(loss, given) as Tensor) : loss;
  });

/** The distinct labels, with the blank's class moved to the front where it is not there. */
function uniqueOf(unique: readonly [TensorLike, TensorLike] | null, blank: Size | null): readonly Tensor[] {
  if (!unique) return [];
  const [labels, places] = unique.map((each) => convertToTensor(each)) as [Tensor, Tensor];
  if (blank === null) return [labels, places];
  const moved = tf.where(labels.less(blank), labels.add(1), labels);
  const lengths = tf.reduceMax(places, { axis: 1 }).add(1);
  const mask = tf.sequenceMask(lengths, sizeOf(moved, 1));
  return [tf.where(mask, moved, tf.zerosLike(moved)), places];
}

/** Each row's distinct labels, int64 [batch, n], filled up with 0, and for each label its place among them, int32 [batch, n]. */
export function ctcUniqueLabels(labels: TensorLike, ...rest: Rest<Named, ["name"]>): [Tensor, Tensor] {
  return inScope(byName<Named>(rest, ["name"]).name, "ctc_unique_labels", () => {
    const rows = convertToTensor(labels, { name: "labels" });
    const distinct = (row: Tensor): Tensor[] => {
      const { y, idx } = tf.unique(row);
      const [all, some] = [sizeOf(idx, 0), sizeOf(y, 0)];
      const missing = typeof all === "number" ? (some as Tensor).rsub(all) : all.sub(some);
      return [tf.cast(tf.pad(y, [[0, missing]] as never), int64) as Tensor, idx];
    };
    return mapFn(distinct, rows, { dtype: [int64, int32] }) as [Tensor, Tensor];
  });
}

/** Labels [batch, n] without those that equal the one before them, and how many are left of `seqLength` [batch]. */
export const collapseRepeated = byKeyword(
  ["labels", "seqLength"],
  function collapseRepeated(
    labels: TensorLike,
    seqLength: TensorLike,
    ...rest: Rest<Named, ["name"]>
  ): [Tensor, Tensor] {
    return inScope(byName<Named>(rest, ["name"]).name, "collapse_repeated_labels", () => {
      const rows = convertToTensor(labels, { name: "labels" });
      const lengths = convertToTensor(seqLength, { name: "seq_length" });
      const first = tf.onesLike(rows.at(":", ":1"), bool);
      const changed = tf.concat([first, tf.notEqual(rows.at(":", "1:"), rows.at(":", ":-1"))], 1);
      const kept = tf.logicalAnd(changed, tf.sequenceMask(lengths, sizeOf(rows, 1)));
      const newLengths = tf.reduceSum(tf.cast(kept, int32) as Tensor, { axis: 1 });
      const longest = tf.reduceMax(newLengths);
      const filled = tf.sequenceMask(newLengths, longest);
      const flatRows = tf.reshape(rows, [-1]);
      const flatKept = tf.reshape(kept, [-1]);
      const flatFilled = tf.reshape(filled, [-1]);
      const places = tf.range(sizeOf(flatFilled, 0));
      const indices = tf.expandDims(tf.booleanMask(places, flatFilled), 1);
      const flat = tf.scatterNd(indices, tf.booleanMask(flatRows, flatKept), tf.shape(flatFilled));
      const shape = [sizeOf(rows, 0), longest] as never;
      return [tf.reshape(flat, shape), tf.cast(newLengths, lengths.dtype.baseDtype) as Tensor];
    });
  },
);
