/** tf.savedModel. Written by scripts/api.mjs. */
export { GPU, SERVING, TPU, TRAINING } from "../train/saved_model/constants.ts";
export { containsSavedModel, load, maybeSavedModelDirectory } from "../train/saved_model/loader.ts";
export { mainOpWithRestore } from "../train/saved_model/main_op.ts";
export {
  buildSignatureDef,
  buildTensorInfo,
  classificationSignatureDef,
  getTensorFromTensorInfo,
  isValidSignature,
  predictSignatureDef,
  regressionSignatureDef,
} from "../train/saved_model/signatures.ts";
export * from "./saved_model_and_saved_model_constants.ts";
export * from "./saved_model_and_saved_model_signature_constants.ts";
export * as constants from "./saved_model_constants.ts";
export * as loader from "./saved_model_loader.ts";
export * as mainOp from "./saved_model_main_op.ts";
export * as signatureConstants from "./saved_model_signature_constants.ts";
export * as signatureDefUtils from "./saved_model_signature_def_utils.ts";
export * as tagConstants from "./saved_model_tag_constants.ts";
export * as utils from "./saved_model_utils.ts";
