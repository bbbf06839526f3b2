/** What the panel shows, as a value that each report moves on. Pure: no clock, no terminal. */
import type { EndReport, EvalReport, Report, StartReport, StepReport } from "../../train/report.ts";
import { bytes, elapsed, metric, rate, timeOfDay } from "../format.ts";
import type { Point } from "../plot.ts";

export interface ScrollLine {
  readonly key: number;
  readonly text: string;
  readonly kind: "head" | "good" | "warn" | "plain";
}

export interface View {
  readonly start?: StartReport;
  readonly firstStep: number;
  readonly startTime?: number;
  readonly step?: StepReport;
  /** Curves by name, `loss` first, in the order of their appearance. */
  readonly curves: ReadonlyMap<string, readonly Point[]>;
  readonly smoothedLoss?: number;
  readonly savedStep?: number;
  readonly best?: EvalReport;
  /** Lines above the panel: printed once, never changed. */
  readonly scroll: readonly ScrollLine[];
  readonly end?: EndReport;
}

export const emptyView: View = { firstStep: 0, curves: new Map(), scroll: [] };

const maxPoints = 2048;
const smoothing = 0.9;

/** Drops every second point of a full curve, the last one never. */
function withPoint(points: readonly Point[], point: Point): readonly Point[] {
  const kept = points.length < maxPoints ? points : points.filter((_, i) => i % 2 === 0);
  return [...kept, point];
}

const values = ({ loss, metrics }: { loss: number | null; metrics: Readonly<Record<string, number>> }) => [
  ...(loss === null ? [] : [["loss", loss] as const]),
  ...Object.entries(metrics),
];

export const listValues = (report: { loss: number | null; metrics: Readonly<Record<string, number>> }): string =>
  values(report)
    .map(([name, value]) => `${name} ${metric(value)}`)
    .join("  ");

const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** The view after a report. `ascii` keeps the lines above the panel in plain letters. */
export function advance(view: View, report: Report, ascii = false): View {
  const dot = ascii ? " - " : " · ";
  const check = ascii ? "ok" : "✓";
  const say = (text: string, kind: ScrollLine["kind"]): View["scroll"] => [
    ...view.scroll,
    { key: view.scroll.length, text, kind },
  ];
  const marked = (time: number, step: number, text: string) =>
    say(`${check} ${timeOfDay(time)}  step ${String(step).padStart(4)}  ${text}`, "good");
  switch (report.event) {
    case "start": {
      const { version, model, modelDir, seed, engine, threads } = report;
      const head = [`tsflow ${version}`, model, modelDir, `seed ${seed}`, `${engine} ${ascii ? "x" : "×"}${threads}`];
      return { ...view, start: report, startTime: report.time, scroll: say(head.join(dot), "head") };
    }
    case "resume": {
      const to = view.start?.maxStep == null ? "" : ` of ${view.start.maxStep} (${report.remaining} to go)`;
      const text = `Resuming at step ${report.step}${to} from ${report.checkpoint}`;
      return { ...view, firstStep: report.step, savedStep: report.step, scroll: say(text, "plain") };
    }
    case "step": {
      const curves = new Map(view.curves);
      for (const [name, y] of values(report)) {
        curves.set(name, withPoint(curves.get(name) ?? [], { x: report.step, y }));
      }
      const { loss } = report;
      const before = view.smoothedLoss;
      const smoothed =
        loss === null ? before : before === undefined ? loss : smoothing * before + (1 - smoothing) * loss;
      return { ...view, step: report, curves, ...(smoothed !== undefined && { smoothedLoss: smoothed }) };
    }
    case "eval": {
      const text = `eval  ${listValues(report)}${report.best ? "  (best)" : ""}`;
      const scroll = marked(report.time, report.step, text);
      return report.best ? { ...view, best: report, scroll } : { ...view, scroll };
    }
    case "save": {
      const text = `saved ${baseName(report.path)}  ${bytes(report.bytes)}  ${elapsed(report.ms / 1000)}`;
      return { ...view, savedStep: report.step, scroll: marked(report.time, report.step, text) };
    }
    case "warn": {
      const hint = report.hint ? ` ${report.hint}` : "";
      return { ...view, scroll: say(`! ${report.message}${hint}`, "warn") };
    }
    case "note":
      return { ...view, scroll: say(report.message, "plain") };
    case "end":
      return { ...view, end: report };
    case "error":
      return view;
  }
}

/** The lines that take the panel's place after the end. */
export function summaryLines(end: EndReport, modelDir: string): string[] {
  const speed = end.seconds > 0 && end.steps > 0 ? ` (${rate(end.steps / end.seconds)} steps/s)` : "";
  const best = end.best ? ` (best ${end.best.name} ${metric(end.best.value)} @${end.best.step})` : "";
  const word = end.reason === "max_step" ? "Done" : `Stopped (${end.reason})`;
  const saved = end.checkpoint === null ? "No checkpoint" : `Checkpoint ${end.checkpoint}`;
  const next = ["tsflow restore", "tsflow events show", "tensorboard --logdir"].map(
    (command) => `${command} ${modelDir}`,
  );
  return [
    `${word}: step ${end.step} in ${elapsed(end.seconds)}${speed}.  ${listValues(end)}${best}`.trimEnd(),
    `${saved}     Events ${modelDir}`,
    ...(end.exit === 0 ? [`Next: ${next.join(" · ")}`] : []),
  ];
}
