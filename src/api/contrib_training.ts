/** tf.contrib.training. Written by scripts/api.mjs. */
export { checkpointsIterator } from "../train/monitored/basic_loops.ts";
