/**
 * CRC-32C in WebAssembly, over bytes in a memory of its own.
 *
 * Sixteen words of 32 bits are folded at once: the state of a word after one more group of 64 bytes is (state ^ word) * x^512 modulo the polynomial, a
 * linear map, so each of its bytes is a sum of lookups in tables of 16 bytes, one for each half byte. What is left of the last group is a
 * message of 64 bytes with the same remainder, which tables of 256 words take 16 bytes at a time.
 */
import { compileRelaxed, hasRelaxedSimd } from "../../core/wasm/relaxed_simd.ts";
import {
  add,
  and,
  andVector,
  assemble,
  type Code,
  call,
  type Definition,
  get,
  geU,
  giveBack,
  gtU,
  i32,
  load,
  load8,
  loadVector,
  lookUp,
  ltU,
  ne,
  number,
  or,
  rotr,
  set,
  shl,
  shrU,
  shrU16,
  shuffle,
  splat8,
  store,
  storeVector,
  sub,
  v128,
  when,
  whilst,
  withByte0,
  xor,
  xorVector,
  zeros,
} from "./assembler.ts";

const polynomial = 0x82f63b78;
/** Reflected tables of 256 words: the state after i more bytes of 0. */
const steps = 16;
const tableBytes = 1024;
/** Tables of half bytes, by byte of the state, half, and byte of the result. */
const halvesAt = steps * tableBytes;
const groupAt = halvesAt + 32 * 16;
/** Lengths of the records found. */
const lengthsAt = groupAt + 64;
export const maxRecords = 4096;
/** Where bytes are put, and how many find room. */
export const dataAt = 0x10000;
export const dataBytes = 0x40000;
const pages = (dataAt + dataBytes) / 0x10000;

/** Stored checksums are rotated and shifted by this. */
export const maskDelta = 0xa282ead8;

/** Positions, in two vectors, of lanes of so many bytes, taken by turns from the lower or upper halves. */
const unpacked = (size: number, isUpper: boolean): number[] =>
  Array.from({ length: 16 }, (_, i) => {
    const lane = (i / size) | 0;
    return (lane >> 1) * size + (i % size) + (lane % 2) * 16 + (isUpper ? 8 : 0);
  });
const lower = (size: number, a: Code, b: Code): Code => shuffle(a, b, unpacked(size, false));
const upper = (size: number, a: Code, b: Code): Code => shuffle(a, b, unpacked(size, true));
/** Byte k of four words becomes word k. */
const byPlanes = Array.from({ length: 16 }, (_, i) => 4 * (i % 4) + (i >> 2));

/** advance(p, n, state): the state after n bytes, by tables. */
const advance: Definition = (() => {
  const [p, n, state, ...words] = [0, 1, 2, 3, 4, 5, 6] as const;
  const look = (word: number, byte: number, table: number): Code => {
    const shifted = byte === 0 ? shl(get(word), number(2)) : shrU(get(word), number(8 * byte - 2));
    return load(and(shifted, number(0x3fc)), table * tableBytes);
  };
  const sum = (terms: Code[]): Code => terms.reduce((a, b) => xor(a, b));
  const sixteen: Code = [
    words.map((word, i) => set(word, i === 0 ? xor(load(get(p)), get(state)) : load(get(p), 4 * i))),
    set(state, sum([3, 2, 1, 0].flatMap((i) => [0, 1, 2, 3].map((byte) => look(words[i]!, byte, 15 - 4 * i - byte))))),
    set(p, add(get(p), number(16))),
    set(n, sub(get(n), number(16))),
  ];
  const four: Code = [
    set(words[0], xor(load(get(p)), get(state))),
    set(state, sum([0, 1, 2, 3].map((byte) => look(words[0], byte, 3 - byte)))),
    set(p, add(get(p), number(4))),
    set(n, sub(get(n), number(4))),
  ];
  const one: Code = [
    set(words[0], xor(load8(get(p)), get(state))),
    set(state, xor(look(words[0], 0, 0), shrU(get(state), number(8)))),
    set(p, add(get(p), number(1))),
    set(n, sub(get(n), number(1))),
  ];
  const body: Code = [
    whilst(geU(get(n), number(16)), sixteen),
    whilst(geU(get(n), number(4)), four),
    whilst(get(n), one),
    giveBack(get(state)),
  ];
  return { name: "advance", params: 3, locals: [{ type: i32, count: 4 }], body };
})();

/** crc(p, n, state): as `advance`, folded where that pays. */
const crc = (isRelaxed: boolean): Definition => {
  const [p, n, state, last] = [0, 1, 2, 3] as const;
  const [sums, planes, mask, half] = [[4, 5, 6, 7], [8, 9, 10, 11], 12, 13] as const;
  const loaded = [14, 15, 16, 17] as const;
  const readGroup: Code = [
    loaded.map((local, i) => set(local, shuffle(loadVector(get(p), 16 * i), loadVector(get(p), 16 * i), byPlanes))),
    set(planes[0], lower(4, get(loaded[0]), get(loaded[1]))),
    set(planes[1], upper(4, get(loaded[0]), get(loaded[1]))),
    set(planes[2], lower(4, get(loaded[2]), get(loaded[3]))),
    set(planes[3], upper(4, get(loaded[2]), get(loaded[3]))),
    set(loaded[0], xorVector(lower(8, get(planes[0]), get(planes[2])), get(sums[0]))),
    set(loaded[1], xorVector(upper(8, get(planes[0]), get(planes[2])), get(sums[1]))),
    set(loaded[2], xorVector(lower(8, get(planes[1]), get(planes[3])), get(sums[2]))),
    set(loaded[3], xorVector(upper(8, get(planes[1]), get(planes[3])), get(sums[3]))),
  ];
  const fold: Code = [0, 1, 2, 3].map((byte) =>
    [0, 1].map((isUpper) => [
      set(half, andVector(isUpper ? shrU16(get(loaded[byte]!), number(4)) : get(loaded[byte]!), get(mask))),
      sums.map((sum, to) => {
        const table = loadVector(number(0), halvesAt + 16 * (8 * byte + 4 * isUpper + to));
        const looked = lookUp(table, get(half), isRelaxed);
        return set(sum, byte + isUpper === 0 ? looked : xorVector(get(sum), looked));
      }),
    ]),
  );
  const folded: Code = [
    set(mask, splat8(number(15))),
    sums.map((sum, k) => set(sum, withByte0(zeros, shrU(get(state), number(8 * k))))),
    set(last, add(get(p), sub(and(get(n), number(-64)), number(64)))),
    whilst(ltU(get(p), get(last)), [readGroup, fold, set(p, add(get(p), number(64)))]),
    readGroup,
    set(planes[0], lower(1, get(loaded[0]), get(loaded[1]))),
    set(planes[1], upper(1, get(loaded[0]), get(loaded[1]))),
    set(planes[2], lower(1, get(loaded[2]), get(loaded[3]))),
    set(planes[3], upper(1, get(loaded[2]), get(loaded[3]))),
    [lower, upper].map((part, i) => storeVector(number(0), part(2, get(planes[0]), get(planes[2])), groupAt + 16 * i)),
    [lower, upper].map((part, i) =>
      storeVector(number(0), part(2, get(planes[1]), get(planes[3])), groupAt + 32 + 16 * i),
    ),
    set(state, call(0, number(groupAt), number(64), number(0))),
    set(p, add(get(p), number(64))),
    set(n, and(get(n), number(63))),
  ];
  const body: Code = [when(geU(get(n), number(256)), folded), giveBack(call(0, get(p), get(n), get(state)))];
  const locals = [
    { type: i32, count: 1 },
    { type: v128, count: 14 },
  ];
  return { name: "crc", params: 3, locals, body };
};

/**
 * records(p, end, longest, most): how many records in a row from p on are whole and undamaged, `most` at the most; their lengths lie at
 * `lengthsAt`. It stops before anything else, whatever it is.
 */
const records: Definition = (() => {
  const [p, end, longest, most, count, length] = [0, 1, 2, 3, 4, 5] as const;
  const masked = (from: Code, size: Code): Code =>
    add(rotr(xor(call(1, from, size, number(-1)), number(-1)), number(15)), number(maskDelta));
  const stop = giveBack(get(count));
  const body: Code = [
    whilst(ltU(get(count), get(most)), [
      when(ltU(get(end), add(get(p), number(16))), stop),
      set(length, load(get(p))),
      when(or(load(get(p), 4), gtU(get(length), get(longest))), stop),
      when(gtU(get(length), sub(sub(get(end), get(p)), number(16))), stop),
      when(ne(load(get(p), 8), masked(get(p), number(8))), stop),
      when(ne(load(add(get(p), get(length)), 12), masked(add(get(p), number(12)), get(length))), stop),
      store(add(number(lengthsAt), shl(get(count), number(2))), get(length)),
      set(p, add(get(p), add(get(length), number(16)))),
      set(count, add(get(count), number(1))),
    ]),
    stop,
  ];
  return { name: "records", params: 4, locals: [{ type: i32, count: 2 }], body };
})();

/** `table[i]` is the state after i and one byte of 0. */
function byteTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let state = i;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? polynomial : 0);
    return state;
  });
}

function fillTables(memory: ArrayBuffer): void {
  const byte = byteTable();
  const zero = (state: number): number => (state >>> 8) ^ byte[state & 255]!;
  const words = new Uint32Array(memory);
  for (let i = 0; i < 256; i++) {
    let state = byte[i]!;
    for (let step = 0; step < steps; step++) {
      words[step * 256 + i] = state;
      state = zero(state);
    }
  }
  const halves = new Uint8Array(memory, halvesAt, 32 * 16);
  for (let bits = 0; bits < 32; bits += 4) {
    for (let value = 0; value < 16; value++) {
      let state = (value << bits) >>> 0;
      for (let i = 0; i < 64; i++) state = zero(state);
      for (let to = 0; to < 4; to++) halves[bits * 16 + to * 16 + value] = state >>> (8 * to);
    }
  }
}

export interface Machine {
  /** Bytes to work on lie from `dataAt` on. */
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  crc(p: number, n: number, state: number): number;
  records(p: number, end: number, longest: number, most: number): number;
}

/** Null where there is no WebAssembly memory to be had. */
export function createMachine(): Machine | null {
  try {
    const module = compileRelaxed(assemble(pages, [advance, crc(hasRelaxedSimd()), records]));
    const { memory, crc: run, records: find } = new WebAssembly.Instance(module).exports as unknown as Exports;
    fillTables(memory.buffer);
    const lengths = new Uint32Array(memory.buffer, lengthsAt, maxRecords);
    return { bytes: new Uint8Array(memory.buffer), lengths, crc: run, records: find };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly crc: Machine["crc"];
  readonly records: Machine["records"];
}
