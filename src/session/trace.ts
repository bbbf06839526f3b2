/** RunOptions, and RunMetadata of a traced run. Source: config.proto, step_stats.proto. */
import type { DType } from "../core/dtype.ts";
import { nowMs } from "../core/host.ts";
import { elementCount, type FullShape } from "../core/shape.ts";
import type { Operation } from "../graph/operation.ts";
import type { NodeTrace, OutputTrace, SegmentTrace, Tracer } from "./plan/run/tracer.ts";

type TraceLevel = "NO_TRACE" | "SOFTWARE_TRACE" | "HARDWARE_TRACE" | "FULL_TRACE";

/** Options of one run; a plain object of the same fields does as well. */
export class RunOptions {
  static readonly NO_TRACE: TraceLevel = "NO_TRACE";
  static readonly SOFTWARE_TRACE: TraceLevel = "SOFTWARE_TRACE";
  static readonly HARDWARE_TRACE: TraceLevel = "HARDWARE_TRACE";
  static readonly FULL_TRACE: TraceLevel = "FULL_TRACE";
  /** FULL_TRACE times every node. */
  readonly traceLevel?: TraceLevel | undefined;
  readonly timeoutInMs?: number | undefined;

  constructor({ traceLevel, timeoutInMs }: { traceLevel?: TraceLevel; timeoutInMs?: number } = {}) {
    this.traceLevel = traceLevel;
    this.timeoutInMs = timeoutInMs;
  }
}

/** Times are whole microseconds since 1970, or from `allStartMicros` on. A node that took less than one took one; 0: it needed no time of its own. */
export interface NodeStats {
  readonly nodeName: string;
  /** The op and its inputs, as TensorFlow labels a timeline. */
  readonly timelineLabel: string;
  readonly allStartMicros: number;
  readonly opStartRelMicros: number;
  readonly opEndRelMicros: number;
  readonly allEndRelMicros: number;
  readonly outputs: readonly {
    readonly slot: number;
    readonly dtype: number;
    readonly shape: FullShape;
    readonly bytes: number;
  }[];
}

/** What ran, as it ran: a segment holds its kernels, a kernel the pieces of its threads. */
export interface TimelineEvent {
  readonly kind: "segment" | "kernel" | "node" | "piece";
  /** A kernel's line, a segment's size, a node's op. */
  readonly name: string;
  /** As `performance.now()` counts. */
  readonly startMs: number;
  readonly endMs: number;
  /** Names of the graph's nodes, dearest first. */
  readonly nodes: readonly string[];
  /** Read and written by a kernel. */
  readonly bytes?: number;
  /** Did others run before it was done? */
  readonly waited: boolean;
  /** 0 is the caller's; others do pieces. */
  readonly thread: number;
}

/** Filled by a run with a trace level. */
export class RunMetadata {
  stepStats: { devStats: { device: string; nodeStats: NodeStats[] }[] } = { devStats: [] };
  /** In the order of their ends. TensorFlow's message has no place for it. */
  timeline: readonly TimelineEvent[] = [];
}

const device = "/job:localhost/replica:0/task:0/device:CPU:0";

/** Traces one run; `fill` puts what it told into the metadata. */
export function collectStepStats(metadata: RunMetadata | undefined): { trace: Tracer; fill: () => void } {
  const timeline: TimelineEvent[] = [];
  const nodeStats: NodeStats[] = [];
  const clockOffsetMs = nowMs() - performance.now();
  const micros = (ms: number): number => (clockOffsetMs + ms) * 1000;
  const tracer = (addStats: (stats: () => readonly NodeStats[]) => void): Tracer => ({
    segment(trace) {
      timeline.push(...segmentEvents(trace));
      addStats(() => segmentStats(trace, micros));
    },
    node(trace) {
      const { op, startMs, endMs, waited } = trace;
      timeline.push({ kind: "node", name: op.type, startMs, endMs, nodes: [op.name], waited, thread: 0 });
      addStats(() => [nodeOf(trace, micros)]);
    },
    // Nodes of a function's body are none of the graph's.
    get within() {
      return tracer(() => {});
    },
  });
  const fill = (): void => {
    if (!metadata) return;
    metadata.stepStats = { devStats: [{ device, nodeStats }] };
    metadata.timeline = timeline;
  };
  return { trace: tracer((stats) => nodeStats.push(...stats())), fill };
}

function segmentEvents({ nodes, kernels, startMs, endMs }: SegmentTrace): TimelineEvent[] {
  const events = kernels.flatMap((kernel): TimelineEvent[] => {
    const { text, bytes, startMs, endMs } = kernel;
    const own = { name: text, nodes: kernel.nodes.map(({ op }) => op.name), waited: false };
    const pieces = kernel.pieces.map((piece) => ({ ...own, ...piece, kind: "piece" as const }));
    return [...pieces, { ...own, kind: "kernel", bytes, startMs, endMs, thread: 0 }];
  });
  const name = `${nodes.length} operations in ${kernels.length} kernels`;
  const whole: TimelineEvent = {
    kind: "segment",
    name,
    startMs,
    endMs,
    nodes: nodes.map((op) => op.name),
    waited: false,
    thread: 0,
  };
  return [...events, whole];
}

/** A kernel's time is divided among its nodes, one after another; a node begins with its first part. Nodes without a kernel take none. */
function segmentStats(
  { nodes, kernels, outputsOf, startMs }: SegmentTrace,
  micros: (ms: number) => number,
): NodeStats[] {
  const times = new Map<Operation, { startMs: number; takenMs: number }>(
    nodes.map((op) => [op, { startMs, takenMs: 0 }]),
  );
  for (const kernel of kernels) {
    let at = kernel.startMs;
    for (const { op, part } of kernel.nodes) {
      const time = times.get(op);
      const takenMs = part * (kernel.endMs - kernel.startMs);
      if (time?.takenMs === 0) time.startMs = at;
      if (time) time.takenMs += takenMs;
      at += takenMs;
    }
  }
  return [...times].map(([op, time]) => statsOf(op, micros(time.startMs), time.takenMs * 1000, outputsOf(op)));
}

const nodeOf = ({ op, startMs, endMs, outputs }: NodeTrace, micros: (ms: number) => number): NodeStats =>
  statsOf(op, micros(startMs), (endMs - startMs) * 1000, outputs);

const bytesOf = (dtype: DType, shape: FullShape): number => elementCount(shape) * dtype.sizeBytes;

function statsOf(
  op: Operation,
  allStartMicros: number,
  takenMicros: number,
  outputs: readonly OutputTrace[],
): NodeStats {
  const taken = takenMicros > 0 ? Math.max(1, Math.round(takenMicros)) : 0;
  const inputs = op.inputs.map((input) => (input.valueIndex === 0 ? input.op.name : input.name));
  return {
    nodeName: op.name,
    timelineLabel: `${op.name} = ${op.type}(${inputs.join(", ")})`,
    allStartMicros: Math.round(allStartMicros),
    opStartRelMicros: 0,
    opEndRelMicros: taken,
    allEndRelMicros: taken,
    outputs: outputs.map(({ slot, dtype, shape }) => ({
      slot,
      dtype: dtype.number,
      shape,
      bytes: bytesOf(dtype, shape),
    })),
  };
}
