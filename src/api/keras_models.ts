/** tf.keras.models. Written by scripts/api.mjs. */
export { Model } from "../train/keras/model.ts";
export { cloneModel, modelFromConfig, modelFromJson } from "../train/keras/models.ts";
export { Sequential } from "../train/keras/sequential.ts";
