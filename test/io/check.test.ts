import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { checkRecords, detectCompression, looksLike } from "../../src/io/record/check.ts";
import { framed } from "../../src/io/record/framing.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";

const folder = mkdtempSync(join(tmpdir(), "tsflow-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const records = ["alpha", "", "a longer record than the others", "omega"].map((text) => new TextEncoder().encode(text));
const whole = Buffer.concat(records.map(framed));
/** Where each record begins: 12 bytes before and 4 behind its data. */
const offsets = [0, 21, 37, 84];

async function check(bytes: Uint8Array, compression: "" | "GZIP" | "ZLIB" = "") {
  const path = join(folder, "file.tfrecord");
  writeFileSync(path, bytes);
  return checkRecords(path, { compression });
}

const flipped = (at: number): Uint8Array => {
  const bytes = Uint8Array.from(whole);
  bytes[at]! ^= 0x10;
  return bytes;
};

describe("the check of a record file", () => {
  test("finds nothing wrong with a whole one", async () => {
    expect(await check(whole)).toEqual({ sizeBytes: whole.length, records: 4, goodRecords: 4, damages: [] });
    expect(await check(gzipSync(whole), "GZIP")).toMatchObject({ records: 4, damages: [] });
    expect(await check(new Uint8Array(0))).toEqual({ sizeBytes: 0, records: 0, goodRecords: 0, damages: [] });
  });

  test.each(Array.from(whole.keys()))("finds a flipped bit in byte %i, and reads on behind it", async (at) => {
    const found = await check(flipped(at));
    const record = offsets.findLastIndex((offset) => offset <= at);
    expect(found.goodRecords).toBe(record);
    expect(found.damages).toHaveLength(1);
    expect(found.damages[0]).toMatchObject({ offset: offsets[record], record });
    const inLength = at - offsets[record]! < 12;
    expect(found.damages[0]!.what).toMatch(
      inLength ? /^length checksum is 0x[0-9a-f]{8}, stored 0x/ : /^data checksum is/,
    );
    expect(found.records).toBe(3);
    expect(found.damages[0]!.resumesAt).toBe(offsets[record + 1]);
  });

  test.each(Array.from(whole.keys()))("finds that a file ends after %i bytes", async (n) => {
    const found = await check(whole.subarray(0, n));
    const complete = [21, 37, 84, whole.length].filter((end) => end <= n).length;
    expect(found.records).toBe(complete);
    expect(found.damages).toHaveLength(offsets.includes(n) || n === whole.length ? 0 : 1);
    for (const { what } of found.damages) expect(what).toMatch(/^the file ends /);
  });

  test("finds two damages apart", async () => {
    const bytes = flipped(14);
    bytes[offsets[2]! + 3]! ^= 1;
    expect((await check(bytes)).damages.map(({ offset, resumesAt }) => [offset, resumesAt])).toEqual([
      [0, 21],
      [37, 84],
    ]);
  });

  test("says that a gzip stream is cut off", async () => {
    const found = await check(gzipSync(whole).subarray(0, -6), "GZIP");
    expect(found.damages.at(-1)!.what).toBe("the gzip stream is cut off");
  });
});

describe("the first bytes of a file", () => {
  test("tell how it is compressed", async () => {
    expect(detectCompression(whole)).toBe("");
    expect(detectCompression(gzipSync(whole))).toBe("GZIP");
    expect(detectCompression(Uint8Array.of(0x78, 0x9c, 1, 2))).toBe("ZLIB");
    expect(detectCompression(new Uint8Array(0))).toBe("");
  });

  test.each([
    ["\x89PNG\r\n\x1a\n", "a PNG image"],
    ['{"a": 1}\n', "a JSON file"],
    ["a,b\n1,2\n", "a CSV file"],
    ["hello\nworld\n", "a text file"],
    ["PK\x03\x04", "a zip or .npz archive"],
    ["\x00\x01\x02\x07\x9f", undefined],
  ])("%j look like %s", (head, kind) => {
    expect(looksLike(Buffer.from(head, "latin1"))).toBe(kind);
  });
});

interface DamagedFile {
  readonly file: string;
  readonly compression: "" | "GZIP" | "ZLIB";
  readonly records: readonly string[];
}

describe.skipIf(!hasGoldens)("TensorFlow's files", () => {
  const files = hasGoldens ? readGolden<{ files: DamagedFile[] }>("tfrecords", "damaged", "expected.json").files : [];

  test.each(["plain", "examples", "sequences", "ctr_like", "empty"])("%s.tfrecord is whole", async (name) => {
    const { count } = readGolden<{ count: number }>("tfrecords", `${name}.tfrecord.expected.json`);
    const found = await checkRecords(goldenPath("tfrecords", `${name}.tfrecord`), { compression: "" });
    expect(found).toMatchObject({ records: count, goodRecords: count, damages: [] });
  });

  // What TensorFlow cannot unpack is an error; it reads the last one as plain text, which is none of its own.
  const readable = files.filter(({ file }) => !file.startsWith("plain_read_as_gzip"));
  test.each(readable)(
    "$file is damaged behind the records that TensorFlow reads",
    async ({ file, compression, records }) => {
      const found = await checkRecords(goldenPath("tfrecords", "damaged", file), { compression });
      expect(found.goodRecords).toBe(records.length);
      expect(found.damages.length).toBeGreaterThan(0);
    },
  );
});
