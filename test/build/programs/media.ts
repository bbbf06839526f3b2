import { float64, int64, uint16 } from "../../../src/core/dtype.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type X = { readonly x: Tensor };
const I = tf.image;
const { encodeJpeg: jpeg, encodePng: png } = tf.io;

const files: Record<string, Program> = {
  write_and_read: ({ x }: X) => [
    I.decodePng(png(x)),
    I.decodeImage(png(x, { compression: 2 }), { dtype: uint16 }),
    I.decodeJpeg(jpeg(x, { quality: 80, name: "j" }), { channels: 1, name: "q" }),
  ],
  decode_image: ({ x }: X) => [
    I.decodeImage(png(x)),
    I.decodeImage(png(x), { expandAnimations: false, channels: 3, name: "n" }),
    I.decodeImage(png(x), { dtype: float64, expandAnimations: false }),
  ],
  crop_and_shape: ({ x }: X) => [
    I.decodeAndCropJpeg(jpeg(x), [1, 2, 3, 4], { channels: 3 }),
    I.extractJpegShape(jpeg(x), { outputType: int64 }),
  ],
  is_jpeg: ({ x }: X) => [I.isJpeg(jpeg(x)), tf.io.isJpeg(png(x), { name: "zz" })],
  adjust_jpeg_quality: ({ x }: X) => I.adjustJpegQuality(x, 70),
  random_jpeg_quality: ({ x }: X) => I.randomJpegQuality(x, 10, 90, { seed: 3 }),
};

const S = tf.signal;
const gradientOf = (y: Tensor, x: Tensor): Tensor => tf.gradients(tf.reduceSum(tf.abs(y)), x)[0] as Tensor;

const transforms: Record<string, Program> = {
  fft: ({ x }: X) => [S.fft(x), tf.ifft(x, { name: "i" }), S.fft2d(x), S.ifft2d(x)],
  fft3d: ({ x }: X) => [S.fft3d(x), S.ifft3d(x)],
  fft_gradient: ({ x }: X) => [gradientOf(S.fft(x), x), gradientOf(S.ifft(x), x), gradientOf(S.fft2d(x), x)],
  rfft: ({ x }: X) => [
    S.rfft(x),
    S.rfft(x, { fftLength: [5] }),
    S.rfft(x, { fftLength: [9], name: "n" }),
    S.rfft2d(x),
    S.rfft2d(x, { fftLength: [4, 7] }),
  ],
  irfft: ({ x }: X) => [
    S.irfft(x),
    S.irfft(x, { fftLength: [5] }),
    S.irfft(x, { fftLength: [9], name: "n" }),
    S.irfft2d(x),
    S.irfft2d(x, { fftLength: [4, 7] }),
  ],
  rfft_unknown: ({ x }: X) => [S.rfft(x), S.rfft(x, { fftLength: [5] })],
  irfft_unknown: ({ x }: X) => [S.irfft(x), S.irfft(x, { fftLength: [5] })],
  rfft3d: ({ x }: X) => [S.rfft3d(x), S.irfft3d(S.rfft3d(x))],
  rfft_gradient: ({ x }: X) => gradientOf(S.rfft(x), x),
  rfft2d_gradient: ({ x }: X) => gradientOf(S.rfft2d(x), x),
  irfft_gradient: ({ x }: X) => gradientOf(S.irfft(x, { fftLength: [5] }), x),
  irfft2d_gradient: ({ x }: X) => gradientOf(S.irfft2d(x), x),
  fftshift: ({ x }: X) => [
    S.fftshift(x),
    S.fftshift(x, { axes: 1 }),
    S.ifftshift(x),
    S.ifftshift(x, { axes: -1, name: "i" }),
  ],
};

export const media: Record<string, Program> = { ...files, ...transforms };
