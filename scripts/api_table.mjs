/** Writes docs/api.md, the table of public names: node scripts/api_table.mjs. Goldens beside the checkout count as tests where they are. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runBundled } from "./run_bundled.mjs";

const root = resolve(import.meta.dirname, "..");
const { status, stdout } = await runBundled("test/conformance/api_report.ts", [], { capture: true });
if (status === 0) writeFileSync(join(root, "docs/api.md"), stdout);
process.exitCode = status;
