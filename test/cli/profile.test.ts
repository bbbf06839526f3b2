import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecords } from "../../src/io/record/reader.ts";
import { decode, pb } from "../../src/proto/messages.ts";
import { program, temporaryFolder } from "./program.ts";

const tsflow = await program();
const cwd = temporaryFolder();

interface ChromeEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Events of one thread that overlap without one being within the other. */
function crossing(events: readonly ChromeEvent[]): ChromeEvent[] {
  const open: number[] = [];
  const inOrder = events.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  return inOrder.filter(({ ts, dur }) => {
    while (open.length > 0 && open.at(-1)! <= ts + 1e-6) open.pop();
    const crosses = open.length > 0 && ts + dur > open.at(-1)! + 1e-6;
    open.push(ts + dur);
    return crosses;
  });
}

test("--profile writes steps for chrome://tracing, and node times for TensorBoard's graph page", async () => {
  const { exit, stdout, stderr } = await tsflow(
    "train digits_mlp --max_step 30 --profile 3 --engine wasm --threads 2 --model_dir run --seed 1",
    { cwd },
  );

  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toContain('note message="Profile of 3 steps: run/profile-11-13.json');
  const { traceEvents } = JSON.parse(readFileSync(join(cwd, "run/profile-11-13.json"), "utf8")) as {
    traceEvents: ChromeEvent[];
  };
  const complete = traceEvents.filter(({ ph }) => ph === "X");
  expect(complete.filter(({ cat }) => cat === "step").map(({ name }) => name)).toEqual(
    [11, 12, 13].map((n) => `step ${n}`),
  );
  const kernels = complete.filter(({ cat }) => cat === "kernel");
  expect(kernels.some(({ name }) => name.startsWith("hidden/MatMul: matmul 64x128x64"))).toBe(true);
  expect(kernels.every(({ ts, dur }) => ts >= 0 && dur >= 0)).toBe(true);
  for (const tid of new Set(complete.map((event) => event.tid))) {
    expect(crossing(complete.filter((event) => event.tid === tid))).toEqual([]);
    expect(traceEvents.some(({ ph, name, tid: of }) => ph === "M" && name === "thread_name" && of === tid)).toBe(true);
  }

  const [file] = readdirSync(join(cwd, "run")).filter((name) => name.includes("tfevents"));
  const events = [...readRecords(join(cwd, "run", file!))].map((record) => decode(pb.Event, record));
  const tagged = events.flatMap((event) => (event.taggedRunMetadata ? [event.taggedRunMetadata] : []));
  expect(tagged.map(({ tag }) => tag)).toEqual(["step_11", "step_12", "step_13"]);
  const metadata = decode(pb.RunMetadata, tagged[0]!.runMetadata as Uint8Array);
  const stats = metadata.stepStats!.devStats![0]!.nodeStats!;
  const graph = decode(pb.GraphDef, events.find((event) => event.graphDef?.length)!.graphDef as Uint8Array);
  const names = new Set(graph.node!.map(({ name }) => name));
  expect(stats.filter(({ nodeName }) => !names.has(nodeName))).toEqual([]);
  const hidden = stats.find(({ nodeName }) => nodeName === "hidden/MatMul")!;
  expect(Number(hidden.allEndRelMicros)).toBeGreaterThan(0);
});

test("a run that ends sooner writes the steps that there were", async () => {
  const { stdout } = await tsflow("train scalar_regression --max_step 4 --profile 20 --model_dir short --seed 1", {
    cwd,
  });
  expect(stdout).toContain("Profile of 4 steps: short/profile-1-4.json");
});
