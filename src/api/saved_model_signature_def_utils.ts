/** tf.savedModel.signatureDefUtils. Written by scripts/api.mjs. */
export {
  buildSignatureDef,
  classificationSignatureDef,
  isValidSignature,
  predictSignatureDef,
  regressionSignatureDef,
} from "../train/saved_model/signatures.ts";
