/** tf.keras.optimizers.legacy. Written by scripts/api.mjs. */
export * from "./keras_optimizers_and_keras_optimizers_legacy.ts";
