/** tf.keras.utils. Written by scripts/api.mjs. */
export {
  customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
} from "../build/keras/config/registry.ts";
export { Sequence } from "../train/keras/data/sequence.ts";
export { getFile } from "../train/keras/files.ts";
export { arrayToImg, imgToArray, loadImg, saveImg } from "../train/keras/preprocessing/image/picture.ts";
export { padSequences } from "../train/keras/preprocessing/sequence.ts";
export { getSourceInputs, modelToDot, normalize, Progbar, toCategorical, toOrdinal } from "../train/keras/utils.ts";
