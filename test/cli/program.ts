/** Runs the program as a shell would: bundled once for all test files, with streams that are pipes. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { programInto } from "../../scripts/bundle.mjs";

const modules = join(import.meta.dirname, "../../node_modules");

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Closes the program's stdout after the first piece of it. */
  readonly leaveEarly?: boolean;
  /** Sent after the first line that begins a step. */
  readonly signal?: NodeJS.Signals;
}

/** The program of this test file. It is removed when the tests are done. */
export async function program(): Promise<(args: string, options?: RunOptions) => Promise<Ran>> {
  const folder = mkdtempSync(join(modules, ".tsflow-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  await programInto(folder).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true }); // a file that does not load runs no afterAll
    throw error;
  });
  return (args, options = {}) => run([join(folder, "cli.cjs"), ...words(args)], options);
}

/** A temporary folder for the files of this test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Words apart at spaces; those in single quotes stay together. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

export function run(
  args: readonly string[],
  { cwd, env = {}, input, leaveEarly = false, signal }: RunOptions,
): Promise<Ran> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(TSFLOW_|CI$|NO_COLOR|FORCE_COLOR|NODE_ENV|VITEST|COLUMNS)/.test(name),
    ),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...clean, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (leaveEarly) child.stdout.destroy();
      if (signal && !child.killed && stdout.includes(" step=")) child.kill(signal);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (exit) => resolve({ stdout, stderr, exit }));
    child.stdin.end(input ?? "");
  });
}
