import { flag } from "../../../core/flags.ts";
import { writeFileAtomic } from "../../../io/file_system.ts";
import { pathKind } from "../../../io/paths.ts";
import { toJson } from "../../../ui/json.ts";
import { defineCommand, Misuse } from "../../command.ts";
import { selectionFlags, selectionOf } from "./flags.ts";
import { type Run, selectRuns } from "./runs.ts";

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csvLine = (cells: readonly (string | number)[]): string => `${cells.map(cell).join(",")}\n`;

interface Scalar {
  readonly run: string;
  readonly tag: string;
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

const scalars = (runs: readonly Run[]): Scalar[] =>
  runs.flatMap(({ path, tags }) =>
    [...tags.values()].flatMap(({ name, points }) =>
      points.flatMap(({ step, time, value }) =>
        value === undefined ? [] : [{ run: path, tag: name, step, time, value }],
      ),
    ),
  );

/** One row a step, one column a tag (of a run, where there are several). Of several values at one step the last. */
function wide(points: readonly Scalar[], severalRuns: boolean): string {
  const columns = new Map<string, Map<number, number>>();
  for (const { run, tag, step, value } of points) {
    const name = severalRuns ? `${run}:${tag}` : tag;
    if (!columns.has(name)) columns.set(name, new Map());
    columns.get(name)!.set(step, value);
  }
  const steps = [...new Set(points.map(({ step }) => step))].sort((a, b) => a - b);
  const rows = steps.map((step) => csvLine([step, ...[...columns.values()].map((values) => values.get(step) ?? "")]));
  return csvLine(["step", ...columns.keys()]) + rows.join("");
}

export default defineCommand({
  usage: "DIR...",
  about: "write all scalar points, none left out, as CSV, JSON lines, or a table with a column a tag",
  examples: [
    "events export runs/linear --format csv --out loss.csv",
    "events export 'runs/lr*' --tag loss --format wide",
  ],
  flags: {
    ...selectionFlags,
    format: flag.enum("csv", ["csv", "json", "wide"], "a row a point, an object a point, or a row a step"),
    out: flag.string("-", "the file to write; - is stdout"),
    overwrite: flag.bool(false, "write even if the file is there"),
  },
  words: [1, 1000],
  run({ flags, words, out }) {
    const runs = selectRuns(words, selectionOf(flags));
    for (const { damaged } of runs)
      for (const file of damaged) out.warn(`${file} is damaged; its good records are exported`);
    const points = scalars(runs);
    const format = flags.json && flags.format === "csv" ? "json" : flags.format;
    const text =
      format === "wide"
        ? wide(points, runs.length > 1)
        : format === "json"
          ? points.map((point) => `${toJson(point)}\n`).join("")
          : csvLine(["run", "tag", "step", "wall_time", "value"]) +
            points.map(({ run, tag, step, time, value }) => csvLine([run, tag, step, time, value])).join("");
    if (flags.out === "-") {
      out.writeData(text);
      return;
    }
    if (pathKind(flags.out) !== "none" && !flags.overwrite) throw new Misuse(`${flags.out} exists. Use --overwrite`);
    writeFileAtomic(flags.out, new TextEncoder().encode(text));
    if (!out.quiet) out.print(`${flags.out}: ${points.length} points`);
  },
});
