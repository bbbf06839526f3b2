/** tf.keras.datasets.mnist. Written by scripts/api.mjs. */
export { loadData } from "../train/keras/datasets/mnist.ts";
