/** Beams of a search, followed from their ends back to their starts. Source: contrib/seq2seq beam_search_ops.cc. */
import { int32 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { formatShape, sameShape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { emptyArray } from "../../array/basic/elements.ts";

/**
 * step_ids and parent_ids [time, batch, beam], max_sequence_lengths [batch], end_token []; beams as step_ids. TensorFlow 1 has this op
 * only once tf.contrib.seq2seq is loaded, and no graph with it is read without. Throws INVALID_ARGUMENT for a parent outside the beam.
 */
export const gatherTreeOp = defineOp("GatherTree", {
  inputs: ["step_ids: T", "parent_ids: T", "max_sequence_lengths: int32", "end_token: T"],
  outputs: ["beams: T"],
  attrs: ["T: {int32}"],
  shape({ step_ids, parent_ids, max_sequence_lengths, end_token }) {
    const [time, batch, beam] = withRank(step_ids, 3);
    const others = withRank(parent_ids, 3);
    const [rows] = withRank(max_sequence_lengths, 1);
    withRank(end_token, 0);
    return [[time ?? others[0]!, batch ?? others[1] ?? rows!, beam ?? others[2]!]];
  },
  compute({ step_ids: steps, parent_ids: parents, max_sequence_lengths: lengths, end_token }) {
    const [time, batch, beam] = steps.shape as [number, number, number];
    if (!sameShape(steps.shape, parents.shape)) {
      throw invalidArgument(
        `step_ids.shape must match parent_ids.shape.  but shapes are: ${formatShape(steps.shape)} and ${formatShape(parents.shape)}`,
      );
    }
    if (lengths.shape[0] !== batch) {
      throw invalidArgument(
        `batch size dimensions step_ids.shape[1] and max_sequence_lengths.shape[0] must match.  but shapes are: ${formatShape(steps.shape)} and ${formatShape(lengths.shape)}`,
      );
    }
    const ids = steps.data as Int32Array;
    const from = parents.data as Int32Array;
    const end = (end_token.data as Int32Array)[0]!;
    const beams = emptyArray(int32, steps.shape);
    const out = (beams.data as Int32Array).fill(end);
    for (let row = 0; row < batch; row++) {
      const n = Math.min(time, (lengths.data as Int32Array)[row]!);
      for (let k = 0; k < beam; k++) {
        for (let t = n - 1, at = k; t >= 0; t--) {
          if (at < 0 || at >= beam) {
            throw invalidArgument(`Saw invalid parent id ${at} at (batch, time, beam) == (${row}, ${t}, ${k})`);
          }
          const start = (t * batch + row) * beam;
          out[start + k] = ids[start + at]!;
          at = from[start + at]!;
        }
        let hasEnded = false;
        for (let t = 0; t < n; t++) {
          const i = (t * batch + row) * beam + k;
          if (hasEnded) out[i] = end;
          hasEnded ||= out[i] === end;
        }
      }
    }
    return [beams];
  },
  gradient: "none",
});

/** All ids of each beam [time, batch, beam], from the ids of each step and the beam that each one goes on from. */
export const gatherTree = (
  stepIds: TensorLike,
  parentIds: TensorLike,
  maxSequenceLengths: TensorLike,
  endToken: TensorLike,
  name?: string,
): Tensor =>
  gatherTreeOp(
    { step_ids: stepIds, parent_ids: parentIds, max_sequence_lengths: maxSequenceLengths, end_token: endToken },
    name,
  );
