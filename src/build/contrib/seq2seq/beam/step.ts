/** One step of a beam search: the best continuations of all beams. Source: contrib/seq2seq beam_search_decoder.py. */
import { float32, int32, int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Dim } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  cast,
  concat,
  equal,
  expandDims,
  fill,
  gather,
  getStaticValue,
  limitsOf,
  logicalNot,
  logicalOr,
  logSoftmax,
  mod,
  oneHot,
  range,
  reshape,
  shape as shapeOf,
  tile,
  toInt64,
  topK,
  where,
} from "../../../../ops/index.ts";
import { flatten, isFlowArray, pack } from "../../../control_flow/structure.ts";
import { add, mul, truediv } from "../../../operators.ts";
import type { State } from "../../../rnn/state.ts";
import { namedTupleClass } from "../../named_tuple.ts";
import { attentionProbs, scoresOf } from "./scores.ts";

const stateFields = ["cellState", "logProbs", "finished", "lengths", "accumulatedAttentionProbs"] as const;

/** The state of a search: the cells', then of each beam [batch, beam] its log probability, whether it ended, and its length. */
export class BeamSearchDecoderState extends namedTupleClass("BeamSearchDecoderState", stateFields) {}

/** What a step gives, each [batch, beam]: scores, the words taken, and the beams that they go on from. */
export class BeamSearchDecoderOutput extends namedTupleClass("BeamSearchDecoderOutput", [
  "scores",
  "predictedIds",
  "parentIds",
]) {}

/** A batch size as far as it is known. */
export const staticSize = (size: Tensor): Dim => {
  const known = getStaticValue(size);
  return known ? Number(known.item()) : null;
};

export function checkRank(t: Tensor): void {
  if (t.shape === null) {
    throw new ValueError(`Expected tensor (${t}) to have known rank, but ndims == None.`);
  }
}

/** All probability on the end for what has ended. */
function masked(probs: Tensor, endToken: Tensor, finished: Tensor): Tensor {
  const words = shapeOf(probs).at(2);
  const { dtype } = probs;
  const row = oneHot(endToken, words, {
    dtype,
    onValue: convertToTensor(0, { dtype }),
    offValue: limitsOf(dtype)[0] as number,
  });
  const rows = tile(reshape(row, [1, 1, -1]), concat([shapeOf(finished), [1]], 0));
  return where(tile(expandDims(finished, 2), [1, 1, words] as never), rows, probs);
}

interface GatherOptions {
  readonly batchSize: Tensor;
  readonly rangeSize: number | Tensor;
  readonly gatherShape: readonly (number | Tensor)[];
  readonly name?: string;
}

/** For each row of indices [batch, beam] what they choose in its part of `from`. */
function gathered(indices: Tensor, from: Tensor, { batchSize, rangeSize, gatherShape, name }: GatherOptions): Tensor {
  return getDefaultGraph().nameScope(name ?? "tensor_gather_helper", () => {
    const starts = expandDims(mul(range(batchSize), rangeSize), 1);
    const flat = reshape(add(indices, starts), [-1]);
    const chosen = gather(reshape(from, gatherShape as never), flat);
    const rank = 1 + gatherShape.length;
    const output = reshape(chosen, shapeOf(from).at({ stop: rank }), "output");
    output.setShape([staticSize(batchSize), ...from.shape!.slice(1, rank)]);
    return output;
  });
}

export interface StepOptions {
  readonly batchSize: Tensor;
  readonly beamWidth: number;
  readonly endToken: Tensor;
  readonly lengthPenaltyWeight: TensorLike;
  readonly coveragePenaltyWeight: TensorLike;
}

/** The beamWidth best of all beams and words, from logits [batch, beam, words] and the cells' next state. */
export function beamSearchStep(
  time: Tensor,
  logits: Tensor,
  nextCellState: State,
  state: BeamSearchDecoderState,
  options: StepOptions,
): readonly [BeamSearchDecoderOutput, BeamSearchDecoderState] {
  const { batchSize, beamWidth, endToken } = options;
  const finished: Tensor = state.finished;
  const isRunning = logicalNot(finished);
  const stepProbs = masked(logSoftmax(logits), endToken, finished);
  const total = add(expandDims(state.logProbs, 2), stepProbs);
  const words = logits.shape?.at(-1) || shapeOf(logits).at(-1);
  const filled = fill([batchSize, beamWidth] as never, endToken);
  const onValue = toInt64(0);
  const one = oneHot(filled, words, { onValue, offValue: toInt64(1), dtype: int64 });
  const added = mul(one, expandDims(cast(isRunning, int64), 2));
  const lengths = add(added, expandDims(state.lengths, 2));
  const probs = attentionProbs(nextCellState, options.coveragePenaltyWeight);
  const attended = probs && mul(probs, expandDims(cast(isRunning, float32), 2));
  const accumulated = attended && add(state.accumulatedAttentionProbs, attended);
  const scores = scoresOf(total, lengths, { ...options, finished, accumulated });
  convertToTensor(time, { name: "time" });
  const flat = reshape(scores, [batchSize, -1] as never);
  const { values: nextScores, indices } = topK(flat, convertToTensor(beamWidth, { dtype: int32, name: "beam_width" }));
  const shape = [staticSize(batchSize), beamWidth];
  nextScores.setShape(shape);
  indices.setShape(shape);

  const rangeSize = typeof words === "number" ? beamWidth * words : mul(beamWidth, words);
  const logProbs = gathered(indices, total, { batchSize, rangeSize, gatherShape: [-1], name: "next_beam_probs" });
  const wordIds = cast(mod(indices, words, "next_beam_word_ids"), int32);
  const parentIds = cast(truediv(indices, words), int32, "next_beam_parent_ids");
  const perBeam = { batchSize, rangeSize: beamWidth, gatherShape: [-1] };
  const wasFinished = gathered(parentIds, finished, perBeam);
  const nextFinished = logicalOr(wasFinished, equal(wordIds, endToken), "next_beam_finished");
  const more = cast(logicalNot(wasFinished), int64);
  const nextLengths = add(gathered(parentIds, state.lengths, perBeam), more);
  const rows = (name?: string): GatherOptions => ({
    batchSize,
    rangeSize: beamWidth,
    gatherShape: [mul(batchSize, beamWidth), -1],
    ...(name ? { name } : {}),
  });
  const nextAccumulated = accumulated ? gathered(parentIds, accumulated, rows("next_accumulated_attention_probs")) : [];
  const cellState = pack(
    nextCellState,
    flatten<Tensor>(nextCellState).map((part) => {
      const shaped = rows();
      if (isFlowArray(part)) return part;
      checkRank(part);
      return part.shape!.length >= shaped.gatherShape.length ? gathered(parentIds, part, shaped) : part;
    }),
  );
  const next = new BeamSearchDecoderState({
    cellState,
    logProbs,
    lengths: nextLengths,
    finished: nextFinished,
    accumulatedAttentionProbs: nextAccumulated,
  });
  return [new BeamSearchDecoderOutput({ scores: nextScores, predictedIds: wordIds, parentIds }), next];
}
