/** tf.contrib.slim.learning. Written by scripts/api.mjs. */
export { clipGradientNorms, multiplyGradients } from "../build/contrib/training/train_op.ts";
export { addGradientsSummaries, createTrainOp, train, trainStep } from "../train/contrib/slim/learning.ts";
