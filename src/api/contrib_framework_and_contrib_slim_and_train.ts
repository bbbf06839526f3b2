/** Names of tf.contrib.framework and tf.contrib.slim and tf.train. Written by scripts/api.mjs. */
export { assertGlobalStep, createGlobalStep, getGlobalStep, getOrCreateGlobalStep } from "../build/global_step.ts";
export { initFromCheckpoint, listVariables, loadCheckpoint, loadVariable } from "../train/files/checkpoint_reader.ts";
