/** Huffman codes and bits of a JPEG scan, to read. */
import type { CodeLengths } from "./tables.ts";

/** The file is broken in a way that leaves no image. */
export class JpegError extends Error {}

/** How many bits a look-up takes at once. */
const lookBits = 9;

/** Codes to symbols: short ones by a table, longer ones by the largest code of each length. */
export class HuffmanTable {
  /** length << 8 | symbol for each start of lookBits bits; 0 for longer codes. */
  readonly look: Uint16Array = new Uint16Array(1 << lookBits);
  readonly #largest = new Int32Array(18).fill(-1);
  readonly #offset = new Int32Array(17);
  readonly #symbols: Uint8Array;

  constructor({ counts, symbols }: CodeLengths) {
    this.#symbols = Uint8Array.from(symbols);
    let code = 0;
    let k = 0;
    for (let length = 1; length <= 16; length++) {
      this.#offset[length] = k - code;
      for (let i = 0; i < counts[length - 1]!; i++, k++, code++) {
        if (length > lookBits) continue;
        const first = code << (lookBits - length);
        this.look.fill((length << 8) | this.#symbols[k]!, first, first + (1 << (lookBits - length)));
      }
      if (counts[length - 1]) this.#largest[length] = code - 1;
      if (code > 1 << length) throw new JpegError("too many codes");
      code <<= 1;
    }
  }

  /** The symbol of a code that is longer than the look-up, whose first bits are `code`. */
  long(code: number, bits: BitReader): number {
    let value = code;
    for (let length = lookBits; length <= 16; length++) {
      if (value <= this.#largest[length]!) return this.#symbols[value + this.#offset[length]!] ?? 0;
      value = (value << 1) | bits.take(1);
    }
    return 0;
  }
}

/** Bits of the entropy-coded data from an offset on; 0xff 0x00 stands for 0xff, at a marker zeros follow. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #recovers: boolean;
  #at: number;
  #buffer = 0;
  #count = 0;

  /** `recovers`: zeros follow where the file ends, too; else that is an error. */
  constructor(bytes: Uint8Array, at: number, recovers: boolean) {
    this.#bytes = bytes;
    this.#at = at;
    this.#recovers = recovers;
  }

  /** Where the bytes go on, at a marker or the next byte not taken. */
  get position(): number {
    return this.#at;
  }

  #fill(): void {
    const bytes = this.#bytes;
    while (this.#count <= 16) {
      let byte = 0;
      if (this.#at >= bytes.length) {
        if (!this.#recovers && this.#at >= bytes.length + 2) throw new JpegError("premature end");
        this.#at++;
      } else {
        byte = bytes[this.#at]!;
        if (byte !== 0xff) this.#at++;
        else if (bytes[this.#at + 1] === 0) this.#at += 2;
        else byte = 0;
      }
      this.#buffer = (this.#buffer << 8) | byte;
      this.#count += 8;
    }
  }

  take(n: number): number {
    if (n === 0) return 0;
    if (this.#count < n) this.#fill();
    this.#count -= n;
    return (this.#buffer >>> this.#count) & ((1 << n) - 1);
  }

  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const start = (this.#buffer >>> (this.#count - lookBits)) & ((1 << lookBits) - 1);
    const found = table.look[start]!;
    if (found === 0) {
      this.#count -= lookBits;
      return table.long(start, this);
    }
    this.#count -= found >> 8;
    return found & 0xff;
  }

  /** A number of `size` bits, negative when its first bit is 0. */
  signed(size: number): number {
    if (size === 0) return 0;
    const value = this.take(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Goes on after the next restart marker. */
  restart(): void {
    this.#buffer = 0;
    this.#count = 0;
    const bytes = this.#bytes;
    while (this.#at + 1 < bytes.length) {
      const marker = bytes[this.#at + 1]!;
      if (bytes[this.#at] === 0xff && marker !== 0 && marker !== 0xff) {
        if (marker >= 0xd0 && marker <= 0xd7) this.#at += 2;
        return;
      }
      this.#at++;
    }
  }
}
