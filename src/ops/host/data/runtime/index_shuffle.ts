/**
 * A permutation of 0 … max that needs no memory: the Simon cipher on words of half the bits, again and again until the result is in range.
 * Source: random_index_shuffle.cc; Beaulieu et al., "The SIMON and SPECK families of lightweight block ciphers", 2013.
 */

const leastBits = 16;
const constant = 0xfffffffcn;
const sequence = 0x7369f885192c0ef5n;

/** Rotations and the round function on words of this many bits. */
function wordsOf(bits: number) {
  const mask = (1n << BigInt(bits)) - 1n;
  const left = (x: bigint, r: number): bigint => ((x << BigInt(r)) | (x >> BigInt(bits - r))) & mask;
  const right = (x: bigint, r: number): bigint => ((x >> BigInt(r)) | (x << BigInt(bits - r))) & mask;
  return { mask, right, mix: (x: bigint): bigint => (left(x, 1) & left(x, 8)) ^ left(x, 2) };
}

function roundKeys(key: readonly bigint[], rounds: number, { mask, right }: ReturnType<typeof wordsOf>): bigint[] {
  const keys = key.map((part) => part & mask);
  for (let i = 3; i < rounds; i++) {
    const bit = (sequence >> BigInt(i - 3)) & 1n;
    keys.push((constant & mask) ^ bit ^ keys[i - 3]! ^ right(keys[i - 1]!, 3) ^ right(keys[i - 1]!, 4));
  }
  return keys;
}

/** The permutation of 0 … max for a key of three 32-bit numbers and an even number of rounds. */
export function indexShuffle(key: readonly bigint[], max: bigint, rounds: number): (index: bigint) => bigint {
  if (max === 0n) return () => 0n;
  const needed = (max - 1n).toString(2).length * (max > 1n ? 1 : 0);
  const bits = Math.max(needed + (needed % 2), leastBits) / 2;
  const words = wordsOf(bits);
  const keys = roundKeys(key, rounds, words);
  const shift = BigInt(bits);
  const encrypt = (value: bigint): bigint => {
    let high = value >> shift;
    let low = value & words.mask;
    for (let i = 0; i < keys.length; i += 2) {
      high ^= words.mix(low) ^ keys[i]!;
      low ^= words.mix(high) ^ keys[i + 1]!;
    }
    return (high << shift) | low;
  };
  return (index) => {
    let place = encrypt(index);
    while (place > max) place = encrypt(place);
    return place;
  };
}
