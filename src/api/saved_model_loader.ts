/** tf.savedModel.loader. Written by scripts/api.mjs. */
export { load, maybeSavedModelDirectory } from "../train/saved_model/loader.ts";
