/**
 * Traced steps as chrome://tracing and Perfetto read them: complete events ("X") with times in microseconds from the first one on.
 *
 *     thread 0     step ⊃ segment ⊃ kernel ⊃ pieces;  nodes that run at once
 *     thread k     pieces of kernels that thread k took
 *     1000 and up  nodes that waited, side by side
 *
 * Source: the Trace Event Format.
 */
import type { TimelineEvent } from "../../session/trace.ts";

export interface TracedStep {
  readonly step: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly timeline: readonly TimelineEvent[];
}

interface ChromeEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const pid = 1;
const firstLane = 1000;

type Timed = Pick<TimelineEvent, "startMs" | "endMs">;

export function chromeTrace(process: string, steps: readonly TracedStep[]): object {
  const firstMs = Math.min(...steps.flatMap(({ startMs, timeline }) => [startMs, ...timeline.map((e) => e.startMs)]));
  /** Whole nanoseconds, so that what begins and ends together does so in the file. */
  const micros = (ms: number): number => Math.round((ms - firstMs) * 1e6) / 1000;
  const during = ({ startMs, endMs }: Timed): Pick<ChromeEvent, "ts" | "dur"> => ({
    ts: micros(startMs),
    dur: Math.round((micros(endMs) - micros(startMs)) * 1000) / 1000,
  });
  const lanes = new Lanes();
  const events: ChromeEvent[] = [];
  for (const { step, timeline, ...time } of steps) {
    events.push({ name: `step ${step}`, cat: "step", ph: "X", pid, tid: 0, ...during(time), args: { step } });
    const inOrder = timeline.toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
    for (const event of inOrder) {
      const tid = event.waited ? lanes.take(event) : event.thread;
      events.push({ ...titled(event), ph: "X", pid, tid, ...during(event) });
    }
  }
  const named = (name: string, tid: number, args: object): ChromeEvent => ({
    name,
    ph: "M",
    pid,
    tid,
    args: { ...args },
  });
  const tids = [...new Set(events.map(({ tid }) => tid))].sort((a, b) => a - b);
  const threads = tids.map((tid) => named("thread_name", tid, { name: threadName(tid) }));
  return {
    displayTimeUnit: "ms",
    traceEvents: [named("process_name", 0, { name: process }), ...threads, ...events],
  };
}

const threadName = (tid: number): string =>
  tid === 0 ? "main" : tid < firstLane ? `thread ${tid}` : `waiting ${tid - firstLane + 1}`;

/** A kernel is called by its first words and the node it works for most; the rest is in `args`. */
function titled({ kind, name, nodes, bytes }: TimelineEvent): Pick<ChromeEvent, "name" | "cat" | "args"> {
  switch (kind) {
    case "segment":
      return { name: `segment: ${name}`, cat: kind, args: { operations: nodes.length } };
    case "node":
      return { name, cat: kind, args: { op: name, name: nodes[0] } };
    default:
      return {
        name: nodes[0] === undefined ? name : `${nodes[0]}: ${name}`,
        cat: kind,
        args: { kernel: name, ops: nodes, ...(bytes === undefined ? {} : { bytes }) },
      };
  }
}

/** Rows for events that overlap: each takes the first row that is free. */
class Lanes {
  readonly #ends: number[] = [];

  take({ startMs, endMs }: Timed): number {
    const free = this.#ends.findIndex((end) => end <= startMs);
    const lane = free < 0 ? this.#ends.length : free;
    this.#ends[lane] = endMs;
    return firstLane + lane;
  }
}
