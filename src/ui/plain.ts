/**
 * Reports as lines for pipes, files and logs: a time, a word, and `key=value` in a fixed order.
 *
 *     12:01:06 step=700 loss=0.3302 accuracy=0.9070 lr=0.5 steps_per_sec=806.1 eta=1s
 *
 * No escape codes, no carriage returns. At most 10 step lines a second.
 */
import type { Metrics, Report, ReportSink } from "../train/report.ts";
import { metric, short, shortTime, timeOfDay } from "./format.ts";

export interface PlainOptions {
  /** Takes whole lines, newline included. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Leaves the last line, warnings and errors; no hints. */
  readonly quiet?: boolean;
}

const least = 0.1; // seconds between two step lines

export function plainSink({ out, err, quiet = false }: PlainOptions): ReportSink {
  let lastStepTime = Number.NEGATIVE_INFINITY;
  let hasSaidFewer = false;
  const line = (time: number, text: string) => out(`${timeOfDay(time)} ${text}\n`);
  return {
    report(report) {
      if (report.event === "warn") {
        err(`tsflow: warning: ${report.message}\n${report.hint && !quiet ? `        ${report.hint}\n` : ""}`);
        return;
      }
      const text = plainLine(report);
      if (text === undefined || (quiet && report.event !== "end")) return;
      if (report.event === "step") {
        if (report.time - lastStepTime < least) {
          if (!hasSaidFewer) line(report.time, `note message="more than 10 lines a second: not every step is printed"`);
          hasSaidFewer = true;
          return;
        }
        lastStepTime = report.time;
      }
      line(report.time, text);
    },
    async close() {},
  };
}

const quoted = (text: string): string => (/^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text));
const lossAndMetrics = (loss: number | null, metrics: Metrics): string =>
  [...(loss === null ? [] : [["loss", loss] as const]), ...Object.entries(metrics)]
    .map(([name, value]) => ` ${quoted(name)}=${metric(value)}`)
    .join("");

/** The line of a report without its time; undefined for what has no line on stdout. */
export function plainLine(report: Report): string | undefined {
  switch (report.event) {
    case "start": {
      const { model, modelDir, seed, engine, threads, params } = report;
      const names = `model=${quoted(model)} model_dir=${quoted(modelDir)} seed=${seed}`;
      return `start ${names} engine=${quoted(engine)} threads=${threads} params=${params}`;
    }
    case "resume": {
      const remaining = report.remaining === null ? "" : ` remaining=${report.remaining}`;
      return `resume step=${report.step} checkpoint=${quoted(report.checkpoint)}${remaining}`;
    }
    case "step": {
      const lr = report.lr === undefined ? "" : ` lr=${short(report.lr)}`;
      const eta = report.etaSeconds === undefined ? "" : ` eta=${shortTime(report.etaSeconds)}`;
      const values = lossAndMetrics(report.loss, report.metrics);
      return `step=${report.step}${values}${lr} steps_per_sec=${report.stepsPerSec.toFixed(1)}${eta}`;
    }
    case "eval":
      return `eval step=${report.step}${lossAndMetrics(report.loss, report.metrics)} best=${report.best ? 1 : 0}`;
    case "save":
      return `save step=${report.step} path=${quoted(report.path)} bytes=${report.bytes} ms=${Math.round(report.ms)}`;
    case "note":
      return `note message=${JSON.stringify(report.message)}`;
    case "end": {
      const values = lossAndMetrics(report.loss, report.metrics);
      return `done step=${report.step} reason=${report.reason} seconds=${report.seconds.toFixed(1)}${values}`;
    }
    case "warn":
    case "error":
      return undefined;
  }
}
