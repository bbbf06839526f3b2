/** What a run does when values, memory, disks or its own code go wrong. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { program } from "./program.ts";

const { work, start, files, read } = program();
const model = (name: string): string => join(import.meta.dirname, "models", `${name}.ts`);
const exploding = (directory: string, ...more: readonly string[]) =>
  start(
    "train",
    model("exploding"),
    "--seed",
    "3",
    "--max_step",
    "20",
    "--save_every",
    "4",
    "--model_dir",
    directory,
    ...more,
  );
const lines = (directory: string): Record<string, unknown>[] =>
  read(directory, "log.jsonl")
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a loss that is not finite", () => {
  test("ends the run with 5; the good checkpoint stays the newest, the bad state lies in nan-N", async () => {
    const { exit, stderr } = await exploding("stop", "--check_numerics").end;
    expect(exit).toBe(5);
    expect(stderr).toMatch(/loss became -?(NaN|Infinity) at step 10 \(first bad op: Log in \w+.*input had 0\)/);
    expect(stderr).toContain("last good checkpoint model.ckpt-8");
    expect(read("stop", "checkpoint").toString()).toContain('model_checkpoint_path: "model.ckpt-8"');
    expect(files("stop")).toContain("nan-10.index");
    expect(lines("stop").at(-1)).toMatchObject({ event: "end", reason: "nan", exit: 5 });
  });

  test("skip undoes its update and goes on with the next data", async () => {
    const { exit, stderr, stdout } = await exploding("skip", "--on_nan", "skip").end;
    expect(exit, stderr).toBe(0);
    expect(stdout + stderr).toContain("its update is undone");
    expect(stdout).toMatch(/done step=20/);
  });

  test("rollback goes on from the newest good checkpoint", async () => {
    const { exit, stderr, stdout } = await exploding("rollback", "--on_nan", "rollback").end;
    expect(exit, stderr).toBe(0);
    expect(stdout + stderr).toContain("going on from model.ckpt-8");
    expect(stdout).toMatch(/done step=20/);
  });
});

test("memory beyond --memory_mb is refused, naming operation, shape and bytes", async () => {
  const { exit, stderr } = await start(
    "train",
    model("large"),
    "--memory_mb",
    "100",
    "--max_step",
    "1",
    "--model_dir",
    "large",
  ).end;
  expect(exit).toBe(1);
  expect(stderr).toMatch(
    /OOM when allocating \d+ bytes.*large\/product, shape \[6000,6000\] of float32, 144000000 bytes/,
  );
});

test("nothing that ends is told of, and what waits is named", async () => {
  const run = start("train", model("slow_step"), "--stall_s", "1", "--model_dir", "stalled");
  await new Promise<void>((resolve) => {
    const look = (text: string): void => {
      if (text.includes("nothing has ended for")) resolve();
    };
    run.child.stdout!.on("data", look);
    run.child.stderr!.on("data", look);
  });
  run.child.kill("SIGKILL");
  const { stderr, stdout } = await run.end;
  expect(stdout + stderr).toMatch(/nothing has ended for \d+ s: step 1 waits/);
});

test("an error that nobody caught ends with 70 and one line, its points written and nothing saved", async () => {
  const { exit, stderr } = await start("train", model("throwing"), "--max_step", "100000", "--model_dir", "thrown").end;
  expect(exit).toBe(70);
  expect(
    stderr
      .trim()
      .split("\n")
      .filter((line) => line.includes("nobody caught this")),
  ).toHaveLength(1);
  expect(files("thrown").filter((name) => /\.index|lock/.test(name))).toEqual([]);
  expect(files("thrown").some((name) => name.includes("tfevents"))).toBe(true);
});

test("saves that fail are told, and end the run with 1 when too many fail; the one before stays whole", async () => {
  const folder = join(work, "failing");
  const words = ["train", "linear_regression", "--seed", "3", "--model_dir", folder];
  expect((await start(...words, "--max_step", "10").end).exit).toBe(0);
  // A folder in the way of the intent's name: every save fails before it writes anything.
  mkdirSync(join(folder, ".tsflow-intent", "x"), { recursive: true });
  const { exit, stderr, stdout } = await start(...words, "--max_step", "100000", "--save_every", "10").end;
  expect(exit).toBe(1);
  expect(stdout + stderr).toContain("save of step 20 failed");
  expect(stderr).toContain("model.ckpt-10 is intact");
  expect(read("failing", "checkpoint").toString()).toContain('model_checkpoint_path: "model.ckpt-10"');
});

test("an event file is followed by another when it has grown", async () => {
  const words = [
    "train",
    "linear_regression",
    "--max_step",
    "20000",
    "--summary_every",
    "1",
    "--max_event_mb",
    "1",
    "--flush_secs",
    "0",
  ];
  expect((await start(...words, "--model_dir", "rotated").end).exit).toBe(0);
  expect(files("rotated").filter((name) => name.includes("tfevents")).length).toBeGreaterThan(1);
});

test("variables that a checkpoint lacks are named, and initialized where that is wanted", async () => {
  const words = ["train", model("growing"), "--seed", "3", "--model_dir", "grown"];
  expect((await start(...words, "--max_step", "5").end).exit).toBe(0);
  const refused = await start(...words, "--max_step", "10", "--more").end;
  expect(refused.exit).toBe(6);
  expect(refused.stderr).toContain("extra");
  const going = await start(...words, "--max_step", "10", "--more", "--ignore_missing").end;
  expect(going.exit, going.stderr).toBe(0);
  expect(going.stdout + going.stderr).toMatch(/lacks .*extra/);
});
