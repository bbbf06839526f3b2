/**
 * What a run tells people: one stream of plain objects, which the terminal panel, the plain lines, --json and log.jsonl all draw from.
 *
 *     start  [resume]  { step | eval | save | warn | note }*  end | error
 *
 * Fields are written as `--json` names them, in snake_case: `stepsPerSec` becomes `steps_per_sec`. Fields are only ever added.
 */

export type EndReason =
  | "max_step"
  | "max_time"
  | "target"
  | "early_stop"
  | "end_of_data"
  | "nan"
  | "sigint"
  | "sigterm"
  | "sighup"
  | "user"
  | "error";

interface Timed {
  /** Seconds since 1970. */
  readonly time: number;
}

export type Metrics = Readonly<Record<string, number>>;

export interface StartReport extends Timed {
  readonly event: "start";
  readonly version: string;
  readonly model: string;
  readonly modelDir: string;
  readonly seed: number;
  readonly engine: string;
  readonly threads: number;
  /** Trainable numbers of the model. */
  readonly params: number;
  /** The step at which training ends; null when only time or a target ends it. */
  readonly maxStep: number | null;
}

export interface ResumeReport extends Timed {
  readonly event: "resume";
  readonly step: number;
  /** The checkpoint's name, `model.ckpt-600`. */
  readonly checkpoint: string;
  readonly remaining: number | null;
}

export interface StepReport extends Timed {
  readonly event: "step";
  readonly step: number;
  readonly maxStep?: number | null;
  /** null for a model without a loss. */
  readonly loss: number | null;
  readonly metrics: Metrics;
  readonly lr?: number;
  /** Since the report before. */
  readonly stepsPerSec: number;
  readonly examplesPerSec?: number;
  readonly etaSeconds?: number;
  /** Part of the time spent waiting for input, 0 to 1. */
  readonly inputWait?: number;
  readonly memoryBytes?: number;
  readonly queue?: { readonly size: number; readonly capacity: number };
}

export interface EvalReport extends Timed {
  readonly event: "eval";
  readonly step: number;
  readonly loss: number | null;
  readonly metrics: Metrics;
  readonly examples?: number;
  readonly seconds?: number;
  /** The best evaluation so far. */
  readonly best: boolean;
}

export interface SaveReport extends Timed {
  readonly event: "save";
  readonly step: number;
  /** The prefix of the checkpoint's files. */
  readonly path: string;
  readonly bytes: number;
  readonly ms: number;
}

export interface WarnReport extends Timed {
  readonly event: "warn";
  readonly message: string;
  readonly hint?: string;
}

export interface NoteReport extends Timed {
  readonly event: "note";
  readonly message: string;
}

export interface EndReport extends Timed {
  readonly event: "end";
  readonly step: number;
  readonly reason: EndReason;
  /** Steps of this process, and the time they took. */
  readonly steps: number;
  readonly seconds: number;
  readonly loss: number | null;
  readonly metrics: Metrics;
  readonly best?: { readonly name: string; readonly value: number; readonly step: number };
  /** The newest checkpoint's prefix; null when there is none. */
  readonly checkpoint: string | null;
  readonly exit: number;
}

export interface ErrorReport extends Timed {
  readonly event: "error";
  readonly exit: number;
  /** TensorFlow's code. */
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly offset?: number;
  readonly hint?: string;
}

export type Report =
  | StartReport
  | ResumeReport
  | StepReport
  | EvalReport
  | SaveReport
  | WarnReport
  | NoteReport
  | EndReport
  | ErrorReport;

/** Where reports go. `report` never waits and never throws; `close` resolves when everything has been written. */
export interface ReportSink {
  report(report: Report): void;
  close(): Promise<void>;
}

/** What a person may ask of a running loop. The loop answers at the next step boundary. */
export interface Controls {
  requestStop(options: { save: boolean }): void;
  requestSave(): void;
  requestPause(paused: boolean): void;
  requestEval(): void;
}

/** One sink that feeds several. */
export function allSinks(sinks: readonly ReportSink[]): ReportSink {
  return {
    report(report) {
      for (const sink of sinks) sink.report(report);
    },
    async close() {
      for (const sink of sinks) await sink.close();
    },
  };
}

/** A report before its time is set. */
export type Untimed<R> = R extends unknown ? Omit<R, "time"> : never;
