/** tf.keras.layers.experimental. Written by scripts/api.mjs. */
export { EinsumDense } from "../build/keras/layers/attention/einsum_dense.ts";
export * as preprocessing from "./keras_layers_experimental_preprocessing.ts";
