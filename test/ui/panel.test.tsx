import { render } from "ink-testing-library";
import { describe, expect, test, vi } from "vitest";
import type { Controls, Report } from "../../src/train/report.ts";
import { timeOfDay } from "../../src/ui/format.ts";
import { Panel, type PanelProps } from "../../src/ui/panel/panel.tsx";
import { advance, emptyView, summaryLines } from "../../src/ui/panel/view.ts";
import { end, evaluation, resume, run, save, start, startTime, stepAt } from "./reports.ts";

const viewOf = (reports: readonly Report[], ascii = false) =>
  reports.reduce((view, report) => advance(view, report, ascii), emptyView);

const falling: readonly Report[] = Array.from({ length: 50 }, (_, i) =>
  stepAt(600 + 10 * (i + 1), startTime + i / 10, 2.3 * Math.exp(-i / 10)),
);

/** The panel in a terminal of 100 columns, and what its keys ask of the loop. */
function show(reports: readonly Report[], props: Partial<PanelProps> = {}) {
  const asked: string[] = [];
  const controls: Controls = {
    requestStop: ({ save }) => asked.push(save ? "stop and save" : "stop"),
    requestSave: () => asked.push("save"),
    requestPause: (paused) => asked.push(paused ? "pause" : "go on"),
    requestEval: () => asked.push("evaluate"),
  };
  const view = viewOf(reports, props.ascii);
  const onInterrupt = () => asked.push("interrupt");
  const terminal = render(
    <Panel
      view={view}
      columns={100}
      rows={30}
      ascii={false}
      controls={controls}
      onInterrupt={onInterrupt}
      {...props}
    />,
  );
  const type = (...keys: string[]) => {
    for (const key of keys) terminal.stdin.write(key);
  };
  /** Waits for the frame that shows a text. */
  const shows = (text: string | RegExp) => vi.waitFor(() => expect(terminal.lastFrame()).toMatch(text));
  return { frame: () => terminal.lastFrame()!, type, shows, asked };
}

describe("the panel", () => {
  test("shows the run, the curve, the newest values and the way to the goal", () => {
    const lines = show([start, resume, ...falling])
      .frame()
      .split("\n");
    expect(lines.slice(0, 2)).toEqual([
      "tsflow 0.1.0 · digits_softmax · runs/mnist · seed 1234 · wasm-simd ×4",
      "Resuming at step 600 of 2000 (1400 to go) from model.ckpt-600",
    ]);
    const text = lines.join("\n");
    expect(text).toMatch(/╭─ loss ─+╮╭─ now ─+╮/);
    expect(text).toMatch(/│ +2\.3 [\u2801-\u28ff]/u);
    expect(text).toMatch(/│ loss {10}0\.0171 +│/);
    expect(text).toMatch(/accuracy {6}0\.9070/);
    expect(text).toMatch(/steps\/s {7}806/);
    expect(text).toMatch(/checkpoint {4}500 ago/);
    expect(text).toMatch(/│ {10}600 +2000│/);
    expect(text).toMatch(/█+░+ 1100\/2000 {2}55 %/);
    expect(text).toContain("left 00:00:01");
  });

  test("prints evaluations, checkpoints and warnings once above itself", () => {
    const warning: Report = { event: "warn", time: startTime, message: "the disk is nearly full" };
    const text = show([start, evaluation, save, warning]).frame();
    const at = timeOfDay(startTime + 3);
    expect(text).toContain(`✓ ${at}  step  800  eval  loss 0.3121  accuracy 0.9105  (best)\n`);
    expect(text).toContain(`✓ ${at}  step  800  saved model.ckpt-800  31.5 kB  12 ms\n`);
    expect(text).toContain("! the disk is nearly full\n");
  });

  test("gives way to a summary at the end", () => {
    const text = show(run).frame();
    expect(text).not.toContain("╭");
    expect(text).toContain(
      "Done: step 2000 in 2.5 s (560 steps/s).  loss 0.2651  accuracy 0.9213 (best accuracy 0.9213 @2000)",
    );
    expect(text).toContain("Checkpoint runs/mnist/model.ckpt-2000     Events runs/mnist");
    expect(text).toContain("Next: tsflow restore runs/mnist · tsflow events show runs/mnist");
  });

  test.each([16, 24, 50])("is less than %i rows high in a terminal of that height", (rows) => {
    const lines = show([start, ...falling], { rows, columns: 60 })
      .frame()
      .split("\n");
    const [head, ...panel] = lines;
    expect(head).toContain("tsflow 0.1.0");
    expect(panel.length).toBeLessThan(rows - 1);
    expect(Math.max(...panel.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test("shrinks to one line in a window that has become too small", () => {
    const lines = show([start, ...falling], { rows: 15 })
      .frame()
      .split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/█+░+ 1100\/2000 {2}55 %/);
  });

  test("uses plain letters where asked", () => {
    const text = show([start, resume, ...falling, save], { ascii: true }).frame();
    expect(text).toMatch(/^[\x00-\x7f]*$/);
    expect(text).toMatch(/\+- loss -+\+/);
    expect(text).toMatch(/\|.*\*/);
  });

  test("asks before it stops, and saves only if told so", async () => {
    const { type, shows, asked } = show([start, ...falling]);
    await shows("q stop");
    type("q");
    await shows("Stop?  s stop and save  k quit without saving  c cancel");
    type("c");
    await shows("q stop");
    type("q", "s", "q", "k");
    expect(asked).toEqual(["stop and save", "stop"]);
  });

  test("passes save, evaluate, pause and Ctrl-C on", async () => {
    const { type, shows, asked } = show([start, ...falling]);
    await shows("q stop");
    type("s", "e", "p", "p", "\u0003");
    expect(asked).toEqual(["save", "evaluate", "pause", "go on", "interrupt"]);
  });

  test("walks through the curves and changes the axis", async () => {
    const { type, shows } = show([start, ...falling]);
    await shows("q stop");
    type("\u001b[C");
    await shows("╭─ accuracy ─");
    type("\u001b[C", "l");
    await shows("╭─ loss (log) ─");
    type("?");
    await shows("Ctrl-C stop and save, twice: leave at once");
  });
});

describe("the view", () => {
  test("keeps long curves within bounds, first and last point included", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => stepAt(i, i, i));
    const points = viewOf(many).curves.get("loss")!;
    expect(points.length).toBeLessThanOrEqual(2048);
    expect([points[0]!.x, points.at(-1)!.x]).toEqual([0, 9999]);
  });

  test("a run that failed does not say what to do next", () => {
    const lines = summaryLines({ ...end, reason: "nan", exit: 5, checkpoint: null }, "runs/mnist");
    expect(lines[0]).toMatch(/^Stopped \(nan\): step 2000/);
    expect(lines[1]).toBe("No checkpoint     Events runs/mnist");
    expect(lines).toHaveLength(2);
  });
});
