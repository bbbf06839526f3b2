/** All goldens but those of the ops, which ops.test.ts runs; where no goldens lie beside the checkout, the small set of the fixtures, ops included. */
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { goldenPath, hasGoldens } from "../golden.ts";
import { type FamilyResult, faultLines, runConformance, sets, tableLines } from "./suite/index.ts";

const small = resolve(import.meta.dirname, "../fixtures/golden");
const root = hasGoldens ? goldenPath() : small;
if (!hasGoldens) process.stderr.write(`the small set of goldens in ${small} is run\n`);

const results: FamilyResult[] = [];
afterAll(() => {
  process.stdout.write(`${tableLines(results).join("\n")}\n`);
});

describe("goldens", () => {
  test.each(Object.keys(sets).filter((set) => !hasGoldens || !["ops", "reference"].includes(set)))(
    "%s: every case equals TensorFlow",
    async (set) => {
      const found = await runConformance(root, { only: [set] });
      results.push(...found);
      expect(faultLines(found)).toEqual([]);
      expect(found.length).toBeGreaterThan(0);
    },
    300_000,
  );
});

describe("the small set of goldens", () => {
  test.skipIf(!hasGoldens)("has every set, all equal, on WebAssembly and on the interpreter", async () => {
    const found = await runConformance(small);
    expect(faultLines(found)).toEqual([]);
    const named = new Set(found.map(({ set }) => set));
    expect(Object.keys(sets).filter((set) => !named.has(set))).toEqual(["curves"]); // their images are too large
  });
});
