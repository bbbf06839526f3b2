/** Shuffling by a buffer, and leaving out by chance; TensorFlow's order for given seeds. Source: shuffle_dataset_op.cc, sampling_dataset_op.cc */
import { invalidArgument } from "../../../../core/error.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { seedGeneratorOf } from "../option/shared.ts";
import { type DataIterator, type Dataset, type Element, infinite, type Runtime, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar, wholeOf } from "../runtime/element.ts";
import { again, pull } from "../runtime/pull.ts";
import { SeedGenerator, seedsOf, wordsOf } from "../runtime/random.ts";

/** The buffer holds elements of at most this many runs through the input beside the first. */
const runsInBuffer = 3;

/**
 * A ring of `size` elements. Elements of one run through the input lie together; one of the oldest run's is drawn, and the first of that
 * run takes its place.
 */
class ShuffleIterator implements DataIterator {
  readonly #input: Dataset;
  readonly #runtime: Runtime;
  readonly #size: number;
  readonly #count: number;
  readonly #seeds: SeedGenerator;
  #words: () => number;
  readonly #ring: (Element | undefined)[] = [];
  readonly #runs: { start: number; end: number }[] = [{ start: 0, end: 0 }];
  #current: DataIterator | null = null;
  #held = 0;
  #run = 0;
  /** Nothing has come from the input. */
  #isFresh = true;

  constructor(input: Dataset, runtime: Runtime, size: number, count: number, seeds: SeedGenerator) {
    this.#input = input;
    this.#runtime = runtime;
    this.#size = size;
    this.#count = count;
    this.#seeds = seeds;
    this.#words = wordsOf(...runtime.draw(seeds));
    if (count !== 0) this.#current = input.iterate(runtime);
  }

  next(): Maybe<Element | null> {
    while (this.#wantsMore) {
      const made = this.#current!.next();
      if (made instanceof Promise) return this.#fill(made);
      if (!this.#take(made)) return null;
    }
    return this.#draw();
  }

  async #fill(first: Promise<Element | null>): Promise<Element | null> {
    if (!this.#take(await first)) return null;
    while (this.#wantsMore) {
      const made = this.#current!.next();
      if (!this.#take(made instanceof Promise ? await made : made)) return null;
    }
    return this.#draw();
  }

  get #wantsMore(): boolean {
    return this.#current !== null && this.#held < this.#size && this.#runs.length <= runsInBuffer;
  }

  /** False when the input has nothing at all. */
  #take(element: Element | null): boolean {
    const last = this.#runs.at(-1)!;
    if (element !== null) {
      this.#isFresh = false;
      this.#ring[last.end % this.#size] = element;
      last.end++;
      this.#held++;
      return true;
    }
    this.#current!.close();
    this.#current = null;
    if (this.#isFresh && this.#count < 0) return false;
    this.#run++;
    if (this.#count >= 0 && this.#run >= this.#count) return true;
    this.#runs.push({ start: last.end, end: last.end });
    this.#current = this.#input.iterate(this.#runtime);
    return true;
  }

  #draw(): Element | null {
    if (this.#held === 0) return null;
    while (this.#runs[0]!.start === this.#runs[0]!.end) {
      this.#runs.shift();
      this.#words = wordsOf(...this.#runtime.draw(this.#seeds));
    }
    const run = this.#runs[0]!;
    const index = (run.start + (this.#words() % (run.end - run.start))) % this.#size;
    const first = run.start % this.#size;
    const element = this.#ring[index]!;
    this.#ring[index] = this.#ring[first];
    this.#ring[first] = undefined;
    run.start++;
    this.#held--;
    return element;
  }

  close(): void {
    this.#current?.close();
  }
}

interface Shuffled {
  readonly input_dataset: NdArray;
  readonly buffer_size: NdArray;
}

function shuffled(op: Shuffled, seeds: SeedGenerator, count = 1): Behaviour {
  const input = datasetOf(op.input_dataset);
  const size = scalar(op.buffer_size, "buffer_size");
  if (size <= 0 && size !== unknown)
    throw invalidArgument("buffer_size must be greater than zero or UNKNOWN_CARDINALITY");
  return {
    cardinality() {
      const n = input.cardinality();
      if (count < 0 || n === infinite) return n === 0 ? 0 : infinite;
      return n < 0 ? n : n * count;
    },
    iterate: (runtime) =>
      new ShuffleIterator(input, runtime, size === unknown ? Number.MAX_SAFE_INTEGER : size, count, seeds),
  };
}

const seedInputs = ["seed: int64", "seed2: int64"] as const;
const inputs = ["input_dataset: variant", "buffer_size: int64"] as const;
const reshuffles = "reshuffle_each_iteration: bool = true" as const;

export const shuffleDatasetOp = defineDataset("ShuffleDataset", {
  inputs: [...inputs, ...seedInputs],
  attrs: [reshuffles, ...typed, metadata],
  make: (op) => shuffled(op, new SeedGenerator(wholeOf(op.seed), wholeOf(op.seed2), op.reshuffle_each_iteration)),
});

export const shuffleDatasetV2Op = defineDataset("ShuffleDatasetV2", {
  inputs: [...inputs, "seed_generator: resource"],
  attrs: [...typed, metadata],
  stateful: true,
  make: (op, _, context) =>
    shuffled(op, seedGeneratorOf(context, op.seed_generator) ?? new SeedGenerator(0n, 0n, true)),
});

export const shuffleDatasetV3Op = defineDataset("ShuffleDatasetV3", {
  inputs: [...inputs, ...seedInputs, "seed_generator: resource"],
  attrs: [reshuffles, ...typed, metadata],
  stateful: true,
  make: (op, _, context) =>
    shuffled(
      op,
      seedGeneratorOf(context, op.seed_generator) ??
        new SeedGenerator(wholeOf(op.seed), wholeOf(op.seed2), op.reshuffle_each_iteration),
    ),
});

export const shuffleAndRepeatDatasetOp = defineDataset("ShuffleAndRepeatDataset", {
  inputs: [...inputs, ...seedInputs, "count: int64"],
  attrs: [...typed, reshuffles, metadata],
  make: (op) =>
    shuffled(
      op,
      new SeedGenerator(wholeOf(op.seed), wholeOf(op.seed2), op.reshuffle_each_iteration),
      scalar(op.count, "count"),
    ),
});

export const shuffleAndRepeatDatasetV2Op = defineDataset("ShuffleAndRepeatDatasetV2", {
  inputs: [...inputs, ...seedInputs, "count: int64", "seed_generator: resource"],
  attrs: [reshuffles, ...typed, metadata],
  stateful: true,
  make: (op, _, context) =>
    shuffled(
      op,
      seedGeneratorOf(context, op.seed_generator) ??
        new SeedGenerator(wholeOf(op.seed), wholeOf(op.seed2), op.reshuffle_each_iteration),
      scalar(op.count, "count"),
    ),
});

export const samplingDatasetOp = defineDataset("SamplingDataset", {
  inputs: ["input_dataset: variant", "rate: float", ...seedInputs],
  attrs: typed,
  make(op) {
    const input = datasetOf(op.input_dataset);
    const rate = scalar(op.rate, "rate");
    const seeds = seedsOf(wholeOf(op.seed), wholeOf(op.seed2));
    return {
      cardinality: () => unknown,
      iterate(runtime) {
        const inner = input.iterate(runtime);
        const words = wordsOf(...seeds);
        // A float32 in [0, 1) of 23 bits.
        const isKept = (): boolean => (words() & 0x7fffff) / 0x800000 < rate;
        return {
          next: () => pull<Element | null>(inner, (element) => (element === null || isKept() ? element : again)),
          close: () => inner.close(),
        };
      },
    };
  },
});
