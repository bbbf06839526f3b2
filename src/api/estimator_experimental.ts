/** tf.estimator.experimental. Written by scripts/api.mjs. */
export {
  makeEarlyStoppingHook,
  makeStopAtCheckpointStepHook,
  stopIfHigherHook,
  stopIfLowerHook,
  stopIfNoDecreaseHook,
  stopIfNoIncreaseHook,
} from "../train/estimator/experimental/early_stopping.ts";
export { callLogitFn, dnnLogitFnBuilder, linearLogitFnBuilder } from "../train/estimator/experimental/logits.ts";
