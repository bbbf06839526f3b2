/** Where the cells of fractional pooling begin and end. Source: fractional_pool_common.cc; "Fractional Max-Pooling", Graham, 2014. */
import type { PhiloxState } from "../../../../core/philox.ts";
import * as philox from "../../../../core/philox.ts";
import { simpleRandom } from "../../random/source.ts";

/** A state for `words` words; the given one moves on behind them. */
function take(state: PhiloxState, words: number): PhiloxState {
  const mine = { ...state };
  philox.skipBlocks(state, Math.ceil(words / 4));
  return mine;
}

/** Cell sizes that follow from one random number. */
function pseudoRandomSizes(input: number, output: number, state: PhiloxState): number[] {
  const alpha = input / output;
  const k = Math.floor(alpha);
  const highest = Math.min((k + 2) / alpha - 1, (input + 1 - k) / alpha - (output - 1));
  const u = simpleRandom(take(state, 2)).double() * highest;
  const begins = Array.from({ length: output + 1 }, (_, i) => Math.ceil(alpha * (i + u)));
  begins[0] = 1;
  begins[output] = input + 1;
  return Array.from({ length: output }, (_, i) => begins[i + 1]! - begins[i]!);
}

/** Cells of two sizes, one apart, in random order. */
function shuffledSizes(input: number, output: number, state: PhiloxState): number[] {
  const size = Math.floor(input / output);
  const sizes = Array.from({ length: output }, (_, i) => (i < input % output ? size + 1 : size));
  const next = philox.wordSource(take(state, output));
  for (let i = 0; i < output - 1; i++) {
    const j = i + (next() % (output - i));
    [sizes[i], sizes[j]] = [sizes[j]!, sizes[i]!];
  }
  return sizes;
}

/** output + 1 places from 0 to input: cell i goes from place i to place i + 1. The state moves on. */
export function poolingSequence(input: number, output: number, state: PhiloxState, isPseudoRandom: boolean): number[] {
  let sizes: number[];
  if (input % output === 0) sizes = new Array<number>(output).fill(input / output);
  else sizes = isPseudoRandom ? pseudoRandomSizes(input, output, state) : shuffledSizes(input, output, state);
  const places = [0];
  for (const size of sizes) places.push(places.at(-1)! + size);
  return places;
}
