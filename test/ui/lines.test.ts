import { describe, expect, test } from "vitest";
import type { Report } from "../../src/train/report.ts";
import { timeOfDay } from "../../src/ui/format.ts";
import { jsonLine, jsonSink } from "../../src/ui/json.ts";
import { plainSink } from "../../src/ui/plain.ts";
import { end, run, start, startTime, stepAt } from "./reports.ts";

function plain(reports: readonly Report[], quiet = false) {
  const out: string[] = [];
  const err: string[] = [];
  const sink = plainSink({ out: (line) => out.push(line), err: (line) => err.push(line), quiet });
  for (const report of reports) sink.report(report);
  return { out, err };
}

describe("plain lines", () => {
  test("give each report one line of key=value in a fixed order", () => {
    const at = (seconds: number) => timeOfDay(startTime + seconds);
    expect(plain(run).out).toEqual([
      `${at(0)} start model=digits_softmax model_dir=runs/mnist seed=1234 engine=wasm-simd threads=4 params=7850\n`,
      `${at(0)} resume step=600 checkpoint=model.ckpt-600 remaining=1400\n`,
      `${at(1)} step=700 loss=0.3302 accuracy=0.9070 lr=0.5 steps_per_sec=806.1 eta=1s\n`,
      `${at(3)} eval step=800 loss=0.3121 accuracy=0.9105 best=1\n`,
      `${at(3)} save step=800 path=runs/mnist/model.ckpt-800 bytes=31544 ms=12\n`,
      `${at(4.04)} done step=2000 reason=max_step seconds=2.5 loss=0.2651 accuracy=0.9213\n`,
    ]);
  });

  test("quote what holds spaces or control characters", () => {
    const [line] = plain([{ ...start, modelDir: 'my runs/"a"\u001b[2J' } as Report]).out;
    expect(line).toContain('model_dir="my runs/\\"a\\"\\u001b[2J" seed=1234');
  });

  test("leave only the last line to --quiet, and warnings on the other stream", () => {
    const warning: Report = { event: "warn", time: 1, message: "save failed", hint: "free some space" };
    const { out, err } = plain([...run, warning], true);
    expect(out).toHaveLength(1);
    expect(out[0]).toContain("done step=2000");
    expect(err).toEqual(["tsflow: warning: save failed\n"]);
  });

  test("come at most ten times a second, which is said once", () => {
    const steps = Array.from({ length: 100 }, (_, i) => stepAt(i, startTime + i / 50));
    const { out } = plain([...steps, end]);
    const stepLines = out.filter((line) => line.includes(" step=") && line.includes("lr="));
    expect(stepLines.length).toBeGreaterThan(15);
    expect(stepLines.length).toBeLessThanOrEqual(20);
    expect(out.filter((line) => line.includes("note message="))).toHaveLength(1);
    expect(out.at(-1)).toContain("done");
  });
});

describe("json lines", () => {
  test("carry version, event, time and the fields in snake_case", () => {
    expect(JSON.parse(jsonLine(stepAt(700, startTime + 1.12)))).toEqual({
      v: 1,
      event: "step",
      time: startTime + 1.12,
      step: 700,
      loss: 0.33021,
      metrics: { accuracy: 0.907 },
      lr: 0.5,
      steps_per_sec: 806.1234,
      examples_per_sec: 81200,
      eta_seconds: 1.2,
    });
  });

  test("keep the names of metrics as they are", () => {
    const line = jsonLine({ ...stepAt(1, 1), metrics: { topFive: 1 } });
    expect(JSON.parse(line).metrics).toEqual({ topFive: 1 });
  });

  test("write NaN and infinities as words, and big integers as strings", () => {
    const line = jsonLine({ ...stepAt(1, 1, Number.NaN), metrics: { a: Number.NEGATIVE_INFINITY } });
    expect(line).toContain('"loss":"NaN","metrics":{"a":"-Infinity"}');
    expect(jsonLine({ ...start, seed: 2n ** 60n } as unknown as Report)).toContain('"seed":"1152921504606846976"');
  });

  test("are one a report", () => {
    const lines: string[] = [];
    const sink = jsonSink((line) => lines.push(line));
    for (const report of run) sink.report(report);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(["start", "resume", "step", "eval", "save", "end"]);
    expect(lines.every((line) => line.endsWith("}\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
  });
});
