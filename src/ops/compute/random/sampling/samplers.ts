/** Distributions over classes for candidate samplers. Source: range_sampler.cc, weighted_picker.cc, distribution_sampler.cc. */
import { invalidArgument } from "../../../../core/error.ts";
import type { SimpleRandom } from "../source.ts";

export interface RangeSampler {
  /** Classes are 0 to range - 1. */
  readonly range: number;
  sample(random: SimpleRandom): number;
  /** The probability that one draw is this class, a float32. */
  probability(value: number): number;
  /** Takes note of the true classes of a batch. */
  update?(values: readonly number[]): void;
}

/** All classes are equally likely. */
export const uniformSampler = (range: number): RangeSampler => ({
  range,
  sample: (random) => random.belowWide(range),
  probability: () => Math.fround(1 / range),
});

/** P(class) = (log(class + 2) - log(class + 1)) / log(range + 1): for classes in decreasing order of frequency. */
export function logUniformSampler(range: number): RangeSampler {
  const logRange = Math.log1p(range);
  return {
    range,
    sample: (random) => (Math.trunc(Math.exp(random.double() * logRange)) - 1) % range,
    probability: (value) => Math.fround(Math.log((value + 2) / (value + 1)) / logRange),
  };
}

/** Classes weigh one more than how often they have been true so far. */
export function unigramSampler(range: number): RangeSampler {
  const weights = new Int32Array(range).fill(1);
  let total = range;
  return {
    range,
    sample(random) {
      let position = random.below(total);
      let index = 0;
      while (position >= weights[index]!) position -= weights[index++]!;
      return index;
    },
    probability: (value) => Math.fround(weights[value]! / total),
    update(values) {
      for (const value of values) {
        weights[value] = weights[value]! + 1;
        total++;
      }
    },
  };
}

export interface FixedUnigrams {
  readonly range: number;
  /** Weights of the classes after the reserved ones, before the distortion. */
  readonly unigrams: readonly number[];
  readonly distortion: number;
  readonly reserved: number;
  readonly shards: number;
  readonly shard: number;
}

/** Classes weigh count ** distortion; of several shards each has every n-th class. */
export function fixedUnigramSampler({
  range,
  unigrams,
  distortion,
  reserved,
  shards,
  shard,
}: FixedUnigrams): RangeSampler {
  const weights: number[] = [];
  for (let id = 0; id < reserved; id++) if (id % shards === shard) weights.push(0);
  let total = 0;
  let id = weights.length;
  for (const unigram of unigrams) {
    const weight = Math.fround(distortion === 1 ? unigram : unigram ** distortion);
    if (id % shards === shard) {
      total = Math.fround(total + weight);
      weights.push(weight);
    }
    id++;
  }
  if (weights.length !== range)
    throw invalidArgument(`range is ${range} must be equal to weights size  ${weights.length}`);
  const pick = aliasMethod(weights);
  return {
    range,
    sample: pick,
    probability: (value) => (value < 0 || value >= weights.length ? 0 : Math.fround(weights[value]! / total)),
  };
}

/** Walker's method: each class shares its bucket with at most one other. */
function aliasMethod(weights: readonly number[]): (random: SimpleRandom) => number {
  const n = weights.length;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const share = Float64Array.from(weights, (weight) => (weight * n) / sum);
  const other = new Int32Array(n).fill(-1);
  const [high, low]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) (share[i]! < 1 ? low : high).push(i);
  while (high.length && low.length) {
    const l = low.pop()!;
    const h = high.pop()!;
    other[l] = h;
    share[h] = share[h]! - (1 - share[l]!);
    (share[h]! < 1 ? low : high).push(h);
  }
  for (const i of [...high, ...low]) {
    share[i] = 1;
    other[i] = i;
  }
  const limits = Float32Array.from(share);
  return (random) => {
    const r = random.float();
    const i = random.below(n);
    return r < limits[i]! ? i : other[i]!;
  };
}

export interface Batch {
  readonly sampled: readonly number[];
  /** How many draws of distinct classes took. */
  readonly tries: number;
}

/** `count` classes, distinct ones with `unique`. */
export function drawBatch(sampler: RangeSampler, random: SimpleRandom, count: number, unique: boolean): Batch {
  const sampled: number[] = [];
  if (!unique) {
    for (let i = 0; i < count; i++) sampled.push(sampler.sample(random));
    return { sampled, tries: count };
  }
  const used = new Set<number>();
  let tries = 0;
  while (sampled.length < count) {
    tries++;
    const value = sampler.sample(random);
    if (used.has(value)) continue;
    used.add(value);
    sampled.push(value);
  }
  return { sampled, tries };
}

/** How often a class of probability p is expected among `count` samples that took `tries` draws. */
export const expectedCount = (p: number, count: number, tries: number): number =>
  tries === count ? p * count : -Math.expm1(tries * Math.log1p(-p));
