/** Names in SavedModels. Source: tensorflow/python/saved_model/{constants,tag_constants,signature_constants}.py. */
export const ASSETS_DIRECTORY = "assets";
export const ASSETS_KEY = "saved_model_assets";
export const LEGACY_INIT_OP_KEY = "legacy_init_op";
export const MAIN_OP_KEY = "saved_model_main_op";
export const SAVED_MODEL_FILENAME_PB = "saved_model.pb";
export const SAVED_MODEL_FILENAME_PBTXT = "saved_model.pbtxt";
export const VARIABLES_DIRECTORY = "variables";
export const VARIABLES_FILENAME = "variables";
export const SERVING = "serve";
export const TRAINING = "train";
export const GPU = "gpu";
export const TPU = "tpu";
export const DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default";
export const CLASSIFY_INPUTS = "inputs";
export const CLASSIFY_METHOD_NAME = "tensorflow/serving/classify";
export const CLASSIFY_OUTPUT_CLASSES = "classes";
export const CLASSIFY_OUTPUT_SCORES = "scores";
export const PREDICT_INPUTS = "inputs";
export const PREDICT_METHOD_NAME = "tensorflow/serving/predict";
export const PREDICT_OUTPUTS = "outputs";
export const REGRESS_INPUTS = "inputs";
export const REGRESS_METHOD_NAME = "tensorflow/serving/regress";
export const REGRESS_OUTPUTS = "outputs";
/** The signature of the op that initializes, where a newer writer names it. */
export const initSignatureKey = "__saved_model_init_op";
