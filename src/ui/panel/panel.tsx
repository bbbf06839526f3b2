/**
 * The panel of a run at a terminal. Lines above it are printed once and scroll away; below them, redrawn:
 *
 *     ╭─ loss ──────────────╮╭─ now ──────╮
 *     │ plot                ││ values     │
 *     ╰─────────────────────╯╰────────────╯
 *     ███████░░░░░ 1250/2000  62 %
 *     elapsed  left  best
 *     keys
 */
import { Box, Static, Text, useInput } from "ink";
import { useRef, useState } from "react";
import type { Controls } from "../../train/report.ts";
import { bytes, clock, metric, rate, short } from "../format.ts";
import { plot } from "../plot.ts";
import { type ScrollLine, summaryLines, type View } from "./view.ts";

export interface PanelProps {
  readonly view: View;
  readonly columns: number;
  readonly rows: number;
  readonly ascii: boolean;
  readonly controls: Controls;
  /** Ctrl-C, which is a key while the panel reads them. */
  readonly onInterrupt: () => void;
}

interface Mode {
  readonly metric: number;
  readonly log: boolean;
  readonly paused: boolean;
  readonly asks: boolean;
  readonly helps: boolean;
}

const firstMode: Mode = { metric: 0, log: false, paused: false, asks: false, helps: false };

export function Panel(props: PanelProps) {
  const { view, columns, rows, ascii, controls, onInterrupt } = props;
  const [mode, setMode] = useState<Mode>(firstMode);
  const newest = useRef(mode); // keys may come faster than frames
  const names = [...view.curves.keys()];
  useInput((input, key) => {
    const { asks, log, paused, helps, metric: shown } = newest.current;
    const change = (changes: Partial<Mode>) => {
      newest.current = { ...newest.current, ...changes };
      setMode(newest.current);
    };
    if (key.ctrl && input === "c") onInterrupt();
    else if (asks) {
      if (input === "s") controls.requestStop({ save: true });
      if (input === "k") controls.requestStop({ save: false });
      change({ asks: false });
    } else if (key.rightArrow || key.leftArrow) {
      const n = Math.max(1, names.length);
      change({ metric: (shown + (key.rightArrow ? 1 : n - 1)) % n });
    } else if (input === "q") change({ asks: true });
    else if (input === "s") controls.requestSave();
    else if (input === "e") controls.requestEval();
    else if (input === "l") change({ log: !log });
    else if (input === "?") change({ helps: !helps });
    else if (input === "p") {
      controls.requestPause(!paused);
      change({ paused: !paused });
    }
  });
  const tooSmall = columns < 60 || rows < 16;
  return (
    <>
      <Static items={view.scroll as ScrollLine[]}>{(line) => <Scrolled key={line.key} line={line} />}</Static>
      {view.end ? (
        <Summary view={view} />
      ) : tooSmall ? (
        <Progress view={view} columns={columns} ascii={ascii} />
      ) : (
        <Box flexDirection="column" width={columns}>
          <Box>
            <Curve
              view={view}
              name={names[mode.metric] ?? "loss"}
              log={mode.log}
              columns={columns - nowWidth}
              lines={innerLines(rows)}
              ascii={ascii}
            />
            <Now view={view} lines={innerLines(rows)} ascii={ascii} />
          </Box>
          <Progress view={view} columns={columns} ascii={ascii} />
          <Times view={view} />
          <Keys mode={mode} ascii={ascii} />
        </Box>
      )}
    </>
  );
}

const nowWidth = 28;

/** Lines within the frames: all values where there is room, and never as many as the screen has. */
const innerLines = (rows: number): number => Math.max(7, Math.min(10, rows - 9));

/** One line of the scrollback. */
function Scrolled({ line: { text, kind } }: { line: ScrollLine }) {
  if (kind === "warn") return <Text color="yellow">{text}</Text>;
  return <Text bold={kind === "head"}>{text}</Text>;
}

/** A border with a title in its upper line, which ink's borders lack. */
function titled(title: string, width: number, ascii: boolean): string {
  const [left, line, right] = ascii ? "+-+" : "╭─╮";
  const shown = ` ${title.slice(0, Math.max(0, width - 6))} `;
  return `${left}${line}${shown}${line!.repeat(Math.max(0, width - 3 - shown.length))}${right}`;
}

function Framed({
  title,
  width,
  lines,
  ascii,
}: {
  title: string;
  width: number;
  lines: readonly string[];
  ascii: boolean;
}) {
  const [left, line, right, side] = ascii ? "+-+|" : "╰─╯│";
  const inner = width - 2;
  return (
    <Box flexDirection="column" width={width}>
      <Text wrap="truncate">{titled(title, width, ascii)}</Text>
      {lines.map((text, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a frame have no other identity
        <Text key={i} wrap="truncate">
          {`${side}${text.slice(0, inner).padEnd(inner)}${side}`}
        </Text>
      ))}
      <Text wrap="truncate">{`${left}${line!.repeat(inner)}${right}`}</Text>
    </Box>
  );
}

/** The plot of one curve, with the bounds of both axes. */
function Curve(props: { view: View; name: string; log: boolean; columns: number; lines: number; ascii: boolean }) {
  const { view, name, log, columns, ascii } = props;
  const points = view.curves.get(name) ?? [];
  const to = view.start?.maxStep ?? points.at(-1)?.x ?? 0;
  const labelWidth = 9;
  const width = columns - 2 - labelWidth - 1;
  const height = props.lines - 1;
  const drawn = plot(points, { width, height, from: view.firstStep, to, log, ascii });
  const label = (i: number) =>
    points.length === 0
      ? ""
      : i === 0
        ? short(drawn.high)
        : i === height - 1
          ? short(drawn.low)
          : i === height >> 1
            ? short(drawn.middle)
            : "";
  const lines = drawn.lines.map((text, i) => `${label(i).padStart(labelWidth)} ${text}`);
  const [left, right] = [String(view.firstStep), String(to)];
  const axis = " ".repeat(labelWidth + 1) + left + right.padStart(Math.max(1, width - left.length));
  return <Framed title={log ? `${name} (log)` : name} width={columns} lines={[...lines, axis]} ascii={ascii} />;
}

/** The newest values. */
function Now({ view, lines: height, ascii }: { view: View; lines: number; ascii: boolean }) {
  const { step, smoothedLoss, savedStep, firstStep } = view;
  const row = (name: string, value: string) => ` ${name.slice(0, 14).padEnd(14)}${value}`;
  const at = step?.step ?? firstStep;
  const rows = [
    ...(step && step.loss !== null ? [row("loss", metric(step.loss))] : []),
    ...(smoothedLoss === undefined ? [] : [row("  smoothed", metric(smoothedLoss))]),
    ...Object.entries(step?.metrics ?? {})
      .slice(0, 1)
      .map(([name, value]) => row(name, metric(value))),
    ...(step?.lr === undefined ? [] : [row("learning_rate", short(step.lr))]),
    ...(step ? [row("steps/s", rate(step.stepsPerSec))] : [" waiting for the first step"]),
    ...(step?.examplesPerSec === undefined ? [] : [row("examples/s", rate(step.examplesPerSec))]),
    row("checkpoint", savedStep === undefined ? "none yet" : `${rate(Math.max(0, at - savedStep))} ago`),
    ...(step?.inputWait === undefined ? [] : [row("input wait", `${(100 * step.inputWait).toFixed(1)} %`)]),
    ...(step?.queue === undefined ? [] : [row("queue", `${step.queue.size}/${step.queue.capacity}`)]),
    ...(step?.memoryBytes === undefined ? [] : [row("memory", bytes(step.memoryBytes))]),
  ];
  const lines = Array.from({ length: height }, (_, i) => rows[i] ?? "");
  return <Framed title="now" width={nowWidth} lines={lines} ascii={ascii} />;
}

/** `██████░░░░ 1250/2000  62 %`; without a goal, only the step. */
function Progress({ view, columns, ascii }: { view: View; columns: number; ascii: boolean }) {
  const step = view.step?.step ?? view.firstStep;
  const goal = view.start?.maxStep;
  if (goal == null || goal <= 0) return <Text wrap="truncate">step {step}</Text>;
  const part = Math.min(1, step / goal);
  const tail = ` ${step}/${goal}  ${Math.floor(100 * part)} %`;
  const width = Math.max(4, Math.min(60, columns - tail.length - 1));
  const full = Math.round(part * width);
  const [on, off] = ascii ? "#-" : "█░";
  return <Text wrap="truncate">{on!.repeat(full) + off!.repeat(width - full) + tail}</Text>;
}

/** `elapsed 00:00:02   left 00:00:01   best 0.9105 @800` */
function Times({ view: { step, startTime, best } }: { view: View }) {
  const spent = step && startTime !== undefined ? step.time - startTime : 0;
  const left = step?.etaSeconds === undefined ? "" : `   left ${clock(step.etaSeconds)}`;
  const value = best && (Object.values(best.metrics)[0] ?? best.loss);
  const record = best && value != null ? `   best ${metric(value)} @${best.step}` : "";
  return <Text wrap="truncate">{`elapsed ${clock(spent)}${left}${record}`}</Text>;
}

function Keys({ mode, ascii }: { mode: Mode; ascii: boolean }) {
  if (mode.asks) {
    return <Text wrap="truncate">{"Stop?  s stop and save  k quit without saving  c cancel"}</Text>;
  }
  const arrows = ascii ? "</>" : "←/→";
  const pause = mode.paused ? "p go on (paused)" : "p pause";
  const text = mode.helps
    ? `Ctrl-C stop and save, twice: leave at once  ${arrows} next curve  l log axis  ? back`
    : `q stop  ${pause}  s save  e evaluate  ${arrows} metric  l log scale  ? keys`;
  return (
    <Text dimColor wrap="truncate">
      {text}
    </Text>
  );
}

function Summary({ view }: { view: View }) {
  return (
    <Box flexDirection="column">
      {summaryLines(view.end!, view.start?.modelDir ?? "").map((line) => (
        <Text key={line}>{line}</Text>
      ))}
    </Box>
  );
}
