/** disk-full: a small disk, filled up but for little: what was saved stays whole, the failure is named, and there is no litter. Needs root. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nightly, program } from "./program.ts";

const { work, start, files, stepIn } = program();
const isRoot = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!nightly || !isRoot)("disk-full", () => {
  test.each([0, 4, 100, 230, 600])("%i KiB free", async (free) => {
    const disk = join(work, `disk-${free}`);
    mkdirSync(disk);
    execFileSync("env", ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
    try {
      const words = ["train", "digits_softmax", "--seed", "3", "--model_dir", join(disk, "run"), "--max_to_keep", "2"];
      expect((await start(...words, "--max_step", "10").end).exit).toBe(0);
      const before = await stepIn(`disk-${free}/run`);
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, "full"), new Uint8Array(Math.max(0, bavail * bsize - 1024 * free)));
      const { exit, stderr, stdout } = await start(...words, "--max_step", "2000", "--save_every", "50").end;
      if (exit !== 0) {
        expect(exit).toBe(1);
        expect(stdout + stderr).toMatch(/disk full while saving|No space left/);
      }
      expect(await stepIn(`disk-${free}/run`)).toBeGreaterThanOrEqual(before);
      expect(files(`disk-${free}/run`).filter((name) => name.startsWith(".tsf-tmp"))).toEqual([]);
      rmSync(join(disk, "full"));
      expect((await start(...words, "--max_step", "2100").end).exit).toBe(0);
      expect(await stepIn(`disk-${free}/run`)).toBe(2100);
    } finally {
      execFileSync("env", ["umount", disk]);
    }
  });
});
