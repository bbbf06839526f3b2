import { describe, expect, test } from "vitest";
import { readFamily } from "../conformance/ops.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { runEagerCase } from "./goldens.ts";

const families = hasGoldens
  ? Object.keys(readGolden<{ families: Record<string, number> }>("ops", "index.json").families)
  : [];
const only = process.env.ONLY?.split(",");
const pattern = process.env.CASE ? new RegExp(process.env.CASE) : null;
/** Every so manieth case by default: all of them take minutes. */
const every = Number(process.env.EVERY ?? 9);

describe.skipIf(!hasGoldens)("golden ops in eager execution", () => {
  for (const family of families) {
    if (only && !only.includes(family)) continue;
    test(`${family}: cases equal TensorFlow, and so do gradients of tapes`, () => {
      const cases = readFamily(goldenPath("ops", `${family}.json`)).cases.filter(
        ({ name }) => !pattern || pattern.test(name),
      );
      const bad: string[] = [];
      let skipped = 0;
      for (const [i, golden] of cases.entries()) {
        if (i % every) continue;
        let found: string | null;
        try {
          found = runEagerCase(golden);
        } catch (error) {
          found = `threw ${process.env.STACK ? (error as Error).stack : String(error).split("\n")[0]}`;
        }
        if (found === "skipped") skipped++;
        else if (found !== null) bad.push(`${golden.name}: ${found}`);
      }
      if (process.env.VERBOSE) process.stdout.write(`${family}: ${skipped} of ${cases.length} left out\n`);
      if (process.env.VERBOSE) process.stdout.write(bad.map((line) => `  ${line.slice(0, 600)}\n`).join(""));
      expect(bad.slice(0, 5)).toEqual([]);
    }, 120_000);
  }
});
