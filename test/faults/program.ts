/** The real program, started as a shell would start it; its folder of runs, and what lies in them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { programInto } from "../../scripts/bundle.mjs";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { newestWhole } from "../../src/io/checkpoint/save/recover.ts";

/** The long forms: `npm run test:faults -- --nightly`. */
export const nightly = process.env.TSFLOW_NIGHTLY === "1";

/** The same numbers in every run of the tests. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Started {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  /** What it has written to stdout until now. */
  readonly written: () => string;
}

export interface Program {
  /** Where runs lie; the working directory of the program. */
  readonly work: string;
  start(...words: readonly string[]): Started;
  /** `tsflow train linear_regression` with a seed. */
  train(directory: string, ...more: readonly string[]): Started;
  files(directory: string): string[];
  read(directory: string, name: string): Buffer;
  /** The step of the newest whole checkpoint, 0 without one; fails for a damaged one. */
  stepIn(directory: string): Promise<number>;
}

/** The program for the tests of a file: bundled before them, gone after them. */
export function program(): Program {
  const root = join(import.meta.dirname, "../..");
  const built = mkdtempSync(join(root, "node_modules", ".tsflow-faults-"));
  const work = mkdtempSync(join(tmpdir(), "tsflow-faults-"));
  const children = new Set<ChildProcess>();
  beforeAll(() => programInto(built));
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL"); // of a test that failed
    for (const folder of [built, work]) rmSync(folder, { recursive: true, force: true });
  });
  const start = (...words: readonly string[]): Started => {
    const began = performance.now();
    const child = spawn(process.execPath, [join(built, "cli.cjs"), ...words], { cwd: work, stdio: "pipe" });
    children.add(child);
    let [stdout, stderr] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const end = new Promise<Ended>((resolve) =>
      child.on("close", (exit, signal) => {
        children.delete(child);
        resolve({ exit, signal, stdout, stderr, ms: performance.now() - began });
      }),
    );
    return { child, end, written: () => stdout };
  };
  return {
    work,
    start,
    train: (directory, ...more) =>
      start("train", "linear_regression", "--seed", "3", "--model_dir", directory, ...more),
    files: (directory) => readdirSync(join(work, directory)),
    read: (directory, name) => readFileSync(join(work, directory, name)),
    async stepIn(directory) {
      mkdirSync(join(work, directory), { recursive: true });
      const { prefix, damaged } = await newestWhole(join(work, directory));
      expect(damaged.map(({ error }) => error.message)).toEqual([]);
      if (prefix === null) return 0;
      const reader = BundleReader.open(prefix);
      const step = reader.readSync("global_step");
      reader.close();
      return Number((step.data as BigInt64Array)[0]);
    },
  };
}

/** Until the program has written this to stdout, or has ended. */
export async function until({ child, written }: Started, pattern: RegExp): Promise<void> {
  if (pattern.test(written()) || child.exitCode !== null) return;
  await new Promise<void>((resolve) => {
    child.stdout!.on("data", () => {
      if (pattern.test(written())) resolve();
    });
    child.on("close", () => resolve());
  });
}

let found: string | null | undefined;

/** A Python that has TensorFlow: `TSFLOW_PYTHON`, or python3; null where there is none. */
export function pythonWithTensorFlow(): string | null {
  if (found !== undefined) return found;
  const candidate = process.env.TSFLOW_PYTHON ?? "python3";
  try {
    execFileSync(candidate, ["-c", "import tensorflow"], { stdio: "ignore", timeout: 120_000 });
    found = candidate;
  } catch {
    found = null;
    console.log("no Python with TensorFlow (TSFLOW_PYTHON): its judgement is left out");
  }
  return found;
}

/** What a Python program prints, as JSON. */
export const askPython = (python: string, source: string, ...args: readonly string[]): unknown =>
  JSON.parse(execFileSync(python, ["-c", source, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
