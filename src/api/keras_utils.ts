/** tf.keras.utils. Written by scripts/api.mjs. */
export {
  CustomObjectScope,
  customObjectScope,
  deserializeKerasObject,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from "../build/keras/config/registry.ts";
export { GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer } from "../train/keras/data/enqueuer.ts";
export { Sequence } from "../train/keras/data/sequence.ts";
export { getFile } from "../train/keras/files.ts";
export {
  disableInteractiveLogging,
  enableInteractiveLogging,
  isInteractiveLoggingEnabled,
} from "../train/keras/messages.ts";
export { plotModel } from "../train/keras/plot.ts";
export { arrayToImg, imgToArray, loadImg, saveImg } from "../train/keras/preprocessing/image/picture.ts";
export { padSequences } from "../train/keras/preprocessing/sequence.ts";
export { getSourceInputs, modelToDot, normalize, Progbar, toCategorical, toOrdinal } from "../train/keras/utils.ts";
