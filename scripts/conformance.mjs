/** Runs the goldens and prints the table: `npm run test:conformance -- --golden DIR --only ops,rng --json`. */
import { runBundled } from "./run_bundled.mjs";

const { status } = await runBundled("test/conformance/main.ts", process.argv.slice(2));
process.exitCode = status;
