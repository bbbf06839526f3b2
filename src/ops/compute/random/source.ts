/** Where the ops that draw number by number take them from. Source: guarded_philox_random.h, simple_philox.h, random_op.cc. */
import type { PhiloxState } from "../../../core/philox.ts";
import * as philox from "../../../core/philox.ts";
import type { ComputeContext } from "../../../graph/definition.ts";

const load = (words: Uint32Array): PhiloxState => ({
  key0: words[0]!,
  key1: words[1]!,
  counter0: words[2]!,
  counter1: words[3]!,
  counter2: words[4]!,
  counter3: words[5]!,
});

/** The state for one run of the op, which uses at most `blocks` blocks of four words; the op's own moves on by as many. */
export function takeBlocks(context: ComputeContext, blocks: number | bigint): PhiloxState {
  const words = context.randomWords();
  const state = load(words);
  const mine = { ...state };
  philox.skipBlocks(state, blocks);
  words.set([state.key0, state.key1, state.counter0, state.counter1, state.counter2, state.counter3]);
  return mine;
}

/** What ReserveRandomOutputs keeps for each output: 256 blocks. */
export const blocksPerOutput = 256;

/** The state from which output `index` of an op draws, when each output has its own part. */
export function stateOfOutput(state: PhiloxState, index: number, blocks: number = blocksPerOutput): PhiloxState {
  const mine = { ...state };
  philox.skipBlocks(mine, BigInt(blocks) * BigInt(index));
  return mine;
}

const doubles = new Float64Array(2);

/** Doubles from blocks of two, the second one first, as the kernels take them. */
export function doubleSource(state: PhiloxState, fill: (state: PhiloxState, out: Float64Array) => void): () => number {
  let left = 0;
  const pair = new Float64Array(2);
  return () => {
    if (left === 0) {
      fill(state, doubles);
      pair.set(doubles);
      left = 2;
    }
    return pair[--left]!;
  };
}

/** Uniform doubles in [0, 1). */
export const uniformSource = (state: PhiloxState): (() => number) => doubleSource(state, philox.fillUniformFloat64);

/** Normal doubles. */
export const normalSource = (state: PhiloxState): (() => number) => doubleSource(state, philox.fillNormalFloat64);

/** Numbers drawn one after another from single words. */
export interface SimpleRandom {
  /** A double in [0, 1). */
  double(): number;
  /** A float32 in [0, 1). */
  float(): number;
  /** A whole number in [0, n), n < 2^32. */
  below(n: number): number;
  /** A whole number in [0, n), n < 2^53. */
  belowWide(n: number): number;
}

const bits = new DataView(new ArrayBuffer(8));

export function simpleRandom(state: PhiloxState): SimpleRandom {
  const next = philox.wordSource(state);
  const wide = (): bigint => {
    const low = BigInt(next());
    return low | (BigInt(next()) << 32n);
  };
  return {
    double() {
      bits.setUint32(0, 0x3ff00000 | (next() & 0xfffff));
      bits.setUint32(4, next());
      return bits.getFloat64(0) - 1;
    },
    float() {
      bits.setUint32(0, 0x3f800000 | (next() & 0x7fffff));
      return bits.getFloat32(0) - 1;
    },
    below: (n) => Number(exact(BigInt(n), 32n, () => BigInt(next()))),
    belowWide: (n) => Number(exact(BigInt(n), 64n, wide)),
  };
}

/** Source: exact_uniform_int.h: numbers that would favour the low ones are drawn again. */
function exact(n: bigint, width: bigint, random: () => bigint): bigint {
  if (n === 0n) return random() * 0n;
  if ((n & (n - 1n)) === 0n) return random() & (n - 1n);
  const rest = (((1n << width) - 1n) % n) + 1n;
  for (;;) {
    const drawn = random();
    if (drawn >= rest) return drawn % n;
  }
}
