/** `tf.image`: files of any format, and what a JPEG file loses. Source: image_ops_impl.py. */

import { type DType, float32, int32, uint8, uint16 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { decodeImageOp, decodeJpeg, encodeJpegVariableQualityOp, randomUniform } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { convertImageDtype } from "./color.ts";

interface ImageDecoding {
  /** 0: as many as the file has. */
  readonly channels?: number | null;
  /** Whole numbers reach up to their largest one, floats to 1. */
  readonly dtype?: DType;
  /** All frames of a GIF: [frames, height, width, 3]; else its first one. */
  readonly expandAnimations?: boolean;
  readonly name?: string | undefined;
}

const decodeImagePlaces = ["channels", "dtype", "name", "expandAnimations"] as const;

/** The image [height, width, channels] of a BMP, GIF, JPEG or PNG file. */
export function decodeImage(contents: TensorLike, ...rest: Rest<ImageDecoding, typeof decodeImagePlaces>): Tensor {
  const options = byName<ImageDecoding>(rest, decodeImagePlaces);
  const { dtype = uint8, expandAnimations = true } = options;
  const channels = options.channels ?? 0;
  return getDefaultGraph().nameScope(options.name ?? "decode_image", () => {
    const isDecoded = dtype === uint8 || dtype === uint16 || dtype === float32;
    const record = { contents, channels, expand_animations: expandAnimations, dtype: isDecoded ? dtype : uint16 };
    const decoded = decodeImageOp(record);
    const image = isDecoded ? decoded : convertImageDtype(decoded, dtype);
    if (!expandAnimations) image.setShape([null, null, channels || null]);
    return image;
  });
}

interface QualityOptions {
  readonly dctMethod?: string;
  readonly name?: string | undefined;
}

const adjustJpegQualityPlaces = ["dctMethod", "name"] as const;

/** The image [height, width, 1 or 3] as a JPEG file of that quality, 0 to 100, keeps it. */
export const adjustJpegQuality = byKeyword(
  ["image", "jpegQuality"],
  function adjustJpegQuality(
    image: TensorLike,
    jpegQuality: TensorLike,
    ...rest: Rest<QualityOptions, typeof adjustJpegQualityPlaces>
  ): Tensor {
    const options = byName<QualityOptions>(rest, adjustJpegQualityPlaces);
    return getDefaultGraph().nameScope(options.name ?? "adjust_jpeg_quality", () => {
      const given = convertToTensor(image, { name: "image" });
      const { dtype } = given;
      const pixels = convertImageDtype(given, uint8, { saturate: true });
      const quality = jpegQuality instanceof Tensor ? jpegQuality : convertToTensor(jpegQuality, { dtype: int32 });
      const file = encodeJpegVariableQualityOp({ images: pixels, quality });
      const channels = given.shape?.at(-1) ?? 0;
      const decoded = decodeJpeg(file, { channels, dctMethod: options.dctMethod ?? "" });
      return convertImageDtype(decoded, dtype, { saturate: true });
    });
  },
);

type RandomJpegQualityOptions = { readonly seed?: number | null };
const randomJpegQualityPlaces = ["seed"] as const;

/** The image as a JPEG file of a random quality keeps it: minJpegQuality <= quality < maxJpegQuality. Throws ValueError out of 0 to 100. */
export const randomJpegQuality = byKeyword(
  ["image", "minJpegQuality", "maxJpegQuality"],
  function randomJpegQuality(
    image: TensorLike,
    minJpegQuality: number,
    maxJpegQuality: number,
    ...rest: Rest<RandomJpegQualityOptions, typeof randomJpegQualityPlaces>
  ): Tensor {
    const options = byName<RandomJpegQualityOptions>(rest, randomJpegQualityPlaces);
    const bounds = [minJpegQuality, maxJpegQuality];
    if (bounds.some((quality) => quality < 0 || quality > 100))
      throw new ValueError("jpeg encoding range must be between 0 and 100.");
    if (minJpegQuality >= maxJpegQuality)
      throw new ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.");
    const range = { minval: minJpegQuality, maxval: maxJpegQuality, seed: options.seed ?? null, dtype: int32 };
    return adjustJpegQuality(image, randomUniform([], range));
  },
);
