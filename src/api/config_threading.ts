/** tf.config.threading. Written by scripts/api.mjs. */
export {
  getInterOpParallelismThreads,
  getIntraOpParallelismThreads,
  setInterOpParallelismThreads,
  setIntraOpParallelismThreads,
} from "../train/machine/execution.ts";
