/** Candidate samplers: classes to compare the true ones with. Source: candidate_sampling_ops.cc, candidate_sampler_ops.cc, candidate_sampling_ops.py. */

import { int32, int64 } from "../../../../core/dtype.ts";
import { invalidArgument, ValueError } from "../../../../core/error.ts";
import { mergeDims, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { integerArray, toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";
import { seedAttrs } from "../shape.ts";
import {
  attrsOf,
  type CandidateOptions,
  type Candidates,
  candidatesOf,
  checkTrue,
  counts,
  floats,
  outputs,
  type RangedOptions,
  sample,
  seeds,
  shapes,
} from "./batch.ts";
import { logUniformSampler, type RangeSampler, uniformSampler, unigramSampler } from "./samplers.ts";

const ranged = (type: string, make: (range: number) => RangeSampler) =>
  defineOp(type, {
    inputs: ["true_classes: int64"],
    outputs,
    attrs: [...counts, "range_max: int >= 1", ...seeds],
    stateful: true,
    shape: (op) => shapes(op.true_classes, op),
    compute: (op, context) =>
      sample(
        context.nodeState(() => make(op.range_max)),
        op.true_classes,
        op,
        context,
      ),
    gradient: "unregistered",
  });

/** Classes from a uniform distribution. */
export const uniformCandidateSamplerOp = ranged("UniformCandidateSampler", uniformSampler);
/** Classes from a log-uniform (Zipf) distribution. */
export const logUniformCandidateSamplerOp = ranged("LogUniformCandidateSampler", logUniformSampler);
/** Classes by how often they have been true so far. */
export const learnedUnigramCandidateSamplerOp = ranged("LearnedUnigramCandidateSampler", unigramSampler);
export const threadUnsafeUnigramCandidateSamplerOp = ranged("ThreadUnsafeUnigramCandidateSampler", unigramSampler);

/** All classes, for tests: the expected counts are 1. */
export const allCandidateSamplerOp = defineOp("AllCandidateSampler", {
  inputs: ["true_classes: int64"],
  outputs,
  attrs: [...counts, ...seeds],
  stateful: true,
  shape: (op) => shapes(op.true_classes, op),
  compute(op) {
    const classes = op.true_classes;
    checkTrue(classes, op, op.num_sampled);
    const all = Array.from({ length: op.num_sampled }, (_, i) => i);
    const ones = (n: number): number[] => new Array<number>(n).fill(1);
    return [
      integerArray(int64, all),
      floats(ones(classes.size), classes.shape),
      floats(ones(all.length), [all.length]),
    ];
  },
  gradient: "unregistered",
});

/** Where sampled candidates are true ones: row, position among the samples, and the weight that takes them out (the lowest float32). */
export const computeAccidentalHitsOp = defineOp("ComputeAccidentalHits", {
  inputs: ["true_classes: int64", "sampled_candidates: int64"],
  outputs: ["indices: int32", "ids: int64", "weights: float"],
  attrs: ["num_true: int", ...seeds],
  shape({ true_classes, sampled_candidates, num_true }) {
    mergeDims(withRank(true_classes, 2)[1]!, num_true);
    withRank(sampled_candidates, 1);
    return [[null], [null], [null]];
  },
  compute({ true_classes, sampled_candidates, num_true }) {
    if (true_classes.shape.length !== 2 || true_classes.shape[1] !== num_true) {
      throw invalidArgument("true_candidates must be a batch_size * num_true matrix");
    }
    if (sampled_candidates.shape.length !== 1)
      throw invalidArgument("sampled_candidates must be a vector, which is typically an output from CandidateSampler");
    const places = new Map(Array.from(toNumbers(sampled_candidates), (value, i) => [value, i]));
    const hits = Array.from(toNumbers(true_classes)).flatMap((value, i) => {
      const at = places.get(value);
      return at === undefined ? [] : [[Math.floor(i / num_true), at] as const];
    });
    return [
      integerArray(
        int32,
        hits.map(([row]) => row),
      ),
      integerArray(
        int64,
        hits.map(([, at]) => at),
      ),
      floats(
        hits.map(() => -3.4028234663852886e38),
        [hits.length],
      ),
    ];
  },
  gradient: "unregistered",
});

const rangedPlaces = ["numTrue", "numSampled", "unique", "rangeMax", "seed", "name"] as const;
type RangedRest = Rest<RangedOptions, typeof rangedPlaces>;
type RangedBuilder = typeof uniformCandidateSamplerOp;

const rangedFunction =
  (build: RangedBuilder) =>
  (trueClasses: TensorLike, ...rest: RangedRest): Candidates => {
    const options = byName<RangedOptions>(rest, rangedPlaces);
    const attrs = { ...attrsOf(options), range_max: options.rangeMax, ...seedAttrs(options.seed) };
    return candidatesOf(build({ true_classes: trueClasses, ...attrs }, options.name));
  };

/** Classes below rangeMax from a uniform distribution, for trueClasses [rows, numTrue]. */
export const uniformCandidateSampler = rangedFunction(uniformCandidateSamplerOp);

/** Classes below rangeMax from a log-uniform distribution, for trueClasses [rows, numTrue]. */
export const logUniformCandidateSampler = rangedFunction(logUniformCandidateSamplerOp);

/** Classes below rangeMax by how often they have been true so far. Throws ValueError beyond 2^31 - 1. */
export function learnedUnigramCandidateSampler(trueClasses: TensorLike, ...rest: RangedRest): Candidates {
  const options = byName<RangedOptions>(rest, rangedPlaces);
  if (options.rangeMax > 2 ** 31 - 1)
    throw new ValueError(`Value of range_max:${options.rangeMax} is too large to handle`);
  return rangedFunction(learnedUnigramCandidateSamplerOp)(trueClasses, options);
}

const allPlaces = ["numTrue", "numSampled", "unique", "seed", "name"] as const;

/** All classes below numSampled. */
export function allCandidateSampler(
  trueClasses: TensorLike,
  ...rest: Rest<CandidateOptions, typeof allPlaces>
): Candidates {
  const options = byName<CandidateOptions>(rest, allPlaces);
  return candidatesOf(
    allCandidateSamplerOp({ true_classes: trueClasses, ...attrsOf(options), ...seedAttrs(options.seed) }, options.name),
  );
}

/** Rows and positions where sampled candidates are true classes, and weights that take them out. */
export const computeAccidentalHits = byKeyword(
  ["trueClasses", "sampledCandidates", "numTrue"],
  function computeAccidentalHits(
    trueClasses: TensorLike,
    sampledCandidates: TensorLike,
    numTrue: number,
    options: { readonly seed?: number | bigint | null } & Named = {},
  ): { indices: Tensor; ids: Tensor; weights: Tensor } {
    return computeAccidentalHitsOp(
      {
        true_classes: trueClasses,
        sampled_candidates: sampledCandidates,
        num_true: numTrue,
        ...seedAttrs(options.seed),
      },
      options.name,
    );
  },
);
