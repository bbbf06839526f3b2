/** tf.keras.preprocessing. Written by scripts/api.mjs. */
export * as sequence from "./keras_preprocessing_sequence.ts";
export * as text from "./keras_preprocessing_text.ts";
