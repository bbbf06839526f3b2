/** RunOptions, and RunMetadata of a traced run. Source: config.proto, step_stats.proto. */
import { nowMs } from "../core/host.ts";
import { elementCount, type FullShape } from "../core/shape.ts";
import type { StageTrace } from "./plan/plan.ts";

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

/** Filled by a run with a trace level. */
export class RunMetadata {
  stepStats: { devStats: { device: string; nodeStats: NodeStats[] }[] } = { devStats: [] };
}

/** Collects node times of one run; `fill` puts them into the metadata. */
export function collectStepStats(metadata: RunMetadata | undefined): {
  trace: (stage: StageTrace) => void;
  fill: () => void;
} {
  const nodeStats: NodeStats[] = [];
  const clockOffsetMs = nowMs() - performance.now();
  const trace = ({ nodes, startMs, endMs, outputs }: StageTrace): void => {
    for (const op of nodes) {
      const micros = Math.max(1, Math.round((endMs - startMs) * 1000));
      nodeStats.push({
        nodeName: op.name,
        timelineLabel: `${op.name} = ${op.type}(${op.inputs.map((input) => (input.valueIndex === 0 ? input.op.name : input.name)).join(", ")})`,
        allStartMicros: Math.round((clockOffsetMs + startMs) * 1000),
        opStartRelMicros: 0,
        opEndRelMicros: micros,
        allEndRelMicros: micros,
        outputs: outputs.map((value, slot) => ({
          slot,
          dtype: value.dtype.number,
          shape: value.shape,
          bytes: elementCount(value.shape) * value.dtype.sizeBytes,
        })),
      });
    }
  };
  const fill = (): void => {
    if (metadata)
      metadata.stepStats = { devStats: [{ device: "/job:localhost/replica:0/task:0/device:CPU:0", nodeStats }] };
  };
  return { trace, fill };
}
