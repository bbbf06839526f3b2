/** Reports as NDJSON: one object a line, `v` first. The same lines go to stdout with --json and to MODEL_DIR/log.jsonl. */
import type { Report, ReportSink } from "../train/report.ts";

/** The version of the lines. Fields are only ever added under one version. */
export const jsonVersion = 1;

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** JSON with the words `"NaN"`, `"Infinity"`, `"-Infinity"`, and with integers beyond 2^53 as strings. */
export const toJson = (value: unknown, indent?: number): string => withoutControls(stringified(value, indent));

/** JSON leaves DEL and the second set of control characters as they are; terminals do not. */
const withoutControls = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);

const stringified = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_, item: unknown) => {
      if (typeof item === "bigint") return Number.isSafeInteger(Number(item)) ? Number(item) : String(item);
      return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
    },
    indent,
  );

/** One report as one line, newline included. */
export function jsonLine(report: Report): string {
  const { event, time, ...fields } = report;
  const named = Object.fromEntries(Object.entries(fields).map(([name, value]) => [snake(name), value]));
  return `${toJson({ v: jsonVersion, event, time: Math.round(time * 1000) / 1000, ...named })}\n`;
}

export const jsonSink = (out: (line: string) => void): ReportSink => ({
  report: (report) => out(jsonLine(report)),
  async close() {},
});
