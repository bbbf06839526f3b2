/** tf.contrib.tensorboard. Written by scripts/api.mjs. */
export * as plugins from "./contrib_tensorboard_plugins.ts";
