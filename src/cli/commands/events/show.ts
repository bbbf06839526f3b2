import { NotFoundError } from "../../../core/error.ts";
import { flag } from "../../../core/flags.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { chooseAscii } from "../../../ui/choose.ts";
import { metric, printable, short, table } from "../../../ui/format.ts";
import { type Plot, plot } from "../../../ui/plot.ts";
import { defineCommand } from "../../command.ts";
import type { Output, Style } from "../../output.ts";
import { selectionFlags, selectionOf, smooth } from "./flags.ts";
import { type Point, type Run, selectRuns, type Tag } from "./runs.ts";

const colors: readonly Style[] = ["cyan", "magenta", "yellow", "green", "blue", "red"];

const lastValue = ({ points }: Tag): string => {
  const last = points.at(-1);
  return last === undefined
    ? ""
    : last.value === undefined
      ? printable((last.about ?? "").slice(0, 60))
      : metric(last.value);
};

/** One line a tag: kind, number of points, steps, last value. */
function listTags(run: Run): string[] {
  const rows = [...run.tags.values()].map((tag) => [
    printable(tag.name),
    tag.kind,
    String(tag.points.length),
    tag.points.length === 0 ? "-" : `${tag.points[0]!.step}..${tag.points.at(-1)!.step}`,
    lastValue(tag),
  ]);
  return table([["tag", "kind", "points", "steps", "last"], ...rows], [2]);
}

type Numbers = readonly { readonly step: number; readonly value: number }[];

const numbersOf = (points: readonly Point[], w: number): Numbers => {
  const numbers = points.flatMap(({ step, value }) => (value === undefined ? [] : [{ step, value }]));
  const smoothed =
    w === 0
      ? undefined
      : smooth(
          numbers.map(({ value }) => value),
          w,
        );
  return smoothed ? numbers.map(({ step }, i) => ({ step, value: smoothed[i]! })) : numbers;
};

/** `last 0.2651   min 0.2640 @1900   mean 0.4102` */
function statisticsLine(numbers: Numbers): string {
  const finite = numbers.filter(({ value }) => Number.isFinite(value));
  if (finite.length === 0) return "no finite values";
  const least = finite.reduce((a, b) => (b.value < a.value ? b : a));
  const most = finite.reduce((a, b) => (b.value > a.value ? b : a));
  const mean = finite.reduce((sum, { value }) => sum + value, 0) / finite.length;
  const last = numbers.at(-1)!;
  const parts = [
    `last ${metric(last.value)}`,
    `min ${metric(least.value)} @${least.step}`,
    `max ${metric(most.value)} @${most.step}`,
    `mean ${metric(mean)}`,
  ];
  return [...parts, ...(finite.length < numbers.length ? [`${numbers.length - finite.length} not finite`] : [])].join(
    "   ",
  );
}

/** The lines of a plot with the bounds of y before them; several curves lie over each other, the first above. */
function drawn(plots: readonly Plot[], out: Output): string[] {
  const [{ low, high, middle }] = plots as [Plot];
  const height = plots[0]!.lines.length;
  const label = (i: number) =>
    i === 0 ? short(high) : i === height - 1 ? short(low) : i === height >> 1 ? short(middle) : "";
  return Array.from({ length: height }, (_, i) => {
    const cells = plots.map(({ lines }) => [...lines[i]!]);
    const line = cells[0]!.map((_, x) => {
      const owner = cells.findIndex((row) => row[x] !== " ");
      return owner < 0
        ? " "
        : plots.length === 1
          ? cells[0]![x]!
          : out.paint(colors[owner % colors.length]!, cells[owner]![x]!);
    });
    return `${label(i).padStart(9)} ${line.join("").trimEnd()}`;
  });
}

function boundsOf(values: readonly number[]): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { low, high };
}

/** One tag over all runs that have it. */
function showTag(
  name: string,
  runs: readonly Run[],
  { smoothing, log }: { smoothing: number; log: boolean },
  out: Output,
): string[] {
  const curves = runs.flatMap((run) => {
    const tag = run.tags.get(name);
    return tag?.kind === "scalar" ? [{ run, numbers: numbersOf(tag.points, smoothing) }] : [];
  });
  if (curves.length === 0) {
    return runs.flatMap((run) => {
      const tag = run.tags.get(name);
      if (!tag) return [];
      const lines = tag.points.slice(-10).map(({ step, about }) => `  step ${step}  ${printable(about ?? "")}`);
      return [`${printable(run.path)} · ${tag.kind} · ${tag.points.length} points   ${printable(name)}`, ...lines];
    });
  }
  const all = curves
    .flatMap(({ numbers }) => numbers)
    .filter(({ value }) => Number.isFinite(value) && (!log || value > 0));
  const lines: string[] = [];
  curves.forEach(({ run, numbers }, i) => {
    const steps = numbers.length === 0 ? "" : ` · steps ${numbers[0]!.step}..${numbers.at(-1)!.step}`;
    const mark = curves.length === 1 ? "" : `${out.paint(colors[i % colors.length]!, "━")} `;
    lines.push(
      `${mark}${printable(run.path)} · ${run.files} file${run.files === 1 ? "" : "s"} · ${numbers.length} points${steps}   ${printable(name)}`,
    );
  });
  if (all.length > 0) {
    const { low: from, high: to } = boundsOf(all.map(({ step }) => step));
    const bounds = boundsOf(all.map(({ value }) => value));
    const ascii = chooseAscii((variable) => process.env[variable]);
    const width = Math.max(20, Math.min(100, out.columns - 12));
    const plots = curves.map(({ numbers }) =>
      plot(
        numbers.map(({ step, value }) => ({ x: step, y: value })),
        { width, height: 8, from, to, log, ascii, ...bounds },
      ),
    );
    lines.push(...drawn(plots, out));
  }
  curves.forEach(({ run, numbers }) => {
    lines.push(`${" ".repeat(10)}${curves.length === 1 ? "" : `${printable(run.path)}   `}${statisticsLine(numbers)}`);
  });
  return lines;
}

export default defineCommand({
  usage: "DIR...",
  about: "list the tags of event logs, or plot those that --tag names; several directories are drawn together",
  examples: [
    "events show runs/linear",
    "events show runs/linear --tag loss --smooth 0.6",
    "events show 'runs/lr*' --tag loss",
  ],
  flags: {
    ...selectionFlags,
    smooth: flag.float(0, "weight of the past in a moving average", { min: 0, max: 0.999 }),
    log: flag.bool(false, "y in powers of ten"),
  },
  words: [1, 1000],
  run({ flags, words, out }) {
    const runs = selectRuns(words, selectionOf(flags));
    for (const { damaged } of runs)
      for (const file of damaged) out.warn(`${file} is damaged; its good records are shown`);
    const names = [...new Set(runs.flatMap(({ tags }) => [...tags.keys()]))];
    if (flags.tag !== null && names.length === 0) {
      const known = selectRuns(words, { ...selectionOf(flags), tag: null }).flatMap(({ tags }) => [...tags.keys()]);
      throw new NotFoundError(
        `no tag "${flags.tag}".${didYouMean(flags.tag, known)} Tags: tsflow events show ${words.join(" ")}`,
      );
    }
    if (out.json) {
      for (const run of runs) {
        for (const { name, kind, points } of run.tags.values()) {
          out.printJson({ run: run.path, tag: name, kind, points: flags.tag === null ? points.length : points });
        }
      }
    } else if (flags.tag === null) {
      runs.forEach((run, i) => {
        out.print(
          ...(i > 0 ? [""] : []),
          `${printable(run.path)} · ${run.files} file${run.files === 1 ? "" : "s"} · ${run.tags.size} tags`,
        );
        if (run.tags.size > 0) out.print(...listTags(run));
      });
    } else {
      names.forEach((name, i) => {
        out.print(...(i > 0 ? [""] : []), ...showTag(name, runs, { smoothing: flags.smooth, log: flags.log }, out));
      });
    }
    return 0;
  },
});
