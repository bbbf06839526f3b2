/** Files that end early, that end in zeros, that go on: each is refused, or read as far as it is right. */
import { describe, expect, test } from "vitest";
import { isExpected, type Parser, parsers, shown } from "./parsers/parsers.ts";

/** What a format lets a part of a file be: the same values or an error; the first of its records; or anything (no checksum, no length). */
type Promised = "same" | "first" | "any";

const promises: Readonly<Record<string, Promised>> = {
  index: "same",
  data: "same",
  "checkpoint of version 1": "same",
  npz: "same",
  records: "first",
  "records in gzip": "first",
  events: "first",
};

const append = (seed: Uint8Array, ...more: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat([seed, ...more]));

/** Twelve files that go on behind their end. */
function longer(seed: Uint8Array): Uint8Array[] {
  const zeros = (n: number) => new Uint8Array(n);
  const ones = (n: number) => new Uint8Array(n).fill(0xff);
  const noise = Uint8Array.from({ length: 48 }, (_, i) => (i * 151 + 17) & 255);
  const more = [
    zeros(1),
    zeros(7),
    zeros(12),
    zeros(64),
    zeros(4096),
    ones(1),
    ones(16),
    noise,
    seed.slice(0, 1),
    seed.slice(-16),
    Uint8Array.of(10),
    seed,
  ];
  return more.map((each) => append(seed, each));
}

function zeroed(seed: Uint8Array, from: number): Uint8Array {
  const bytes = Uint8Array.from(seed);
  bytes.fill(0, from);
  return bytes;
}

/** The values, or null for a file that is refused as it must be. */
function valuesOf({ parse }: Parser, bytes: Uint8Array): unknown {
  try {
    return parse(bytes);
  } catch (error) {
    if (isExpected(error)) return null;
    throw error;
  }
}

function check(parser: Parser, bytes: Uint8Array, what: string): void {
  const right = parser.parse(parser.seed);
  const found = valuesOf(parser, bytes);
  const promise = promises[parser.name] ?? "any";
  if (found === null || promise === "any") return;
  if (promise === "same") expect(shown(found), what).toBe(shown(right));
  else {
    const [short, long] = [found as unknown[], right as unknown[]].sort((a, b) => a.length - b.length) as [
      unknown[],
      unknown[],
    ];
    expect(shown(short), what).toBe(shown(long.slice(0, short.length)));
  }
}

describe("prefixes", () => {
  test.each(parsers.filter(({ mend }) => !mend))("$name", (parser) => {
    const { seed } = parser;
    for (let n = 0; n < seed.length; n++) {
      check(parser, seed.subarray(0, n), `the first ${n} bytes`);
      check(parser, zeroed(seed, n), `zeros from ${n} on`);
    }
    for (const [i, bytes] of longer(seed).entries()) check(parser, bytes, `longer form ${i}`);
    expect(longer(seed)).toHaveLength(12);
  });
});
