/** tf.contrib.slim.evaluation. Written by scripts/api.mjs. */
export { evaluateOnce } from "../train/contrib/training/evaluation.ts";
