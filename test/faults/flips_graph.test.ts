/** Every bit of a .meta file, turned: the sums beside it tell, whatever the message then says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileSum, writeSums } from "../../src/io/checkpoint/save/sums.ts";
import { encode, pb } from "../../src/proto/messages.ts";
import { readMetaGraphFile } from "../../src/train/meta_graph.ts";
import { smallGraph } from "./parsers/parsers.ts";

const folder = mkdtempSync(join(tmpdir(), "tsflow-flips-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "m-1.meta");
const whole = encode(pb.MetaGraphDef, { metaInfoDef: { tags: ["train"] }, graphDef: smallGraph });

const read = (bytes: Uint8Array): string | null => {
  writeFileSync(path, bytes);
  try {
    return JSON.stringify(readMetaGraphFile(path));
  } catch (error) {
    expect(error).toMatchObject({ code: "DATA_LOSS", path });
    return null;
  }
};

describe("flips-graph", () => {
  test("every bit of a .meta file is detected", async () => {
    const right = read(whole);
    expect(right).not.toBeNull();
    writeSums(folder, new Map([["m-1.meta", await fileSum(path)]]), []);
    expect(read(whole)).toBe(right);
    const unseen: number[] = [];
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (read(bytes) !== null) unseen.push(bit);
    }
    expect(unseen).toEqual([]);
  });

  test("every prefix and a longer file are detected", () => {
    for (let n = 0; n < whole.length; n++) expect(read(whole.subarray(0, n))).toBeNull();
    expect(read(new Uint8Array([...whole, 0]))).toBeNull();
    expect(read(whole)).not.toBeNull();
  });
});
