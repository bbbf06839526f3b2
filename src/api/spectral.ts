/** tf.spectral. Written by scripts/api.mjs. */
export * from "./signal_and_spectral.ts";
export * from "./signal_and_spectral_and_tf.ts";
