/** tf.savedModel.constants. Written by scripts/api.mjs. */
export * from "./saved_model_and_saved_model_constants.ts";
