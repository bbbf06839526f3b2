/** tf.keras. Written by scripts/api.mjs. */
import "../train/keras/backend.ts";

export { Input } from "../build/keras/network.ts";
export { Model } from "../train/keras/model.ts";
export { Sequential } from "../train/keras/sequential.ts";
export * as activations from "./keras_activations.ts";
export * as backend from "./keras_backend.ts";
export * as callbacks from "./keras_callbacks.ts";
export * as constraints from "./keras_constraints.ts";
export * as datasets from "./keras_datasets.ts";
export * as experimental from "./keras_experimental.ts";
export * as initializers from "./keras_initializers.ts";
export * as layers from "./keras_layers.ts";
export * as losses from "./keras_losses.ts";
export * as metrics from "./keras_metrics.ts";
export * as models from "./keras_models.ts";
export * as optimizers from "./keras_optimizers.ts";
export * as preprocessing from "./keras_preprocessing.ts";
export * as regularizers from "./keras_regularizers.ts";
export * as utils from "./keras_utils.ts";
