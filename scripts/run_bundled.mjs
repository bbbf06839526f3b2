/** Runs a TypeScript program of the tests: bundled into a folder of its own, which goes when it is done. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/** The exit status, and with `capture` what it wrote to stdout. */
export async function runBundled(entry, args, { capture = false } = {}) {
  const folder = mkdtempSync(join(root, "node_modules/.tsflow-run-"));
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join(folder, "main.mjs"),
      bundle: true,
      platform: "node",
      target: "node20.19",
      format: "esm",
      packages: "external",
      sourcemap: "inline",
      logLevel: "warning",
    });
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--enable-source-maps", join(folder, "main.mjs"), ...args],
      {
        stdio: ["inherit", capture ? "pipe" : "inherit", "inherit"],
        env: { ...process.env, TSFLOW_ROOT: root },
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      },
    );
    return { status: status ?? 1, stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
