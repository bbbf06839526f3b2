/** tf.savedModel. Written by scripts/api.mjs. */
export {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  CLASSIFY_INPUTS,
  CLASSIFY_METHOD_NAME,
  CLASSIFY_OUTPUT_CLASSES,
  CLASSIFY_OUTPUT_SCORES,
  DEFAULT_SERVING_SIGNATURE_DEF_KEY,
  GPU,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  PREDICT_INPUTS,
  PREDICT_METHOD_NAME,
  PREDICT_OUTPUTS,
  REGRESS_INPUTS,
  REGRESS_METHOD_NAME,
  REGRESS_OUTPUTS,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  SERVING,
  TPU,
  TRAINING,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
} from "../train/saved_model/constants.ts";
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
export * as constants from "./saved_model_constants.ts";
export * as loader from "./saved_model_loader.ts";
export * as mainOp from "./saved_model_main_op.ts";
export * as signatureConstants from "./saved_model_signature_constants.ts";
export * as signatureDefUtils from "./saved_model_signature_def_utils.ts";
export * as tagConstants from "./saved_model_tag_constants.ts";
export * as utils from "./saved_model_utils.ts";
