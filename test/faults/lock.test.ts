import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FailedPreconditionError } from "../../src/core/error.ts";
import { type FileSystem, fileError, nodeFiles } from "../../src/io/file_system.ts";
import { FolderLock, type LockHolder } from "../../src/io/folder_lock.ts";
import { temporaryFolder } from "../io/temporary.ts";

const lockOf = (folder: string): string => join(folder, ".tsflow.lock");
const holderOf = (folder: string): LockHolder => JSON.parse(readFileSync(lockOf(folder), "utf8"));

function leave(folder: string, change: Partial<LockHolder>): void {
  const lock = FolderLock.take(folder);
  const holder = holderOf(folder);
  lock.release();
  writeFileSync(lockOf(folder), JSON.stringify({ ...holder, nonce: "0123456789abcdef", ...change }));
}

describe("the lock of a folder", () => {
  test("is one process's, and free after it", () => {
    const folder = join(temporaryFolder(), "run");
    const lock = FolderLock.take(folder);
    expect(() => FolderLock.take(folder)).toThrow(FailedPreconditionError);
    expect(() => FolderLock.take(folder)).toThrow(
      `${folder} is in use by pid ${process.pid} on host ${hostname()} since`,
    );
    lock.assertHeld();
    lock.release();
    FolderLock.take(folder).release();
    expect(existsSync(folder)).toBe(false); // it was made for the lock alone
  });

  test.each([
    ["a process that is gone", { pid: 4_000_000 }],
    ["a process whose number another one has", { started: "1" }],
    ["a boot before this one", { boot: "00000000-0000-0000-0000-000000000000" }],
  ])("of %s is taken over", (_, change) => {
    const folder = temporaryFolder();
    leave(folder, change);
    const lock = FolderLock.take(folder);
    expect(holderOf(folder).pid).toBe(process.pid);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("of another host is refused, and taken over when it is silent and stealing is allowed", async () => {
    const folder = temporaryFolder();
    leave(folder, { host: "elsewhere" });
    expect(() => FolderLock.take(folder, { steal: true })).toThrow("on host elsewhere");
    const { utimesSync } = await import("node:fs");
    const old = Date.now() / 1000 - 120;
    utimesSync(lockOf(folder), old, old);
    expect(() => FolderLock.take(folder)).toThrow("on host elsewhere");
    FolderLock.take(folder, { steal: true }).release();
  });

  test("that is torn is nobody's", () => {
    const folder = temporaryFolder();
    writeFileSync(lockOf(folder), '{"pid": 1');
    FolderLock.take(folder).release();
    expect(existsSync(lockOf(folder))).toBe(false);
  });

  test("is taken without hard links as well", () => {
    const folder = temporaryFolder();
    const noLinks: FileSystem = {
      ...nodeFiles,
      link: (_, path) => {
        throw fileError(Object.assign(new Error(), { code: "EPERM" }), path);
      },
    };
    const lock = FolderLock.take(folder, { fs: noLinks });
    expect(holderOf(folder).pid).toBe(process.pid);
    expect(() => FolderLock.take(folder, { fs: noLinks })).toThrow("in use");
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("that is stale is removed by one of those who found it: the others leave alone what came in its place", () => {
    const folder = temporaryFolder();
    leave(folder, { pid: 4_000_000 });
    // While this start looks at the stale lock, another one has taken it over already.
    let looks = 0;
    const slow: FileSystem = {
      ...nodeFiles,
      link: (existing, path) => {
        nodeFiles.link(existing, path);
        if (path.includes("-take-") && looks++ === 0) {
          writeFileSync(
            lockOf(folder),
            JSON.stringify({ ...holderOf(folder), nonce: "feed", pid: process.pid, started: null }),
          );
        }
      },
    };
    expect(() => FolderLock.take(folder, { fs: slow })).toThrow("in use by pid");
    expect(holderOf(folder).nonce).toBe("feed");
    expect(readdirSync(folder)).toEqual([".tsflow.lock"]);
  });

  test("goes when its process leaves at once", () => {
    const folder = temporaryFolder();
    FolderLock.take(folder);
    for (const listener of process.listeners("exit").slice(-1)) listener(0);
    expect(existsSync(lockOf(folder))).toBe(false);
  });

  test("that another process took ends saving", () => {
    const folder = temporaryFolder();
    const lock = FolderLock.take(folder);
    writeFileSync(lockOf(folder), JSON.stringify({ ...holderOf(folder), nonce: "ffff", pid: 7 }));
    expect(() => lock.assertHeld()).toThrow("taken by pid 7");
    lock.release();
    expect(holderOf(folder).nonce).toBe("ffff");
  });
});
