/** What a training run is asked to do, and how it ends. */
import type { FlagSpecs, FlagsOf } from "../../core/flags/value.ts";
import type { FolderLock } from "../../io/folder_lock.ts";
import type { ModelDefinition } from "../model.ts";
import type { Controls, EndReason, ReportSink } from "../report.ts";

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
  /** 0: at the end only. */
  readonly evalEvery: number;
  readonly keepBest: { readonly name: string; readonly largest: boolean } | null;
  readonly target: { readonly name: string; readonly below: boolean; readonly value: number } | null;
  /** A checkpoint prefix to begin from; null to begin anew. */
  readonly resumeFrom: string | null;
  /** What a loss or a variable that is not finite does: end the run, or go on from the last good checkpoint. */
  readonly onNan: "stop" | "rollback";
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
