/** tf.keras.models. Written by scripts/api.mjs. */
export { Model } from "../train/keras/model.ts";
export { cloneModel, modelFromConfig, modelFromJson, modelFromYaml } from "../train/keras/models.ts";
export { LinearModel, WideDeepModel } from "../train/keras/premade.ts";
export { Sequential } from "../train/keras/sequential.ts";
