/** soak: many tiny steps with saves and summaries: memory, open files and the folder stay as they are. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { nightly, program, until } from "./program.ts";

const { train, files } = program();
const seconds = nightly ? 3600 : 60;
const samples = 40;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

test.skipIf(process.platform !== "linux")("memory and open files do not grow with the steps", async () => {
  const run = train(
    "soak",
    "--max_step",
    nightly ? "1000000" : "100000000",
    "--save_every",
    "100",
    "--summary_every",
    "10",
  );
  await until(run, /save step/);
  const memory: number[] = [];
  const open: number[] = [];
  for (let i = 0; i < samples && run.child.exitCode === null; i++) {
    await sleep((1000 * seconds) / samples);
    if (run.child.exitCode !== null) break;
    const status = readFileSync(`/proc/${run.child.pid}/status`, "utf8");
    memory.push(Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1000);
    open.push(readdirSync(`/proc/${run.child.pid}/fd`).length);
  }
  run.child.kill("SIGTERM");
  const { exit, stdout } = await run.end;
  expect([0, 143]).toContain(exit);
  expect(Number(/done step=(\d+)/.exec(stdout)![1])).toBeGreaterThan(1000);
  const part = Math.floor(memory.length / 4);
  // What V8 keeps for itself in the first quarter is no slope.
  expect(median(memory.slice(-part)) - median(memory.slice(part, 2 * part))).toBeLessThan(30);
  expect(Math.max(...open.slice(part)) - Math.min(...open.slice(part))).toBeLessThanOrEqual(4);
  expect(files("soak").filter((name) => name.endsWith(".index")).length).toBeLessThanOrEqual(5);
});
