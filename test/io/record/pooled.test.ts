import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { framed } from "../../../src/io/record/framing.ts";
import { RecordReader } from "../../../src/io/record/reader.ts";
import { BytesPool } from "../../../src/io/stream/bytes_pool.ts";
import { temporaryFolder } from "../temporary.ts";

const bytes = (n: number, seed: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 31 + seed) & 255);

test("records at hand are those of a reader that waits, and stay as they are", async () => {
  const path = join(temporaryFolder(), "many.tfrecord");
  const records = Array.from({ length: 3000 }, (_, i) => bytes((i * 37) % 5000, i));
  writeFileSync(path, Buffer.concat(records.map((record) => framed(record))));

  const quick = new RecordReader(path);
  quick.open();
  const taken: Uint8Array[] = [];
  for (let record = quick.atHand(); record; record = quick.atHand()) taken.push(record);

  expect(await quick.next()).toBeNull();
  expect(taken).toHaveLength(records.length);
  for (const [i, record] of taken.entries()) expect(Buffer.compare(record, records[i]!)).toBe(0);
  quick.close();
});

test("copies of a pool belong to their takers", () => {
  const pool = new BytesPool();
  const source = bytes(100, 1);
  const copies = Array.from({ length: 1000 }, () => pool.copy(source));

  copies[500]!.fill(0);
  source.fill(7);

  for (const [i, copy] of copies.entries()) {
    expect(copy.byteOffset % 8).toBe(0);
    expect(Buffer.compare(copy, i === 500 ? new Uint8Array(100) : bytes(100, 1))).toBe(0);
  }
});
