/** tf.keras.datasets.imdb. Written by scripts/api.mjs. */
export { getWordIndex, loadData } from "../train/keras/datasets/imdb.ts";
