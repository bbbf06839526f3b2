/** tf.image. Written by scripts/api.mjs. */
export { hsvToRgb, rgbToHsv } from "../ops/compute/image/color.ts";
export { cropAndResize } from "../ops/compute/image/crop_and_resize.ts";
export { sampleDistortedBoundingBox } from "../ops/compute/image/distorted_box.ts";
export { drawBoundingBoxes } from "../ops/compute/image/draw.ts";
export { extractImagePatches } from "../ops/compute/image/patches.ts";
export { resizeArea, resizeBicubic, resizeBilinear, resizeNearestNeighbor } from "../ops/compute/image/resize.ts";
export {
  nonMaxSuppression,
  nonMaxSuppressionOverlaps,
  nonMaxSuppressionWithScores,
} from "../ops/compute/image/suppression.ts";
