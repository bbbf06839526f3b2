/** Names of tf.keras.layers.experimental.preprocessing and tf.keras.layers. Written by scripts/api.mjs. */
export { CategoryEncoding, Discretization, Hashing } from "../build/keras/layers/preprocessing/categories.ts";
export { CenterCrop, Rescaling, Resizing } from "../build/keras/layers/preprocessing/images.ts";
export { Normalization } from "../build/keras/layers/preprocessing/normalization.ts";
