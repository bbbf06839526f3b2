/** `tf.contrib.crf`: chains of tags, each with a score, and each pair of neighbours with one. Source: contrib/crf crf.py. */
import { float32, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, literalToArray, type TensorLike } from "../../../ops/convert.ts";
import {
  argmax,
  cast,
  concat,
  constant,
  equal,
  expandDims,
  fill,
  gather,
  gatherNd,
  lessEqual,
  maximum,
  range,
  reduceLogsumexp,
  reduceMax,
  reduceSum,
  reshape,
  reverseSequenceOp,
  sequenceMask,
  shape as shapeOf,
  slice,
  squeeze,
  where,
  zerosLike,
} from "../../../ops/index.ts";

import { smartCond } from "../../layers/layer.ts";
import { add, mul, sub } from "../../operators.ts";
import { dynamicRnn } from "../../rnn/dynamic.ts";
import { getVariable } from "../../variables/scope.ts";
import type { Variable } from "../../variables/variable.ts";
import { CrfDecodeBackwardRnnCell, CrfDecodeForwardRnnCell, CrfForwardRnnCell } from "./cells.ts";

type Params = Tensor | Variable;

/** One branch for sequences of one step, another for longer ones: while building where the length is known. */
function byLength<R extends Tensor | readonly Tensor[]>(inputs: Tensor, single: () => R, longer: () => R): R {
  const steps = inputs.shape?.[1] || shapeOf(inputs).at(1);
  return smartCond(equal(steps, 1), single, longer);
}

/** Zeros where a sequence is empty. */
const unlessEmpty = (lengths: Tensor, scores: Tensor): Tensor =>
  where(lessEqual(lengths, 0), zerosLike(scores), scores);

const lengthsOf = (given: TensorLike): Tensor => convertToTensor(given);
const lessOne = (lengths: Tensor): Tensor => maximum(constant(0, { dtype: lengths.dtype }), sub(lengths, 1));
const firstStep = (inputs: Tensor): Tensor => squeeze(slice(inputs, [0, 0, 0], [-1, 1, -1]), { axis: [1] });

/** The score of the tags [batch, time] by themselves, from inputs [batch, time, tags]: [batch]. */
export function crfUnaryScore(tagIndices: TensorLike, sequenceLengths: TensorLike, givenInputs: TensorLike): Tensor {
  const [tags, inputs] = [convertToTensor(tagIndices), convertToTensor(givenInputs)];
  const batch = shapeOf(inputs).at(0);
  const steps = shapeOf(inputs).at(1);
  const count = shapeOf(inputs).at(2);
  const flat = reshape(inputs, [-1]);
  let offsets = expandDims(mul(mul(range(batch), steps), count), 1);
  offsets = add(offsets, expandDims(mul(range(steps), count), 0));
  if (tags.dtype === int64) offsets = cast(offsets, int64) as Tensor;
  const places = reshape(add(offsets, tags), [-1]);
  const scores = reshape(gather(flat, places), [batch, steps]);
  const masks = sequenceMask(sequenceLengths, shapeOf(tags).at(1), { dtype: float32 });
  return reduceSum(mul(scores, masks), { axis: 1 });
}

/** The score of the pairs of neighbours among the tags [batch, time]: [batch]. */
export function crfBinaryScore(tagIndices: TensorLike, sequenceLengths: TensorLike, transitionParams: Params): Tensor {
  const tags = convertToTensor(tagIndices);
  const count = transitionParams.shape![0] as number;
  const pairs = sub(shapeOf(tags).at(1), 1);
  const size = [-1, pairs] as never;
  const start = slice(tags, [0, 0], size);
  const end = slice(tags, [0, 1], size);
  const places = add(mul(start, count), end);
  const scores = gather(reshape(transitionParams, [-1]), places);
  const masks = sequenceMask(sequenceLengths, shapeOf(tags).at(1), { dtype: float32 });
  return reduceSum(mul(scores, slice(masks, [0, 1], [-1, -1])), { axis: 1 });
}

/** The score of the tags [batch, time] for inputs [batch, time, tags], not normalized: [batch]. */
export function crfSequenceScore(
  givenInputs: TensorLike,
  tagIndices: TensorLike,
  sequenceLengths: TensorLike,
  transitionParams: Params,
): Tensor {
  const [inputs, tags] = [convertToTensor(givenInputs), convertToTensor(tagIndices)];
  const lengths = lengthsOf(sequenceLengths);
  return byLength(
    inputs,
    () => {
      const batch = shapeOf(inputs, { outType: tags.dtype as typeof int32 }).at(0);
      const rows = reshape(range(batch), [-1, 1]);
      const flat = squeeze(inputs, { axis: [1] });
      return unlessEmpty(lengths, gatherNd(flat, concat([rows, tags], 1)));
    },
    () => {
      const unary = crfUnaryScore(tags, lengths, inputs);
      return add(unary, crfBinaryScore(tags, lengths, transitionParams));
    },
  );
}

/** The logarithm of the sum of all sequences' exponentiated scores: [batch]. */
export function crfLogNorm(givenInputs: TensorLike, sequenceLengths: TensorLike, transitionParams: Params): Tensor {
  const inputs = convertToTensor(givenInputs);
  const lengths = lengthsOf(sequenceLengths);
  const first = firstStep(inputs);
  return byLength(
    inputs,
    () => unlessEmpty(lengths, reduceLogsumexp(first, { axis: [1] })),
    () => {
      const rest = slice(inputs, [0, 1, 0], [-1, -1, -1]);
      const cell = new CrfForwardRnnCell(transitionParams);
      const sequenceLength = lessOne(lengths);
      const [, alphas] = dynamicRnn(cell, rest, { sequenceLength, initialState: first, dtype: float32 });
      return unlessEmpty(lengths, reduceLogsumexp(alphas as Tensor, { axis: [1] }));
    },
  );
}

/** The score of all sequences whose tags are set in tagBitmap [batch, time, tags]: [batch]. */
export function crfMultitagSequenceScore(
  givenInputs: TensorLike,
  tagBitmap: TensorLike,
  sequenceLengths: TensorLike,
  transitionParams: Params,
): Tensor {
  const inputs = convertToTensor(givenInputs);
  const allowed = (): Tensor => where(tagBitmap, inputs, fill(shapeOf(inputs), Number.NEGATIVE_INFINITY));
  return byLength(
    inputs,
    () => reduceLogsumexp(allowed(), { axis: [1, 2], keepdims: false }),
    () => crfLogNorm(allowed(), sequenceLengths, transitionParams),
  );
}

/**
 * [log likelihood [batch], transitions [tags, tags]] of tags [batch, time] for inputs [batch, time, tags]; without transitions, a variable
 * `transitions` is made.
 */
export function crfLogLikelihood(
  givenInputs: TensorLike,
  tagIndices: TensorLike,
  sequenceLengths: TensorLike,
  transitionParams: Params | null = null,
): [logLikelihood: Tensor, transitionParams: Params] {
  const inputs = convertToTensor(givenInputs);
  const count = inputs.shape![2] as number;
  const transitions = transitionParams ?? getVariable("transitions", { shape: [count, count] });
  const score = crfSequenceScore(inputs, tagIndices, sequenceLengths, transitions);
  return [sub(score, crfLogNorm(inputs, sequenceLengths, transitions)), transitions];
}

/** [best tags [batch, time], their score [batch]] for potentials [batch, time, tags]. */
export function crfDecode(
  givenPotentials: TensorLike,
  transitionParams: Params,
  sequenceLength: TensorLike,
): [decodeTags: Tensor, bestScore: Tensor] {
  const potentials = convertToTensor(givenPotentials);
  const lengths = lengthsOf(sequenceLength);
  return byLength<readonly Tensor[]>(
    potentials,
    () => {
      const only = squeeze(potentials, { axis: [1] });
      const tags = expandDims(argmax(only, { axis: 1 }), 1);
      const best = reduceMax(only, { axis: 1 });
      return [cast(tags, int32) as Tensor, best];
    },
    () => {
      const forward = new CrfDecodeForwardRnnCell(transitionParams);
      const first = firstStep(potentials);
      const rest = slice(potentials, [0, 1, 0], [-1, -1, -1]);
      const fewer = lessOne(lengths);
      const run = (cell: CrfDecodeForwardRnnCell | CrfDecodeBackwardRnnCell, inputs: Tensor, initialState: Tensor) =>
        dynamicRnn(cell, inputs, {
          sequenceLength: fewer,
          initialState,
          timeMajor: false,
          dtype: int32,
        }) as unknown as [Tensor, Tensor];
      const [pointers, lastScore] = run(forward, rest, first);
      const reversed = (input: Tensor, seqLengths: Tensor): Tensor =>
        reverseSequenceOp({ input, seq_lengths: seqLengths, seq_dim: 1 });
      const backwards = reversed(pointers, fewer);
      const cell = new CrfDecodeBackwardRnnCell(potentials.shape![2] as number);
      const last = expandDims(cast(argmax(lastScore, { axis: 1 }), int32) as Tensor, -1);
      const [found] = run(cell, backwards, last);
      const tags = concat([last, squeeze(found, { axis: [2] })], 1);
      const ordered = reversed(tags, lengths);
      return [ordered, reduceMax(lastScore, { axis: 1 })];
    },
  ) as [Tensor, Tensor];
}

type Rows = readonly (readonly number[])[];
const rowsOf = (given: NdArray | Rows): number[][] =>
  (given instanceof NdArray ? given : literalToArray(given as never, float32)).toList() as unknown as number[][];

/** [best tags, their score] of one sequence of scores [time, tags] and transitions [tags, tags], outside of graphs. */
export function viterbiDecode(
  score: NdArray | Rows,
  transitionParams: NdArray | Rows,
): [viterbi: number[], score: number] {
  const [scores, transitions] = [rowsOf(score), rowsOf(transitionParams)];
  if (scores.length === 0) throw new ValueError("index 0 is out of bounds for axis 0 with size 0");
  const pointers: number[][] = [];
  let trellis = scores[0]!;
  for (const row of scores.slice(1)) {
    const before = row.map((_, tag) => greatest(trellis.map((value, from) => value + transitions[from]![tag]!)));
    const last = trellis;
    trellis = row.map((value, tag) => value + last[before[tag]!]! + transitions[before[tag]!]![tag]!);
    pointers.push(before);
  }
  const viterbi = [greatest(trellis)];
  for (const before of pointers.reverse()) viterbi.push(before[viterbi.at(-1)!]!);
  return [viterbi.reverse(), Math.max(...trellis)];
}

const greatest = (values: readonly number[]): number => values.indexOf(Math.max(...values));
