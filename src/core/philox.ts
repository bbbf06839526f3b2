/**
 * Philox 4x32-10: a function from a 128-bit counter and a 64-bit key to four 32-bit words, counted up by one for every such block.
 *     key      = seed                         (low word first)
 *     counter  = [ blocks used : 64 bits | seed2 : 64 bits ]
 * and TensorFlow's ways from words to numbers. Same seeds, same numbers as TensorFlow's CPU kernels.
 * Source: tensorflow/core/lib/random/philox_random.h, random_distributions.h, tensorflow/core/kernels/random_op_cpu.h
 */
import { numberToBfloat16, numberToHalf } from "./nd_array.ts";

/** Unsigned 32-bit words, `counter0` the lowest. The functions here count it up in place. */
export interface PhiloxState {
  key0: number;
  key1: number;
  counter0: number;
  counter1: number;
  counter2: number;
  counter3: number;
}

const lowWord = (x: bigint): number => Number(BigInt.asUintN(32, x));
const highWord = (x: bigint): number => Number(BigInt.asUintN(32, x >> 32n));

/** The start of a random op with these seed attributes. */
export function philoxState(seed: number | bigint, seed2: number | bigint): PhiloxState {
  const [a, b] = [BigInt(seed), BigInt(seed2)];
  return { key0: lowWord(a), key1: highWord(a), counter0: 0, counter1: 0, counter2: lowWord(b), counter3: highWord(b) };
}

/** The start from a key and a counter given as 64-bit numbers (low half of the counter first), as the ops of version 2 take them. */
export function philoxStateOf(key: bigint, counterLow: bigint, counterHigh: bigint): PhiloxState {
  return {
    key0: lowWord(key),
    key1: highWord(key),
    counter0: lowWord(counterLow),
    counter1: highWord(counterLow),
    counter2: lowWord(counterHigh),
    counter3: highWord(counterHigh),
  };
}

/** The start of a stateless op with these two seeds, which one block of Philox scrambles. Source: stateless_random_ops.cc, GenerateKey */
export function statelessState(seed0: number | bigint, seed1: number | bigint): PhiloxState {
  const [a, b] = [BigInt(seed0), BigInt(seed1)];
  const mixed = new Uint32Array(4);
  nextBlock({ ...philoxStateOf(0n, a, b), key0: 0x3ec8f720, key1: 0x02461e29 }, mixed);
  return { key0: mixed[0]!, key1: mixed[1]!, counter0: 0, counter1: 0, counter2: mixed[2]!, counter3: mixed[3]! };
}

/** The high 32 bits of a * b for unsigned words, in pieces that doubles hold. */
function highProduct(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor(middle / 0x10000) + ((middle & 0xffff) + a0 * b1) / 0x10000) >>> 0;
}

/** Writes the four words of this counter and counts up by one. */
export function nextBlock(state: PhiloxState, out: Uint32Array): void {
  let { key0, key1, counter0: c0, counter1: c1, counter2: c2, counter3: c3 } = state;
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(0xd2511f53, c0);
    const high0 = highProduct(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    const high1 = highProduct(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0 >>> 0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  state.counter0 = (state.counter0 + 1) >>> 0;
  if (state.counter0 !== 0) return;
  state.counter1 = (state.counter1 + 1) >>> 0;
  if (state.counter1 !== 0) return;
  state.counter2 = (state.counter2 + 1) >>> 0;
  if (state.counter2 === 0) state.counter3 = (state.counter3 + 1) >>> 0;
}

/** Counts up by this many blocks. */
export function skipBlocks(state: PhiloxState, blocks: number | bigint): void {
  const words = [state.counter3, state.counter2, state.counter1, state.counter0];
  const sum = words.reduce((total, word) => (total << 32n) | BigInt(word), 0n) + BigInt(blocks);
  state.counter0 = lowWord(sum);
  state.counter1 = highWord(sum);
  state.counter2 = lowWord(sum >> 64n);
  state.counter3 = highWord(sum >> 64n);
}

/** What one run of a stateful op may use for `outputs` elements: a copy to fill from, while the op's own state moves on by 256 blocks each. */
export function reserve(state: PhiloxState, outputs: number): PhiloxState {
  const mine = { ...state };
  skipBlocks(state, 256n * BigInt(outputs));
  return mine;
}

const bits = new DataView(new ArrayBuffer(8));

/** 23 bits as the fraction of a float32 in [1, 2), less 1. */
function uniform32(word: number): number {
  bits.setUint32(0, 0x3f800000 | (word & 0x7fffff));
  return bits.getFloat32(0) - 1;
}

/** 20 bits of one word and 32 of the next as the fraction of a double in [1, 2), less 1. */
function uniform64(high: number, low: number): number {
  bits.setUint32(0, 0x3ff00000 | (high & 0xfffff));
  bits.setUint32(4, low);
  return bits.getFloat64(0) - 1;
}

const block = new Uint32Array(4);

/** Calls `take` for each output with the words of its block and where its own begin; `wordsEach` is 1 or 2. */
function forEachOutput(
  state: PhiloxState,
  count: number,
  wordsEach: number,
  take: (i: number, word: number) => void,
): void {
  for (let i = 0; i < count; ) {
    nextBlock(state, block);
    for (let word = 0; word < 4 && i < count; word += wordsEach) take(i++, word);
  }
}

/** Uniform in [0, 1), multiples of 2^-23. */
export function fillUniformFloat32(state: PhiloxState, out: Float32Array): void {
  forEachOutput(state, out.length, 1, (i, w) => {
    out[i] = uniform32(block[w]!);
  });
}

/** Uniform in [0, 1), multiples of 2^-52. */
export function fillUniformFloat64(state: PhiloxState, out: Float64Array): void {
  forEachOutput(state, out.length, 2, (i, w) => {
    out[i] = uniform64(block[w]!, block[w + 1]!);
  });
}

/** Bits of float16, uniform in [0, 1), multiples of 2^-10. */
export function fillUniformHalf(state: PhiloxState, out: Uint16Array): void {
  forEachOutput(state, out.length, 1, (i, w) => {
    out[i] = numberToHalf((block[w]! & 0x3ff) / 1024);
  });
}

/** Bits of bfloat16, uniform in [0, 1), multiples of 2^-7. */
export function fillUniformBfloat16(state: PhiloxState, out: Uint16Array): void {
  forEachOutput(state, out.length, 1, (i, w) => {
    out[i] = numberToBfloat16((block[w]! & 0x7f) / 128);
  });
}

/** min + word mod (max - min), for min < max. */
export function fillUniformInt32(state: PhiloxState, out: Int32Array | Uint32Array, min: number, max: number): void {
  const range = (max - min) >>> 0;
  forEachOutput(state, out.length, 1, (i, w) => {
    out[i] = min + (block[w]! % range);
  });
}

/** min + (two words, low first) mod (max - min), for min < max. */
export function fillUniformInt64(
  state: PhiloxState,
  out: BigInt64Array | BigUint64Array,
  min: bigint,
  max: bigint,
): void {
  const range = BigInt.asUintN(64, max - min);
  forEachOutput(state, out.length, 2, (i, w) => {
    out[i] = min + (wide(w) % range);
  });
}

const wide = (word: number): bigint => BigInt(block[word]!) | (BigInt(block[word + 1]!) << 32n);

/** All 32 bits of each word. */
export function fillBits32(state: PhiloxState, out: Int32Array | Uint32Array): void {
  forEachOutput(state, out.length, 1, (i, w) => {
    out[i] = block[w]!;
  });
}

/** All 64 bits of two words, low first. */
export function fillBits64(state: PhiloxState, out: BigInt64Array | BigUint64Array): void {
  forEachOutput(state, out.length, 2, (i, w) => {
    out[i] = wide(w);
  });
}

const smallest32 = Math.fround(1e-7);
const pair: [number, number] = [0, 0];

/** Box-Muller in float32: two words to two normals, (sin, cos) times sqrt(-2 ln u1). */
function normals32(word0: number, word1: number): void {
  const u1 = Math.max(uniform32(word0), smallest32);
  const angle = Math.fround(2 * Math.PI * uniform32(word1)); // a product of doubles, rounded once
  const r = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(u1)))));
  pair[0] = Math.fround(Math.fround(Math.sin(angle)) * r);
  pair[1] = Math.fround(Math.fround(Math.cos(angle)) * r);
}

/** Box-Muller in doubles: the four words of a block to two normals. */
function normals64(): void {
  const u1 = Math.max(uniform64(block[0]!, block[1]!), 1e-7);
  const angle = 2 * Math.PI * uniform64(block[2]!, block[3]!);
  const r = Math.sqrt(-2 * Math.log(u1));
  pair[0] = Math.sin(angle) * r;
  pair[1] = Math.cos(angle) * r;
}

function fillNormals(state: PhiloxState, count: number, put: (i: number, value: number) => void): void {
  forEachOutput(state, count, 1, (i, w) => {
    if (w % 2 === 0) normals32(block[w]!, block[w + 1]!);
    put(i, pair[w % 2]!);
  });
}

/** Standard normals. */
export function fillNormalFloat32(state: PhiloxState, out: Float32Array): void {
  fillNormals(state, out.length, (i, value) => {
    out[i] = value;
  });
}

/** Standard normals in doubles. */
export function fillNormalFloat64(state: PhiloxState, out: Float64Array): void {
  forEachOutput(state, out.length, 2, (i, w) => {
    if (w === 0) normals64();
    out[i] = pair[w >> 1]!;
  });
}

/** Bits of float16: the float32 normals, rounded. */
export function fillNormalHalf(state: PhiloxState, out: Uint16Array): void {
  fillNormals(state, out.length, (i, value) => {
    out[i] = numberToHalf(value);
  });
}

/** Bits of bfloat16: the float32 normals, rounded. */
export function fillNormalBfloat16(state: PhiloxState, out: Uint16Array): void {
  fillNormals(state, out.length, (i, value) => {
    out[i] = numberToBfloat16(value);
  });
}

/** Groups of `group` outputs start 64 * group blocks apart, and take the normals nearer to 0 than 2 in their order. */
function fillTruncated(state: PhiloxState, count: number, group: 2 | 4, put: (i: number, value: number) => void): void {
  for (let i = 0; i < count; i += group) {
    const mine = { ...state };
    skipBlocks(state, 64 * group);
    const end = Math.min(i + group, count);
    const accept = (at: number): number => {
      let next = at;
      for (const value of pair) if (Math.abs(value) < 2 && next < end) put(next++, value);
      return next;
    };
    for (let at = i; at < end; ) {
      nextBlock(mine, block);
      if (group === 2) normals64();
      else normals32(block[0]!, block[1]!);
      at = accept(at);
      if (group === 2 || at >= end) continue;
      normals32(block[2]!, block[3]!);
      at = accept(at);
    }
  }
}

/** Standard normals without those 2 and more away from 0. */
export function fillTruncatedNormalFloat32(state: PhiloxState, out: Float32Array): void {
  fillTruncated(state, out.length, 4, (i, value) => {
    out[i] = value;
  });
}

export function fillTruncatedNormalFloat64(state: PhiloxState, out: Float64Array): void {
  fillTruncated(state, out.length, 2, (i, value) => {
    out[i] = value;
  });
}

export function fillTruncatedNormalHalf(state: PhiloxState, out: Uint16Array): void {
  fillTruncated(state, out.length, 4, (i, value) => {
    out[i] = numberToHalf(value);
  });
}

export function fillTruncatedNormalBfloat16(state: PhiloxState, out: Uint16Array): void {
  fillTruncated(state, out.length, 4, (i, value) => {
    out[i] = numberToBfloat16(value);
  });
}

/** A generator of single words, block after block. */
export function wordSource(state: PhiloxState): () => number {
  const words = new Uint32Array(4);
  let next = 4;
  return () => {
    if (next === 4) {
      nextBlock(state, words);
      next = 0;
    }
    return words[next++]!;
  };
}

/** The order in which RandomShuffle puts n rows: row i of the result is row order[i]. The state moves on by ceil((n - 1) / 4) blocks. */
export function shuffle(state: PhiloxState, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const next = wordSource(state);
  for (let i = 0; i < n - 1; i++) {
    const j = i + (next() % (n - i));
    const other = order[j]!;
    order[j] = order[i]!;
    order[i] = other;
  }
  return order;
}
