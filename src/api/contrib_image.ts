/** tf.contrib.image. Written by scripts/api.mjs. */
export {
  anglesToProjectiveTransforms,
  composeTransforms,
  flatTransformsToMatrices,
  matricesToFlatTransforms,
  rotate,
  transform,
  translate,
  translationsToProjectiveTransforms,
} from "../build/contrib/image/transform.ts";
export { denseImageWarp, interpolateSpline, sparseImageWarp } from "../build/contrib/image/warp.ts";
