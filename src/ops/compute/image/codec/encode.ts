/** Files from images. Source: image_ops.cc, encode_png_op.cc, encode_jpeg_op.cc. */

import { string } from "../../../../core/dtype.ts";
import { InternalError, InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { elementCount, withRank, withRankAtLeast } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { type JpegWriting, encodeJpeg as writeJpeg } from "../../../../io/image/jpeg/encode.ts";
import type { ImageSize } from "../../../../io/image/pixels.ts";
import { encodePng as writePng } from "../../../../io/image/png.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import { bracketed, type Named } from "../../array/basic/names.ts";

/** contents = a PNG file for each image in [..., height, width, channels]; `compression`: -1 to 9. */
export const encodePngOp = defineOp("EncodePng", {
  inputs: ["image: T"],
  outputs: ["contents: string"],
  attrs: ["compression: int = -1", "T: {uint8, uint16} = DT_UINT8"],
  shape({ image }) {
    const shape = withRankAtLeast(image, 3);
    return [shape?.slice(0, -3) ?? null];
  },
  compute({ image, compression }) {
    if (compression < -1 || compression > 9)
      throw new InvalidArgumentError(`compression should be in [-1,9], got ${compression}`);
    if (image.shape.length < 3)
      throw new InvalidArgumentError(`images must be at least rank 3${bracketed(image.shape)}`);
    const [height, width, channels] = image.shape.slice(-3) as [number, number, number];
    if (channels < 1 || channels > 4)
      throw new InvalidArgumentError(`image must have 1, 2, 3, or 4 channels, got ${channels}`);
    const batch = image.shape.slice(0, -3);
    const count = elementCount(batch);
    if (count > 0 && height * width === 0)
      throw new InternalError(
        `PNG encoding failed at the following flattened batch indices: ${Array.from({ length: count }, (_, i) => i).join(", ")}`,
      );
    const size = height * width * channels;
    const pixels = image.data as Uint8Array | Uint16Array;
    const files = Array.from({ length: count }, (_, i) =>
      writePng(pixels.subarray(i * size, (i + 1) * size), { height, width, channels }, compression),
    );
    return new NdArray(string, batch, files);
  },
  gradient: "unregistered",
});

function sizeOf(image: NdArray): ImageSize {
  if (image.shape.length !== 3) throw new InvalidArgumentError(`image must be 3-dimensional${bracketed(image.shape)}`);
  const [height, width, channels] = image.shape as [number, number, number];
  return { height, width, channels };
}

function jpegFile(image: NdArray, options: JpegWriting): NdArray {
  const size = sizeOf(image);
  if (size.channels !== 1 && size.channels !== 3)
    throw new InvalidArgumentError(`image must have 1 or 3 channels, got ${bracketed(image.shape)}`);
  const file = writeJpeg(image.data as Uint8Array, size, options);
  if (!file) throw new InternalError("JPEG encoding failed");
  return new NdArray(string, [], [file]);
}

function checkQuality(quality: number): void {
  if (quality < 0 || quality > 100) throw new InvalidArgumentError(`quality must be in [0,100], got ${quality}`);
}

/** contents = a JPEG file of image [height, width, 1 or 3]. */
export const encodeJpegOp = defineOp("EncodeJpeg", {
  inputs: ["image: uint8"],
  outputs: ["contents: string"],
  attrs: [
    "format: {'', 'grayscale', 'rgb'} = ''",
    "quality: int = 95",
    "progressive: bool = false",
    "optimize_size: bool = false",
    "chroma_downsampling: bool = true",
    "density_unit: {'in', 'cm'} = 'in'",
    "x_density: int = 300",
    "y_density: int = 300",
    "xmp_metadata: string = ''",
  ],
  shape({ image }) {
    withRank(image, 3);
    return [[]];
  },
  compute({ image, format, quality, ...options }) {
    checkQuality(quality);
    const { channels } = sizeOf(image);
    const expected = format === "" ? channels : format === "rgb" ? 3 : 1;
    if (channels !== expected)
      throw new InvalidArgumentError(`format ${format} expects ${expected} channels, got ${bracketed(image.shape)}`);
    return jpegFile(image, {
      quality,
      isProgressive: options.progressive,
      isOptimized: options.optimize_size,
      isHalved: options.chroma_downsampling,
      densityUnit: options.density_unit === "in" ? "in" : "cm",
      xDensity: options.x_density,
      yDensity: options.y_density,
      xmp: new TextEncoder().encode(options.xmp_metadata),
    });
  },
  gradient: "unregistered",
});

/** contents = a JPEG file of images [height, width, 1 or 3] in a quality of 0 to 100 that is a tensor. */
export const encodeJpegVariableQualityOp = defineOp("EncodeJpegVariableQuality", {
  inputs: ["images: uint8", "quality: int32"],
  outputs: ["contents: string"],
  shape({ images, quality }) {
    withRank(images, 3);
    withRank(quality, 0);
    return [[]];
  },
  compute({ images, quality }) {
    sizeOf(images);
    if (quality.shape.length !== 0)
      throw new InvalidArgumentError(`quality must be scalar: ${bracketed(quality.shape)}`);
    checkQuality(quality.data[0] as number);
    return jpegFile(images, { ...standard, quality: quality.data[0] as number });
  },
  gradient: "unregistered",
});

const standard: JpegWriting = {
  quality: 95,
  isProgressive: false,
  isOptimized: false,
  isHalved: true,
  densityUnit: "in",
  xDensity: 300,
  yDensity: 300,
  xmp: new Uint8Array(),
};

type EncodePngOptions = Named & { readonly compression?: number };
const encodePngPlaces = ["compression", "name"] as const;

/** A PNG file for each image in [..., height, width, 1 to 4] of uint8 or uint16; a scalar string for one image. */
export const encodePng = (image: TensorLike, ...rest: Rest<EncodePngOptions, typeof encodePngPlaces>): Tensor => {
  const options = byName<EncodePngOptions>(rest, encodePngPlaces);
  return encodePngOp({ image: convertToTensor(image), compression: options.compression ?? -1 }, options.name);
};

export interface JpegEncoding extends Named {
  readonly format?: "" | "grayscale" | "rgb";
  readonly quality?: number;
  readonly progressive?: boolean;
  readonly optimizeSize?: boolean;
  readonly chromaDownsampling?: boolean;
  readonly densityUnit?: "in" | "cm";
  readonly xDensity?: number;
  readonly yDensity?: number;
  readonly xmpMetadata?: string;
}

const encodeJpegPlaces = [
  "format",
  "quality",
  "progressive",
  "optimizeSize",
  "chromaDownsampling",
  "densityUnit",
  "xDensity",
  "yDensity",
  "xmpMetadata",
  "name",
] as const;

/** A JPEG file of image [height, width, 1 or 3], uint8. */
export const encodeJpeg = (image: TensorLike, ...rest: Rest<JpegEncoding, typeof encodeJpegPlaces>): Tensor => {
  const options = byName<JpegEncoding>(rest, encodeJpegPlaces);
  return encodeJpegOp(
    {
      image,
      format: options.format ?? "",
      quality: options.quality ?? 95,
      progressive: options.progressive ?? false,
      optimize_size: options.optimizeSize ?? false,
      chroma_downsampling: options.chromaDownsampling ?? true,
      density_unit: options.densityUnit ?? "in",
      x_density: options.xDensity ?? 300,
      y_density: options.yDensity ?? 300,
      xmp_metadata: options.xmpMetadata ?? "",
    },
    options.name,
  );
};
