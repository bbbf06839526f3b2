/** tf.image. Written by scripts/api.mjs. */
export { combinedNonMaxSuppression } from "../ops/compute/image/box/combined_suppression.ts";
export { cropAndResize } from "../ops/compute/image/box/crop_and_resize.ts";
export { sampleDistortedBoundingBox } from "../ops/compute/image/box/distorted_box.ts";
export { drawBoundingBoxes } from "../ops/compute/image/box/draw.ts";
export { extractGlimpse } from "../ops/compute/image/box/glimpse.ts";
export { extractImagePatches } from "../ops/compute/image/box/patches.ts";
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
