/** The candidate sampler whose weights may come from a file. Source: candidate_sampling_ops.cc, range_sampler.cc, candidate_sampling_ops.py. */

import { invalidArgument } from "../../core/error.ts";
import { readTextFile } from "../../io/text_file.ts";
import {
  attrsOf,
  type Candidates,
  candidatesOf,
  counts,
  outputs,
  type RangedOptions,
  sample,
  seeds,
  shapes,
} from "../compute/random/sampling/batch.ts";
import { fixedUnigramSampler } from "../compute/random/sampling/samplers.ts";
import { seedAttrs } from "../compute/random/shape.ts";
import type { TensorLike } from "../convert.ts";
import { defineOp } from "../define.ts";
import { byName, type Rest } from "../options.ts";

/** The last column of each line of a vocabulary file. */
const weightsOf = (path: string): number[] =>
  readTextFile(path)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(line.split(",").at(-1)));

/** Classes by given weights, from a file or an attr. */
export const fixedUnigramCandidateSamplerOp = defineOp("FixedUnigramCandidateSampler", {
  inputs: ["true_classes: int64"],
  outputs,
  attrs: [
    ...counts,
    "range_max: int >= 1",
    "vocab_file: string = ''",
    "distortion: float = 1.0",
    "num_reserved_ids: int = 0",
    "num_shards: int >= 1 = 1",
    "shard: int >= 0 = 0",
    "unigrams: list(float) = []",
    ...seeds,
  ],
  stateful: true,
  shape: (op) => shapes(op.true_classes, op),
  access: "input",
  compute(op, context) {
    const sampler = context.nodeState(() => {
      if (op.vocab_file === "" && op.unigrams.length === 0)
        throw invalidArgument("Must provide either vocab_file or unigrams.");
      if (op.vocab_file !== "" && op.unigrams.length)
        throw invalidArgument("Must only provide one of vocab_file and unigrams.");
      if (op.vocab_file !== "") context.permit(op.vocab_file);
      return fixedUnigramSampler({
        range: op.range_max,
        unigrams: op.vocab_file === "" ? op.unigrams.map(Math.fround) : weightsOf(op.vocab_file),
        distortion: Math.fround(op.distortion),
        reserved: op.num_reserved_ids,
        shards: op.num_shards,
        shard: op.shard,
      });
    });
    return sample(sampler, op.true_classes, op, context);
  },
  gradient: "unregistered",
});

export interface FixedUnigramOptions extends RangedOptions {
  readonly vocabFile?: string;
  readonly distortion?: number;
  readonly numReservedIds?: number;
  readonly numShards?: number;
  readonly shard?: number;
  readonly unigrams?: readonly number[];
}

const fixedUnigramCandidateSamplerPlaces = [
  "numTrue",
  "numSampled",
  "unique",
  "rangeMax",
  "vocabFile",
  "distortion",
  "numReservedIds",
  "numShards",
  "shard",
  "unigrams",
  "seed",
  "name",
] as const;

/** Classes below rangeMax by the weights in a file or a list. */
export function fixedUnigramCandidateSampler(
  trueClasses: TensorLike,
  ...rest: Rest<FixedUnigramOptions, typeof fixedUnigramCandidateSamplerPlaces>
): Candidates {
  const options = byName<FixedUnigramOptions>(rest, fixedUnigramCandidateSamplerPlaces);
  const {
    vocabFile = "",
    distortion = 1,
    numReservedIds = 0,
    numShards = 1,
    shard = 0,
    unigrams = [],
    rangeMax,
  } = options;
  const made = fixedUnigramCandidateSamplerOp(
    {
      true_classes: trueClasses,
      ...attrsOf(options),
      range_max: rangeMax,
      vocab_file: vocabFile,
      distortion,
      num_reserved_ids: numReservedIds,
      num_shards: numShards,
      shard,
      unigrams,
      ...seedAttrs(options.seed),
    },
    options.name,
  );
  return candidatesOf(made);
}
