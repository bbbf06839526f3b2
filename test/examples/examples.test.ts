/**
 * The programs of examples/, each run as a user runs it, against what their Python twins print with real TensorFlow
 * (test/fixtures/examples: NN_name.py, its output NN_name.txt, make.py).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const fixtures = join(root, "test/fixtures/examples");
const names = readdirSync(join(root, "examples"))
  .filter((name) => /^\d\d_\w+\.ts$/.test(name))
  .map((name) => name.slice(0, -".ts".length));

/** The programs with the library of this checkout, beside the sample that one of them reads. */
let programs = "";
beforeAll(async () => {
  programs = mkdtempSync(join(root, "node_modules/.tsflow-test-"));
  await build({
    entryPoints: names.map((name) => join(root, "examples", `${name}.ts`)),
    outdir: programs,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    alias: { tsflow: join(root, "src/index.ts") },
    define: { "import.meta.url": JSON.stringify(`file://${root}/examples/program.ts`) },
    packages: "external",
    logLevel: "warning",
  });
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

interface Printed {
  readonly stdout: string[];
  readonly stderr: string[];
}

function run(name: string): Promise<Printed & { readonly exit: number | null }> {
  const cwd = mkdtempSync(join(tmpdir(), "tsflow-examples-"));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(programs, `${name}.mjs`)], { cwd, timeout: 50_000 });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (exit) => {
      rmSync(cwd, { recursive: true, force: true });
      resolve({ stdout: lines(stdout), stderr: lines(stderr), exit });
    });
  });
}

const lines = (text: string): string[] => text.replace(/\n$/, "").split("\n");

/** What the twin printed: its standard output, and what nodes wrote to standard error. */
function printedByPython(name: string): Printed {
  const [stdout, stderr = ""] = readFileSync(join(fixtures, `${name}.txt`), "utf8").split("--- stderr\n");
  return { stdout: lines(stdout!), stderr: stderr ? lines(stderr) : [] };
}

/** Python's words for what is nothing or true, and where scalars stand in tuples. */
const asPython = (line: string): string =>
  line
    .replace(/\bnull\b/g, "None")
    .replace(/\btrue\b/g, "True")
    .replace(/\bfalse\b/g, "False");

/** Node's line of a node's place begins with its level; the order of the lines is free. */
const placed = (line: string): string => line.replace(/^INFO: /, "");
const isLog = (line: string): boolean => /^(WARNING|INFO): |^WARNING:tensorflow/.test(line) && !line.includes("/job:");

test("every program has a twin", () => {
  const twins = readdirSync(fixtures)
    .filter((name) => /^\d\d_\w+\.txt$/.test(name))
    .map((name) => name.slice(0, -".txt".length));
  expect(names).toEqual(twins.sort());
});

describe("examples", () => {
  test.each(names)("%s prints what its Python twin prints", { timeout: 60_000 }, async (name) => {
    const { stdout, stderr, exit } = await run(name);
    const wanted = printedByPython(name);
    expect(exit, stderr.join("\n")).toBe(0);
    const own = stderr.filter((line) => line !== "" && !isLog(line)).map(placed);
    expect(stdout.map(asPython)).toEqual(wanted.stdout);
    expect(own.sort()).toEqual([...wanted.stderr].sort());
  });
});
