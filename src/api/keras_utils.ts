/** tf.keras.utils. Written by scripts/api.mjs. */
export { normalize, toCategorical } from "../train/keras/utils.ts";
