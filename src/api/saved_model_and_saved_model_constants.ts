/** Names of tf.savedModel.constants and tf.savedModel. Written by scripts/api.mjs. */
export {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
} from "../train/saved_model/constants.ts";
