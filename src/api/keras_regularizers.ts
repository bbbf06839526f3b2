/** tf.keras.regularizers. Written by scripts/api.mjs. */
export { l1, l1L2, l2 } from "../build/keras/regularizers.ts";
