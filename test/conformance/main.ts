/** The program behind `npm run test:conformance`: runs a tree of goldens, prints the table and the cases that are not equal. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { faultLines, runConformance, sets, tableLines } from "./suite/index.ts";

const { values } = parseArgs({
  options: {
    golden: { type: "string" },
    only: { type: "string" },
    case: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(
    `npm run test:conformance -- [--golden DIR] [--only ${Object.keys(sets).join(",")}] [--case REGEX] [--json]\n`,
  );
  process.exit(0);
}

const root = process.env.TSFLOW_ROOT ?? resolve(import.meta.dirname, "../..");
const beside = resolve(root, "../shared/oracle/golden");
const small = resolve(root, "test/fixtures/golden");
const golden = values.golden ? resolve(values.golden) : existsSync(beside) ? beside : small;
if (golden === small) process.stderr.write(`no goldens beside the checkout: the small set of ${small} is run\n`);
if (!existsSync(golden)) {
  process.stderr.write(`${golden}: no such folder\n`);
  process.exit(4);
}

const results = await runConformance(golden, {
  only: values.only?.split(","),
  pattern: values.case ? new RegExp(values.case) : undefined,
  done: ({ set, family, verdicts }) => process.stderr.write(`${set}/${family}: ${verdicts.length} cases\n`),
});
if (values.json) for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
else process.stdout.write(`${[...tableLines(results), ...faultLines(results)].join("\n")}\n`);
process.exit(results.some(({ verdicts }) => verdicts.some(({ status }) => status !== "equal")) ? 7 : 0);
