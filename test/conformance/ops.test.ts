import { describe, expect, test } from "vitest";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { readFamily, runOpCase } from "./ops.ts";

const families = hasGoldens
  ? Object.keys(
      readGolden<{ families?: Record<string, number> } & Record<string, unknown>>("ops", "index.json").families ?? {},
    )
  : [];
const only = process.env.ONLY?.split(",");
const pattern = process.env.CASE ? new RegExp(process.env.CASE) : null;

describe.skipIf(!hasGoldens)("golden ops", () => {
  for (const family of families) {
    if (only && !only.includes(family)) continue;
    test(`${family}: every case equals TensorFlow`, async () => {
      const { cases } = readFamily(goldenPath("ops", `${family}.json`));
      const bad: string[] = [];
      let count = 0;
      for (const golden of cases) {
        if (pattern && !pattern.test(golden.name)) continue;
        count++;
        try {
          const difference = await runOpCase(golden);
          if (difference) bad.push(`${golden.name}: ${difference}`);
        } catch (error) {
          bad.push(
            `${golden.name}: threw ${(error as Error).name}: ${(error as Error).message.split("\n")[0]}${process.env.STACK ? (error as Error).stack : ""}`,
          );
        }
      }
      process.stdout.write(`${family}: ${count - bad.length} of ${count} equal\n`);
      if (process.env.VERBOSE) process.stdout.write(bad.map((line) => `  ${line.slice(0, 400)}\n`).join(""));
      expect(bad.slice(0, 5)).toEqual([]);
    }, 300_000);
  }
});
