/**
 * Training graphs that Python wrote run here with TensorFlow's numbers, from their checkpoint and from their initializer. The larger programs of
 * test/fixtures/programs are made by its script alone: `python make_programs.py /tmp/p`, then PROGRAMS=/tmp/p.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { runFolder } from "./program_case.ts";

const roots = [
  resolve(import.meta.dirname, "../fixtures/programs"),
  resolve(import.meta.dirname, "../../../shared/corpus"),
  ...(process.env.PROGRAMS ? [resolve(process.env.PROGRAMS)] : []),
];

for (const root of roots.filter(existsSync)) {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, "plan.json")));
  describe(`programs in ${basename(root)}`, () => {
    test.each(names)("%s gives the numbers of its checkpoint's run", async (name) => {
      expect(await runFolder(join(root, name), "checkpoint")).toEqual([]);
    });

    const initialized = names.filter((name) => {
      const plan = JSON.parse(readFileSync(join(root, name, "plan.json"), "utf8")) as { init?: string };
      return plan.init !== undefined && plan.init !== null;
    });
    test.each(initialized)("%s gives the same from its initializer", async (name) => {
      expect(await runFolder(join(root, name), "init")).toEqual([]);
    });
  });
}
