import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ndarray } from "../../../src/core/nd_array.ts";
import { BundleWriter } from "../../../src/io/checkpoint/bundle_writer.ts";
import {
  checkpointExists,
  checkpointFiles,
  deleteCheckpoint,
  formatCheckpointState,
  latestCheckpoint,
  parseCheckpointState,
  readCheckpointState,
  writeCheckpointState,
} from "../../../src/io/checkpoint/state.ts";
import { temporaryFolder } from "../temporary.ts";

const stateOf = (...paths: string[]) => ({
  modelCheckpointPath: paths.at(-1)!,
  allModelCheckpointPaths: paths,
  allModelCheckpointTimestamps: [],
  lastPreservedTimestamp: null,
});

async function save(prefix: string) {
  const writer = new BundleWriter(prefix);
  await writer.add("v", ndarray(1, "float32"));
  await writer.finish();
}

const parse = (text: string) => parseCheckpointState(new TextEncoder().encode(text), "checkpoint");

describe("checkpoint state", () => {
  test("is TensorFlow's text, with times", () => {
    const state = {
      ...stateOf("m-10", "m-20"),
      allModelCheckpointTimestamps: [1700000000.25, 1700000060],
      lastPreservedTimestamp: 1699999999.5,
    };

    const text = formatCheckpointState(state);

    expect(text).toBe(
      'model_checkpoint_path: "m-20"\nall_model_checkpoint_paths: "m-10"\nall_model_checkpoint_paths: "m-20"\n' +
        "all_model_checkpoint_timestamps: 1700000000.25\nall_model_checkpoint_timestamps: 1700000060.0\nlast_preserved_timestamp: 1699999999.5\n",
    );
    expect(parse(text)).toEqual(state);
  });

  test("comes back whatever is in a path", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: "binary" }).filter((s) => Buffer.from(s).toString() === s && !s.includes("\0")),
          { minLength: 1, maxLength: 4 },
        ),
        (paths) => {
          expect(parse(formatCheckpointState(stateOf(...paths)))).toEqual(stateOf(...paths));
        },
      ),
    );
  });

  test("accepts comments, single quotes, escapes and several fields on a line", () => {
    const text = "# kept\nmodel_checkpoint_path : 'a\\303\\251\\x41' ; all_model_checkpoint_paths:\"b\" # last";

    expect(parse(text)).toEqual({ ...stateOf("b"), modelCheckpointPath: "aéA" });
  });

  test.each([
    ["an unknown field", 'model_checkpoint_path: "a"\nother: 1\n', "line 2: other is no field"],
    ["a number for a path", "model_checkpoint_path: 1\n", "line 1: model_checkpoint_path is no field"],
    ["text without fields", "hello\n", "line 1 is no field of a checkpoint state"],
    ["a string without end", 'model_checkpoint_path: "a\n', "line 1 is no field"],
    ["no path", 'all_model_checkpoint_paths: "a"\n', "it names no model_checkpoint_path"],
    ["a NUL", 'model_checkpoint_path: "a\0"\n', "it holds a NUL"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: expect.stringContaining(message) }),
    );
  });

  test("refuses bytes that are not UTF-8, a huge file, and too many entries", () => {
    expect(() => parseCheckpointState(Uint8Array.of(0xff), "c")).toThrow("c: it is not UTF-8");
    expect(() => parse(" ".repeat(2 ** 20 + 1))).toThrow(expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }));
    expect(() => parse('all_model_checkpoint_paths: "m"\n'.repeat(10_001))).toThrow("more than 10000 entries");
  });

  test("keeps paths inside the folder relative to it", () => {
    const folder = temporaryFolder();

    writeCheckpointState(folder, stateOf(join(folder, "m-1"), "m-2"));

    expect(readFileSync(join(folder, "checkpoint"), "utf8")).toBe(formatCheckpointState(stateOf("m-1", "m-2")));
    expect(readCheckpointState(folder)!.allModelCheckpointPaths).toEqual([join(folder, "m-1"), join(folder, "m-2")]);
    expect(readdirSync(folder)).toEqual(["checkpoint"]);
  });

  test("has another name if asked", () => {
    const folder = temporaryFolder();

    writeCheckpointState(folder, stateOf("m"), { latestFilename: "latest" });

    expect(readCheckpointState(folder)).toBeNull();
    expect(readCheckpointState(folder, { latestFilename: "latest" })!.modelCheckpointPath).toBe(join(folder, "m"));
  });
});

describe("latestCheckpoint", () => {
  test("is the newest one if its index is there", async () => {
    const folder = temporaryFolder();
    expect(latestCheckpoint(folder)).toBeNull();
    writeCheckpointState(folder, stateOf("m-1"));
    expect(latestCheckpoint(folder)).toBeNull();

    await save(join(folder, "m-1"));

    expect(latestCheckpoint(folder)).toBe(join(folder, "m-1"));
    expect(checkpointExists(join(folder, "m-1"))).toBe(true);
  });

  test("is found in a folder that was moved, though the state names absolute paths", async () => {
    const base = temporaryFolder();
    mkdirSync(join(base, "a"));
    await save(join(base, "a", "m-1"));
    writeFileSync(join(base, "a", "checkpoint"), formatCheckpointState(stateOf(join(base, "a", "m-1"))));

    renameSync(join(base, "a"), join(base, "b"));

    expect(latestCheckpoint(join(base, "b"))).toBe(join(base, "b", "m-1"));
  });

  test("does not leave the folder unless that is allowed, not through links either", async () => {
    const base = temporaryFolder();
    for (const name of ["run", "other"]) mkdirSync(join(base, name));
    await save(join(base, "other", "m-1"));
    symlinkSync(join(base, "other"), join(base, "run", "link"));

    for (const path of ["../other/m-1", join(base, "other", "m-1"), "link/m-1"]) {
      writeFileSync(join(base, "run", "checkpoint"), formatCheckpointState(stateOf(path)));
      expect(() => latestCheckpoint(join(base, "run"))).toThrow(
        expect.objectContaining({ code: "PERMISSION_DENIED", hint: "--follow_paths" }),
      );
      expect(latestCheckpoint(join(base, "run"), { followPaths: true })).not.toBeNull();
    }
  });
});

describe("deleteCheckpoint", () => {
  test("removes the files of this prefix and no other", async () => {
    const folder = temporaryFolder();
    for (const name of ["m-1", "m-10"]) await save(join(folder, name));
    for (const name of ["m-1.meta", "m-1.state.json", "m-1.notes", "m-1.data-00000-of-00009"])
      writeFileSync(join(folder, name), "");

    expect(checkpointFiles(join(folder, "m-1")).map((f) => f.slice(folder.length + 1))).toEqual([
      "m-1.index",
      "m-1.meta",
      "m-1.state.json",
      "m-1.data-00000-of-00001",
    ]);
    deleteCheckpoint(join(folder, "m-1"));

    expect(readdirSync(folder).sort()).toEqual([
      "m-1.data-00000-of-00009",
      "m-1.notes",
      "m-10.data-00000-of-00001",
      "m-10.index",
    ]);
  });
});
