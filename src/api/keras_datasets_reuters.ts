/** tf.keras.datasets.reuters. Written by scripts/api.mjs. */
export { getLabelNames, getWordIndex, loadData } from "../train/keras/datasets/reuters.ts";
