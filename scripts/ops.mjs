/** Writes docs/ops.md from runs of the op cases: node scripts/ops.mjs. Needs the goldens beside the checkout. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runBundled } from "./run_bundled.mjs";

const root = resolve(import.meta.dirname, "..");
const { status, stdout } = await runBundled("test/conformance/ops_report.ts", [], { capture: true });
if (status === 0) writeFileSync(join(root, "docs/ops.md"), stdout);
process.exitCode = status;
