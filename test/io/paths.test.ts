import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { latestCheckpoint } from "../../src/io/checkpoint/state.ts";
import { expandPaths, isInside, pathKind, realPath } from "../../src/io/paths.ts";
import { appendLines } from "../../src/io/text_file.ts";
import { workingDirectoryPolicy } from "../../src/train/program/trust.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "tsflow-paths-")));
afterAll(() => rmSync(root, { recursive: true }));

// root/in/real, root/in/out -> root/other/deep, root/in/same -> real, root/other/secret
for (const folder of ["in/real", "other/deep"]) mkdirSync(join(root, folder), { recursive: true });
for (const file of ["in/real/a", "other/secret", "other/deep/b"]) writeFileSync(join(root, file), "x");
symlinkSync(join(root, "other/deep"), join(root, "in/out"));
symlinkSync("real", join(root, "in/same"));
symlinkSync(join(root, "other/secret"), join(root, "in/file"));
symlinkSync(join(root, "other/none"), join(root, "in/dangling"));
const inside = join(root, "in");

describe("the real path", () => {
  test.each([
    ["real/a", "in/real/a"],
    ["same/a", "in/real/a"],
    ["out/b", "other/deep/b"],
    ["out/../secret", "other/secret"],
    ["out/../not_there", "other/not_there"],
    ["out/new/file", "other/deep/new/file"],
    ["new/../file", "other/secret"],
    ["new", "in/new"],
  ])("of %s is %s, links followed before ..", (path, expected) => {
    expect(realPath(`${inside}/${path}`)).toBe(join(root, expected));
  });
});

describe("inside a folder", () => {
  test.each(["real/a", "same/a", "new", "real/../real/a", ".", "..a", "real/..a"])("lies %s", (path) => {
    expect(isInside(inside, `${inside}/${path}`)).toBe(true);
  });

  test.each([
    "out/b",
    "out/../secret",
    "../other/secret",
    "file",
    "..",
    "out/../not_there",
    "real/../../other",
    "a\0b",
  ])("does not lie %j", (path) => {
    expect(isInside(inside, `${inside}/${path}`)).toBe(false);
  });
});

describe("a graph of a stranger", () => {
  const permit = workingDirectoryPolicy({ workingDirectory: inside, checkpoints: ["real/m"] });
  const refused = { code: "PERMISSION_DENIED" };

  test("reads below the working directory, and nowhere else by any way of naming it", () => {
    for (const path of ["real/a", "./same/a", `${inside}/real/a`, "file:///etc/passwd"])
      expect(() => permit("input", path)).not.toThrow();
    for (const path of ["/etc/passwd", "../other/secret", "out/b", "out/../secret", "file", "real/../../other/secret"])
      expect(() => permit("input", path)).toThrow(expect.objectContaining(refused));
  });

  test("touches the checkpoints that were named, their parts, and no others", () => {
    for (const path of ["real/m", "./real/m", "same/m", "real/m_temp_12/part-00000-of-00002"])
      expect(() => permit("checkpoint", path)).not.toThrow();
    for (const path of ["real/n", "m", "../other/m", "out/m", "real/m_temp/../../../other/m", "/tmp/m"])
      expect(() => permit("checkpoint", path)).toThrow(expect.objectContaining(refused));
  });

  test("opens no other files and runs no Python", () => {
    expect(() => permit("file", "real/a")).toThrow(expect.objectContaining(refused));
    expect(() => permit("python", "pyfunc_0")).toThrow(expect.objectContaining(refused));
  });
});

describe("what a folder names outside itself", () => {
  test("is no checkpoint of it, by .. or by a link", () => {
    const folder = join(root, "runs");
    mkdirSync(folder);
    writeFileSync(join(root, "other/m-1.index"), "");
    symlinkSync(join(root, "other/m-1.index"), join(folder, "m-2.index"));
    for (const path of ["../other/m-1", "m-2", join(root, "other/m-1")]) {
      writeFileSync(join(folder, "checkpoint"), `model_checkpoint_path: "${path}"\n`);
      expect(() => latestCheckpoint(folder)).toThrow(expect.objectContaining({ code: "PERMISSION_DENIED" }));
      expect(latestCheckpoint(folder, { followPaths: true })).not.toBeNull();
    }
  });

  test("is no log to write to", () => {
    for (const name of ["file", "dangling"])
      expect(() => appendLines(join(inside, name))).toThrow(expect.objectContaining({ code: "PERMISSION_DENIED" }));
    appendLines(join(inside, "log")).close();
  });
});

describe("paths that cannot be followed", () => {
  test("are none, and a glob does not go in circles", () => {
    const loop = join(root, "loop");
    mkdirSync(join(loop, "a"), { recursive: true });
    writeFileSync(join(loop, "a", "x.txt"), "");
    symlinkSync("..", join(loop, "a", "up"));
    symlinkSync("me", join(loop, "me"));
    expect(expandPaths([`${loop}/**/*.txt`])).toEqual([join(loop, "a", "x.txt")]);
    for (const path of [join(loop, "me"), "x".repeat(5000), join(loop, "a", "x.txt", "y")])
      expect(pathKind(path)).toBe("none");
  });
});
