/** tf.keras.datasets.cifar100. Written by scripts/api.mjs. */
export { loadData } from "../train/keras/datasets/cifar100.ts";
