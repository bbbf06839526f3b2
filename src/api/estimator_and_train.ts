/** Names of tf.estimator and tf.train. Written by scripts/api.mjs. */
export { VocabInfo } from "../train/estimator/run/warm_start.ts";
export { FeedFnHook, FinalOpsHook, GlobalStepWaiterHook, StopAtStepHook } from "../train/monitored/hooks/control.ts";
export {
  LoggingTensorHook,
  NanLossDuringTrainingError,
  NanTensorHook,
  StepCounterHook,
} from "../train/monitored/hooks/logging.ts";
export { ProfilerHook } from "../train/monitored/hooks/profiler.ts";
export { CheckpointSaverHook, CheckpointSaverListener, SummarySaverHook } from "../train/monitored/hooks/saving.ts";
export {
  SessionRunArgs,
  SessionRunContext,
  SessionRunHook,
  SessionRunValues,
} from "../train/monitored/hooks/session_run_hook.ts";
export { SecondOrStepTimer } from "../train/monitored/hooks/timer.ts";
