/** tf.keras.datasets.fashionMnist. Written by scripts/api.mjs. */
export { loadData } from "../train/keras/datasets/fashion_mnist.ts";
