import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OpError } from "../../../src/core/error.ts";
import { maskedCrc32c } from "../../../src/io/crc.ts";
import type { Compression } from "../../../src/io/record/compression.ts";
import { framed } from "../../../src/io/record/framing.ts";
import { type RecordOptions, RecordReader, readRecords, readRecordsAsync } from "../../../src/io/record/reader.ts";
import { RecordWriter } from "../../../src/io/record/writer.ts";
import { goldenPath, hasGoldens, readGolden } from "../../golden.ts";
import { temporaryFolder } from "../temporary.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** What both readers give: the records before the end or the error. */
async function readAll(path: string, options: RecordOptions = {}) {
  const sync: Uint8Array[] = [];
  let syncError: OpError | undefined;
  try {
    for (const record of readRecords(path, options)) sync.push(record);
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    syncError = error;
  }
  const records: Uint8Array[] = [];
  let error: OpError | undefined;
  try {
    for await (const record of readRecordsAsync(path, options)) records.push(record);
  } catch (thrown) {
    if (!(thrown instanceof OpError)) throw thrown;
    error = thrown;
  }
  expect([sync.map(sha256), syncError?.message]).toEqual([records.map(sha256), error?.message]);
  return { records, error };
}

function write(path: string, records: readonly Uint8Array[], compression: Compression = "", compressionLevel?: number) {
  const writer = new RecordWriter(path, {
    compression,
    ...(compressionLevel === undefined ? {} : { compressionLevel }),
  });
  for (const record of records) writer.write(record);
  writer.close();
}

interface Golden {
  compression: Compression;
  count: number;
  records: { length: number; sha256: string }[];
}
interface Damaged {
  file: string;
  compression: Compression;
  records: (string | { b64: string })[];
  iterator_error: { code: string; regex: string } | null;
}

describe.skipIf(!hasGoldens)("TensorFlow's record files", () => {
  const files = hasGoldens
    ? readGolden<{ files: string[] }>("tfrecords", "index.json").files.filter((f) => !f.endsWith(".bin"))
    : [];
  const damaged = hasGoldens ? readGolden<{ files: Damaged[] }>("tfrecords", "damaged", "expected.json").files : [];

  test.each(files)("%s is read record by record", async (file) => {
    const expected = readGolden<Golden>("tfrecords", `${file}.expected.json`);

    const { records, error } = await readAll(goldenPath("tfrecords", file), { compression: expected.compression });

    expect(error).toBeUndefined();
    expect(records.map((r) => [r.length, sha256(r)])).toEqual(expected.records.map((r) => [r.length, r.sha256]));
  });

  test.each(files)("%s is written again as the same bytes once uncompressed", async (file) => {
    const path = goldenPath("tfrecords", file);
    const { compression } = readGolden<Golden>("tfrecords", `${file}.expected.json`);
    const copy = join(temporaryFolder(), "copy");

    write(copy, (await readAll(path, { compression })).records, compression);

    const plain = (p: string) => {
      const raw = readFileSync(p);
      return compression === "GZIP" ? gunzipSync(raw) : compression === "ZLIB" ? inflateSync(raw) : raw;
    };
    expect(plain(copy).equals(plain(path))).toBe(true);
  });

  test.each(damaged)("damaged $file gives the records before the fault and TensorFlow's error", async (expected) => {
    const path = goldenPath("tfrecords", "damaged", expected.file);

    const { records, error } = await readAll(path, { compression: expected.compression });

    const wanted = expected.records.map((r) =>
      typeof r === "string" ? bytes(r) : new Uint8Array(Buffer.from(r.b64, "base64")),
    );
    expect(records).toEqual(wanted);
    expect(error?.code ?? null).toBe(expected.iterator_error?.code ?? null);
    if (expected.iterator_error) expect(error!.message).toMatch(new RegExp(expected.iterator_error.regex));
    if (error) expect(error.path).toBe(path);
  });
});

describe("TFRecord", () => {
  test("frames a record as TensorFlow does", () => {
    expect(Buffer.from(framed(bytes("hello"))).toString("hex")).toBe("0500000000000000eab2043e68656c6c6fbb1f1c19");
    expect(Buffer.from(framed(bytes(""))).toString("hex")).toBe("000000000000000029039807d8ea82a2");
  });

  test.each<Compression>(["", "GZIP", "ZLIB"])("comes back the same, compression '%s'", async (compression) => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), async (records) => {
        const path = join(folder, "r");
        write(path, records, compression);
        expect((await readAll(path, { compression })).records).toEqual(records);
      }),
      { numRuns: 30 },
    );
  });

  test.each<Compression>(["", "GZIP", "ZLIB"])(
    "keeps records longer than every buffer, compression '%s'",
    async (compression) => {
      const path = join(temporaryFolder(), "r");
      const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * i) >> 7);

      write(path, [bytes("a"), large, bytes("b"), large], compression);

      const { records } = await readAll(path, { compression });
      expect(records.map(sha256)).toEqual([bytes("a"), large, bytes("b"), large].map(sha256));
    },
  );

  test("compresses with the level asked for", () => {
    const folder = temporaryFolder();
    const zeros = [new Uint8Array(100_000)];

    write(join(folder, "0"), zeros, "GZIP", 0);
    write(join(folder, "9"), zeros, "GZIP", 9);

    expect(statSync(join(folder, "0")).size).toBeGreaterThan(100_000);
    expect(statSync(join(folder, "9")).size).toBeLessThan(1000);
  });

  test("reads a file of several gzip members", async () => {
    const path = join(temporaryFolder(), "r");
    writeFileSync(path, Buffer.concat([gzipSync(framed(bytes("a"))), gzipSync(framed(bytes("b")))]));

    const { records } = await readAll(path, { compression: "GZIP" });

    expect(records).toEqual([bytes("a"), bytes("b")]);
  });

  test("appends behind the whole records and cuts a torn one", async () => {
    const path = join(temporaryFolder(), "r");
    writeFileSync(path, Buffer.concat([framed(bytes("first")), framed(bytes("torn")).subarray(0, 15)]));

    const writer = new RecordWriter(path, { append: true });
    writer.write(bytes("second"));
    writer.close();

    expect(writer.cutBytes).toBe(15);
    expect((await readAll(path, { strict: true })).records).toEqual([bytes("first"), bytes("second")]);
  });

  test("appends a member to a gzip file", async () => {
    const path = join(temporaryFolder(), "r");
    write(path, [bytes("first")], "GZIP");

    const writer = new RecordWriter(path, { append: true, compression: "GZIP" });
    writer.write(bytes("second"));
    writer.close();

    expect((await readAll(path, { compression: "GZIP" })).records).toEqual([bytes("first"), bytes("second")]);
  });

  test("an atomic file has its name only when it is whole", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "r");
    const kept = new RecordWriter(path, { atomic: true });
    const dropped = new RecordWriter(join(folder, "never"), { atomic: true });

    kept.write(bytes("a"));
    kept.flush();
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    kept.close();
    dropped.write(bytes("b"));
    dropped.abort();

    expect((await readAll(path)).records).toEqual([bytes("a")]);
    expect(readdirSync(folder)).toEqual(["r"]);
  });

  test("tells of a torn header at the end, and makes it an error if asked", async () => {
    const path = join(temporaryFolder(), "r");
    writeFileSync(path, Buffer.concat([framed(bytes("a")), new Uint8Array(5)]));
    const torn: number[][] = [];

    for (const _ of readRecords(path, { onTornTail: (n, offset) => torn.push([n, offset]) }));

    expect(torn).toEqual([[5, 17]]);
    const { error } = await readAll(path, { strict: true });
    expect(error).toMatchObject({ code: "DATA_LOSS", offset: 17, path });
  });

  test.each([2 ** 40, 2 ** 53, 100])(
    "refuses a length of %d in a short file before it takes memory",
    async (length) => {
      const path = join(temporaryFolder(), "r");
      writeFileSync(path, frameOfLength(length));

      const { error } = await readAll(path);

      expect(error).toMatchObject({
        code: "DATA_LOSS",
        message: "truncated record at 0' failed with Read less bytes than requested",
      });
    },
  );

  test("bounds the records of a compressed file", async () => {
    const path = join(temporaryFolder(), "r");
    writeFileSync(path, gzipSync(frameOfLength(2 ** 40)));

    const { error } = await readAll(path, { compression: "GZIP" });

    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  test("stops a gzip file that grows a thousandfold", async () => {
    const path = join(temporaryFolder(), "r");
    writeFileSync(path, gzipSync(framed(new Uint8Array(20_000_000))));

    const { error } = await readAll(path, { compression: "GZIP" });

    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", path });
  });

  test("does not take a torn gzip file as complete", async () => {
    const path = join(temporaryFolder(), "r");
    const whole = gzipSync(framed(bytes("a")));
    writeFileSync(path, whole.subarray(0, whole.length - 4));

    const { records, error } = await readAll(path, { compression: "GZIP" });

    expect(records).toEqual([bytes("a")]);
    expect(error).toMatchObject({ code: "DATA_LOSS", message: "truncated record at 17' failed with EOF reached" });
  });

  test("finds every single flipped bit", async () => {
    const path = join(temporaryFolder(), "r");
    const whole = Buffer.concat(["first record", "second", ""].map((text) => framed(bytes(text))));
    let detected = 0;

    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      try {
        for (const _ of readRecords(path));
      } catch (error) {
        expect(error).toMatchObject({ code: "DATA_LOSS" });
        detected++;
      }
    }

    expect(detected).toBe(whole.length * 8);
  });

  test("goes back to an offset that it gave", async () => {
    for (const compression of ["", "GZIP"] as const) {
      const path = join(temporaryFolder(), "r");
      write(path, ["a", "bb", "ccc"].map(bytes), compression);
      const reader = new RecordReader(path, { compression });
      await reader.next();
      const { offset } = reader;
      await reader.next();
      reader.close();

      await reader.skipTo(offset);

      expect([offset, await reader.next(), await reader.next(), await reader.next()]).toEqual([
        17,
        bytes("bb"),
        bytes("ccc"),
        null,
      ]);
      reader.close();
    }
  });

  test("names a file that is not there in TensorFlow's words", () => {
    expect(() => [...readRecords("/nowhere/a.tfrecord")]).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: "/nowhere/a.tfrecord; No such file or directory" }),
    );
  });
});

function frameOfLength(length: number): Uint8Array {
  const record = framed(new Uint8Array(8));
  const head = new DataView(new ArrayBuffer(8));
  head.setBigUint64(0, BigInt(length), true);
  record.set(new Uint8Array(head.buffer));
  new DataView(record.buffer).setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  return record;
}
