/** Huffman codes to write: the shortest ones for given counts, and bits packed as a JPEG scan has them. Source: ITU-T T.81, annex K.2; jchuff.c. */

import type { CodeLengths } from "./tables.ts";
import type { Token } from "./tokens.ts";

/** Takes one of the rarest symbols but `other`; the last one of several. */
function rarest(counts: Float64Array, other: number): number {
  let found = -1;
  for (let i = 0; i < counts.length; i++)
    if (counts[i]! > 0 && i !== other && (found < 0 || counts[i]! <= counts[found]!)) found = i;
  return found;
}

/** The best code of at most 16 bits for symbols that occur `frequencies[symbol]` times; no code has ones alone. */
export function bestCode(frequencies: ArrayLike<number>): CodeLengths {
  const counts = new Float64Array(257);
  for (let i = 0; i < 256; i++) counts[i] = frequencies[i]!;
  counts[256] = 1;
  const lengths = new Int32Array(257);
  const next = new Int32Array(257).fill(-1);
  for (;;) {
    const a = rarest(counts, -1);
    const b = rarest(counts, a);
    if (b < 0) break;
    counts[a] = counts[a]! + counts[b]!;
    counts[b] = 0;
    let end = a;
    for (lengths[end]!++; next[end]! >= 0; lengths[end]!++) end = next[end]!;
    next[end] = b;
    for (end = b; end >= 0; end = next[end]!) lengths[end]!++;
  }
  const bits = new Int32Array(258);
  for (const length of lengths) if (length > 0) bits[length]!++;
  for (let i = 257; i > 16; i--) {
    while (bits[i]! > 0) {
      let j = i - 2;
      while (bits[j] === 0) j--;
      bits[i]! -= 2;
      bits[i - 1]!++;
      bits[j + 1]! += 2;
      bits[j]!--;
    }
  }
  let longest = 16;
  while (bits[longest] === 0) longest--;
  bits[longest]!--;
  const symbols: number[] = [];
  for (let length = 1; length <= 257; length++)
    for (let symbol = 0; symbol < 256; symbol++) if (lengths[symbol] === length) symbols.push(symbol);
  return { counts: bits.slice(1, 17), symbols };
}

/** Code and length of each symbol. */
function codesOf({ counts, symbols }: CodeLengths): { codes: Uint16Array; sizes: Uint8Array } {
  const codes = new Uint16Array(256);
  const sizes = new Uint8Array(256);
  let code = 0;
  let k = 0;
  for (let length = 1; length <= 16; length++, code <<= 1)
    for (let i = 0; i < counts[length - 1]!; i++, k++) {
      codes[symbols[k]!] = code++;
      sizes[symbols[k]!] = length;
    }
  return { codes, sizes };
}

/** The bytes of a scan: codes and bits, ones up to the end of the last byte, a zero byte after each ff. */
export function packTokens(tokens: readonly Token[], tables: readonly (CodeLengths | undefined)[]): number[] {
  const books = tables.map((table) => (table ? codesOf(table) : undefined));
  const output: number[] = [];
  let buffer = 0;
  let held = 0;
  const put = (bits: number, size: number): void => {
    buffer = (buffer << size) | (bits & ((1 << size) - 1));
    held += size;
    while (held >= 8) {
      const byte = (buffer >>> (held - 8)) & 0xff;
      output.push(byte);
      if (byte === 0xff) output.push(0);
      held -= 8;
    }
  };
  for (const { table, symbol, bits, size } of tokens) {
    if (table >= 0) {
      const book = books[table]!;
      put(book.codes[symbol]!, book.sizes[symbol]!);
    }
    if (size > 0) put(bits, size);
  }
  if (held > 0) put(0x7f, 8 - held);
  return output;
}
