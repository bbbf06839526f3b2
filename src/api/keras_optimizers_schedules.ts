/** tf.keras.optimizers.schedules. Written by scripts/api.mjs. */
export {
  CosineDecay,
  CosineDecayRestarts,
  deserializeSchedule as deserialize,
  ExponentialDecay,
  InverseTimeDecay,
  LearningRateSchedule,
  PiecewiseConstantDecay,
  PolynomialDecay,
  serializeSchedule as serialize,
} from "../build/keras/optimizers/schedules.ts";
