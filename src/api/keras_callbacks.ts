/** tf.keras.callbacks. Written by scripts/api.mjs. */
export {
  Callback,
  CSVLogger,
  EarlyStopping,
  History,
  LambdaCallback,
  LearningRateScheduler,
  ModelCheckpoint,
  ReduceLROnPlateau,
  TensorBoard,
  TerminateOnNaN,
} from "../train/keras/callbacks.ts";
