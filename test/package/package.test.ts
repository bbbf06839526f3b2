import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { bundle } from "../../scripts/bundle.mjs";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(root, "node_modules", ".tsflow-package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
await bundle(folder);

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const shipped = Object.entries(lock.packages as Record<string, Locked>).filter(
  ([path, { dev }]) => path !== "" && !dev,
);

/** The files that one file loads before it runs, itself included. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(join(folder, file), "utf8");
  for (const [, name] of text.matchAll(/^(?:import|export)\s[^;]*?from\s*"\.\/([^"]+)";|^import\s*"\.\/([^"]+)";/gm)) {
    if (name) loadedBy(name, found);
  }
  return found;
}

const textOf = (files: Iterable<string>): string =>
  [...files].map((file) => readFileSync(join(folder, file), "utf8")).join("\n");

describe("the package", () => {
  test("ships few packages, none with an install script", () => {
    expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    expect(shipped.length).toBeLessThanOrEqual(10);
  });

  test("has no install script of its own but the build of a clone", () => {
    const names = Object.keys(manifest.scripts);
    expect(names.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    expect(manifest.scripts.prepare).toBe("npm run build");
  });

  test("is locked without addresses", () => {
    expect(JSON.stringify(lock)).not.toMatch(/"resolved"|https?:[^"]*\.tgz/);
  });

  test("locks the optional packages of every platform, without which npm ci refuses", () => {
    const paths = Object.keys(lock.packages);
    const wanted = Object.values(lock.packages as Record<string, Locked>).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
  });

  test("asks for exact versions, and for the Node that CI has", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(manifest.engines.node).toBe(">=20.19");
  });

  test("names files that are there", () => {
    for (const name of manifest.files.filter((file) => file !== "dist"))
      expect(existsSync(join(root, name)), name).toBe(true);
    expect(readFileSync(join(root, manifest.bin.tsflow), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe("the program", () => {
  test("starts without engine, messages, panel or models", () => {
    const text = textOf(loadedBy("cli.js"));
    expect(text).toMatch(/from ?"commander"/);
    expect(text).not.toMatch(/from ?"protobufjs|from ?"jiti|createElement|WebAssembly\.Module|defineModel\(/);
  });

  test("has the panel in a chunk that only a terminal loads, in React's production form", () => {
    const all = loadedBy("cli.js");
    for (const [, name] of textOf(all).matchAll(/import\("\.\/([^"]+)"\)/g)) all.add(name!);
    expect(textOf(loadedBy("index.js"))).not.toContain("react.element");
    expect(textOf(all)).not.toContain("react-reconciler.development");
  });
});

describe("the library", () => {
  test("loads neither commander nor the panel", () => {
    const text = textOf(loadedBy("index.js"));
    expect(text).not.toMatch(/from ?"commander"|createElement/);
  });
});
