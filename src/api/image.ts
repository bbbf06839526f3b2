/** tf.image. Written by scripts/api.mjs. */
export { adjustJpegQuality, randomJpegQuality } from "../build/image/codec.ts";
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  convertImageDtype,
  grayscaleToRgb,
  perImageStandardization,
  randomBrightness,
  randomContrast,
  randomHue,
  randomSaturation,
  rgbToGrayscale,
  rgbToYiq,
  rgbToYuv,
  yiqToRgb,
  yuvToRgb,
} from "../build/image/color.ts";
export {
  centralCrop,
  cropToBoundingBox,
  padToBoundingBox,
  randomCrop,
  resizeImageWithCropOrPad,
  resizeImageWithCropOrPad as resizeWithCropOrPad,
} from "../build/image/crop.ts";
export {
  flipLeftRight,
  flipUpDown,
  randomFlipLeftRight,
  randomFlipUpDown,
  rot90,
  transposeImage as transpose,
  transposeImage,
} from "../build/image/flip.ts";
export { imageGradients, psnr, sobelEdges, ssim, ssimMultiscale, totalVariation } from "../build/image/measure.ts";
export { nonMaxSuppressionPadded } from "../build/image/padded_suppression.ts";
export { ResizeMethod, resizeImages as resize, resizeImages, resizeImageWithPad } from "../build/image/resize.ts";
export { combinedNonMaxSuppression } from "../ops/compute/image/box/combined_suppression.ts";
export { cropAndResize } from "../ops/compute/image/box/crop_and_resize.ts";
export { sampleDistortedBoundingBox } from "../ops/compute/image/box/distorted_box.ts";
export { drawBoundingBoxes } from "../ops/compute/image/box/draw.ts";
export { extractGlimpse } from "../ops/compute/image/box/glimpse.ts";
export { extractImagePatches, extractImagePatches as extractPatches } from "../ops/compute/image/box/patches.ts";
export {
  nonMaxSuppression,
  nonMaxSuppressionOverlaps,
  nonMaxSuppressionWithScores,
} from "../ops/compute/image/box/suppression.ts";
export { hsvToRgb, rgbToHsv } from "../ops/compute/image/color/color.ts";
export {
  resizeArea,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
} from "../ops/compute/image/resize/resize.ts";
export * from "./image_and_io.ts";
