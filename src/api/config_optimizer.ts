/** tf.config.optimizer. Written by scripts/api.mjs. */
export { getExperimentalOptions, getJit, setExperimentalOptions, setJit } from "../train/machine/execution.ts";
