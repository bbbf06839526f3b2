/** What a training run is asked to do, and how it ends. */
import type { FlagSpecs, FlagsOf } from "../../core/flags/value.ts";
import type { FolderLock } from "../../io/folder_lock.ts";
import type { ModelDefinition } from "../model.ts";
import type { Controls, EndReason, ReportSink } from "../report.ts";
import type { Aim } from "./schedule.ts";

export interface TrainOptions {
  readonly model: ModelDefinition;
  readonly modelFlags: FlagsOf<FlagSpecs>;
  readonly modelDir: string;
  readonly seed: number;
  /** Total steps by global_step; null trains until something else ends it. */
  readonly maxStep: number | null;
  readonly maxSeconds: number | null;
  readonly logEvery: number;
  readonly summaryEvery: number;
  readonly saveEvery: number | null;
  readonly saveSecs: number | null;
  readonly maxToKeep: number;
  readonly keepEveryHours: number | null;
  /** 0: at the end only. */
  readonly evalEvery: number;
  readonly keepBest: Aim | null;
  /** What evaluations must make better; null: what `keepBest` says, or the first metric. */
  readonly earlyStop: Aim | null;
  /** Evaluations that may bring nothing better; null: any number. */
  readonly patience: number | null;
  readonly minDelta: number;
  readonly flushSeconds: number;
  /** An event file that has grown beyond this is followed by another. */
  readonly maxEventBytes: number;
  /** How long a step may still take after a stop was asked for. */
  readonly graceSeconds: number;
  /** Without progress for so long, the run says what it waits for; 0: never. */
  readonly stallSeconds: number;
  readonly target: { readonly name: string; readonly below: boolean; readonly value: number } | null;
  /** A checkpoint prefix to begin from; null to begin anew. */
  readonly resumeFrom: string | null;
  /** Throws FAILED_PRECONDITION when input files changed since the checkpoint; otherwise that is a warning. */
  readonly strictInputs: boolean;
  /** Variables that the checkpoint lacks are initialized instead. */
  readonly ignoreMissing: boolean;
  /** One lane for each queue runner, in order: the same run happens again. */
  readonly deterministic: boolean;
  /** What a loss or a variable that is not finite does: end the run, undo the step, or go on from the last good checkpoint. */
  readonly onNan: "stop" | "skip" | "rollback";
  /** Keeps each boundary, so that the first bad node of a step can be found. */
  readonly checkNumerics: boolean;
  /** Steps between looks at all variables; 0: before saves only. */
  readonly checkNumericsEvery: number;
  readonly allowNan: boolean;
  readonly maxFailedSaves: number;
  /** Reads each checkpoint back before it counts. */
  readonly verifies: boolean;
  /** The right to write into modelDir; null for a dry run. */
  readonly lock: FolderLock | null;
  readonly dryRun: boolean;
  readonly threads: number;
  /** Steps to trace; 0: none. */
  readonly profileSteps: number;
  /** What flags.txt is to hold. */
  readonly flagfile: string;
  readonly sink: (controls: Controls) => ReportSink;
  /** Asked at every step boundary: a stop that a signal asked for. */
  readonly stop?: () => StopRequest | null;
}

export interface StopRequest {
  readonly reason: EndReason;
  readonly save: boolean;
  readonly exit: number;
}

export interface Outcome {
  readonly exit: number;
  readonly reason: EndReason;
  readonly step: number;
}
