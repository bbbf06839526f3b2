/** tf.keras.preprocessing. Written by scripts/api.mjs. */
export * as image from "./keras_preprocessing_image.ts";
export * as sequence from "./keras_preprocessing_sequence.ts";
export * as text from "./keras_preprocessing_text.ts";
