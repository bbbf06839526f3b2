/** `tf.image`: dtypes, brightness, contrast, colours. Source: image_ops_impl.py. */

import { type DType, float16, float32, int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  add,
  adjustContrastv2Op,
  adjustHueOp,
  adjustSaturationOp,
  cast,
  concat,
  divide,
  expandDims,
  floordiv,
  identity,
  maximum,
  multiply,
  ones,
  randomUniform,
  rank,
  reduceMean,
  reduceProd,
  reduceStd,
  rsqrt,
  saturateCast,
  shape as shapeOf,
  tensordot,
  tile,
  withDependencies,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { mul, sub } from "../operators.ts";
import { assertion, atLeast3D, grayscale } from "./checks.ts";

interface Named {
  readonly name?: string | undefined;
}

interface Seeded {
  readonly seed?: number | undefined;
}

const inScope = <R>(name: string, fn: (scope: string) => R): R => getDefaultGraph().nameScope(name, fn);

const bitsOf: Readonly<Record<string, number>> = {
  uint8: 8,
  int8: 7,
  uint16: 16,
  int16: 15,
  int32: 31,
  uint32: 32,
  int64: 63,
  uint64: 64,
};

/** The largest whole number of the dtype, plus one. */
const rangeOf = (dtype: DType): bigint => 1n << BigInt(bitsOf[dtype.base]!);

type ConvertImageDtypeOptions = { readonly saturate?: boolean | undefined } & Named;
const convertImageDtypePlaces = ["saturate", "name"] as const;

/** Whole numbers from 0 to the dtype's largest stand for 0 to 1 of floats. Throws TypeError for dtypes that are neither. */
export const convertImageDtype = byKeyword(
  ["image", "dtype"],
  function convertImageDtype(
    given: TensorLike,
    dtype: DType,
    ...rest: Rest<ConvertImageDtypeOptions, typeof convertImageDtypePlaces>
  ): Tensor {
    const options = byName<ConvertImageDtypeOptions>(rest, convertImageDtypePlaces);
    const image = convertToTensor(given, { name: "image" });
    if (!dtype.isFloating && !dtype.isInteger) throw new TypeError("dtype must be either floating point or integer");
    const from = image.dtype.baseDtype;
    if (!from.isFloating && !from.isInteger)
      throw new TypeError("image dtype must be either floating point or integer");
    if (dtype === from) return identity(image, options.name ? { name: options.name } : {});
    const saturated = (x: Tensor, name?: string): Tensor =>
      options.saturate ? saturateCast(x, dtype, name) : (cast(x, dtype, name) as Tensor);
    return inScope(options.name ?? "convert_image", (name) => {
      if (from.isInteger && dtype.isInteger) {
        const [scaleIn, scaleOut] = [rangeOf(from), rangeOf(dtype)];
        if (scaleIn > scaleOut) return saturated(floordiv(image, Number(scaleIn / scaleOut)), name);
        return multiply(saturated(image), Number(scaleOut / scaleIn), { name });
      }
      if (from.isFloating && dtype.isFloating) return cast(image, dtype, { name }) as Tensor;
      if (from.isInteger) {
        return multiply(cast(image, dtype) as Tensor, 1 / Number(rangeOf(from) - 1n), { name });
      }
      return saturated(multiply(image, Number(rangeOf(dtype) - 1n) + 0.5), name);
    });
  },
);

const isPlainFloat = (dtype: DType): boolean => dtype.baseDtype === float32 || dtype.baseDtype === float16;

/** Changes images as floats, and gives them back in their own dtype. */
function asFloats(
  given: TensorLike,
  name: string,
  { saturate, input = "image" }: { readonly saturate: boolean; readonly input?: string },
  change: (image: Tensor, scope: string) => Tensor,
): Tensor {
  return inScope(name, (scope) => {
    const image = convertToTensor(given, { name: input });
    const own = image.dtype.baseDtype;
    const changed = change(isPlainFloat(own) ? image : convertImageDtype(image, float32), scope);
    return convertImageDtype(changed, own, { saturate });
  });
}

/** image + delta, with delta in the scale of floats: 0 to 1. */
export const adjustBrightness = byKeyword(
  ["image", "delta"],
  function adjustBrightness(image: TensorLike, delta: TensorLike): Tensor {
    return asFloats(image, "adjust_brightness", { saturate: true }, (x, name) =>
      add(x, cast(delta as Tensor, x.dtype.baseDtype) as Tensor, { name }),
    );
  },
);

/** (x - mean) * contrastFactor + mean, channel by channel. */
export const adjustContrast = byKeyword(
  ["images", "contrastFactor"],
  function adjustContrast(images: TensorLike, contrastFactor: TensorLike): Tensor {
    return asFloats(images, "adjust_contrast", { saturate: true, input: "images" }, (x, name) =>
      adjustContrastv2Op({ images: x, contrast_factor: contrastFactor }, name),
    );
  },
);

type AdjustGammaOptions = { readonly gamma?: number | Tensor; readonly gain?: number | Tensor };
const adjustGammaPlaces = ["gamma", "gain"] as const;

/** gain * image ** gamma. Throws ValueError for a negative gamma. */
export function adjustGamma(image: TensorLike, ...rest: Rest<AdjustGammaOptions, typeof adjustGammaPlaces>): Tensor {
  const options = byName<AdjustGammaOptions>(rest, adjustGammaPlaces);
  const { gamma = 1, gain = 1 } = options;
  return asFloats(image, "adjust_gamma", { saturate: true }, (x) => {
    const isRight = gamma instanceof Tensor ? gamma.greaterEqual(0) : gamma >= 0;
    const checks = assertion(isRight, "Gamma should be a non-negative real number.");
    return mul(gain, x.pow(checks.length ? withDependencies(checks, gamma as Tensor) : gamma));
  });
}

/** Turns the hue of RGB images by delta, of which 1 is the whole circle. */
export const adjustHue = byKeyword(
  ["image", "delta"],
  function adjustHue(image: TensorLike, delta: TensorLike, options: Named = {}): Tensor {
    return asFloats(image, options.name ?? "adjust_hue", { saturate: false }, (images) =>
      adjustHueOp({ images, delta }),
    );
  },
);

/** Multiplies the saturation of RGB images. */
export const adjustSaturation = byKeyword(
  ["image", "saturationFactor"],
  function adjustSaturation(image: TensorLike, saturationFactor: TensorLike, options: Named = {}): Tensor {
    return asFloats(image, options.name ?? "adjust_saturation", { saturate: false }, (images) =>
      adjustSaturationOp({ images, scale: saturationFactor }),
    );
  },
);

const drawn = (minval: number, maxval: number, { seed }: Seeded): Tensor =>
  randomUniform([], { minval, maxval, ...(seed === undefined ? {} : { seed }) });

function checkRange(lower: number, upper: number): void {
  if (upper <= lower) throw new ValueError("upper must be > lower.");
  if (lower < 0) throw new ValueError("lower must be non-negative.");
}

const randomBrightnessPlaces = ["seed"] as const;

/** adjustBrightness by a delta drawn from [-maxDelta, maxDelta). */
export const randomBrightness = byKeyword(
  ["image", "maxDelta"],
  function randomBrightness(
    image: TensorLike,
    maxDelta: number,
    ...rest: Rest<Seeded, typeof randomBrightnessPlaces>
  ): Tensor {
    const options = byName<Seeded>(rest, randomBrightnessPlaces);
    if (maxDelta < 0) throw new ValueError("max_delta must be non-negative.");
    return adjustBrightness(image, drawn(-maxDelta, maxDelta, options));
  },
);

/** What changes an image by a factor drawn from [lower, upper). */
const byFactor = (adjust: (image: TensorLike, factor: Tensor) => Tensor) =>
  byKeyword(
    ["image", "lower", "upper"],
    (image: TensorLike, lower: number, upper: number, ...rest: Rest<Seeded, typeof randomBrightnessPlaces>): Tensor => {
      const options = byName<Seeded>(rest, randomBrightnessPlaces);
      checkRange(lower, upper);
      return adjust(image, drawn(lower, upper, options));
    },
  );

/** adjustContrast by a factor drawn from [lower, upper). */
export const randomContrast = byFactor((image, factor) => adjustContrast(image, factor));

/** adjustHue by a delta drawn from [-maxDelta, maxDelta); at most 0.5. */
export const randomHue = byKeyword(
  ["image", "maxDelta"],
  function randomHue(
    image: TensorLike,
    maxDelta: number,
    ...rest: Rest<Seeded, typeof randomBrightnessPlaces>
  ): Tensor {
    const options = byName<Seeded>(rest, randomBrightnessPlaces);
    if (maxDelta > 0.5) throw new ValueError("max_delta must be <= 0.5.");
    if (maxDelta < 0) throw new ValueError("max_delta must be non-negative.");
    return adjustHue(image, drawn(-maxDelta, maxDelta, options));
  },
);

/** adjustSaturation by a factor drawn from [lower, upper). */
export const randomSaturation = byFactor((image, factor) => adjustSaturation(image, factor));

/** RGB [..., 3] to grey [..., 1]. */
export const rgbToGrayscale = byKeyword(
  ["images"],
  function rgbToGrayscale(given: TensorLike, options: Named = {}): Tensor {
    return inScope(options.name ?? "rgb_to_grayscale", (name) => {
      const images = convertToTensor(given, { name: "images" });
      const gray = tensordot(convertImageDtype(images, float32), [0.2989, 0.587, 0.114], [-1, -1]);
      return convertImageDtype(expandDims(gray, -1), images.dtype.baseDtype, { name });
    });
  },
);

/** Grey [..., 1] to RGB [..., 3]. */
export const grayscaleToRgb = byKeyword(
  ["images"],
  function grayscaleToRgb(given: TensorLike, options: Named = {}): Tensor {
    return inScope(options.name ?? "grayscale_to_rgb", (name) => {
      const images = grayscale(convertToTensor(given, { name: "images" }));
      const before = expandDims(sub(rank(images), 1), 0);
      const multiples = concat([ones(before, int32), expandDims(3, 0)], 0);
      const rgb = tile(images, multiples, { name });
      rgb.setShape(images.shape ? [...images.shape.slice(0, -1), 3] : null);
      return rgb;
    });
  },
);

const byMatrix =
  (matrix: readonly (readonly number[])[]) =>
  (given: TensorLike): Tensor => {
    const images = convertToTensor(given, { name: "images" });
    const kernel = convertToTensor(matrix, { dtype: images.dtype.baseDtype, name: "kernel" });
    return tensordot(images, kernel, [[images.shape!.length - 1], [0]]);
  };

/** RGB [..., 3] to YIQ. */
export const rgbToYiq = byMatrix([
  [0.299, 0.59590059, 0.2115],
  [0.587, -0.27455667, -0.52273617],
  [0.114, -0.32134392, 0.31119955],
]);

/** YIQ [..., 3] to RGB. */
export const yiqToRgb = byMatrix([
  [1, 1, 1],
  [0.95598634, -0.27201283, -1.10674021],
  [0.6208248, -0.64720424, 1.70423049],
]);

/** RGB [..., 3] to YUV. */
export const rgbToYuv = byMatrix([
  [0.299, -0.14714119, 0.61497538],
  [0.587, -0.28886916, -0.51496512],
  [0.114, 0.43601035, -0.10001026],
]);

/** YUV [..., 3] to RGB. */
export const yuvToRgb = byMatrix([
  [1, 1, 1],
  [0, -0.394642334, 2.03206185],
  [1.13988303, -0.58062185, 0],
]);

/** Each image with mean 0 and deviation 1 (or less, where it has less than 1 / sqrt(its size)), float32. */
export const perImageStandardization = byKeyword(
  ["image"],
  function perImageStandardization(given: TensorLike): Tensor {
    return inScope("per_image_standardization", (name) => {
      const image = cast(atLeast3D(convertToTensor(given, { name: "image" })), float32) as Tensor;
      const count = reduceProd(shapeOf(image).at("-3:"));
      const axis = [-1, -2, -3];
      const mean = reduceMean(image, { axis, keepdims: true });
      const deviation = reduceStd(image, { axis, keepdims: true });
      const least = rsqrt(cast(count, float32) as Tensor);
      const divisor = maximum(deviation, least);
      return divide(image.sub(mean), divisor, { name });
    });
  },
);
