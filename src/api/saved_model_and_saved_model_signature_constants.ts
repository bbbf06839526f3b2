/** Names of tf.savedModel.signatureConstants and tf.savedModel. Written by scripts/api.mjs. */
export {
  CLASSIFY_INPUTS,
  CLASSIFY_METHOD_NAME,
  CLASSIFY_OUTPUT_CLASSES,
  CLASSIFY_OUTPUT_SCORES,
  DEFAULT_SERVING_SIGNATURE_DEF_KEY,
  PREDICT_INPUTS,
  PREDICT_METHOD_NAME,
  PREDICT_OUTPUTS,
  REGRESS_INPUTS,
  REGRESS_METHOD_NAME,
  REGRESS_OUTPUTS,
} from "../train/saved_model/constants.ts";
