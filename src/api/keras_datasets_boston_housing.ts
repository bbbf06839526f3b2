/** tf.keras.datasets.bostonHousing. Written by scripts/api.mjs. */
export { loadData } from "../train/keras/datasets/boston_housing.ts";
