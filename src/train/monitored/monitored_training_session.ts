/** `tf.train.MonitoredTrainingSession`: a monitored session with the hooks that training wants. Source: monitored_session.py. */
import { byName, type Rest } from "../../ops/options.ts";

import { StepCounterHook } from "./hooks/logging.ts";
import { CheckpointSaverHook, SummarySaverHook } from "./hooks/saving.ts";
import type { SessionRunHook } from "./hooks/session_run_hook.ts";
import { MonitoredSession } from "./monitored_session.ts";
import { Scaffold } from "./scaffold.ts";
import { ChiefSessionCreator, type CreatorOptions, WorkerSessionCreator } from "./session_creator.ts";

export interface TrainingSessionOptions extends CreatorOptions {
  readonly isChief?: boolean | undefined;
  /** Checkpoints are restored from here, and saved. */
  readonly checkpointDir?: string | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  readonly chiefOnlyHooks?: readonly SessionRunHook[] | null | undefined;
  /** 600 by default, unless saveCheckpointSteps is given; null for none. */
  readonly saveCheckpointSecs?: number | null | undefined;
  readonly saveCheckpointSteps?: number | null | undefined;
  /** 100 by default, unless saveSummariesSecs is given; null for none. */
  readonly saveSummariesSteps?: number | null | undefined;
  readonly saveSummariesSecs?: number | null | undefined;
  readonly stopGracePeriodSecs?: number | undefined;
  /** 100 by default; null or 0 for none. */
  readonly logStepCountSteps?: number | null | undefined;
  readonly maxWaitSecs?: number | undefined;
  /** The checkpoint folder by default. */
  readonly summaryDir?: string | null | undefined;
  readonly saveGraphDef?: boolean | undefined;
}

/** What is given, null elsewhere; the default when neither is. */
const either = (
  a: number | null | undefined,
  b: number | null | undefined,
  otherwise: readonly [number | null, number | null],
): readonly [number | null, number | null] => (a === undefined && b === undefined ? otherwise : [a ?? null, b ?? null]);

const isOn = (n: number | null): boolean => n !== null && n > 0;

const places = [
  "master",
  "isChief",
  "checkpointDir",
  "scaffold",
  "hooks",
  "chiefOnlyHooks",
  "saveCheckpointSecs",
  "saveSummariesSteps",
  "saveSummariesSecs",
  "config",
  "stopGracePeriodSecs",
  "logStepCountSteps",
  "maxWaitSecs",
  "saveCheckpointSteps",
  "summaryDir",
  "saveGraphDef",
] as const;

/** Runs until a hook asks to stop: `while (!sess.shouldStop()) await sess.run(trainOp)`, then `close`; or with a body for `within`. */
export function MonitoredTrainingSession(...given: Rest<TrainingSessionOptions, typeof places>): MonitoredSession {
  const options = byName<TrainingSessionOptions>(given, places);
  const {
    master,
    config,
    stopGracePeriodSecs,
    isChief = true,
    checkpointDir = null,
    logStepCountSteps = 100,
  } = options;
  const scaffold = options.scaffold ?? new Scaffold();
  const ownHooks = options.hooks ?? [];
  if (!isChief) {
    const { maxWaitSecs = 7200 } = options;
    const sessionCreator = new WorkerSessionCreator({ scaffold, master, config, maxWaitSecs });
    return new MonitoredSession({ sessionCreator, hooks: ownHooks, stopGracePeriodSecs });
  }
  const summaries = either(options.saveSummariesSteps, options.saveSummariesSecs, [100, null]);
  const checkpoints = either(options.saveCheckpointSteps, options.saveCheckpointSecs, [null, 600]);
  const hooks: SessionRunHook[] = [...(options.chiefOnlyHooks ?? [])];
  const outputDir = options.summaryDir ?? checkpointDir;
  if (outputDir) {
    if (isOn(logStepCountSteps)) hooks.push(new StepCounterHook({ outputDir, everyNSteps: logStepCountSteps }));
    const [saveSteps, saveSecs] = summaries;
    if (summaries.some(isOn)) hooks.push(new SummarySaverHook({ scaffold, saveSteps, saveSecs, outputDir }));
  }
  if (checkpointDir && checkpoints.some(isOn)) {
    const [saveSteps, saveSecs] = checkpoints;
    hooks.push(
      new CheckpointSaverHook(checkpointDir, { saveSteps, saveSecs, scaffold, saveGraphDef: options.saveGraphDef }),
    );
  }
  const sessionCreator = new ChiefSessionCreator({ scaffold, checkpointDir, master, config });
  return new MonitoredSession({ sessionCreator, hooks: [...hooks, ...ownHooks], stopGracePeriodSecs });
}
