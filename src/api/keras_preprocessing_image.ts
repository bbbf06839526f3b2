/** tf.keras.preprocessing.image. Written by scripts/api.mjs. */
export {
  applyAffineTransform,
  applyBrightnessShift,
  applyChannelShift,
  randomBrightness,
  randomChannelShift,
  randomRotation,
  randomShear,
  randomShift,
  randomZoom,
} from "../train/keras/preprocessing/image/affine.ts";
export { DirectoryIterator } from "../train/keras/preprocessing/image/directory.ts";
export { ImageDataGenerator } from "../train/keras/preprocessing/image/generator.ts";
export { Iterator, NumpyArrayIterator } from "../train/keras/preprocessing/image/iterators.ts";
export { arrayToImg, imgToArray, loadImg, saveImg } from "../train/keras/preprocessing/image/picture.ts";
