/** Images from files: each op reads every format but BMP, which wants its own. Source: image_ops.cc, decode_image_op.cc, extract_jpeg_shape_op.cc. */

import { type DType, int32, string, uint8, uint16 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { isBmp, decodeBmp as readBmp } from "../../../../io/image/bmp.ts";
import { isGif, decodeGif as readGif } from "../../../../io/image/gif.ts";
import {
  type CropWindow,
  isJpeg as hasJpegStart,
  type JpegOptions,
  jpegSize,
  decodeJpeg as readJpeg,
} from "../../../../io/image/jpeg/decode.ts";
import type { Pixels } from "../../../../io/image/pixels.ts";
import { isPng, decodePng as readPng } from "../../../../io/image/png_decode.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { integerArray } from "../../array/basic/elements.ts";
import { bracketed, inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";

type Format = "JPEG" | "PNG" | "GIF" | "BMP";

function formatOf(bytes: Uint8Array): Format {
  if (bytes.length === 0) throw new InvalidArgumentError("Input is empty.");
  if (hasJpegStart(bytes)) return "JPEG";
  if (isPng(bytes)) return "PNG";
  if (isGif(bytes)) return "GIF";
  if (isBmp(bytes)) return "BMP";
  throw new InvalidArgumentError("Unknown image file format. One of JPEG, JPEG XL, PNG, GIF, BMP, WebP required.");
}

interface Wanted {
  readonly op: string;
  readonly channels: number;
  readonly dtype: DType;
  /** All frames of an animation, else its first one. */
  readonly expands: boolean;
  readonly jpeg?: Partial<JpegOptions>;
}

function fileOf(contents: NdArray): Uint8Array {
  if (contents.shape.length !== 0)
    throw new InvalidArgumentError(`\`contents\` must be scalar but got shape${bracketed(contents.shape)}`);
  return contents.data[0] as Uint8Array;
}

/** Samples of `bits` bits as `dtype`: whole numbers by their upper bits, floats of 0 to 1. */
function samplesAs(data: Uint8Array | Uint16Array, dtype: DType): Uint8Array | Uint16Array | Float32Array {
  if (dtype === uint8) return data;
  if (dtype === uint16) return data instanceof Uint16Array ? data : Uint16Array.from(data, (value) => value * 256);
  const full = data instanceof Uint16Array ? 65535 : 255;
  return Float32Array.from(data, (value) => value / full);
}

const wrongOp = (format: Format, op: string): InvalidArgumentError =>
  op === "DecodeAndCropJpeg"
    ? new InvalidArgumentError(`DecodeAndCropJpeg operation can run on JPEG only, but detected ${format}.`)
    : format === "BMP"
      ? new InvalidArgumentError(
          `Trying to decode BMP format using a wrong op. Use \`decode_bmp\` or \`decode_image\` instead. Op used: ${op}`,
        )
      : new InvalidArgumentError(
          `Trying to decode ${format} format using DecodeBmp op. Use \`decode_${format.toLowerCase()}\` or \`decode_image\` instead.`,
        );

const image = ({ data, height, width, channels }: Pixels, { op, dtype }: Wanted): NdArray => {
  const shape = op === "DecodeGif" ? [1, height, width, channels] : [height, width, channels];
  return new NdArray(dtype, shape, samplesAs(data, dtype));
};

function jpegImage(bytes: Uint8Array, wanted: Wanted): NdArray {
  if (wanted.channels === 4) throw new InvalidArgumentError("JPEG does not support 4 channels");
  if (wanted.op === "DecodeBmp") throw wrongOp("JPEG", wanted.op);
  const options = { ratio: 1, isFancy: true, isFast: true, recovers: false, crop: null, ...wanted.jpeg };
  const pixels = readJpeg(bytes, { channels: wanted.channels, ...options });
  if (!pixels) throw new InvalidArgumentError("jpeg::Uncompress failed. Invalid JPEG data or crop window.");
  return image(pixels, wanted);
}

function pngImage(bytes: Uint8Array, wanted: Wanted): NdArray {
  const refuses = wanted.op === "DecodeBmp" || wanted.op === "DecodeAndCropJpeg";
  const pixels = readPng(bytes, {
    channels: wanted.channels,
    bits: wanted.dtype === uint8 ? 8 : 16,
    refuse: () => {
      if (refuses) throw wrongOp("PNG", wanted.op);
    },
  });
  return image(pixels, wanted);
}

function gifImage(bytes: Uint8Array, wanted: Wanted): NdArray {
  const { op, channels, dtype, expands } = wanted;
  if (op === "DecodeBmp" || op === "DecodeAndCropJpeg") throw wrongOp("GIF", op);
  if (channels !== 0 && channels !== 3)
    throw new InvalidArgumentError(`channels must be 0 or 3 for GIF, got ${channels}`);
  const { frames, height, width, data } = readGif(bytes, { all: expands });
  const samples = samplesAs(data, dtype);
  if (op === "DecodeGif" || (op === "DecodeImage" && expands))
    return new NdArray(dtype, [frames, height, width, 3], samples);
  if (op !== "DecodeImage" && frames > 1)
    throw new InvalidArgumentError(
      `Got ${frames} frames, but animated gifs can only be decoded by tf.io.decode_gif or tf.io.decode_image`,
    );
  return new NdArray(dtype, [height, width, 3], samples);
}

function decode(contents: NdArray, wanted: Wanted): NdArray {
  const { op, channels } = wanted;
  if (![0, 1, 3, 4].includes(channels))
    throw new InvalidArgumentError(`\`channels\` must be 0, 1, 3 or 4 but got ${channels}`);
  const bytes = fileOf(contents);
  const format = formatOf(bytes);
  if (format === "JPEG") return jpegImage(bytes, wanted);
  if (format === "PNG") return pngImage(bytes, wanted);
  if (format === "GIF") return gifImage(bytes, wanted);
  if (op !== "DecodeBmp" && op !== "DecodeImage") throw wrongOp("BMP", op);
  return image(readBmp(bytes, channels), wanted);
}

function channelsDim(contents: Shape, channels: number): number | null {
  withRank(contents, 0);
  if (channels < 0) throw invalidArgument(`channels must be non-negative, got ${channels}`);
  return channels || null;
}

/** image = [height, width, channels] of the file in `contents`; 0 channels: as many as it has. */
export const decodePngOp = defineOp("DecodePng", {
  inputs: ["contents: string"],
  outputs: ["image: dtype"],
  attrs: ["channels: int = 0", "dtype: {uint8, uint16} = DT_UINT8"],
  shape: ({ contents, channels }) => [[null, null, channelsDim(contents, channels)]],
  compute: ({ contents, channels, dtype }) => decode(contents, { op: "DecodePng", channels, dtype, expands: true }),
  gradient: "unregistered",
});

const jpegAttrs = [
  "channels: int = 0",
  "ratio: int = 1",
  "fancy_upscaling: bool = true",
  "try_recover_truncated: bool = false",
  "acceptable_fraction: float = 1.0",
  "dct_method: string = ''",
] as const;

interface JpegAttrs {
  readonly ratio: number;
  readonly fancy_upscaling: boolean;
  readonly try_recover_truncated: boolean;
  readonly dct_method: string;
}

function jpegOptions({ ratio, fancy_upscaling, try_recover_truncated, dct_method }: JpegAttrs): Partial<JpegOptions> {
  if (![1, 2, 4, 8].includes(ratio)) throw new InvalidArgumentError(`ratio must be 1, 2, 4, or 8, got ${ratio}`);
  if (!["", "INTEGER_FAST", "INTEGER_ACCURATE"].includes(dct_method))
    throw new InvalidArgumentError("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}");
  return {
    ratio,
    isFancy: fancy_upscaling,
    isFast: dct_method !== "INTEGER_ACCURATE",
    recovers: try_recover_truncated,
  };
}

/** image = [height, width, channels] of the file, `ratio` times smaller; `dct_method`: '' and INTEGER_FAST, or INTEGER_ACCURATE. */
export const decodeJpegOp = defineOp("DecodeJpeg", {
  inputs: ["contents: string"],
  outputs: ["image: uint8"],
  attrs: jpegAttrs,
  shape: ({ contents, channels }) => [[null, null, channelsDim(contents, channels)]],
  compute: (op) =>
    decode(op.contents, {
      op: "DecodeJpeg",
      channels: op.channels,
      dtype: uint8,
      expands: true,
      jpeg: jpegOptions(op),
    }),
  gradient: "unregistered",
});

function cropOf(window: NdArray): CropWindow {
  if (window.shape.length !== 1)
    throw new InvalidArgumentError(`crop_window must be 1-D, got shape ${bracketed(window.shape)}`);
  if (window.size !== 4) throw new InvalidArgumentError(`crop_size must have four elements ${bracketed(window.shape)}`);
  const [y, x, height, width] = window.data as ArrayLike<number> as [number, number, number, number];
  return { y, x, height, width };
}

/** image = the part of a JPEG image that crop_window = [y, x, height, width] names. */
export const decodeAndCropJpegOp = defineOp("DecodeAndCropJpeg", {
  inputs: ["contents: string", "crop_window: int32"],
  outputs: ["image: uint8"],
  attrs: jpegAttrs,
  shape({ contents, crop_window, channels }, context) {
    const depth = channelsDim(contents, channels);
    const [size] = withRank(crop_window, 1);
    if (size !== null && size !== 4) throw invalidArgument(`Dimension must be 4 but is ${size}`);
    const window = context.value("crop_window");
    if (!window) return [[null, null, depth]];
    const [, , height, width] = Array.from(window.data as ArrayLike<number>);
    for (const side of [height!, width!]) if (side < 0) throw invalidArgument(`Dimension ${side} must be >= 0`);
    return [[height!, width!, depth]];
  },
  compute(op) {
    const format = { op: "DecodeAndCropJpeg", channels: op.channels, dtype: uint8, expands: true };
    const jpeg = jpegOptions(op);
    const bytes = fileOf(op.contents);
    const crop = formatOf(bytes) === "JPEG" ? cropOf(op.crop_window) : null;
    return decode(op.contents, { ...format, jpeg: { ...jpeg, crop } });
  },
  gradient: "unregistered",
});

export const decodeBmpOp = defineOp("DecodeBmp", {
  inputs: ["contents: string"],
  outputs: ["image: uint8"],
  attrs: ["channels: int = 0"],
  shape: ({ contents, channels }) => [[null, null, channelsDim(contents, channels)]],
  compute: ({ contents, channels }) => decode(contents, { op: "DecodeBmp", channels, dtype: uint8, expands: true }),
  gradient: "unregistered",
});

/** image = [frames, height, width, 3]. */
export const decodeGifOp = defineOp("DecodeGif", {
  inputs: ["contents: string"],
  outputs: ["image: uint8"],
  shape({ contents }) {
    withRank(contents, 0);
    return [[null, null, null, 3]];
  },
  compute: ({ contents }) => decode(contents, { op: "DecodeGif", channels: 3, dtype: uint8, expands: true }),
  gradient: "unregistered",
});

/** image of any format; of a GIF [frames, height, width, 3] when animations are expanded. */
export const decodeImageOp = defineOp("DecodeImage", {
  inputs: ["contents: string"],
  outputs: ["image: dtype"],
  attrs: ["channels: int = 0", "dtype: {uint8, uint16, float} = DT_UINT8", "expand_animations: bool = true"],
  shape({ contents, channels, expand_animations }) {
    const depth = channelsDim(contents, channels);
    return [expand_animations ? null : [null, null, depth]];
  },
  compute: ({ contents, channels, dtype, expand_animations }) =>
    decode(contents, { op: "DecodeImage", channels, dtype, expands: expand_animations }),
  gradient: "unregistered",
});

/** image_shape = [height, width, channels] by the file's header. */
export const extractJpegShapeOp = defineOp("ExtractJpegShape", {
  inputs: ["contents: string"],
  outputs: ["image_shape: output_type"],
  attrs: ["output_type: {int32, int64} = DT_INT32"],
  shape({ contents }) {
    withRank(contents, 0);
    return [[3]];
  },
  compute({ contents, output_type }) {
    if (contents.shape.length !== 0)
      throw new InvalidArgumentError(`contents must be scalar, got shape ${formatShape(contents.shape)}`);
    const bytes = contents.data[0] as Uint8Array;
    const size = jpegSize(bytes);
    if (!size) throw new InvalidArgumentError(`Invalid JPEG data, size ${bytes.length}`);
    return integerArray(output_type, [size.height, size.width, size.channels]);
  },
  gradient: "unregistered",
});

interface PngDecoding extends Named {
  readonly channels?: number;
  readonly dtype?: DType;
}

const decodePngPlaces = ["channels", "dtype", "name"] as const;

/** The pixels of a PNG file's bytes, [h, w, c] uint8 or uint16. Throws INVALID_ARGUMENT for other bytes. */
export const decodePng = (contents: TensorLike, ...rest: Rest<PngDecoding, typeof decodePngPlaces>): Tensor => {
  const options = byName<PngDecoding>(rest, decodePngPlaces);
  return decodePngOp({ contents, channels: options.channels ?? 0, dtype: options.dtype ?? uint8 }, options.name);
};

export interface JpegDecoding extends Named {
  readonly channels?: number;
  readonly ratio?: number;
  readonly fancyUpscaling?: boolean;
  readonly tryRecoverTruncated?: boolean;
  readonly acceptableFraction?: number;
  readonly dctMethod?: string;
}

const jpegRecord = (options: JpegDecoding) => ({
  channels: options.channels ?? 0,
  ratio: options.ratio ?? 1,
  fancy_upscaling: options.fancyUpscaling ?? true,
  try_recover_truncated: options.tryRecoverTruncated ?? false,
  acceptable_fraction: options.acceptableFraction ?? 1,
  dct_method: options.dctMethod ?? "",
});

/** The pixels of a JPEG file's bytes, [h, w, c] uint8. Throws INVALID_ARGUMENT for other bytes. */
export const decodeJpeg = (
  contents: TensorLike,
  ...rest: Rest<JpegDecoding, typeof decodeAndCropJpegPlaces>
): Tensor => {
  const options = byName<JpegDecoding>(rest, decodeAndCropJpegPlaces);
  return decodeJpegOp({ contents, ...jpegRecord(options) }, options.name);
};

const decodeAndCropJpegPlaces = [
  "channels",
  "ratio",
  "fancyUpscaling",
  "tryRecoverTruncated",
  "acceptableFraction",
  "dctMethod",
  "name",
] as const;

/** `cropWindow`: [y, x, height, width]. */
export const decodeAndCropJpeg = byKeyword(
  ["contents", "cropWindow"],
  function decodeAndCropJpeg(
    contents: TensorLike,
    cropWindow: TensorLike,
    ...rest: Rest<JpegDecoding, typeof decodeAndCropJpegPlaces>
  ): Tensor {
    const options = byName<JpegDecoding>(rest, decodeAndCropJpegPlaces);
    return decodeAndCropJpegOp({ contents, crop_window: cropWindow, ...jpegRecord(options) }, options.name);
  },
);

type DecodeBmpOptions = Named & { readonly channels?: number };
const decodeBmpPlaces = ["channels", "name"] as const;

/** The pixels of a BMP file's bytes, [h, w, c] uint8. Throws INVALID_ARGUMENT for other bytes. */
export const decodeBmp = (contents: TensorLike, ...rest: Rest<DecodeBmpOptions, typeof decodeBmpPlaces>): Tensor => {
  const options = byName<DecodeBmpOptions>(rest, decodeBmpPlaces);
  return decodeBmpOp({ contents, channels: options.channels ?? 0 }, options.name);
};

/** The pixels of a GIF file's bytes, [frames, h, w, 3] uint8. Throws INVALID_ARGUMENT for other bytes. */
export const decodeGif = (contents: TensorLike, name?: Name): Tensor => decodeGifOp({ contents }, nameOf(name));

type ExtractJpegShapeOptions = Named & { readonly outputType?: DType };
const extractJpegShapePlaces = ["outputType", "name"] as const;

/** [h, w, c] of a JPEG file's bytes, from its header alone. */
export const extractJpegShape = (
  contents: TensorLike,
  ...rest: Rest<ExtractJpegShapeOptions, typeof extractJpegShapePlaces>
): Tensor => {
  const options = byName<ExtractJpegShapeOptions>(rest, extractJpegShapePlaces);
  return extractJpegShapeOp({ contents, output_type: options.outputType ?? int32 }, options.name);
};

/** Whether the string begins as JPEG files do. */
export const isJpeg = (contents: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "is_jpeg", () => {
    const start = ops.substr(contents, 0, 3);
    const magic = new NdArray(string, [], [Uint8Array.of(0xff, 0xd8, 0xff)]);
    return ops.equal(start, magic, { name: nameOf(name) });
  });
