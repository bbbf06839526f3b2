/** signals: a run asked to stop at any moment saves its last step and leaves with the signal's code. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { nightly, program, type Started, seeded, until } from "./program.ts";

const { train, start, files, stepIn, read } = program();
const endless = ["--max_step", "100000000", "--log_every", "1000000"];

describe("signals", () => {
  test.each([
    ["SIGTERM", 143, 20],
    ["SIGINT", 130, 20],
    ["SIGHUP", 129, 10],
  ] as const)("%s at random moments leaves with %i, 0 steps lost", async (signal, exit, times) => {
    const random = seeded(exit);
    for (let i = 0; i < (nightly ? 50 : times); i++) {
      const directory = `${signal}-${i}`;
      const run = train(directory, ...endless, "--save_every", "50");
      // The moments: while it starts, in steps and saves. Before Node runs any code of ours, the system ends it.
      const isEarly = i % 4 === 0;
      if (isEarly) await sleep(random() * 300);
      else {
        await until(run, /start model/);
        await sleep(random() * 150);
      }
      run.child.kill(signal);
      const ended = await run.end;
      if (isEarly && ended.signal !== null) continue;
      expect(ended.exit, ended.stderr).toBe(exit);
      const done = /done step=(\d+)/.exec(ended.stdout);
      if (done) expect(await stepIn(directory)).toBe(Number(done[1]));
      else expect(isEarly).toBe(true);
    }
  });

  test("during an evaluation it is left, and the step before it saved", async () => {
    const run = start(
      "train",
      "digits_mlp",
      "--seed",
      "3",
      "--eval_every",
      "1",
      "--model_dir",
      "evaluating",
      ...endless,
    );
    await until(run, /eval step/);
    run.child.kill("SIGTERM");
    const { exit, stdout } = await run.end;
    expect(exit).toBe(143);
    expect(await stepIn("evaluating")).toBe(Number(/done step=(\d+)/.exec(stdout)![1]));
  });

  test("a second SIGINT leaves at once, and the next start sweeps", async () => {
    const run = train("twice", ...endless);
    await until(run, /start model/);
    run.child.kill("SIGINT");
    await new Promise<void>((resolve) => run.child.stderr!.once("data", () => resolve()));
    run.child.kill("SIGINT");
    expect((await run.end).exit).toBe(130);
    expect((await train("twice", "--add_step", "1").end).exit).toBe(0);
    expect(files("twice").filter((name) => /^\.tsf-tmp|intent|lock/.test(name))).toEqual([]);
  });

  test("SIGUSR2 saves, and training goes on", async () => {
    const run = train("now", ...endless);
    await until(run, /start model/);
    run.child.kill("SIGUSR2");
    await until(run, /save step/);
    run.child.kill("SIGTERM");
    const { exit, stdout } = await run.end;
    expect(exit).toBe(143);
    const [, first] = /save step=(\d+)/.exec(stdout)!;
    expect(Number(/done step=(\d+)/.exec(stdout)![1])).toBeGreaterThan(Number(first));
  });

  test("closed streams do not end training", async () => {
    const run = train("deaf", "--max_step", "3000", "--log_every", "1");
    await until(run, /start model/);
    run.child.stdout!.destroy();
    run.child.stderr!.destroy();
    expect((await run.end).exit).toBe(0);
    expect(await stepIn("deaf")).toBe(3000);
  });

  const lines = (directory: string): string[] => read(directory, "log.jsonl").toString().trim().split("\n");

  test("a step that lasts longer than the grace is left: what the run was before it is saved", async () => {
    const run: Started = start(
      "train",
      join(import.meta.dirname, "models/slow_step.ts"),
      "--grace_s",
      "1",
      "--model_dir",
      "slow",
    );
    await until(run, /start model/);
    await sleep(500);
    run.child.kill("SIGTERM");
    const { exit, stderr } = await run.end;
    expect(stderr).toContain("did not end within 1 s");
    expect(exit).toBe(143);
    const end = JSON.parse(lines("slow").at(-1)!) as { step: number; reason: string };
    expect(end).toMatchObject({ event: "end", reason: "sigterm" });
    expect(await stepIn("slow")).toBe(end.step);
  });
});
