/** Bundles bench/ against the built library and runs it: node scripts/bench.mjs [flags of bench/run.ts]. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const outdir = join(root, "dist", "bench");
mkdirSync(outdir, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["bench/run.ts"],
  outdir,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
  tsconfigRaw: {},
  alias: { tsflow: join(root, "dist", "index.js") },
  external: [join(root, "dist", "index.js")],
});
const { status } = spawnSync(process.execPath, [join(outdir, "run.js"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
