import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { OpError } from "../../../src/core/error.ts";
import type { NdArray } from "../../../src/core/nd_array.ts";
import { BundleReader } from "../../../src/io/checkpoint/bundle_reader.ts";
import { BundleWriter } from "../../../src/io/checkpoint/bundle_writer.ts";
import { sliceKey } from "../../../src/io/checkpoint/slice.ts";
import {
  formatCheckpointState,
  latestCheckpoint,
  readCheckpointState,
  readRawCheckpointState,
} from "../../../src/io/checkpoint/state.ts";
import { readTable } from "../../../src/io/checkpoint/table_reader.ts";
import { buildTable } from "../../../src/io/checkpoint/table_writer.ts";
import { mask } from "../../../src/io/crc.ts";
import { goldenPath, hasGoldens, readGolden } from "../../golden.ts";
import { temporaryFolder } from "../temporary.ts";

interface Fault {
  code: string | null;
  regex: string;
}
interface Expected {
  saves: { checkpoint_file: string; latest_checkpoint: string }[];
  checkpoints: {
    prefix: string;
    tensors: Record<string, { dtype: string; shape: number[]; sha256: string } | number>;
    bundle: {
      header: { num_shards: number };
      entries: {
        key: string;
        key_hex: string;
        dtype: number;
        shape: number[];
        shard: number;
        offset: number;
        size: number;
        crc32c_masked: number;
        slices: string[];
      }[];
    };
  }[];
}
interface Damaged {
  prefix: string;
  reader: Fault | null;
  tensors: Record<string, "ok" | Fault>;
  restore: "ok" | Fault;
  checkpoint_exists: boolean;
}

const cases = hasGoldens
  ? readdirSync(goldenPath("checkpoints"), { withFileTypes: true })
      .filter((e) => e.isDirectory() && e.name !== "damaged")
      .map((e) => e.name)
  : [];
const damaged = hasGoldens ? readdirSync(goldenPath("checkpoints", "damaged")) : [];
const folderOf = (name: string) => goldenPath("checkpoints", name);
const expectedOf = (name: string) => readGolden<Expected>("checkpoints", name, "expected.json");

/** The digest of a tensor's bytes as the generator takes them: raw, or the strings one after another. */
function digest(array: NdArray): string {
  const hash = createHash("sha256");
  if (ArrayBuffer.isView(array.data)) hash.update(array.tobytes());
  else for (const s of array.data) hash.update(s);
  return hash.digest("hex");
}

describe.skipIf(!hasGoldens)("TensorFlow's checkpoints", () => {
  test.each(cases)("%s: every tensor has its dtype, shape and bytes, read at once or while waiting", async (name) => {
    for (const { prefix, tensors } of expectedOf(name).checkpoints) {
      using reader = BundleReader.open(join(folderOf(name), prefix));
      expect(reader.names()).toEqual(
        Object.keys(tensors).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      for (const [key, want] of Object.entries(tensors)) {
        const array = reader.readSync(key);
        if (typeof want === "number") {
          expect(array.item()).toBe(want);
          continue;
        }
        expect([array.dtype.name, array.shape]).toEqual([want.dtype, want.shape]);
        if (want.dtype !== "string") expect(digest(array)).toBe(want.sha256);
        expect((await reader.read(key)).toList()).toEqual(array.toList());
      }
    }
  });

  test.each(cases)("%s: the entries of the index are those of TensorFlow", (name) => {
    for (const { prefix, bundle } of expectedOf(name).checkpoints) {
      if (!Array.isArray(bundle.entries)) continue;
      using reader = BundleReader.open(join(folderOf(name), prefix));
      expect(reader.numShards).toBe(bundle.header.num_shards);
      const whole = bundle.entries.filter((e) => !e.key_hex.startsWith("00"));
      expect(
        whole.map((e) => {
          const entry = reader.entry(e.key);
          const slices = entry.slices.map(
            (slice) => `[${slice.map(({ start, length }) => `(${start}, ${length})`).join(", ")}]`,
          );
          const masked = slices.length > 0 ? 0 : mask(entry.crc32c);
          return [entry.dtype.number, entry.shape, entry.shard, entry.offset, entry.sizeBytes, masked, slices];
        }),
      ).toEqual(whole.map((e) => [e.dtype, e.shape, e.shard, e.offset, e.size, e.crc32c_masked, e.slices]));
      const keys = whole.flatMap((e) =>
        reader.entry(e.key).slices.map((slice) => Buffer.from(sliceKey(e.key, slice)).toString("hex")),
      );
      expect(keys.sort()).toEqual(
        bundle.entries
          .filter((e) => e.key_hex.startsWith("00"))
          .map((e) => e.key_hex)
          .sort(),
      );
    }
  });

  test.each(cases)("%s: the index is built again from its entries, byte for byte", (name) => {
    for (const { prefix } of expectedOf(name).checkpoints) {
      const path = join(folderOf(name), `${prefix}.index`);

      const table = buildTable(readTable(path));

      expect(Buffer.compare(table, readFileSync(path))).toBe(0);
    }
  });

  test.each(cases)("%s: saving the tensors again gives the same files", async (name) => {
    const folder = temporaryFolder();
    for (const { prefix } of expectedOf(name).checkpoints) {
      using reader = BundleReader.open(join(folderOf(name), prefix));
      if (reader.numShards !== 1) continue;
      const writer = new BundleWriter(join(folder, prefix));
      for (const key of reader.names()) {
        const { slices, shape } = reader.entry(key);
        if (slices.length === 0) await writer.add(key, await reader.read(key));
        for (const slice of slices) {
          const spec = `${shape.join(" ")} ${slice.map(({ start, length }) => `${start},${length}`).join(":")}`;
          await writer.addSlice(key, spec, await reader.readSlice(key, spec));
        }
      }
      const { files } = await writer.finish();
      for (const file of files)
        expect(Buffer.compare(readFileSync(file), readFileSync(join(folderOf(name), basename(file))))).toBe(0);
    }
    expect(readdirSync(folder).filter((file) => file.startsWith("."))).toEqual([]);
  });

  test.each(cases)("%s: the state file is read and written as it was", (name) => {
    const expected = expectedOf(name);
    const last = expected.saves?.at(-1);
    if (!last || typeof last.checkpoint_file !== "string") return;
    const state = readRawCheckpointState(folderOf(name))!;

    expect(formatCheckpointState(state)).toBe(last.checkpoint_file);
    expect(latestCheckpoint(folderOf(name))).toBe(goldenPath("checkpoints", last.latest_checkpoint));
    expect(readCheckpointState(folderOf(name))!.modelCheckpointPath).toBe(
      goldenPath("checkpoints", last.latest_checkpoint),
    );
  });

  test.each(damaged)("damaged/%s gives TensorFlow's errors", (name) => {
    const expected = readGolden<Damaged>("checkpoints", "damaged", name, "expected.json");
    const folder = temporaryFolder();
    cpSync(goldenPath("checkpoints", "damaged", name), folder, { recursive: true });
    const prefix = join(folder, expected.prefix);
    const relative = (message: string) => message.replaceAll(`${folder}/`, "");
    const outcome = (action: () => unknown): OpError | null => {
      try {
        action();
        return null;
      } catch (error) {
        if (error instanceof OpError) return error;
        throw error;
      }
    };
    /** Python's reader loses some codes; the RestoreV2 op tells them. A short data file is DATA_LOSS here, not the end of a sequence. */
    const code = (fault: Fault) => {
      if (fault.regex === "Read less bytes than requested") return "DATA_LOSS";
      return expected.restore !== "ok" && expected.restore.code !== null ? expected.restore.code : fault.code;
    };

    const opening = outcome(() => BundleReader.open(prefix).close());

    expect(opening === null).toBe(expected.reader === null);
    if (expected.reader) {
      expect(relative(opening!.message)).toMatch(new RegExp(expected.reader.regex));
      expect(opening!.code).toBe(code(expected.reader));
      return;
    }
    using reader = BundleReader.open(prefix);
    for (const [key, want] of Object.entries(expected.tensors)) {
      const error = outcome(() => reader.readSync(key));
      expect([key, error === null]).toEqual([key, want === "ok"]);
      if (want === "ok") continue;
      expect(relative(error!.message)).toMatch(new RegExp(want.regex));
      expect(error!.code).toBe(code(want));
      expect(error!.path).toContain(expected.prefix);
    }
  });
});
