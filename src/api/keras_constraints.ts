/** tf.keras.constraints. Written by scripts/api.mjs. */
export { maxNorm, minMaxNorm, nonNeg, unitNorm } from "../build/keras/regularizers.ts";
