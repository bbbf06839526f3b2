/** The real program, killed, stopped, and started twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.mjs";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { newestWhole } from "../../src/io/checkpoint/save/recover.ts";

const nightly = process.argv.includes("--nightly");
const root = join(import.meta.dirname, "../..");
const built = mkdtempSync(join(root, "node_modules", ".tsflow-faults-"));
const work = mkdtempSync(join(tmpdir(), "tsflow-faults-"));
afterAll(() => {
  for (const folder of [built, work]) rmSync(folder, { recursive: true, force: true });
});
beforeAll(() => bundle(built, { program: true }).then(() => undefined));

/** The same numbers in every run of the tests. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

function start(...words: readonly string[]): { child: ChildProcess; end: Promise<Ended> } {
  const began = performance.now();
  const child = spawn(process.execPath, [join(built, "cli.js"), ...words], { cwd: work, stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const end = new Promise<Ended>((resolve) =>
    child.on("close", (exit, signal) => resolve({ exit, signal, stdout, stderr, ms: performance.now() - began })),
  );
  return { child, end };
}

const train = (directory: string, ...more: readonly string[]) =>
  start("train", "linear_regression", "--seed", "3", "--model_dir", directory, ...more);

const until = async (child: ChildProcess, pattern: RegExp): Promise<void> => {
  let text = "";
  await new Promise<void>((resolve) => {
    child.stdout!.on("data", (piece: string) => {
      text += piece;
      if (pattern.test(text)) resolve();
    });
    child.on("close", () => resolve());
  });
};

/** The step of the newest whole checkpoint; fails for a damaged one. */
async function stepIn(directory: string): Promise<number> {
  const { prefix, damaged } = await newestWhole(join(work, directory));
  expect(damaged.map(({ error }) => error.message)).toEqual([]);
  if (prefix === null) return 0;
  const reader = BundleReader.open(prefix);
  const step = reader.readSync("global_step");
  reader.close();
  return Number((step.data as BigInt64Array)[0]);
}

const files = (directory: string): string[] => readdirSync(join(work, directory));

describe("crash-loop", () => {
  test("random SIGKILLs leave the newest acknowledged step whole, and no litter after the next start", async () => {
    const random = seeded(11);
    let before = 0;
    for (let kill = 0; kill < (nightly ? 500 : 25); kill++) {
      const { child, end } = train("crash", "--max_step", "100000000", "--save_every", "40", "--log_every", "1000000");
      await until(child, /start model/);
      await sleep(random() * 150);
      child.kill("SIGKILL");
      const { stdout } = await end;
      const acknowledged = Math.max(0, ...[...stdout.matchAll(/save step=(\d+)/g)].map(([, step]) => Number(step)));
      const step = await stepIn("crash");
      expect(step).toBeGreaterThanOrEqual(Math.max(before, acknowledged));
      before = step;
    }
    const last = await train("crash", "--add_step", "1").end;
    expect(last.exit).toBe(0);
    expect(files("crash").filter((name) => /^\.tsf-tmp|intent|lock/.test(name))).toEqual([]);
    const indexed = files("crash").flatMap((name) => (name.endsWith(".index") ? [name.slice(0, -6)] : []));
    expect(indexed.length).toBeLessThanOrEqual(5);
    for (const name of files("crash").filter((each) => each.includes(".data-")))
      expect(indexed).toContain(name.replace(/\.data-.*/, ""));
  });
});

describe("signals", () => {
  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("%s at random moments saves the last step and leaves with %i", async (signal, exit) => {
    const random = seeded(exit);
    for (let i = 0; i < (nightly ? 50 : 5); i++) {
      const directory = `signal-${signal}-${i}`;
      const { child, end } = train(directory, "--max_step", "100000000", "--log_every", "1000000");
      await until(child, /start model/);
      await sleep(random() * 200);
      child.kill(signal);
      const ended = await end;
      expect(ended.exit).toBe(exit);
      const step = Number(/done step=(\d+)/.exec(ended.stdout)![1]);
      expect(await stepIn(directory)).toBe(step);
    }
  });
});

describe("two-writers", () => {
  test("the second is refused and the first unhurt", async () => {
    const first = train("two", "--max_step", "100000000", "--save_every", "1000", "--log_every", "1000000");
    await until(first.child, /start model/);
    const second = await train("two", "--max_step", "10").end;
    expect(second.exit).toBe(2);
    expect(second.stderr).toMatch(/two is in use by pid \d+ on host/);
    first.child.kill("SIGTERM");
    expect((await first.end).exit).toBe(143);
    expect((await train("two", "--add_step", "1").end).exit).toBe(0);
  });

  test.each([1, 2])("of simultaneous starts one wins, round %i", async (round) => {
    const directory = `race-${round}`;
    const all = Array.from({ length: 8 }, () => train(directory, "--max_step", "100000000", "--log_every", "1000000"));
    await Promise.all(all.map(({ child, end }) => Promise.race([end, until(child, /start model/)])));
    const alive = all.filter(({ child }) => child.exitCode === null);
    expect(alive).toHaveLength(1);
    alive[0]!.child.kill("SIGTERM");
    const exits = (await Promise.all(all.map(({ end }) => end))).map(({ exit }) => exit);
    expect(exits.sort()).toEqual([143, 2, 2, 2, 2, 2, 2, 2]);
    expect(files(directory).filter((name) => name.includes("lock"))).toEqual([]);
  });
});

describe("resume", () => {
  const models: readonly (readonly [string, string, readonly string[]])[] = [
    ["linear_regression", "3000", []],
    ["digits_mlp", "120", ["--batch_size", "32"]],
    ["ctr", "60", ["--batch_size", "64", "--generated_rows", "1024", "--buckets", "500"]],
  ];

  test.each(models)(
    "%s killed and started again ends with the bits of a run that never stopped",
    async (model, steps, flags) => {
      const words = ["train", model, "--seed", "5", "--threads", "1", "--log_every", "10", ...flags];
      const straight = await start(...words, "--max_step", steps, "--model_dir", `${model}-straight`).end;
      expect(straight.exit).toBe(0);
      const random = seeded(model.length);
      for (let kill = 0; kill < 3; kill++) {
        const { child, end } = start(
          ...words,
          "--max_step",
          steps,
          "--save_every",
          "7",
          "--model_dir",
          `${model}-broken`,
        );
        await until(child, /save step/);
        await sleep(random() * 60);
        child.kill("SIGKILL");
        await end;
      }
      const last = await start(...words, "--max_step", steps, "--model_dir", `${model}-broken`).end;
      expect(last.exit).toBe(0);
      const bytes = (directory: string) =>
        readFileSync(join(work, directory, `model.ckpt-${steps}.data-00000-of-00001`)).toString("hex");
      expect(bytes(`${model}-broken`) === bytes(`${model}-straight`)).toBe(true);
    },
  );
});
