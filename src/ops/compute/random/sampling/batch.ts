/** What the candidate samplers share: signature, shapes, checks, and one batch. Source: candidate_sampling_ops.cc, candidate_sampler_ops.cc. */
import { float32, int64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { ComputeContext, InferredShapes } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { integerArray, toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";
import { simpleRandom, takeBlocks } from "../source.ts";
import { drawBatch, expectedCount, type RangeSampler } from "./samplers.ts";

export const outputs = [
  "sampled_candidates: int64",
  "true_expected_count: float",
  "sampled_expected_count: float",
] as const;
export const counts = ["num_true: int >= 1", "num_sampled: int >= 1", "unique: bool"] as const;
export const seeds = ["seed: int = 0", "seed2: int = 0"] as const;

interface Counts {
  readonly num_true: number;
  readonly num_sampled: number;
  readonly unique: boolean;
}

export function shapes(trueClasses: Shape, { num_true, num_sampled }: Counts): InferredShapes {
  const [rows, columns] = withRank(trueClasses, 2);
  mergeDims(columns!, num_true);
  return [[num_sampled], [rows!, num_true], [num_sampled]];
}

/** Throws unless true_classes is [rows, num_true] of classes below the range. */
export function checkTrue(classes: NdArray, { num_true }: Counts, range: number): readonly number[] {
  if (classes.shape.length !== 2) throw invalidArgument("true_classes must be a matrix");
  if (classes.shape[1] !== num_true) {
    throw invalidArgument(`true_classes must have num_true columns, expected: ${classes.shape[1]} was: ${num_true}`);
  }
  const values = Array.from(toNumbers(classes));
  const outside = values.find((value) => value < 0 || value >= range);
  if (outside !== undefined)
    throw invalidArgument(`\`true_candidate\` out of range [0, ${range}), received ${outside}`);
  return values;
}

export const floats = (values: readonly number[], shape: readonly number[]): NdArray =>
  new NdArray(float32, shape, Float32Array.from(values));

export function sample(sampler: RangeSampler, classes: NdArray, attrs: Counts, context: ComputeContext): NdArray[] {
  const { num_sampled: count, unique } = attrs;
  if (unique && count > sampler.range) throw invalidArgument("Sampler's range is too small.");
  const known = checkTrue(classes, attrs, sampler.range);
  // TensorFlow keeps 2048 words for each sample, in whole blocks of four.
  const random = simpleRandom(takeBlocks(context, Math.ceil((2048 * count) / 4)));
  const { sampled, tries } = drawBatch(sampler, random, count, unique);
  const expected = (value: number): number => expectedCount(sampler.probability(value), count, tries);
  const result = [
    integerArray(int64, sampled),
    floats(known.map(expected), classes.shape),
    floats(sampled.map(expected), [count]),
  ];
  sampler.update?.(known);
  return result;
}

export interface Candidates {
  readonly sampledCandidates: Tensor;
  readonly trueExpectedCount: Tensor;
  readonly sampledExpectedCount: Tensor;
}

export interface CandidateOptions extends Named {
  /** Columns of trueClasses. */
  readonly numTrue: number;
  readonly numSampled: number;
  readonly unique: boolean;
  readonly seed?: number | bigint | null;
}

export interface RangedOptions extends CandidateOptions {
  readonly rangeMax: number;
}

export const attrsOf = ({ numTrue, numSampled, unique }: CandidateOptions) => ({
  num_true: numTrue,
  num_sampled: numSampled,
  unique,
});

/** A sampler's outputs under the names of the public functions. */
export const candidatesOf = (made: {
  readonly sampled_candidates: Tensor;
  readonly true_expected_count: Tensor;
  readonly sampled_expected_count: Tensor;
}): Candidates => ({
  sampledCandidates: made.sampled_candidates,
  trueExpectedCount: made.true_expected_count,
  sampledExpectedCount: made.sampled_expected_count,
});
