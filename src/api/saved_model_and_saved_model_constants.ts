/** Names of tf.savedModel.constants and tf.savedModel. Written by scripts/api.mjs. */
export {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  DEBUG_DIRECTORY,
  DEBUG_INFO_FILENAME_PB,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  SAVED_MODEL_SCHEMA_VERSION,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
} from "../train/saved_model/constants.ts";
