/** Every bit of small files with checksums, turned: each change is told of, or makes no difference. Judged by the values. */
import { describe, expect, test } from "vitest";
import { readEvents } from "../../src/io/event_file.ts";
import { decode, pb } from "../../src/proto/messages.ts";
import { filesOf } from "./parsers/files.ts";
import { isExpected, parsers, shown } from "./parsers/parsers.ts";

interface Verdict {
  readonly detected: number;
  readonly harmless: number;
  /** Bits whose change gave other values and no word. */
  readonly silent: readonly number[];
}

function flipAll(
  seed: Uint8Array,
  read: (bytes: Uint8Array) => { readonly value: string; readonly isTold: boolean },
): Verdict {
  const right = read(seed).value;
  const silent: number[] = [];
  let [detected, harmless] = [0, 0];
  for (let bit = 0; bit < 8 * seed.length; bit++) {
    const bytes = Uint8Array.from(seed);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    try {
      const { value, isTold } = read(bytes);
      if (isTold) detected++;
      else if (value === right) harmless++;
      else silent.push(bit);
    } catch (error) {
      if (!isExpected(error)) throw error;
      detected++;
    }
  }
  return { detected, harmless, silent };
}

const parser = (name: string) => parsers.find((each) => each.name === name)!;
const plain = (name: string) => (bytes: Uint8Array) => ({ value: shown(parser(name).parse(bytes)), isTold: false });

/** Damaged events are counted; the rest is read. */
function readTold(bytes: Uint8Array): { value: string; isTold: boolean } {
  let isTold = false;
  const events = readEvents("e", { fs: filesOf({ e: bytes }), onDamage: () => (isTold = true) });
  return { value: shown(Array.from(events, (record) => decode(pb.Event, record))), isTold };
}

describe("flips", () => {
  test("of an index are detected, but for padding and the empty metaindex block", () => {
    const { seed } = parser("index");
    const { detected, harmless, silent } = flipAll(seed, plain("index"));
    expect(silent).toEqual([]);
    expect(detected + harmless).toBe(8 * seed.length);
    // The metaindex block (13 bytes), its handle (3), the padding of the footer (34).
    expect(harmless).toBeLessThanOrEqual(8 * (13 + 4 + 36));
  });

  test.each(["data", "records", "records in gzip", "checkpoint of version 1"])("of %s give no other values", (name) => {
    const { seed } = parser(name);
    const { detected, harmless, silent } = flipAll(seed, plain(name));
    expect(silent).toEqual([]);
    expect(detected).toBeGreaterThan(0);
    if (name === "data" || name === "records") expect(harmless).toBe(0);
  });

  test("of an event file are all told", () => {
    const { seed } = parser("events");
    const { detected, harmless, silent } = flipAll(seed, readTold);
    expect([harmless, silent]).toEqual([0, []]);
    expect(detected).toBe(8 * seed.length);
  });

  test("of an archive of arrays give no other values", () => {
    expect(flipAll(parser("npz").seed, plain("npz")).silent).toEqual([]);
  });
});
