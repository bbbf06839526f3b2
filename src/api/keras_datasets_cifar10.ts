/** tf.keras.datasets.cifar10. Written by scripts/api.mjs. */
export { loadData } from "../train/keras/datasets/cifar10.ts";
