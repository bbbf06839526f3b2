/**
 * Random numbers of datasets: Philox words one by one, and generators of seeds, from which each iterator takes a pair of its own.
 * Source: random_seed_ops.cc, tf_data's seed generators; SingleSampleAdapter in random_distributions.h
 */
import { philoxState, wordSource } from "../../../../core/philox.ts";

export type Seed = bigint;

/** Two zero seeds stand for any. */
export function seedsOf(seed: Seed, seed2: Seed): readonly [Seed, Seed] {
  if (seed !== 0n || seed2 !== 0n) return [seed, seed2];
  const words = crypto.getRandomValues(new Uint32Array(2));
  return [BigInt(words[0]!), BigInt(words[1]!)];
}

/** 32-bit words in the order of a generator with these seeds. */
export const wordsOf = (seed: Seed, seed2: Seed): (() => number) => wordSource(philoxState(seed, seed2));

/** Pairs of seeds for iterators: new ones each time, or the same ones. */
export class SeedGenerator {
  readonly seed: Seed;
  readonly seed2: Seed;
  readonly reshuffles: boolean;
  readonly #words: () => number;

  constructor(seed: Seed, seed2: Seed, reshuffles: boolean) {
    [this.seed, this.seed2] = seedsOf(seed, seed2);
    this.reshuffles = reshuffles;
    this.#words = wordsOf(this.seed, this.seed2);
  }

  next(): readonly [Seed, Seed] {
    return this.reshuffles ? [BigInt(this.#words()), BigInt(this.#words())] : [this.seed, this.seed2];
  }
}
