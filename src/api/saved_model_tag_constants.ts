/** tf.savedModel.tagConstants. Written by scripts/api.mjs. */
export { GPU, SERVING, TPU, TRAINING } from "../train/saved_model/constants.ts";
