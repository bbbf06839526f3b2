/** Training graphs that Python wrote run here with TensorFlow's numbers, from their checkpoint and from their initializer. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { runFolder } from "./program_case.ts";

const roots = [
  resolve(import.meta.dirname, "../fixtures/programs"),
  resolve(import.meta.dirname, "../../../shared/corpus"),
];

for (const root of roots.filter(existsSync)) {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, "plan.json")));
  describe(root.includes("fixtures") ? "programs of the fixtures" : "programs of the corpus", () => {
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
