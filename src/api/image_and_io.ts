/** Names of tf.image and tf.io. Written by scripts/api.mjs. */
export { decodeImage } from "../build/image/codec.ts";
export {
  decodeAndCropJpeg,
  decodeBmp,
  decodeGif,
  decodeJpeg,
  decodePng,
  extractJpegShape,
  isJpeg,
} from "../ops/compute/image/codec/decode.ts";
export { encodeJpeg, encodePng } from "../ops/compute/image/codec/encode.ts";
