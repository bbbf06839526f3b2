/** Checksums: those of the machine are those of the table, bit by bit the definition. */
import table from "crc-32/crc32c.js";
import { describe, expect, test } from "vitest";
import { createMachine, dataAt, dataBytes } from "../../src/io/checksum/machine.ts";
import { crc32c, crc32cInTurns, wholeRecords } from "../../src/io/crc.ts";
import { framed } from "../../src/io/record/framing.ts";

/** The same bytes at each run, of a linear congruential generator. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

function byDefinition(bytes: Uint8Array): number {
  let state = 0xffffffff;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0x82f63b78 : 0);
  }
  return ~state >>> 0;
}

describe("crc32c", () => {
  test("known values", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  test("the machine agrees with the definition and with the table, for every length and any seed", () => {
    const machine = createMachine()!;
    const bytes = noise(9000);
    machine.bytes.set(bytes, dataAt);
    for (let n = 0; n < 1200; n++) {
      const at = n % 67;
      expect(~machine.crc(dataAt + at, n, -1) >>> 0).toBe(table.buf(bytes.subarray(at, at + n), 0) >>> 0);
    }
    for (const n of [0, 1, 255, 256, 319, 320, 321, 4096, 8999])
      expect(~machine.crc(dataAt, n, -1) >>> 0).toBe(byDefinition(bytes.subarray(0, n)));
    for (const seed of [1, 0x7fffffff, 0x80000000, 0xffffffff])
      expect(~machine.crc(dataAt + 1, 5000, ~seed) >>> 0).toBe(table.buf(bytes.subarray(1, 5001), seed) >>> 0);
  });

  test("long ones go through the machine in parts", async () => {
    const bytes = noise(2 * dataBytes + 12345);
    const sum = table.buf(bytes, 0) >>> 0;
    expect(crc32c(bytes)).toBe(sum);
    expect(crc32c(bytes.subarray(777), crc32c(bytes.subarray(0, 777)))).toBe(sum);
    expect(await crc32cInTurns(bytes)).toBe(sum);
  });
});

describe("whole records", () => {
  const datas = [0, 1, 7, 300, 4000, 12, 9000, 64].map((n, i) => noise(n, i + 1));
  const frames = datas.map(framed);
  const file = Uint8Array.from([...frames.flatMap((frame) => [...frame]), ...noise(5)]);
  const enough = new Uint8Array([...file, ...framed(noise(20000))]);
  const lengths = datas.map(({ length }) => length);

  test("are found in a row, up to what is no record", () => {
    expect([...wholeRecords(enough, 0, Number.POSITIVE_INFINITY)]).toEqual(lengths);
    expect([...wholeRecords(enough, frames[0]!.length, Number.POSITIVE_INFINITY)]).toEqual(lengths.slice(1));
    expect([...wholeRecords(enough, 1, Number.POSITIVE_INFINITY)]).toEqual([]);
    expect([...wholeRecords(enough, 0, 3999)]).toEqual(lengths.slice(0, 4));
  });

  test("end before any damage, wherever it is", () => {
    let at = 0;
    for (const [i, frame] of frames.entries()) {
      for (const place of [0, 3, 4, 7, 8, 11, 12, frame.length - 5, frame.length - 1]) {
        const damaged = enough.slice();
        damaged[at + place]! ^= 1 << (place % 8);
        const found = wholeRecords(damaged, 0, Number.POSITIVE_INFINITY);
        expect([...found]).toEqual(lengths.slice(0, i));
      }
      at += frame.length;
    }
  });
});
