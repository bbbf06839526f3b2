/** tf.savedModel.signatureConstants. Written by scripts/api.mjs. */
export * from "./saved_model_and_saved_model_signature_constants.ts";
