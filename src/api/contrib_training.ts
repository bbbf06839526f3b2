/** tf.contrib.training. Written by scripts/api.mjs. */
export { HParams, parseValues } from "../build/contrib/training/hparam.ts";
export {
  addGradientsSummaries,
  clipGradientNorms,
  clipGradientNormsFn,
  createTrainOp,
  multiplyGradients,
} from "../build/contrib/training/train_op.ts";
export { checkpointsIterator } from "../train/monitored/basic_loops.ts";
