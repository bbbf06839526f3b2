/** tf.contrib.training. Written by scripts/api.mjs. */
export { HParams, parseValues } from "../build/contrib/training/hparam.ts";
export {
  addGradientsSummaries,
  clipGradientNorms,
  clipGradientNormsFn,
  createTrainOp,
  multiplyGradients,
} from "../build/contrib/training/train_op.ts";
export { bucket, bucketBySequenceLength } from "../train/contrib/training/bucket.ts";
export { evaluateOnce, evaluateRepeatedly, SummaryAtEndHook, train } from "../train/contrib/training/evaluation.ts";
export {
  rejectionSample,
  resampleAtRate,
  stratifiedSample,
  weightedResample,
} from "../train/contrib/training/sampling.ts";
export { getOrCreateEvalStep, StopAfterNEvalsHook } from "../train/estimator/run/evaluation.ts";
export { checkpointsIterator, waitForNewCheckpoint } from "../train/monitored/basic_loops.ts";
