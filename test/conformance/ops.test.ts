import { describe, expect, test } from "vitest";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { type OpCase, readFamily, runOpCase } from "./ops.ts";

const families = hasGoldens
  ? Object.keys(readGolden<{ families: Record<string, number> }>("ops", "index.json").families)
  : [];
const only = process.env.ONLY?.split(",");
const pattern = process.env.CASE ? new RegExp(process.env.CASE) : null;

/** What differs in a case, null when it is equal; `unsupported` names an op that is not there. */
async function judge(golden: OpCase): Promise<{ difference: string | null; unsupported?: string }> {
  try {
    return { difference: await runOpCase(golden) };
  } catch (error) {
    const { name, message, stack } = error as Error;
    const missing = /Op type not registered '(\w+)'/.exec(message)?.[1];
    const difference = `threw ${name}: ${process.env.STACK ? stack : message.split("\n")[0]}`;
    return { difference, ...(missing ? { unsupported: missing } : {}) };
  }
}

describe.skipIf(!hasGoldens)("golden ops", () => {
  for (const family of families) {
    if (only && !only.includes(family)) continue;
    test(`${family}: every case equals TensorFlow`, async () => {
      const cases = readFamily(goldenPath("ops", `${family}.json`)).cases.filter(
        ({ name }) => !pattern || pattern.test(name),
      );
      const bad: string[] = [];
      const missing = new Set<string>();
      let equal = 0;
      let unsupportedCases = 0;
      for (const golden of cases) {
        const { difference, unsupported } = await judge(golden);
        if (difference === null) equal++;
        else if (unsupported) {
          missing.add(unsupported);
          unsupportedCases++;
        } else bad.push(`${golden.name}: ${difference}`);
      }
      const lacks = missing.size ? `, ${unsupportedCases} not supported (${[...missing].join(", ")})` : "";
      process.stdout.write(
        `${family}: ${equal} of ${cases.length} equal${bad.length ? `, ${bad.length} differ` : ""}${lacks}\n`,
      );
      if (process.env.VERBOSE) process.stdout.write(bad.map((line) => `  ${line.slice(0, 400)}\n`).join(""));
      expect(bad.slice(0, 5)).toEqual([]);
    }, 300_000);
  }
});
