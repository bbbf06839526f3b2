import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  errnoOf,
  type FileSystem,
  fileError,
  nodeFiles,
  type OpenFile,
  readFile,
  writeAll,
  writeFileAtomic,
} from "../../src/io/file_system.ts";
import { temporaryFolder } from "./temporary.ts";

const text = (s: string) => new TextEncoder().encode(s);
const failing = (code: string) => Object.assign(new Error(code), { code });

/** The disk, but for one operation of files that are opened through it. */
const withFile = (change: (file: OpenFile) => Partial<OpenFile>): FileSystem => ({
  ...nodeFiles,
  open(path, mode) {
    const file = nodeFiles.open(path, mode);
    return { ...file, ...change(file) };
  },
});

describe("fileError", () => {
  test.each([
    ["ENOENT", "NOT_FOUND", "a.txt; No such file or directory"],
    ["EACCES", "PERMISSION_DENIED", "a.txt; Permission denied"],
    ["EROFS", "PERMISSION_DENIED", "a.txt; Read-only file system"],
    ["ENOSPC", "RESOURCE_EXHAUSTED", "a.txt; No space left on device"],
    ["EDQUOT", "RESOURCE_EXHAUSTED", "a.txt; Disk quota exceeded"],
    ["EIO", "DATA_LOSS", "a.txt; Input/output error"],
    ["EISDIR", "FAILED_PRECONDITION", "a.txt; Is a directory"],
    ["EWHATEVER", "UNKNOWN", "a.txt; EWHATEVER"],
  ])("gives %s TensorFlow's code and words", (errno, code, message) => {
    const error = fileError(failing(errno), "a.txt");

    expect(error).toMatchObject({ code, message, path: "a.txt" });
    expect(errnoOf(error)).toBe(errno);
  });

  test("leaves an OpError as it is", () => {
    const error = fileError(failing("EIO"), "a");

    expect(fileError(error, "b")).toBe(error);
  });
});

describe("nodeFiles", () => {
  test("says null where nothing is, below a file too", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "f"), "abc");

    expect(nodeFiles.stat(join(folder, "none"))).toBeNull();
    expect(nodeFiles.stat(join(folder, "f", "below"))).toBeNull();
    expect(nodeFiles.stat(join(folder, "f"))).toMatchObject({ sizeBytes: 3, isFile: true, isDirectory: false });
  });

  test("refuses with wx what is there", () => {
    const path = join(temporaryFolder(), "f");
    writeFileSync(path, "");

    expect(() => nodeFiles.open(path, "wx")).toThrow(expect.objectContaining({ code: "ALREADY_EXISTS" }));
  });

  test("closes a file once, however often it is asked", () => {
    const file = nodeFiles.open(join(temporaryFolder(), "f"), "w");
    file.close();

    expect(() => file.close()).not.toThrow();
  });

  test("has free bytes to tell", () => {
    expect(nodeFiles.freeBytes(temporaryFolder())).toBeGreaterThan(0);
  });
});

describe("writeFileAtomic", () => {
  test("replaces a file and leaves no other", () => {
    const folder = temporaryFolder();
    const path = join(folder, "checkpoint");
    writeFileSync(path, "old");

    writeFileAtomic(path, text("new"));

    expect(readFile(path)).toEqual(text("new"));
    expect(readdirSync(folder)).toEqual(["checkpoint"]);
  });

  test.each(["write", "sync"] as const)("keeps the old file when %s fails", (operation) => {
    const folder = temporaryFolder();
    const path = join(folder, "checkpoint");
    writeFileSync(path, "old");
    const files = withFile((file) => ({
      [operation]() {
        throw fileError(failing("ENOSPC"), file.path);
      },
    }));

    expect(() => writeFileAtomic(path, text("new"), files)).toThrow(
      expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }),
    );

    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["checkpoint"]);
  });

  test("keeps the old file when the rename fails", () => {
    const folder = temporaryFolder();
    const path = join(folder, "checkpoint");
    writeFileSync(path, "old");
    const files: FileSystem = {
      ...nodeFiles,
      rename(from) {
        throw fileError(failing("EIO"), from);
      },
    };

    expect(() => writeFileAtomic(path, text("new"), files)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["old", ["checkpoint"]]);
  });
});

describe("writeAll", () => {
  test("goes on after short writes", () => {
    const path = join(temporaryFolder(), "f");
    const file = withFile((inner) => ({ write: (bytes) => inner.write(bytes.subarray(0, 3)) })).open(path, "w");

    writeAll(file, text("0123456789"));
    file.close();

    expect(readFileSync(path, "utf8")).toBe("0123456789");
  });
});
