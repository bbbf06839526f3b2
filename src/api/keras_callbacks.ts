/** tf.keras.callbacks. Written by scripts/api.mjs. */
export { BaseLogger, Callback, CallbackList, History, LambdaCallback } from "../train/keras/callbacks/callback.ts";
export {
  CSVLogger,
  LearningRateScheduler,
  ProgbarLogger,
  TensorBoard,
  TerminateOnNaN,
} from "../train/keras/callbacks/loggers.ts";
export { EarlyStopping, ModelCheckpoint, ReduceLROnPlateau } from "../train/keras/callbacks/monitors.ts";
