/** Bundles test/conformance/main.ts and runs it with the arguments given: `npm run test:conformance -- --golden DIR --only ops,rng --json`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(root, "node_modules/.tsflow-conformance-"));
try {
  await build({
    absWorkingDir: root,
    entryPoints: ["test/conformance/main.ts"],
    outfile: join(folder, "main.mjs"),
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const { status } = spawnSync(
    process.execPath,
    ["--enable-source-maps", join(folder, "main.mjs"), ...process.argv.slice(2)],
    { stdio: "inherit", env: { ...process.env, TSFLOW_ROOT: root } },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
