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

/** Where a generator of seeds is: what it began with, and how many pairs it gave. */
export interface SeedPlace {
  readonly seed: string;
  readonly seed2: string;
  readonly given: number;
}

/** Pairs of seeds for iterators: new ones each time, or the same ones. */
export class SeedGenerator {
  #seed: Seed;
  #seed2: Seed;
  readonly reshuffles: boolean;
  #given = 0;
  #words: () => number;

  constructor(seed: Seed, seed2: Seed, reshuffles: boolean) {
    [this.#seed, this.#seed2] = seedsOf(seed, seed2);
    this.reshuffles = reshuffles;
    this.#words = wordsOf(this.#seed, this.#seed2);
  }

  get seed(): Seed {
    return this.#seed;
  }

  get seed2(): Seed {
    return this.#seed2;
  }

  next(): readonly [Seed, Seed] {
    this.#given++;
    return this.reshuffles ? [BigInt(this.#words()), BigInt(this.#words())] : [this.#seed, this.#seed2];
  }

  get place(): SeedPlace {
    return { seed: String(this.#seed), seed2: String(this.#seed2), given: this.#given };
  }

  /** The pair that it gives at a place, from which it goes on. */
  nextAt({ seed, seed2, given }: SeedPlace): readonly [Seed, Seed] {
    const [first, second] = [BigInt(seed), BigInt(seed2)];
    if (first !== this.#seed || second !== this.#seed2 || this.#given > given) {
      [this.#seed, this.#seed2] = [first, second];
      this.#words = wordsOf(first, second);
      this.#given = 0;
    }
    while (this.#given < given) this.next();
    return this.next();
  }
}
