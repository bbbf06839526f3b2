/** tf.contrib.layers. Written by scripts/api.mjs. */
export * from "./contrib_layers_and_contrib_slim.ts";
