import { float32 } from "../../../src/core/dtype.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type X = { readonly x: Tensor };
type XY = { readonly x: Tensor; readonly y: Tensor };
const I = tf.image;
const M = I.ResizeMethod;

const flips: Record<string, Program> = {
  flip: ({ x }: X) => [I.flipLeftRight(x), I.flipUpDown(x)],
  flip_batch: ({ x }: X) => [I.flipLeftRight(x), I.flipUpDown(x)],
  flip_unknown: ({ x }: X) => I.flipLeftRight(x),
  flip_partly: ({ x }: X) => I.flipLeftRight(x),
  random_flip: ({ x }: X) => [I.randomFlipLeftRight(x), I.randomFlipUpDown(x, { seed: 7 })],
  random_flip_batch: ({ x }: X) => I.randomFlipLeftRight(x),
  rot90: ({ x }: X) => [I.rot90(x), I.rot90(x, { k: 3, name: "r" })],
  rot90_batch: ({ x }: X) => I.rot90(x, { k: 2 }),
  transpose: ({ x }: X) => [I.transpose(x), I.transposeImage(x, { name: "t" })],
};

const crops: Record<string, Program> = {
  central_crop: ({ x }: X) => [I.centralCrop(x, 0.5), I.centralCrop(x, 1)],
  central_crop_partly: ({ x }: X) => I.centralCrop(x, 0.5),
  central_crop_tensor: ({ x }: X) =>
    I.centralCrop(
      x,
      tf.placeholderWithDefault(tf.constant(0.5, { dtype: float32, name: "PlaceholderWithDefault/input" }), []),
    ),
  pad: ({ x }: X) => I.padToBoundingBox(x, 1, 2, 7, 9),
  pad_unknown: ({ x }: X) => I.padToBoundingBox(x, 1, 2, 7, 9),
  crop: ({ x }: X) => I.cropToBoundingBox(x, 1, 2, 3, 2),
  crop_unknown: ({ x }: X) => I.cropToBoundingBox(x, 1, 2, 3, 2),
  crop_or_pad: ({ x }: X) => [I.resizeImageWithCropOrPad(x, 6, 4), I.resizeWithCropOrPad(x, 3, 3)],
  crop_or_pad_unknown: ({ x }: X) => I.resizeImageWithCropOrPad(x, 6, 4),
  random_crop: ({ x }: X) => [tf.randomCrop(x, [2, 3, 3]), I.randomCrop(x, [2, 2, 3], { seed: 4, name: "r" })],
};

const sizes: Record<string, Program> = {
  resize: ({ x }: X) => [
    I.resizeImages(x, [5, 3]),
    I.resizeImages(x, [5, 3], { method: M.NEAREST_NEIGHBOR }),
    I.resizeImages(x, [5, 3], { method: M.BICUBIC, alignCorners: true }),
    I.resizeImages(x, [2, 2], { method: M.AREA }),
    I.resize(x, [4, 6]),
  ],
  resize_batch: ({ x }: X) => I.resizeImages(x, [8, 12], { alignCorners: true }),
  resize_ratio: ({ x }: X) => I.resizeImages(x, [8, 8], { preserveAspectRatio: true }),
  resize_fed: ({ x }: X) => I.resizeImages(x, tf.placeholderWithDefault([3, 2], [2])),
  resize_pad: ({ x }: X) => [
    I.resizeImageWithPad(x, 8, 8),
    I.resizeImageWithPad(x, 3, 8, { method: M.NEAREST_NEIGHBOR }),
  ],
};

const colors: Record<string, Program> = {
  convert: ({ x }: X) => [
    I.convertImageDtype(x, tf.uint8),
    I.convertImageDtype(x, tf.uint16, { saturate: true }),
    I.convertImageDtype(x, tf.float64),
    I.convertImageDtype(x, tf.float32),
  ],
  convert_bytes: ({ x }: X) => [
    I.convertImageDtype(x, tf.float32),
    I.convertImageDtype(x, tf.int16),
    I.convertImageDtype(x, tf.int8, { saturate: true }),
  ],
  adjust: ({ x }: X) => [
    I.adjustBrightness(x, 0.2),
    I.adjustContrast(x, 1.5),
    I.adjustHue(x, 0.3),
    I.adjustSaturation(x, 0.5),
    I.adjustGamma(x, { gamma: 2, gain: 0.5 }),
  ],
  adjust_bytes: ({ x }: X) => [
    I.adjustBrightness(x, 0.1),
    I.adjustContrast(x, 0.5),
    I.adjustHue(x, -0.3),
    I.adjustSaturation(x, 2),
  ],
  random_adjust: ({ x }: X) => [
    I.randomBrightness(x, 0.2),
    I.randomContrast(x, 0.5, 1.5, { seed: 3 }),
    I.randomHue(x, 0.2),
    I.randomSaturation(x, 0.5, 2),
  ],
  standardize: ({ x }: X) => I.perImageStandardization(x),
  standardize_batch: ({ x }: X) => I.perImageStandardization(x),
  gray: ({ x }: X) => I.rgbToGrayscale(x),
  gray_bytes: ({ x }: X) => I.rgbToGrayscale(x),
  rgb: ({ x }: X) => I.grayscaleToRgb(x),
  yiq: ({ x }: X) => [I.rgbToYiq(x), I.yiqToRgb(x), I.rgbToYuv(x), I.yuvToRgb(x)],
};

const measures: Record<string, Program> = {
  psnr: ({ x, y }: XY) => I.psnr(x, y, 1),
  ssim: ({ x, y }: XY) => I.ssim(x, y, 1, { filterSize: 5 }),
  ssim_multiscale: ({ x, y }: XY) => I.ssimMultiscale(x, y, 1, { powerFactors: [0.3, 0.4], filterSize: 3 }),
  total_variation: ({ x }: X) => I.totalVariation(x),
  total_variation_batch: ({ x }: X) => I.totalVariation(x),
  gradients: ({ x }: X) => I.imageGradients(x),
  sobel: ({ x }: X) => I.sobelEdges(x),
};

export const images: Readonly<Record<string, Program>> = { ...flips, ...crops, ...sizes, ...colors, ...measures };
