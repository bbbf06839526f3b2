/** tf.savedModel.utils. Written by scripts/api.mjs. */
export { buildTensorInfo, getTensorFromTensorInfo } from "../train/saved_model/signatures.ts";
