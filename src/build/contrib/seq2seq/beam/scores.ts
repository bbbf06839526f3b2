/** How a beam search rates its beams. Source: contrib/seq2seq beam_search_decoder.py. */
import { float32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { formatShapePython } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  cast,
  concat,
  div,
  equal,
  expandDims,
  floatLiteral,
  getStaticValue,
  log,
  minimum,
  onesLike,
  reduceMean,
  reduceSum,
  where,
} from "../../../../ops/index.ts";
import { add, mul, pow, truediv } from "../../../operators.ts";
import type { State } from "../../../rnn/state.ts";
import { AttentionWrapperState } from "../attention/wrapper.ts";

/** The mean of several tensors of one shape. */
function meanOf(parts: readonly Tensor[]): Tensor {
  const columns = parts.map((part) => expandDims(part, -1));
  return reduceMean(concat(columns, -1), { axis: -1 });
}

function alignmentsOf({ alignments }: AttentionWrapperState): Tensor {
  return Array.isArray(alignments) ? meanOf(alignments) : alignments;
}

/**
 * What the cell attends to [batch, beam, time], the mean over all layers with attention; null where nothing is charged for it. Throws
 * ValueError where no cell has attention.
 */
export function attentionProbs(cellState: State, coveragePenaltyWeight: TensorLike): Tensor | null {
  if (coveragePenaltyWeight === 0) return null;
  const states: readonly unknown[] =
    cellState instanceof AttentionWrapperState ? [cellState] : Array.isArray(cellState) ? cellState : [];
  const found = states.filter((state) => state instanceof AttentionWrapperState).map(alignmentsOf);
  if (found.length === 0) throw new ValueError("coverage_penalty_weight must be 0.0 if no cell is attentional.");
  return found.length === 1 ? found[0]! : meanOf(found);
}

/** ((5 + length) / 6) ** factor; 1 for the factor 0. */
function lengthPenalty(lengths: Tensor, factor: TensorLike): Tensor | NdArray {
  const penalty = convertToTensor(factor, { name: "penalty_factor", preferredDtype: float32 });
  penalty.setShape([]);
  if (getStaticValue(penalty)?.item() === 0) return floatLiteral(1);
  const long = pow(add(5, cast(lengths, float32)), penalty);
  return div(long, pow(6, penalty));
}

export interface ScoreOptions {
  readonly lengthPenaltyWeight: TensorLike;
  readonly coveragePenaltyWeight: TensorLike;
  /** [batch, beam]. */
  readonly finished: Tensor;
  /** [batch, beam, time]; null where nothing is charged for attention. */
  readonly accumulated: Tensor | null;
}

/** Scores of log probabilities [batch, beam, words]: divided by what length costs, plus what uncovered inputs cost. */
export function scoresOf(logProbs: Tensor, lengths: Tensor, options: ScoreOptions): Tensor {
  const { accumulated } = options;
  const penalty = lengthPenalty(lengths, options.lengthPenaltyWeight);
  const scores = truediv(logProbs, cast(penalty as Tensor, logProbs.dtype));
  const weight = convertToTensor(options.coveragePenaltyWeight, {
    name: "coverage_penalty_weight",
    preferredDtype: float32,
  });
  if (weight.shape?.length !== 0) {
    throw new ValueError(
      `coverage_penalty_weight should be a scalar, but saw shape: ${formatShapePython(weight.shape)}`,
    );
  }
  if (getStaticValue(weight)?.item() === 0) return scores;
  if (accumulated === null) {
    throw new ValueError("accumulated_attention_probs can be None only if coverage penalty is disabled.");
  }
  const isMasked = equal(accumulated, 0);
  const seen = where(isMasked, onesLike(accumulated), accumulated);
  const uncovered = reduceSum(log(minimum(seen, 1)), { axis: 2 });
  const charged = mul(mul(uncovered, cast(options.finished, float32)), weight);
  return add(scores, expandDims(charged, 2));
}
