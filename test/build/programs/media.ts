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

export const media: Record<string, Program> = { ...files };
