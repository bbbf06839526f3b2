/** tf.keras.experimental. Written by scripts/api.mjs. */
export { CosineDecay, CosineDecayRestarts } from "../build/keras/optimizers/schedules.ts";
export { LinearModel, WideDeepModel } from "../train/keras/premade.ts";
