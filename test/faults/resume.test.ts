/** resume: killed at any step and started again, a run ends with the bits, and the curves, of one that was never stopped. */
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { eventFiles, readEvents } from "../../src/io/event_file.ts";
import { decode, pb } from "../../src/proto/messages.ts";
import { askPython, nightly, program, pythonWithTensorFlow, seeded, until } from "./program.ts";

const { work, start, read } = program();
const model = (name: string): string => join(import.meta.dirname, "models", `${name}.ts`);
const digits = join(import.meta.dirname, "../../data/digits-test.tfrecord");

const models: readonly (readonly [name: string, model: string, steps: string, flags: readonly string[]])[] = [
  ["linear_regression", "linear_regression", "400", []],
  ["digits_cnn", "digits_cnn", "60", ["--batch_size", "16", "--data", digits]],
  ["ctr", "ctr", "40", ["--batch_size", "32", "--generated_rows", "1024", "--buckets", "200"]],
  [
    "char_rnn",
    "char_rnn",
    "40",
    ["--hidden", "16", "--sequence_length", "8", "--batch_size", "4", "--keep_prob", "0.8"],
  ],
  ["reader_queue", model("reader_queue"), "60", []],
  ["data_pipeline", model("data_pipeline"), "60", ["--data", digits]],
];

/** Points by tag: those of a later file put those from its start on out of force. */
function curves(directory: string): Record<string, [number, number][]> {
  const tags: Record<string, [number, number][]> = {};
  for (const path of eventFiles(directory)) {
    const events = Array.from(readEvents(path), (bytes) => decode(pb.Event, bytes));
    expect(events[0]!.fileVersion).toBe("brain.Event:2");
    for (const { sessionLog, step, summary } of events) {
      if (sessionLog?.status === pb.SessionLog.SessionStatus.START)
        for (const [tag, points] of Object.entries(tags)) tags[tag] = points.filter(([at]) => at < Number(step));
      for (const { tag, simpleValue } of summary?.value ?? []) {
        if (simpleValue === undefined || simpleValue === null) continue;
        tags[tag!] ??= [];
        tags[tag!]!.push([Number(step), simpleValue]);
      }
    }
  }
  return tags;
}

const tensorBoardCurves = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
`;

describe("resume", () => {
  test.each(models)("%s", async (name, given, steps, flags) => {
    const words = ["train", given, "--seed", "5", "--summary_every", "5", "--log_every", "1000000", ...flags];
    const straight = await start(...words, "--max_step", steps, "--model_dir", `${name}-straight`).end;
    expect(straight.exit, straight.stderr).toBe(0);
    const random = seeded(name.length);
    const broken = [...words, "--max_step", steps, "--save_every", "3", "--model_dir", `${name}-broken`];
    for (let kill = 0; kill < (nightly ? 20 : 3); kill++) {
      const run = start(...broken);
      await until(run, /save step/);
      await sleep(random() * 200);
      run.child.kill(kill % 3 === 2 ? "SIGTERM" : "SIGKILL");
      await run.end;
    }
    const last = await start(...broken).end;
    expect(last.exit, last.stderr).toBe(0);
    const bytes = (directory: string) => read(directory, `model.ckpt-${steps}.data-00000-of-00001`).toString("hex");
    expect(bytes(`${name}-broken`) === bytes(`${name}-straight`)).toBe(true);
    const [one, other] = ["straight", "broken"].map((kind) => curves(join(work, `${name}-${kind}`)));
    expect(Object.keys(one!).length).toBeGreaterThan(0);
    expect(other).toEqual(one);
    const python = name === "reader_queue" ? pythonWithTensorFlow() : null;
    if (python) expect(askPython(python, tensorBoardCurves, join(work, `${name}-broken`))).toEqual(one);
  });

  test("a run in two parts is the run in one, whatever was evaluated at the end of the first", async () => {
    const words = [
      "train",
      "digits_cnn",
      "--seed",
      "5",
      "--batch_size",
      "16",
      "--summary_every",
      "0",
      "--data",
      digits,
    ];
    expect((await start(...words, "--max_step", "30", "--model_dir", "whole").end).exit).toBe(0);
    expect((await start(...words, "--max_step", "15", "--model_dir", "parts").end).exit).toBe(0);
    expect((await start(...words, "--max_step", "30", "--model_dir", "parts").end).exit).toBe(0);
    const bytes = (directory: string) => read(directory, "model.ckpt-30.data-00000-of-00001").toString("hex");
    expect(bytes("parts") === bytes("whole")).toBe(true);
  });

  test("the state beside a checkpoint says what the variables do not", async () => {
    const state = JSON.parse(read("digits_cnn-straight", "model.ckpt-60.state.json").toString());
    expect(state).toMatchObject({ step: 60, graph_seed: 5, purge_step: 61, examples_seen: 960, shuffle_seed: 5 });
    expect(Object.keys(state.op_seeds)).toEqual(expect.arrayContaining(Object.keys(state.randoms)));
    expect(state.inputs).toContainEqual(expect.objectContaining({ path: digits, size: expect.any(Number) }));
    for (const key of [
      "tsflow_version",
      "engine",
      "threads",
      "epoch",
      "position",
      "seconds_trained",
      "best",
      "patience_left",
    ])
      expect(Object.keys(state)).toContain(key);
  });

  test("flags and inputs that differ are told, and are errors where that is wanted", async () => {
    mkdirSync(join(work, "own"), { recursive: true });
    const data = join(work, "own", "digits.tfrecord");
    writeFileSync(data, readFileSync(digits));
    const words = ["train", "digits_softmax", "--seed", "5", "--data", data, "--model_dir", "changed"];
    expect((await start(...words, "--max_step", "5", "--batch_size", "100").end).exit).toBe(0);
    const refused = await start(...words, "--max_step", "10", "--batch_size", "64", "--strict_resume").end;
    expect(refused.exit).toBe(2);
    expect(refused.stderr).toContain("batch_size 100 -> 64");
    const told = await start(...words, "--max_step", "10", "--batch_size", "64").end;
    expect(told.exit).toBe(0);
    expect(told.stderr).toContain("batch_size 100 -> 64");
    utimesSync(data, 1, 1);
    const strict = await start(...words, "--max_step", "15", "--batch_size", "64", "--strict_inputs").end;
    expect(strict.exit).toBe(1);
    expect(strict.stderr).toContain("was written again");
    const going = await start(...words, "--max_step", "15", "--batch_size", "64").end;
    expect(going.exit).toBe(0);
    expect(going.stderr + going.stdout).toContain("inputs changed");
  });
});
