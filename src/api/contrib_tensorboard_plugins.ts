/** tf.contrib.tensorboard.plugins. Written by scripts/api.mjs. */
export * as projector from "./contrib_tensorboard_plugins_projector.ts";
