/** From the outputs of a network trained with CTC to label sequences. Source: ctc_ops.cc, ctc_decoder_ops.cc, ctc_ops.py. */

import { int64 } from "../../../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import { SparseTensor } from "../../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { emptyArray, integerArray, toNumbers } from "../../array/basic/elements.ts";
import { beamSearch } from "./beam_search.ts";

interface Sizes {
  readonly maxTime: number;
  readonly batch: number;
  readonly classes: number;
  readonly times: ArrayLike<number>;
}

function checked(inputs: NdArray, lengths: NdArray): Sizes {
  if (inputs.shape.length !== 3)
    throw invalidArgument(`inputs.shape is not a 3-Tensor but was: [${inputs.shape.join(",")}]`);
  const [maxTime, batch, classes] = inputs.shape as readonly [number, number, number];
  if (maxTime === 0) throw invalidArgument("max_time is 0");
  if (classes === 0) throw invalidArgument("num_classes is 0");
  if (lengths.shape.length !== 1) throw invalidArgument("sequence_length is not a vector");
  if (lengths.size !== batch) {
    throw new FailedPreconditionError(
      `len(sequence_length) != batch_size.  len(sequence_length):  ${lengths.size} batch_size: ${batch}`,
    );
  }
  const times = toNumbers(lengths);
  for (let b = 0; b < batch; b++)
    if (times[b]! > maxTime) throw new FailedPreconditionError(`sequence_length(${b}) <= ${maxTime}`);
  return { maxTime, batch, classes, times };
}

/** The parts of a sparse matrix that holds the sequences as rows. */
function sparseRows(rows: readonly (readonly number[])[]): [indices: NdArray, values: NdArray, shape: NdArray] {
  const places = rows.flatMap((row, b) => row.flatMap((_, i) => [b, i]));
  const values = rows.flat();
  const longest = rows.reduce((n, row) => Math.max(n, row.length), 0);
  return [
    integerArray(int64, places, [values.length, 2]),
    integerArray(int64, values),
    integerArray(int64, [rows.length, longest]),
  ];
}

/** The batch size by both inputs. */
function batchOf(inputs: Shape, lengths: Shape): number | null {
  return mergeDims(withRank(inputs, 3)[1]!, withRank(lengths, 1)[0]!);
}

/** The likeliest class at each time, blanks left out; log_probability [batch, 1] is minus the sum of those logits. */
export const ctcGreedyDecoderOp = defineOp("CTCGreedyDecoder", {
  inputs: ["inputs: T", "sequence_length: int32"],
  outputs: ["decoded_indices: int64", "decoded_values: int64", "decoded_shape: int64", "log_probability: T"],
  attrs: ["merge_repeated: bool = false", "blank_index: int = -1", "T: {float, double} = DT_FLOAT"],
  shape: ({ inputs, sequence_length }) => [[null, 2], [null], [2], [batchOf(inputs, sequence_length), 1]],
  compute({ inputs, sequence_length, merge_repeated, blank_index, T }) {
    const { batch, classes, times } = checked(inputs, sequence_length);
    const blank = blank_index < 0 ? blank_index + classes : blank_index;
    if (blank < 0 || blank >= classes)
      throw invalidArgument(`blank_index expected to be between ${-classes} and ${classes - 1} but was ${blank_index}`);
    const logits = toNumbers(inputs);
    const probability = emptyArray(T, [batch, 1]);
    const rows = Array.from({ length: batch }, (_, b) => {
      const row: number[] = [];
      let previous = -1;
      let sum = 0;
      for (let t = 0; t < times[b]!; t++) {
        const from = (t * batch + b) * classes;
        let best = 0;
        for (let c = 1; c < classes; c++) if (logits[from + c]! > logits[from + best]!) best = c;
        sum -= logits[from + best]!;
        if (best !== blank && !(merge_repeated && best === previous)) row.push(best);
        previous = best;
      }
      setElement(T, probability.data, b, sum);
      return row;
    });
    return [...sparseRows(rows), probability];
  },
  gradient: "none",
});

/** The most probable sequences by beam search: a sparse matrix for each of top_paths, and log_probability [batch, top_paths]. */
export const ctcBeamSearchDecoderOp = defineOp("CTCBeamSearchDecoder", {
  inputs: ["inputs: T", "sequence_length: int32"],
  outputs: [
    "decoded_indices: top_paths * int64",
    "decoded_values: top_paths * int64",
    "decoded_shape: top_paths * int64",
    "log_probability: T",
  ],
  attrs: [
    "beam_width: int >= 1",
    "top_paths: int >= 1",
    "merge_repeated: bool = true",
    "T: {float, double} = DT_FLOAT",
  ],
  shape({ inputs, sequence_length, top_paths }) {
    const repeat = (shape: Shape): Shape[] => new Array<Shape>(top_paths).fill(shape);
    return [...repeat([null, 2]), ...repeat([null]), ...repeat([2]), [batchOf(inputs, sequence_length), top_paths]];
  },
  compute({ inputs, sequence_length, beam_width, top_paths, merge_repeated, T }) {
    const { batch, classes, times } = checked(inputs, sequence_length);
    if (top_paths > beam_width) throw invalidArgument("requested more paths than the beam width.");
    const logits = toNumbers(inputs);
    const found = Array.from({ length: batch }, (_, b) => {
      const steps = Array.from({ length: times[b]! }, (_, t) =>
        Float64Array.from({ length: classes }, (_, c) => logits[(t * batch + b) * classes + c]!),
      );
      return beamSearch(steps, { width: beam_width, paths: top_paths, mergeRepeated: merge_repeated });
    });
    const short = found.find((paths) => paths.length < top_paths);
    if (short) throw invalidArgument(`Less leaves in the beam search than requested.`);
    const probability = emptyArray(T, [batch, top_paths]);
    for (const [b, paths] of found.entries()) {
      for (const [k, path] of paths.entries()) setElement(T, probability.data, b * top_paths + k, path.logProbability);
    }
    const parts = Array.from({ length: top_paths }, (_, k) => sparseRows(found.map((paths) => paths[k]!.labels)));
    return [0, 1, 2].flatMap((part) => parts.map((each) => each[part]!)).concat(probability);
  },
  gradient: "none",
});

export interface GreedyOptions {
  /** True if not given. */
  readonly mergeRepeated?: boolean;
  /** The last class if not given. */
  readonly blankIndex?: number | null;
}

const ctcGreedyDecoderPlaces = ["mergeRepeated", "blankIndex"] as const;

/** inputs [time, batch, classes]: the decoded sequences [batch, ...] as one sparse matrix, and minus the sum of the logits taken. */
export const ctcGreedyDecoder = byKeyword(
  ["inputs", "sequenceLength"],
  function ctcGreedyDecoder(
    inputs: TensorLike,
    sequenceLength: TensorLike,
    ...rest: Rest<GreedyOptions, typeof ctcGreedyDecoderPlaces>
  ): [decoded: SparseTensor[], negSumLogits: Tensor] {
    const options = byName<GreedyOptions>(rest, ctcGreedyDecoderPlaces);
    const { mergeRepeated = true, blankIndex } = options;
    const made = ctcGreedyDecoderOp({
      inputs,
      sequence_length: sequenceLength,
      merge_repeated: mergeRepeated,
      ...(blankIndex === null || blankIndex === undefined ? {} : { blank_index: blankIndex }),
    });
    const sparse = new SparseTensor({
      indices: made.decoded_indices,
      values: made.decoded_values,
      denseShape: made.decoded_shape,
    });
    return [[sparse], made.log_probability];
  },
);

export interface BeamOptions {
  readonly beamWidth?: number;
  readonly topPaths?: number;
  readonly mergeRepeated?: boolean;
}

const ctcBeamSearchDecoderPlaces = ["beamWidth", "topPaths", "mergeRepeated"] as const;

/** The topPaths best sequences, a sparse matrix each, and their log probabilities [batch, topPaths]. */
export const ctcBeamSearchDecoder = byKeyword(
  ["inputs", "sequenceLength"],
  function ctcBeamSearchDecoder(
    inputs: TensorLike,
    sequenceLength: TensorLike,
    ...rest: Rest<BeamOptions, typeof ctcBeamSearchDecoderPlaces>
  ): [decoded: SparseTensor[], logProbabilities: Tensor] {
    const options = byName<BeamOptions>(rest, ctcBeamSearchDecoderPlaces);
    const { beamWidth = 100, topPaths = 1, mergeRepeated = true } = options;
    const made = ctcBeamSearchDecoderOp({
      inputs,
      sequence_length: sequenceLength,
      beam_width: beamWidth,
      top_paths: topPaths,
      merge_repeated: mergeRepeated,
    });
    const decoded = made.decoded_indices.map(
      (indices, k) =>
        new SparseTensor({ indices, values: made.decoded_values[k]!, denseShape: made.decoded_shape[k]! }),
    );
    return [decoded, made.log_probability];
  },
);

type CtcBeamSearchDecoderV2Options = Omit<BeamOptions, "mergeRepeated">;
const ctcBeamSearchDecoderV2Places = ["beamWidth", "topPaths"] as const;

/** As ctcBeamSearchDecoder, repeated labels kept. */
export const ctcBeamSearchDecoderV2 = byKeyword(
  ["inputs", "sequenceLength"],
  function ctcBeamSearchDecoderV2(
    inputs: TensorLike,
    sequenceLength: TensorLike,
    ...rest: Rest<CtcBeamSearchDecoderV2Options, typeof ctcBeamSearchDecoderV2Places>
  ): [decoded: SparseTensor[], logProbabilities: Tensor] {
    const options = byName<CtcBeamSearchDecoderV2Options>(rest, ctcBeamSearchDecoderV2Places);
    return ctcBeamSearchDecoder(inputs, sequenceLength, { ...options, mergeRepeated: false });
  },
);
