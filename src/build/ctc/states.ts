/**
 * Connectionist temporal classification as a hidden Markov model. The states of a row of n labels:
 *
 *     0            the start
 *     1 … n        label i was seen last
 *     n + 1 …      a blank after label i - n - 1
 *
 * All probabilities are logarithms. Source: ctc_ops.py.
 */
import { bool, float32, float64, int32 } from "../../core/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope } from "../../ops/compute/array/basic/names.ts";
import * as tf from "../../ops/index.ts";
import { scanInclusive } from "./scan.ts";

/** A size that is known, or a scalar. */
export type Size = number | Tensor;

/** The size of an axis: the static one where it is known and not 0. */
export const sizeOf = (tensor: Tensor, axis: number): Size => tensor.shape?.[axis] || tf.shape(tensor).at(axis);

const plus = (a: Size, b: Size): Size =>
  typeof a === "number" ? (typeof b === "number" ? a + b : b.radd(a)) : a.add(b);
const times = (a: Size, b: Size): Size =>
  typeof a === "number" ? (typeof b === "number" ? a * b : b.rmul(a)) : a.mul(b);

const list = (sizes: readonly Size[]) => sizes as never;

/** Log probabilities of the states [time, batch, 2 n + 2] from those of the labels [time, batch, classes]. */
function observed(labels: Tensor, classes: Size, logProbs: Tensor): Tensor {
  const states = sizeOf(labels, 1);
  const blank = tf.tile(logProbs.at(":", ":", ":1"), list([1, 1, plus(states, 1)]));
  const oneHot = tf.expandDims(tf.oneHot(labels, classes), 0);
  const ofLabels = tf.reduceSum(tf.expandDims(logProbs, 2).mul(oneHot), { axis: 3 });
  return tf.pad(
    tf.concat([ofLabels, blank], 2),
    [
      [0, 0],
      [0, 0],
      [1, 0],
    ],
    { constantValues: tf.log(0) },
  );
}

/** Which state may follow which, [batch, to, from]: 1 or 0; two equal labels need a blank between them. */
const transitions = (labels: Tensor): Tensor =>
  inScope(null, "ctc_state_trans", () => {
    const batch = sizeOf(labels, 0);
    const labelStates = plus(sizeOf(labels, 1), 1);
    const states = times(2, labelStates);
    const label = tf.range(labelStates);
    const blank = label.add(labelStates);
    const blankToLabel = tf.stack([label.at("1:"), blank.at(":-1")], { axis: 1 });
    const labelToBlank = tf.stack([blank, label], { axis: 1 });
    const places = tf.concat([[[1, 0]], blankToLabel, labelToBlank], 0);
    const ones = tf.ones(list([sizeOf(places, 0)]));
    const fixed = tf.scatterNd(places, ones, list([states, states])).add(tf.eye(states));
    const zero = tf.zerosLike(label.at("2:"));
    const inner = tf.stack([zero, label.at("2:"), label.at("1:-1")], { axis: 1 });
    const tiled = tf.tile(tf.expandDims(inner, 0), list([batch, 1, 1]));
    const rows = tf.expandDims(tf.range(batch), 1).mul([1, 0, 0]);
    const between = tiled.add(tf.expandDims(rows, 1));
    const repeats = tf.equal(labels.at(":", ":-1"), labels.at(":", "1:"));
    const allowed = (tf.cast(repeats, float32) as Tensor).rsub(1);
    const labelToLabel = tf.scatterNd(between, allowed, list([batch, states, states]));
    return tf.expandDims(fixed, 0).add(labelToLabel);
  });

/** Where the rows begin and may end, [batch, 2 n + 2] each. */
function ends(lengths: Tensor, longest: Size): { readonly initial: Tensor; readonly final: Tensor } {
  const batch = sizeOf(lengths, 0);
  const labelStates = plus(longest, 1);
  const states = times(2, labelStates);
  const zero = tf.cast(0, float64) as unknown as Tensor;
  const impossible = tf.cast(tf.log(zero.add(1e-307)), float32) as Tensor;
  const initial = tf.oneHot(tf.zeros(list([batch]), int32), states, {
    dtype: float32,
    onValue: 0,
    offValue: impossible,
    axis: 1,
  });
  const atLabel = tf.oneHot(lengths, labelStates, { axis: 0 });
  const mask = tf.ones(list([2, 1, batch])).mul(atLabel);
  const final = tf.reshape(mask.rsub(1).mul(impossible), list([states, batch]));
  return { initial, final: tf.transpose(final) };
}

interface Model {
  readonly transitions: Tensor;
  readonly initial: Tensor;
  readonly final: Tensor;
  readonly observed: Tensor;
  readonly lengths: Tensor;
}

/** Log probabilities of each state at each time [time, batch, states] and of the whole [batch], by the forward-backward algorithm. */
function forwardBackward({ transitions: matrix, initial, final, observed: seen, lengths }: Model) {
  const back = tf.transpose(matrix, [0, 2, 1]);
  const batch = sizeOf(seen, 1);
  const follow = (state: Tensor, by: Tensor): Tensor =>
    tf.reduceLogsumexp(tf.expandDims(state, 1).add(by), { axis: -1 });
  const total = (state: Tensor): Tensor => tf.reduceLogsumexp(state, { axis: -1, keepdims: true });
  const forward = ([state]: readonly Tensor[], [observation]: readonly Tensor[]): readonly Tensor[] => {
    const next = follow(state!, matrix).add(observation!);
    return [next.sub(total(next))];
  };
  const [fwd] = scanInclusive(forward, { elements: [seen], initial: [initial] });
  const backward = ([state, sum]: readonly Tensor[], [observation, inside]: readonly Tensor[]): readonly Tensor[] => {
    const before = follow(state!.add(observation!), back);
    const all = total(before);
    const scaled = before.sub(all);
    const sums = sum!.add(tf.squeeze(all, { axis: [-1] }).mul(inside!));
    const column = tf.expandDims(inside!, 1);
    return [scaled.mul(column).add(final.mul(column.rsub(1))), sums];
  };
  const zero = tf.zeros(list([batch]));
  const mask = tf.transpose(tf.sequenceMask(lengths, sizeOf(seen, 0), { dtype: float32 }), [1, 0]);
  const [bwd, sums] = scanInclusive(backward, { elements: [seen, mask], initial: [final, zero], reverse: true });
  const both = fwd!.at("1:").add(bwd!.at("1:"));
  const normal = both.sub(tf.reduceLogsumexp(both, { axis: 2, keepdims: true }));
  const states = normal.add(tf.log(tf.expandDims(mask, 2)));
  return { states, likelihood: bwd!.at(0, ":", 0).add(sums!.at(0)) };
}

/** Log probabilities of the classes [time, batch, classes]: states of equal labels together. */
function ofClasses(labels: Tensor, classes: Size, states: Tensor): Tensor {
  const labelStates = plus(sizeOf(labels, 1), 1);
  const ofLabels = states.at(":", ":", { start: 1, stop: labelStates });
  const ofBlanks = states.at(":", ":", { start: labelStates });
  const before = labels.sub(1);
  const offValue = tf.log(0);
  const oneHot = tf.oneHot(before, plus(classes, -1), { dtype: float32, onValue: 0, offValue });
  const spread = tf.expandDims(oneHot, 0);
  const all = tf.reduceLogsumexp(tf.expandDims(ofLabels, 3).add(spread), { axis: 2 });
  return tf.concat([tf.reduceLogsumexp(ofBlanks, { axis: 2, keepdims: true }), all], -1);
}

/** Each row's distinct labels [batch, n], filled up with 0, and for each label its place among them [batch, n]. */
export type UniqueLabels = readonly [labels: Tensor, places: Tensor];

const sumStates = (places: Tensor, states: Tensor): Tensor =>
  inScope(null, "sum_states", () => {
    const count = sizeOf(states, 2);
    const spread = tf.expandDims(states, 2);
    const offValue = tf.log(0);
    const oneHot = tf.oneHot(places, count, { dtype: float32, onValue: 0, offValue, axis: 1 });
    return tf.reduceLogsumexp(spread.add(oneHot), { axis: -1 });
  });

/** As `ofClasses`, with memory for the distinct labels of a row alone. */
function ofUnique(labels: Tensor, classes: Size, states: Tensor, [values, places]: UniqueLabels): Tensor {
  const labelStates = plus(sizeOf(labels, 1), 1);
  const ofLabels = states.at(":", ":", { start: 1, stop: labelStates });
  const ofBlanks = states.at(":", ":", { start: labelStates });
  const sums = sumStates(places, ofLabels);
  const [frames, batch, count] = [sizeOf(states, 0), sizeOf(states, 1), plus(labelStates, -1)];
  const rows = tf.reshape(tf.transpose(sums, [1, 2, 0]), list([times(batch, count), frames]));
  const offset = tf.range(0, batch, { dtype: values.dtype.baseDtype }).mul(classes);
  const at = tf.reshape(values.add(tf.expandDims(offset, -1)), [-1, 1]);
  const scattered = tf.scatterNd(at, rows, list([times(batch, classes), frames]));
  const found = tf.reshape(scattered, list([batch, classes, frames]));
  const ones = tf.onesLike(rows, bool);
  const present = tf.scatterNd(at, ones, list([times(batch, classes), frames]));
  const mask = tf.reshape(present, list([batch, classes, frames]));
  const kept = tf.where(mask, found, tf.fill(tf.shape(found), tf.log(0)));
  const all = tf.transpose(kept, [2, 0, 1]).at(":", ":", "1:");
  return tf.concat([tf.reduceLogsumexp(ofBlanks, { axis: 2, keepdims: true }), all], -1);
}

interface Rows {
  readonly logits: Tensor;
  readonly labels: Tensor;
  readonly labelLength: Tensor;
  readonly logitLength: Tensor;
  readonly unique: UniqueLabels | null;
}

/** The loss [batch] and its gradient by the logits [time, batch, classes]; class 0 is the blank. */
export function lossAndGradient({ logits, labels, labelLength, logitLength, unique }: Rows): {
  readonly loss: Tensor;
  readonly gradient: Tensor;
} {
  const classes = sizeOf(logits, 2);
  const longest = sizeOf(labels, 1);
  const logProbs = tf.logSoftmax(logits);
  const seen = observed(labels, classes, logProbs);
  const allowed = transitions(labels);
  const { initial, final } = ends(labelLength, longest);
  const model = { transitions: tf.log(allowed), initial, final, observed: seen, lengths: logitLength };
  const { states, likelihood } = forwardBackward(model);
  const expected = unique ? ofUnique(labels, classes, states, unique) : ofClasses(labels, classes, states);
  const raw = tf.exp(logProbs).sub(tf.exp(expected));
  const inside = tf.transpose(tf.sequenceMask(logitLength, sizeOf(logits, 0), { dtype: float32 }), [1, 0]);
  const gradient = raw.mul(tf.expandDims(inside, 2));
  return { loss: likelihood.neg(), gradient };
}
