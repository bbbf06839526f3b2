/** tf.keras.layers.experimental.preprocessing. Written by scripts/api.mjs. */
export * from "./keras_layers_and_keras_layers_experimental_preprocessing.ts";
