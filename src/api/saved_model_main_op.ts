/** tf.savedModel.mainOp. Written by scripts/api.mjs. */
export { mainOp, mainOpWithRestore } from "../train/saved_model/main_op.ts";
